// Synapses lie in storage, where every lane may ask for them.
import package::memory::{
  add_gradient_quad, gradient_quad, set_gradient_quad, set_weight_quad, weight_quad
};
import package::own::Own;

// Where column c of a turn is held.
fn place_of(own: Own, turn: u32, columns: u32, c: u32) -> u32 { return 0u; }

// at: a quad of the fast weights, or of the gradient. k: its place, which serves held.wgsl and
// late.wgsl.
fn own_weight(at: u32, k: u32) -> vec4f { return weight_quad(at); }
fn set_own_weight(at: u32, k: u32, value: vec4f) { set_weight_quad(at, value); }
fn recall_weight(at: u32, k: u32) -> vec4f { return weight_quad(at); }
fn own_gradient(at: u32, k: u32) -> vec4f { return gradient_quad(at); }
fn set_own_gradient(at: u32, k: u32, value: vec4f) { set_gradient_quad(at, value); }
fn add_rate_gradient(at: u32, k: u32, value: vec4f) { add_gradient_quad(at, value); }

// What was written is there already.
fn leave_weight(k: u32) {}
fn leave_gradient(k: u32) {}
fn leave_recalled(k: u32) {}

fn held_four(l: u32, turn: u32) -> vec4u { return vec4u(0u); }

fn take_weights(slot: u32) {}
fn leave_weights() {}
fn take_gradients() {}
fn leave_gradients() {}
