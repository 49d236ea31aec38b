// Adjoint of episode.wgsl: back through the lifetime of every task of the chunk, from inner step last_step to first_step.
// d_W of the moment is kept in the gradient of the initial weights, so that at the end it is that gradient.
import package::shape::{BATCH, DEPTH, FAST_AT, GRADIENT, INTERVAL, LANES, MOMENTS, MOMENT_AT, ONE_SLOT, OUTCOME_DRIFT, PLASTIC, ROWS_PER_STEP, STEPS, WEIGHT_AT, WIDTH, WORKGROUP};
import package::memory::{lane, parameters, pass_, set_gradient, set_outcome, speaks, take_place, weight};
import package::feedback::feedback;
import package::feedback_adjoint::feedback_adjoint;
import package::forward_adjoint::forward_adjoint;
import package::norm::finite;
import package::perception::perceive_adjoint;
import package::plasticity::plasticity;
import package::plasticity_adjoint::plasticity_adjoint;
import package::query_adjoint::query_adjoint;
import package::slots::slot_of;
import package::team::{team_barrier, team_max};

fn query_adjoint_at(t: u32) {
  for (var k = 0u; k < MOMENTS; k++) {
    if (MOMENT_AT[k] == t) { query_adjoint(k, slot_of(t)); }
  }
}

// Makes W of the steps `start + 1` … `start + INTERVAL − 1` anew, from the checkpoint at `start` and the stored activities.
fn replay(start: u32) {
  for (var t = start; t + 1u < start + INTERVAL; t++) {
    feedback(t * ROWS_PER_STEP, t * BATCH);
    plasticity(t * ROWS_PER_STEP, slot_of(t), slot_of(t + 1u));
  }
}

// How far W_0, recalled by undoing every update, lies from the initial weights, relative to the largest of them: 0 unless undone.
fn drift() -> f32 {
  var far = 0.0;
  var size = 0.0;
  for (var l = 0u; l < DEPTH; l++) {
    if (!PLASTIC[l]) { continue; }
    for (var k = lane; k < WIDTH[l] * WIDTH[l + 1u]; k += LANES) {
      let inherited = parameters[WEIGHT_AT[l] + k];
      let distance = abs(weight(FAST_AT[l] + k) - inherited);
      far = max(far, select(3e38, distance, finite(distance)));      // max(far, NaN) may be far
      size = max(size, abs(inherited));
    }
  }
  return team_max(far) / max(team_max(size), 1e-30);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group_id: vec3u, @builtin(local_invocation_index) invocation: u32) {
  take_place(group_id.x, invocation);
  if (pass_.last_step == STEPS) {
    for (var k = lane; k < GRADIENT; k += LANES) { set_gradient(k, 0.0); }
    team_barrier();
  }
  for (var t = pass_.last_step; t > pass_.first_step; t--) {
    query_adjoint_at(t);
    if (!ONE_SLOT && t % INTERVAL == 0u && t < STEPS) { replay(t - INTERVAL); }
    let row = (t - 1u) * ROWS_PER_STEP;
    let sample = (t - 1u) * BATCH;
    feedback(row, sample);
    plasticity_adjoint(row, slot_of(t - 1u));
    feedback_adjoint(row, sample);
    forward_adjoint(row, BATCH, slot_of(t - 1u));
    perceive_adjoint(row, BATCH);
  }
  if (pass_.first_step == 0u) {
    query_adjoint_at(0u);
    let far = drift();
    if (speaks()) { set_outcome(OUTCOME_DRIFT, far); }
  }
}
