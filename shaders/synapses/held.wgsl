// A lane of a grid (divisions/grid.wgsl) holds its own synapses in registers from the beginning of
// a dispatch to its end: weights, their gradients, and those of their rates. Every index into these
// arrays is a
// constant, because the loops over turns are unrolled too; that is what keeps them out of memory.
// Nobody else may ask for them on the way.
import package::shape::{
  COLUMNS, COLUMN_TURNS, DEPTH, HELD, HELD_AT, ONE_SLOT, PLASTIC, QUADS, RATE_AT, RATE_PER_SYNAPSE,
  WIDTH
};
import package::memory::{
  gradient_quad, gradient_rows, set_gradient_quad, set_weight_quad, weight_quad, weight_rows
};
import package::division::own_of;
import package::own::Own;

const HELD_RATES = select(1u, HELD, RATE_PER_SYNAPSE);

var<private> held_weights: array<vec4f, HELD>;
var<private> held_gradients: array<vec4f, HELD>;
var<private> held_rate_gradients: array<vec4f, HELD_RATES>;

// Where a lane holds column c of a turn.
fn place_of(own: Own, turn: u32, columns: u32, c: u32) -> u32 { return own.held + turn * columns + c; }

// at: a quad of the slot, where the weights of every step or of checkpoints are kept besides; else
// it serves stored.wgsl.
fn own_weight(at: u32, k: u32) -> vec4f { return held_weights[k]; }
fn set_own_weight(at: u32, k: u32, value: vec4f) {
  held_weights[k] = value;
  if (!ONE_SLOT) { set_weight_quad(at, value); }
}
fn recall_weight(at: u32, k: u32) -> vec4f {
  held_weights[k] = weight_quad(at);
  return held_weights[k];
}
fn own_gradient(at: u32, k: u32) -> vec4f { return held_gradients[k]; }
fn set_own_gradient(at: u32, k: u32, value: vec4f) { held_gradients[k] = value; }
fn add_rate_gradient(at: u32, k: u32, value: vec4f) { held_rate_gradients[k] += value; }

// What was written is there already.
fn leave_weight(k: u32) {}
fn leave_gradient(k: u32) {}
fn leave_recalled(k: u32) {}

// Where the four quads are that begin a lane's columns of a turn.
fn held_four(l: u32, turn: u32) -> vec4u { return HELD_AT[l] + turn * COLUMNS[l] + min(vec4u(0u, 1u, 2u, 3u), vec4u(COLUMNS[l] - 1u)); }

// From storage into registers, or back.
fn move_weights(slot: u32, leaves: bool) {
  for (var l = 0u; l < DEPTH; l++) {
    let own = own_of(l);
    let turns = COLUMN_TURNS[l];
    let columns = COLUMNS[l];
    for (var turn = 0u; turn < turns; turn++) {
      for (var c = 0u; c < columns; c++) {
        let j = own.column + turn * own.column_step + c;
        let k = place_of(own, turn, columns, c);
        let at = weight_rows(l, slot, own.row) + j * QUADS[l];
        if (own.row < WIDTH[l + 1u] && j < WIDTH[l]) {
          if (leaves) { set_weight_quad(at, held_weights[k]); } else { held_weights[k] = weight_quad(at); }
        }
      }
    }
  }
}
fn move_gradients(leaves: bool) {
  for (var l = 0u; l < DEPTH; l++) {
    let own = own_of(l);
    let turns = COLUMN_TURNS[l];
    let columns = COLUMNS[l];
    let has_rates = RATE_PER_SYNAPSE && PLASTIC[l];
    for (var turn = 0u; turn < turns; turn++) {
      for (var c = 0u; c < columns; c++) {
        let j = own.column + turn * own.column_step + c;
        let k = place_of(own, turn, columns, c);
        let at = gradient_rows(l, own.row) + j * QUADS[l];
        let rate_at = (RATE_AT[l] + own.row) / 4u + j * QUADS[l];
        if (own.row < WIDTH[l + 1u] && j < WIDTH[l]) {
          if (leaves) { set_gradient_quad(at, held_gradients[k]); } else { held_gradients[k] = gradient_quad(at); }
          if (has_rates) {
            if (leaves) { set_gradient_quad(rate_at, held_rate_gradients[k]); } else { held_rate_gradients[k] = gradient_quad(rate_at); }
          }
        }
      }
    }
  }
}

fn take_weights(slot: u32) { move_weights(slot, false); }
fn leave_weights() {
  if (ONE_SLOT) { move_weights(0u, true); }
}
fn take_gradients() { move_gradients(false); }
fn leave_gradients() { move_gradients(true); }
