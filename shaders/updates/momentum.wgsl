// The update has momentum μ (Polyak 1964): v ← μ v + u, W ← W + a v. The velocities lie
// PLASTIC_SIZE behind the weights, and d_v as far behind d_W as VELOCITY_GRADIENT says.
import package::shape::{MOMENTUM_AT, PLASTIC_SIZE, VELOCITY_GRADIENT};
import package::memory::{
  add_gradient, gradient_quad, set_gradient_quad, set_weight_quad, speaks, weight_quad
};
import package::coefficient::coefficient;
import package::team::team_sum;

// v_{t+1} of four synapses whose weights are quad `at`; kept beside the weights at `to`.
fn velocity(at: u32, to: u32, u: vec4f) -> vec4f {
  let v = velocity_of(at, u);
  set_weight_quad(to + PLASTIC_SIZE / 4u, v);
  return v;
}
fn velocity_of(at: u32, u: vec4f) -> vec4f { return coefficient(MOMENTUM_AT) * weight_quad(at + PLASTIC_SIZE / 4u) + u; }

// What Kolen-Pollack's rule adds to B is a times this.
fn tied(hebb: vec4f, v: vec4f) -> vec4f { return v; }

// d_v_{t+1}, which is d_u; g = d_W', g_b = d_B' of a tied B.
fn d_update(at: u32, a: vec4f, g: vec4f, g_b: vec4f) -> vec4f { return gradient_quad(at + VELOCITY_GRADIENT / 4u) + a * (g + g_b); }
fn d_hebb(d_v: vec4f, a: vec4f, g_b: vec4f) -> vec4f { return d_v; }
fn d_rate(g: vec4f, g_b: vec4f, hebb: vec4f, v: vec4f) -> vec4f { return (g + g_b) * v; }

// Turns d_v_{t+1} into d_v_t = μ d_v_{t+1}; gives the synapses' parts of d_μ.
fn velocity_adjoint(at: u32, w_at: u32, d_v: vec4f) -> vec4f {
  set_gradient_quad(at + VELOCITY_GRADIENT / 4u, coefficient(MOMENTUM_AT) * d_v);
  return d_v * weight_quad(w_at + PLASTIC_SIZE / 4u);
}
fn momentum_adjoint_of_layer(d: f32) {
  let sum = team_sum(d);
  if (speaks()) { add_gradient(MOMENTUM_AT, sum); }
}
