// Collect: the weighted sum of the tasks' gradients, one parameter a lane, tasks in their order, so that it does not depend on the chunks.
// Behind the gradient: the number of tasks counted, (mean.wgsl: the norm of the mean), the worst drift of a task, (mean.wgsl: the penalty).
import package::shape::{GRADIENT, MOMENTS, OUTCOME, OUTCOME_DRIFT, OUTCOME_WEIGHT, PARAMETERS, TEAMS, TOTAL};
import package::memory::{gradients, outcomes, pass_};
import package::norm::finite;

@group(0) @binding(10) var<storage, read_write> total: array<f32, TOTAL>;    // (PARAMETERS, and four numbers)

fn outcome_of(task: u32, k: u32) -> f32 { return outcomes[(pass_.first_task + task) * OUTCOME + k]; }

// Drift of a task whose losses are finite: if it is not finite itself, it is as far as can be.
fn drift_of(task: u32) -> f32 {
  for (var k = 0u; k < MOMENTS; k++) {
    if (!finite(outcome_of(task, k))) { return 0.0; }
  }
  let drift = outcome_of(task, OUTCOME_DRIFT);
  return select(3e38, drift, finite(drift));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let k = (group_id.y * group_count.x + group_id.x) * 64u + lane;
  if (k > PARAMETERS + 2u) { return; }
  var sum = 0.0;
  if (pass_.first_task > 0u) { sum = total[k]; }
  for (var task = 0u; task < pass_.tasks; task++) {
    let weight = outcome_of(task, OUTCOME_WEIGHT);
    if (k == PARAMETERS + 2u) {
      sum = max(sum, drift_of(task));
    } else if (weight > 0.0) {    // the gradient of a task that weighs 0 may be NaN
      if (k < PARAMETERS) {
        sum += weight * gradients[(task / TEAMS * GRADIENT + k) * TEAMS + task % TEAMS];
      } else {
        sum += 1.0;
      }
    }
  }
  total[k] = sum;
}
