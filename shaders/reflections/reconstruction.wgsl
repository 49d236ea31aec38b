// r = B z: what feedback weights make of a layer's drive.
import package::shape::{
  BATCH, BELOW_AT, B_AT, LANES, MIRROR_Z, NEURON_AT, QUADS, R, RECORD, WIDTH
};
import package::memory::{
  activity, activity4, add_adjoints, add_gradient_quad, adjoint, four, lane, present, set_activity,
  set_adjoint
};
import package::origin::{feedback_row, feedback_weights};

fn r_of(record: u32, l: u32, j: u32) -> f32 { return activity(record + R + BELOW_AT[l] + j); }
fn set_d_r(row: u32, l: u32, j: u32, d: f32) { set_adjoint(row + R + BELOW_AT[l] + j, d); }

// Of layer l + 1, an input and sample a lane.
fn find_r(first: u32, l: u32, slot: u32, t: u32) {
  let pre = WIDTH[l];
  let post = WIDTH[l + 1u];
  for (var k = lane; k < BATCH * pre; k += LANES) {
    let j = k % pre;
    let record = first + k / pre * RECORD;
    let row = feedback_row(l, slot, t, j);
    let z = record + MIRROR_Z + NEURON_AT[l];
    var r = 0.0;
    for (var i = 0u; i < post; i += 4u) {
      r += dot(feedback_weights(l, row, i), present(i, post) * activity4(z + four(i, post)));
    }
    set_activity(record + R + BELOW_AT[l] + j, r);
  }
}

// Given d_r:   d_B += d_r zᵀ,   d_z += Bᵀ d_r.
fn r_adjoint(first: u32, l: u32, slot: u32, t: u32) {
  for (var j = lane; j < WIDTH[l]; j += LANES) { add_to_row(first, l, j); }
  let blocks = QUADS[l];
  for (var k = lane; k < BATCH * blocks; k += LANES) {
    let i = k % blocks * 4u;
    let row = k / blocks * RECORD;
    let d_r = row + R + BELOW_AT[l];
    var d_z = vec4f();
    for (var j = 0u; j < WIDTH[l]; j++) {
      d_z += feedback_weights(l, feedback_row(l, slot, t, j), i) * adjoint(d_r + j);
    }
    add_adjoints(row + MIRROR_Z + NEURON_AT[l], i, WIDTH[l + 1u], d_z);
  }
}

// d_B of row j.
fn add_to_row(first: u32, l: u32, j: u32) {
  let n = WIDTH[l + 1u];
  let gradient = B_AT[l] / 4u + j * QUADS[l];
  for (var b = 0u; b < BATCH; b++) {
    let d_r = adjoint(b * RECORD + R + BELOW_AT[l] + j);
    let z = first + b * RECORD + MIRROR_Z + NEURON_AT[l];
    for (var i = 0u; i < n; i += 4u) {
      add_gradient_quad(gradient + i / 4u, d_r * present(i, n) * activity4(z + four(i, n)));
    }
  }
}
