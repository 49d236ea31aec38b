// r = B z: what feedback weights make of a layer's drive, from all looks that see a number of x_l.
import package::shape::{
  BATCH, BELOW_AT, B_AT, FAN_IN, FAN_OUT, LANES, MIRROR_Z, NEURON_AT, QUADS, R, RECORD, WIDTH
};
import package::looks::{cell_of, looks, neurons_from, reach, seen_from, sight_of, sights};
import package::memory::{
  activity, activity4, add_adjoints, add_gradient_quad, adjoint, four, lane, present, set_activity,
  set_adjoint
};
import package::origin::{feedback_row, feedback_weights};

fn r_of(l: u32, input: u32) -> f32 { return activity(input + R + BELOW_AT[l]); }
fn set_d_r(l: u32, input: u32, d: f32) { set_adjoint(input + R + BELOW_AT[l], d); }

// Of layer l + 1, an input and sample a lane.
fn find_r(first: u32, l: u32, slot: u32, t: u32) {
  let pre = WIDTH[l];
  for (var k = lane; k < BATCH * pre; k += LANES) {
    find_r_of(first + k / pre * RECORD, l, k % pre, slot, t);
  }
}

// Of number k of x_l, in a sample.
fn find_r_of(record: u32, l: u32, k: u32, slot: u32, t: u32) {
  let post = FAN_OUT[l];
  let cell = cell_of(l, k);
  var r = 0.0;
  for (var s = 0u; s < sights(l); s++) {
    let sight = sight_of(l, cell, s);
    if (!sight.there) { continue; }
    let row = feedback_row(l, slot, t, sight.column);
    let z = record + neurons_from(l, sight.look, RECORD) + MIRROR_Z + NEURON_AT[l];
    for (var i = 0u; i < post; i += 4u) {
      r += dot(feedback_weights(l, row, i), present(i, post) * activity4(z + four(i, post)));
    }
  }
  set_activity(record + R + BELOW_AT[l] + cell.at, r);
}

// Given d_r:   d_B += d_r zᵀ,   d_z += Bᵀ d_r.
fn r_adjoint(first: u32, l: u32, slot: u32, t: u32) {
  for (var j = lane; j < FAN_IN[l]; j += LANES) { add_to_row(first, l, j); }
  let blocks = QUADS[l];
  for (var k = lane; k < looks(l, BATCH) * blocks; k += LANES) {
    let i = k % blocks * 4u;
    let look = k / blocks;
    let d_r = seen_from(l, look, RECORD) + R + BELOW_AT[l];
    var d_z = vec4f();
    for (var j = 0u; j < FAN_IN[l]; j++) {
      d_z += feedback_weights(l, feedback_row(l, slot, t, j), i) * adjoint(d_r + reach(l, j));
    }
    add_adjoints(neurons_from(l, look, RECORD) + MIRROR_Z + NEURON_AT[l], i, FAN_OUT[l], d_z);
  }
}

// d_B of row j.
fn add_to_row(first: u32, l: u32, j: u32) {
  let n = FAN_OUT[l];
  let gradient = B_AT[l] / 4u + j * QUADS[l];
  for (var look = 0u; look < looks(l, BATCH); look++) {
    let d_r = adjoint(seen_from(l, look, RECORD) + R + BELOW_AT[l] + reach(l, j));
    let z = first + neurons_from(l, look, RECORD) + MIRROR_Z + NEURON_AT[l];
    for (var i = 0u; i < n; i += 4u) {
      add_gradient_quad(gradient + i / 4u, d_r * present(i, n) * activity4(z + four(i, n)));
    }
  }
}
