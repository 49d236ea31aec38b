// Adjoint of episode.wgsl: back through the lifetime of every task of the chunk, from inner step last_step to first_step.
// d_W of the moment is kept in the gradient of the initial weights, so that at the end it is that gradient.
import package::shape::{ALIGNS, BATCH, DEPTH, FAST_AT, FAST_B_AT, FEEDBACK_SIZE, GRADIENT, INPUT_GRADIENT, INTERVAL, LANES, MOMENTS, MOMENT_AT, ONE_SLOT, OUTCOME_DRIFT, PLASTIC, RECORD, RECORDS_PER_STEP, SECOND_ORDER, STEPS, WIDTH, WORKGROUP};
import package::memory::{lane, pass_, set_gradient, set_outcome, speaks, take_place, weight};
import package::birth::initial_feedback;
import package::born::{initial_weight, source_of_weights};
import package::feedback::feedback_adjoint;
import package::feedback_rule::{align, align_adjoint};
import package::forward_adjoint::{clear_pending, forward_adjoint, settle_pending};
import package::loss::answer_adjoint;
import package::norm::{finite, norm};
import package::perception::perceive_adjoint;
import package::plasticity::plasticity;
import package::plasticity_adjoint::plasticity_adjoint;
import package::query_adjoint::query_adjoint;
import package::rule::prepare_adjoint;
import package::slots::slot_of;
import package::team::{team_barrier, team_max};

fn query_adjoint_at(t: u32) {
  for (var k = 0u; k < MOMENTS; k++) {
    if (MOMENT_AT[k] == t) { query_adjoint(k, slot_of(t)); }
  }
}

// Makes W and B of the steps `start + 1` … `start + INTERVAL − 1` anew, from the checkpoint at `start` and the records.
fn replay(start: u32) {
  for (var t = start; t + 1u < start + INTERVAL; t++) {
    align(t * RECORDS_PER_STEP * RECORD, slot_of(t), slot_of(t + 1u), t);
    plasticity(t * RECORDS_PER_STEP * RECORD, slot_of(t), slot_of(t + 1u), t);
  }
}

// |recalled − initial|; a large number where it is not finite, because max(far, NaN) may be far.
fn distance(recalled: f32, initial: f32) -> f32 {
  let d = abs(recalled - initial);
  return select(3e38, d, finite(d));
}

// How far W_0 and B_0, recalled by undoing every update, lie from the initial weights, relative to the largest of them: 0 unless undone.
fn drift() -> f32 {
  var far = 0.0;
  var size = 0.0;
  for (var l = 0u; l < DEPTH; l++) {
    if (!PLASTIC[l]) { continue; }
    let count = WIDTH[l] * WIDTH[l + 1u];
    let w = FAST_AT[l];
    let source = source_of_weights(l);
    for (var k = lane; k < count; k += LANES) {
      let initial = initial_weight(source, k);
      far = max(far, distance(weight(w + k), initial));
      size = max(size, abs(initial));
    }
    let feedback_count = select(0u, FEEDBACK_SIZE[l], ALIGNS);
    let b = FAST_B_AT[l];
    for (var k = lane; k < feedback_count; k += LANES) { far = max(far, distance(weight(b + k), initial_feedback(l, k))); }
  }
  return team_max(far) / max(team_max(size), 1e-30);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group_id: vec3u, @builtin(local_invocation_index) invocation: u32) {
  take_place(group_id.x, invocation);
  if (pass_.last_step == STEPS) {
    for (var k = lane; k < GRADIENT; k += LANES) { set_gradient(k, 0.0); }
  }
  clear_pending();
  team_barrier();
  for (var t = pass_.last_step; t > pass_.first_step; t--) {
    query_adjoint_at(t);
    if (!ONE_SLOT && t % INTERVAL == 0u && t < STEPS) { replay(t - INTERVAL); }
    let first = (t - 1u) * RECORDS_PER_STEP * RECORD;
    let slot = slot_of(t - 1u);
    plasticity_adjoint(first, slot, t - 1u);
    align_adjoint(first, slot, t - 1u);
    prepare_adjoint(first, slot);
    if (SECOND_ORDER) {
      feedback_adjoint(first, (t - 1u) * BATCH, slot, t - 1u);
      answer_adjoint(first);
      forward_adjoint(first, RECORD, BATCH, slot);
    }
    perceive_adjoint(first, RECORD, BATCH);
  }
  settle_pending(pass_.first_step);
  if (pass_.first_step == 0u) {
    query_adjoint_at(0u);
    let far = drift();
    if (speaks()) { set_outcome(OUTCOME_DRIFT, far); }
    if (!INPUT_GRADIENT) {
      team_barrier();
      norm();
    }
  }
}
