// p = Bᵀ x: what the transposed feedback weights make of a layer's inputs, in every look.
import package::shape::{
  BATCH, B_AT, FAN_IN, FAN_OUT, LANES, MIRROR_X_AT, NEURON_AT, P, QUADS, RECORD, WIDTH
};
import package::looks::{cell_of, looks, neurons_from, reach, seen_from, sight_of, sights};
import package::memory::{
  activity, activity4, add_adjoint, add_gradient_quad, adjoint4, four, lane, present,
  set_activities, set_adjoints
};
import package::origin::{feedback_row, feedback_weights};

fn p_of(l: u32, neurons: vec4u) -> vec4f { return activity4(neurons + P + NEURON_AT[l]); }
// `look`: where the neurons of the look begin.
fn set_d_p(l: u32, look: u32, i: u32, d: vec4f) {
  set_adjoints(look + P + NEURON_AT[l], i, FAN_OUT[l], d);
}

// Of layer l + 1, four neurons and a look a lane.
fn find_p(first: u32, l: u32, slot: u32, t: u32) {
  let blocks = QUADS[l];
  for (var k = lane; k < looks(l, BATCH) * blocks; k += LANES) {
    let i = k % blocks * 4u;
    let look = k / blocks;
    let x = first + seen_from(l, look, RECORD) + MIRROR_X_AT[l];
    var p = vec4f();
    for (var j = 0u; j < FAN_IN[l]; j++) {
      p += feedback_weights(l, feedback_row(l, slot, t, j), i) * activity(x + reach(l, j));
    }
    set_activities(first + neurons_from(l, look, RECORD) + P + NEURON_AT[l], i, FAN_OUT[l], p);
  }
}

// Given d_p:   d_B += x d_pᵀ,   d_x += B d_p.
fn p_adjoint(first: u32, l: u32, slot: u32, t: u32) {
  for (var j = lane; j < FAN_IN[l]; j += LANES) {
    for (var look = 0u; look < looks(l, BATCH); look++) { add_to_row(first, l, j, look); }
  }
  for (var k = lane; k < BATCH * WIDTH[l]; k += LANES) {
    add_to_input(l, k % WIDTH[l], k / WIDTH[l] * RECORD, slot, t);
  }
}

// d_B of row j, in a look.
fn add_to_row(first: u32, l: u32, j: u32, look: u32) {
  let n = FAN_OUT[l];
  let x = activity(first + MIRROR_X_AT[l] + seen_from(l, look, RECORD) + reach(l, j));
  let gradient = B_AT[l] / 4u + j * QUADS[l];
  let d_p = P + NEURON_AT[l] + neurons_from(l, look, RECORD);
  for (var i = 0u; i < n; i += 4u) {
    add_gradient_quad(gradient + i / 4u, x * present(i, n) * adjoint4(d_p + four(i, n)));
  }
}

// d_x of number k of x_l, in the sample whose record begins at `row`.
fn add_to_input(l: u32, k: u32, row: u32, slot: u32, t: u32) {
  let n = FAN_OUT[l];
  let cell = cell_of(l, k);
  var d_x = 0.0;
  for (var s = 0u; s < sights(l); s++) {
    let sight = sight_of(l, cell, s);
    if (!sight.there) { continue; }
    let weights = feedback_row(l, slot, t, sight.column);
    let d_p = row + neurons_from(l, sight.look, RECORD) + P + NEURON_AT[l];
    for (var i = 0u; i < n; i += 4u) {
      d_x += dot(feedback_weights(l, weights, i), present(i, n) * adjoint4(d_p + four(i, n)));
    }
  }
  add_adjoint(row + MIRROR_X_AT[l] + cell.at, d_x);
}
