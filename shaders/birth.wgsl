// Birth: with what weights does a lifetime begin? Slot 0 takes W_0 with
// plastic biases behind it, and B_0 where a lifetime keeps its own; velocities begin at 0.
import package::shape::{
  BIAS_AT, BIRTH_B_DRAWN, B_AT, DEPTH, DRAW_B_AT, DRAW_B_LIMIT, DRAW_WEIGHTS, FAST_AT, FAST_B_AT,
  FAN_IN, FEEDBACK_QUADS, FEEDBACK_ROWS, FEEDBACK_WIDTH, KEEPS_B, LANES, PLASTIC, QUADS
};
import package::memory::{four, lane, parameters, present, set_weight_quad};
import package::bias::bias_quads;
import package::born::{initial_weights, source_of_weights};
import package::random::drawn4;
import package::states::{begin_neurons, begin_states_of_layer};
import package::team::team_barrier;
import package::velocity::write_velocity;

// Quads of W of layer l + 1; of its B, if a lifetime keeps it.
fn weight_quads(l: u32) -> u32 { return QUADS[l] * FAN_IN[l]; }
fn feedback_quads(l: u32) -> u32 {
  return select(0u, FEEDBACK_QUADS[l] * FEEDBACK_ROWS[l], KEEPS_B[l]);
}

// Quad q of B_0 of a layer that keeps its own: columns i … i + 3 of a row.
fn initial_feedback(l: u32, q: u32) -> vec4f {
  if (!BIRTH_B_DRAWN) { return parameters[B_AT[l] / 4u + q]; }
  let width = FEEDBACK_WIDTH[l];
  let quads = FEEDBACK_QUADS[l];
  let i = q % quads * 4u;
  let counters = DRAW_B_AT[l] + q / quads * width + four(i, width);
  return present(i, width) * DRAW_B_LIMIT[l] * drawn4(DRAW_WEIGHTS, counters);
}

// Quad q of the biases of a layer whose lifetimes keep their own, behind its weights.
fn initial_biases(l: u32, q: u32) -> vec4f { return parameters[BIAS_AT[l] / 4u + q]; }

// Layer l of slot 0, a function of its own: two loops of constant length one within the other, as
// with one lane, cost Mesa's llvmpipe a minute to compile behind naga, which bounds every loop.
fn birth_of_layer(l: u32) {
  let count = weight_quads(l);
  let w = FAST_AT[l] / 4u;
  let source = source_of_weights(l);
  for (var q = lane; q < count; q += LANES) {
    set_weight_quad(w + q, initial_weights(source, q));
    if (PLASTIC[l]) { write_velocity(w + q, vec4f(0.0)); }
  }
  let bias_count = bias_quads(l);
  for (var q = lane; q < bias_count; q += LANES) {
    set_weight_quad(w + count + q, initial_biases(l, q));
    if (PLASTIC[l]) { write_velocity(w + count + q, vec4f(0.0)); }
  }
  let feedback_count = feedback_quads(l);
  let b = FAST_B_AT[l] / 4u;
  for (var q = lane; q < feedback_count; q += LANES) {
    set_weight_quad(b + q, initial_feedback(l, q));
  }
  begin_states_of_layer(l);
}

// Fills slot 0, and what frozen layers keep in their only place.
fn birth() {
  for (var l = 0u; l < DEPTH; l++) { birth_of_layer(l); }
  begin_neurons();
  team_barrier();
}
