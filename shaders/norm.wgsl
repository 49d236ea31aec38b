// Norm: is this lifetime fit for the mean, and with what weight? One workgroup a task.
// A task whose loss or gradient is not finite weighs 0; each other weighs min(1, CLIP_PER_TASK / ‖gradient‖).
import package::shape::{CLIP_PER_TASK, GRADIENT, MOMENTS, OUTCOME, OUTCOME_NORM, OUTCOME_WEIGHT, PARAMETERS, TEAMS};
import package::memory::{gradients, outcomes, pass_};

const LANES_PER_TASK = 64u;
var<workgroup> partial: array<f32, LANES_PER_TASK>;

// By its bits: shader compilers may assume that no number is NaN.
fn finite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }

@compute @workgroup_size(LANES_PER_TASK)
fn main(@builtin(workgroup_id) group_id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let task = group_id.x;
  let base = (task / TEAMS * GRADIENT) * TEAMS + task % TEAMS;
  var sum = 0.0;
  for (var k = lane; k < PARAMETERS; k += LANES_PER_TASK) {
    let g = gradients[base + k * TEAMS];
    sum += g * g;
  }
  partial[lane] = sum;
  for (var half = LANES_PER_TASK / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { partial[lane] += partial[lane + half]; }
  }
  if (lane == 0u) {
    let at = (pass_.first_task + task) * OUTCOME;
    let norm = sqrt(partial[0]);
    var fit = finite(partial[0]);
    for (var k = 0u; k < MOMENTS; k++) { fit = fit && finite(outcomes[at + k]); }
    outcomes[at + OUTCOME_NORM] = norm;
    outcomes[at + OUTCOME_WEIGHT] = select(0.0, min(1.0, CLIP_PER_TASK / max(norm, 1e-30)), fit);
  }
}
