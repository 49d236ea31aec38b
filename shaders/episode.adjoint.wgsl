// Adjoint of episode.wgsl: back through the lifetime of every task of the chunk, from inner step
// last_step to first_step.
// d_W of the moment is kept in the gradient of the initial weights, so that at the end it is that
// gradient.
import package::shape::{
  ALIGNS, BATCH, DEPTH, FAST_AT, FAST_B_AT, GRADIENT, INPUT_GRADIENT, INTERVAL, LANES,
  OUTCOME_DRIFT, PLASTIC, QUERIES, RECORD, RECORDS_PER_STEP, SECOND_ORDER, STEPS, WORKGROUP
};
import package::memory::{
  lane, pass_, set_gradient_quad, set_outcome, speaks, take_place, weight_quad
};
import package::bias::bias_quads;
import package::birth::{feedback_quads, initial_biases, initial_feedback, weight_quads};
import package::born::{initial_weights, source_of_weights};
import package::feedback::feedback_adjoint;
import package::finite::finite;
import package::feedback_rule::{align, align_adjoint};
import package::forward_adjoint::forward_adjoint;
import package::loss::answer_adjoint;
import package::norm::norm;
import package::perception::perceive_adjoint;
import package::plasticity::plasticity;
import package::plasticity_adjoint::plasticity_adjoint;
import package::query::is_moment;
import package::query_adjoint::query_adjoint;
import package::rule::prepare_adjoint;
import package::slots::slot_of;
import package::team::{team_barrier, team_max};

// Makes W and B of the steps `start + 1` … `start + INTERVAL − 1` anew, from the checkpoint at
// `start` and the records.
fn replay(start: u32) {
  for (var t = start; t + 1u < start + INTERVAL; t++) {
    align(t * RECORDS_PER_STEP * RECORD, slot_of(t), slot_of(t + 1u), t);
    plasticity(t * RECORDS_PER_STEP * RECORD, slot_of(t), slot_of(t + 1u), t);
  }
}

// The largest of four numbers; a large one if one is not finite, because max(far, NaN) may be far.
fn largest(v: vec4f) -> f32 {
  let most = max(max(v.x, v.y), max(v.z, v.w));
  return select(3e38, most, finite(dot(v, vec4f(1.0))));
}

// How far W_0 and B_0 of layer l, recalled by undoing every update, lie from the initial weights,
// and how large these are. A function of its own, as birth_of_layer is.
fn drift_of_layer(l: u32) -> vec2f {
  var far = 0.0;
  var size = 0.0;
  let count = weight_quads(l);
  let w = FAST_AT[l] / 4u;
  let source = source_of_weights(l);
  for (var q = lane; q < count; q += LANES) {
    let initial = initial_weights(source, q);
    far = max(far, largest(abs(weight_quad(w + q) - initial)));
    size = max(size, largest(abs(initial)));
  }
  let bias_count = bias_quads(l);
  for (var q = lane; q < bias_count; q += LANES) {
    far = max(far, largest(abs(weight_quad(w + count + q) - initial_biases(l, q))));
  }
  let feedback_count = select(0u, feedback_quads(l), ALIGNS);
  let b = FAST_B_AT[l] / 4u;
  for (var q = lane; q < feedback_count; q += LANES) {
    far = max(far, largest(abs(weight_quad(b + q) - initial_feedback(l, q))));
  }
  return vec2f(far, size);
}

// How far W_0 and B_0, recalled by undoing every update, lie from the initial weights, relative to
// the largest of them: 0 unless undone.
fn drift() -> f32 {
  var far_and_size = vec2f(0.0);
  for (var l = 0u; l < DEPTH; l++) {
    if (PLASTIC[l]) { far_and_size = max(far_and_size, drift_of_layer(l)); }
  }
  return team_max(far_and_size.x) / max(team_max(far_and_size.y), 1e-30);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group_id: vec3u, @builtin(local_invocation_index) invocation: u32) {
  take_place(group_id.x, invocation);
  if (pass_.last_step == STEPS && pass_.last_query == QUERIES) {
    for (var q = lane; q < GRADIENT / 4u; q += LANES) { set_gradient_quad(q, vec4f(0.0)); }
    team_barrier();
  }
  // What follows has one place in the code, the pass's end among the turns: compilers take their
  // time for each place anew.
  var moment = pass_.last_moment;    // the pass's moments before it are still to come
  for (var t = pass_.last_step; ; t--) {
    let ends = t == pass_.first_step;
    let asked = moment > 0u && is_moment(moment - 1u, t);
    if (asked) {
      moment--;
      query_adjoint(moment, slot_of(t));
    }
    if (ends) { break; }
    if (INTERVAL > 1u && t % INTERVAL == 0u && t < STEPS) { replay(t - INTERVAL); }
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
  if (pass_.first_step == 0u && pass_.first_query == 0u) {
    team_barrier();
    let far = drift();
    if (speaks()) { set_outcome(OUTCOME_DRIFT, far); }
    if (!INPUT_GRADIENT) {
      team_barrier();
      norm();
    }
  }
}
