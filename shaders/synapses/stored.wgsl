// Synapses lie in storage, where every lane may ask for them.
import package::memory::{add_gradient_quad, gradient_quad, set_gradient_quad, set_weight_quad, weight_quad};

// at: a quad of the fast weights, or of the gradient. k serves held.wgsl.
fn own_weight(at: u32, k: u32) -> vec4f { return weight_quad(at); }
fn set_own_weight(at: u32, k: u32, value: vec4f) { set_weight_quad(at, value); }
fn recall_weight(at: u32, k: u32) -> vec4f { return weight_quad(at); }
fn own_gradient(at: u32, k: u32) -> vec4f { return gradient_quad(at); }
fn set_own_gradient(at: u32, k: u32, value: vec4f) { set_gradient_quad(at, value); }
fn add_rate_gradient(at: u32, k: u32, value: vec4f) { add_gradient_quad(at, value); }

fn held_four(l: u32, turn: u32) -> vec4u { return vec4u(0u); }

fn take_weights(slot: u32) {}
fn leave_weights() {}
fn take_gradients() {}
fn leave_gradients() {}
