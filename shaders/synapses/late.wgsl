// Synapses lie in storage, and a lane of a grid (divisions/grid.wgsl) writes those of a tile's four
// columns only when it has read them all: a GPU could not ask for a column before what was written
// for the
// one before is there, because it might be the same.
import package::shape::{ONE_SLOT, RATE_PER_SYNAPSE};
import package::memory::{gradient_quad, set_gradient_quad, set_weight_quad, weight_quad};
import package::own::Own;

// What waits, column by column of a tile, and for which quad.
var<private> late_weights: array<vec4f, 4>;
var<private> late_gradients: array<vec4f, 4>;
var<private> late_rate_gradients: array<vec4f, 4>;
var<private> late_weights_at: array<u32, 4>;
var<private> late_gradients_at: array<u32, 4>;
var<private> late_rate_gradients_at: array<u32, 4>;

fn place_of(own: Own, turn: u32, columns: u32, c: u32) -> u32 { return c; }

fn own_weight(at: u32, k: u32) -> vec4f { return weight_quad(at); }
fn set_own_weight(at: u32, k: u32, value: vec4f) {
  late_weights[k] = value;
  late_weights_at[k] = at;
}
fn recall_weight(at: u32, k: u32) -> vec4f { return weight_quad(at); }
fn own_gradient(at: u32, k: u32) -> vec4f { return gradient_quad(at); }
fn set_own_gradient(at: u32, k: u32, value: vec4f) {
  late_gradients[k] = value;
  late_gradients_at[k] = at;
}
fn add_rate_gradient(at: u32, k: u32, value: vec4f) {
  late_rate_gradients[k] = gradient_quad(at) + value;
  late_rate_gradients_at[k] = at;
}

// Writes what waits of a column: after plasticity, after its adjoint, after that of the forward
// pass.
fn leave_weight(k: u32) { set_weight_quad(late_weights_at[k], late_weights[k]); }
fn leave_gradient(k: u32) { set_gradient_quad(late_gradients_at[k], late_gradients[k]); }
fn leave_recalled(k: u32) {
  if (ONE_SLOT) { leave_weight(k); }
  leave_gradient(k);
  if (RATE_PER_SYNAPSE) { set_gradient_quad(late_rate_gradients_at[k], late_rate_gradients[k]); }
}

fn held_four(l: u32, turn: u32) -> vec4u { return vec4u(0u, 1u, 2u, 3u); }

fn take_weights(slot: u32) {}
fn leave_weights() {}
fn take_gradients() {}
fn leave_gradients() {}
