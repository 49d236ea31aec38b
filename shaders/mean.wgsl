// Mean: divides the sum of the tasks' gradients by the number of tasks counted, adds the gradient of the penalty L1 · Σ|θ| of the pool's coefficients
// (Shervani-Tabar & Rosenbaum 2023, Algorithm 1; that of |0| is 0), and measures the norm of both and the penalty. One workgroup.
import package::shape::{L1, PARAMETERS, THETA_END, THETA_START};
import package::collect::total;
import package::memory::parameters;

var<workgroup> partial: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32) {
  let counted = max(total[PARAMETERS], 1.0);
  var sum = 0.0;
  for (var k = lane; k < PARAMETERS; k += 256u) {
    var g = total[k] / counted;
    if (k >= THETA_START && k < THETA_END) { g += L1 * sign(parameters[k]); }
    total[k] = g;
    sum += g * g;
  }
  partial[lane] = sum;
  for (var half = 128u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { partial[lane] += partial[lane + half]; }
  }
  if (lane == 0u) {
    var penalty = 0.0;
    for (var k = THETA_START; k < THETA_END; k++) { penalty += L1 * abs(parameters[k]); }
    total[PARAMETERS + 1u] = sqrt(partial[0]);
    total[PARAMETERS + 3u] = penalty;
  }
}
