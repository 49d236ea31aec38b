// Mean: divides the sum of the tasks' gradients by the number of tasks counted, and measures the norm of the mean. One workgroup.
import package::shape::GRADIENT;
import package::collect::total;

var<workgroup> partial: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32) {
  let counted = max(total[GRADIENT], 1.0);
  var sum = 0.0;
  for (var k = lane; k < GRADIENT; k += 256u) {
    let g = total[k] / counted;
    total[k] = g;
    sum += g * g;
  }
  partial[lane] = sum;
  for (var half = 128u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { partial[lane] += partial[lane + half]; }
  }
  if (lane == 0u) { total[GRADIENT + 1u] = sqrt(partial[0]); }
}
