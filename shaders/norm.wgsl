// Norm: is this lifetime fit for the mean, and with what weight? The last words of its adjoint;
// where encoders have their part of the gradient, after that.
// A task whose loss or gradient is not finite weighs 0; each other weighs
//   min(1, CLIP_PER_TASK / ‖gradient‖).
import package::shape::{
  CLIP_PER_TASK, LANES, MOMENTS, OUTCOME, OUTCOME_NORM, OUTCOME_WEIGHT, PARAMETERS, WORKGROUP
};
import package::finite::finite;
import package::memory::{
  gradient_quad, lane, outcomes, pass_, set_outcome, speaks, take_place, task
};
import package::team::team_sum;

fn norm() {
  var squares = vec4f();
  for (var q = lane; q < PARAMETERS / 4u; q += LANES) {
    let g = gradient_quad(q);
    squares += g * g;
  }
  let square = team_sum(dot(squares, vec4f(1.0)));
  if (speaks()) {
    let length = sqrt(square);
    var fit = finite(square);
    for (var k = 0u; k < MOMENTS; k++) {
      fit = fit && finite(outcomes[(pass_.first_task + task) * OUTCOME + k]);
    }
    set_outcome(OUTCOME_NORM, length);
    set_outcome(OUTCOME_WEIGHT, select(0.0, min(1.0, CLIP_PER_TASK / max(length, 1e-30)), fit));
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group_id: vec3u, @builtin(local_invocation_index) invocation: u32) {
  take_place(group_id.x, invocation);
  norm();
}
