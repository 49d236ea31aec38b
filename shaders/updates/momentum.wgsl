// The update has momentum μ (Polyak 1964): v ← μ v + u, W ← W + a v. The velocities lie PLASTIC_SIZE behind the weights, and d_v as far behind d_W as VELOCITY_GRADIENT says.
import package::shape::{MOMENTUM_AT, PLASTIC_SIZE, VELOCITY_GRADIENT};
import package::memory::{add_gradient, gradient, set_gradient, set_weight, speaks, weight};
import package::coefficient::coefficient;
import package::team::team_sum;

// v_{t+1} of the synapse whose weight is at `at`; kept beside the weight at `to`.
fn velocity(at: u32, to: u32, u: f32) -> f32 {
  let v = velocity_of(at, u);
  set_weight(to + PLASTIC_SIZE, v);
  return v;
}
fn velocity_of(at: u32, u: f32) -> f32 { return coefficient(MOMENTUM_AT) * weight(at + PLASTIC_SIZE) + u; }

// What Kolen-Pollack's rule adds to B is a times this.
fn tied(hebb: f32, v: f32) -> f32 { return v; }

// d_v_{t+1}, which is d_u; g = d_W', g_b = d_B' of a tied B.
fn d_update(at: u32, a: f32, g: f32, g_b: f32) -> f32 { return gradient(at + VELOCITY_GRADIENT) + a * (g + g_b); }
fn d_hebb(d_v: f32, a: f32, g_b: f32) -> f32 { return d_v; }
fn d_rate(g: f32, g_b: f32, hebb: f32, v: f32) -> f32 { return (g + g_b) * v; }

// Turns d_v_{t+1} into d_v_t = μ d_v_{t+1}; gives the synapse's part of d_μ.
fn velocity_adjoint(at: u32, w_at: u32, d_v: f32) -> f32 {
  set_gradient(at + VELOCITY_GRADIENT, coefficient(MOMENTUM_AT) * d_v);
  return d_v * weight(w_at + PLASTIC_SIZE);
}
fn momentum_adjoint_of_layer(d: f32) {
  let sum = team_sum(d);
  if (speaks()) { add_gradient(MOMENTUM_AT, sum); }
}
