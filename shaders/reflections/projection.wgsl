// p = Bᵀ x: what the transposed feedback weights make of a layer's inputs.
import package::shape::{
  BATCH, BELOW_AT, B_AT, LANES, MIRROR_X, NEURON_AT, P, QUADS, RECORD, WIDTH
};
import package::memory::{
  activity, activity4, add_adjoint, add_gradient_quad, adjoint4, four, lane, present,
  set_activities, set_adjoints
};
import package::origin::{feedback_row, feedback_weights};

fn p_of(record: u32, l: u32, neurons: vec4u) -> vec4f {
  return activity4(record + P + NEURON_AT[l] + neurons);
}
fn set_d_p(row: u32, l: u32, i: u32, d: vec4f) {
  set_adjoints(row + P + NEURON_AT[l], i, WIDTH[l + 1u], d);
}

// Of layer l + 1, four neurons and a sample a lane.
fn find_p(first: u32, l: u32, slot: u32, t: u32) {
  let blocks = QUADS[l];
  for (var k = lane; k < BATCH * blocks; k += LANES) {
    let i = k % blocks * 4u;
    let record = first + k / blocks * RECORD;
    let x = record + MIRROR_X + BELOW_AT[l];
    var p = vec4f();
    for (var j = 0u; j < WIDTH[l]; j++) {
      p += feedback_weights(l, feedback_row(l, slot, t, j), i) * activity(x + j);
    }
    set_activities(record + P + NEURON_AT[l], i, WIDTH[l + 1u], p);
  }
}

// Given d_p:   d_B += x d_pᵀ,   d_x += B d_p.
fn p_adjoint(first: u32, l: u32, slot: u32, t: u32) {
  for (var j = lane; j < WIDTH[l]; j += LANES) {
    for (var b = 0u; b < BATCH; b++) { row_adjoint(first, l, slot, t, j, b * RECORD); }
  }
}

// Of row j in one sample.
fn row_adjoint(first: u32, l: u32, slot: u32, t: u32, j: u32, row: u32) {
  let n = WIDTH[l + 1u];
  let x_at = row + MIRROR_X + BELOW_AT[l] + j;
  let x = activity(first + x_at);
  let weights = feedback_row(l, slot, t, j);
  let gradient = B_AT[l] / 4u + j * QUADS[l];
  let p_at = row + P + NEURON_AT[l];
  var d_x = 0.0;
  for (var i = 0u; i < n; i += 4u) {
    let d_p = present(i, n) * adjoint4(p_at + four(i, n));
    add_gradient_quad(gradient + i / 4u, x * d_p);
    d_x += dot(feedback_weights(l, weights, i), d_p);
  }
  add_adjoint(x_at, d_x);
}
