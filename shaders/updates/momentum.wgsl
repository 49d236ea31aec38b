// The update has momentum μ (Polyak 1964): v ← μ v + u, W ← W + a v. The velocities lie PLASTIC_SIZE behind the weights, and d_v as far behind d_W as VELOCITY_GRADIENT says.
import package::shape::{MOMENTUM_AT, PLASTIC_SIZE, VELOCITY_GRADIENT};
import package::memory::{add_gradient, gradient4, set_gradient4, set_weight4, speaks, weight4};
import package::coefficient::coefficient;
import package::team::team_sum;

// v_{t+1} of four synapses whose weights are at `at`; kept beside the weights at `to`.
fn velocity(at: vec4u, to: vec4u, u: vec4f) -> vec4f {
  let v = velocity_of(at, u);
  set_weight4(to + PLASTIC_SIZE, v);
  return v;
}
fn velocity_of(at: vec4u, u: vec4f) -> vec4f { return coefficient(MOMENTUM_AT) * weight4(at + PLASTIC_SIZE) + u; }

// What Kolen-Pollack's rule adds to B is a times this.
fn tied(hebb: vec4f, v: vec4f) -> vec4f { return v; }

// d_v_{t+1}, which is d_u; g = d_W', g_b = d_B' of a tied B.
fn d_update(at: vec4u, a: vec4f, g: vec4f, g_b: vec4f) -> vec4f { return gradient4(at + VELOCITY_GRADIENT) + a * (g + g_b); }
fn d_hebb(d_v: vec4f, a: vec4f, g_b: vec4f) -> vec4f { return d_v; }
fn d_rate(g: vec4f, g_b: vec4f, hebb: vec4f, v: vec4f) -> vec4f { return (g + g_b) * v; }

// Turns d_v_{t+1} into d_v_t = μ d_v_{t+1}; gives the synapses' parts of d_μ.
fn velocity_adjoint(at: vec4u, w_at: vec4u, d_v: vec4f) -> vec4f {
  set_gradient4(at + VELOCITY_GRADIENT, coefficient(MOMENTUM_AT) * d_v);
  return d_v * weight4(w_at + PLASTIC_SIZE);
}
fn momentum_adjoint_of_layer(d: f32) {
  let sum = team_sum(d);
  if (speaks()) { add_gradient(MOMENTUM_AT, sum); }
}
