// Change with momentum μ (Polyak 1964): what happens to four synapses of a column in an inner step,
// and its adjoint under it.
//   v ← μ v + hebb − κ w,   w ← w + a v (+ noise).
// `tied`: what Kolen-Pollack's rule adds to the transposed feedback weights is a times this.
import package::shape::MOMENTUM_AT;
import package::memory::{add_gradient, speaks};
import package::coefficient::coefficient;
import package::team::team_sum;

struct Synapse { w: vec4f, velocity: vec4f, a: vec4f, kappa: vec4f, hebb: vec4f }

fn velocity(s: Synapse) -> vec4f {
  return coefficient(MOMENTUM_AT) * s.velocity + (s.hebb - s.kappa * s.w);
}
fn changed(s: Synapse, v: vec4f) -> vec4f { return s.w + s.a * v; }
fn tied(s: Synapse, v: vec4f) -> vec4f { return v; }

// Given g = d_w', g_b = d_B' of a tied B, and d_velocity from the step after:
//   d_v' = d_velocity + a (g + g_b),   d_w = g − κ d_v',   d_hebb = d_v',   d_a = (g + g_b) v',
//   d_κ = −d_v' w,   d_v = μ d_v',   d_μ = d_v' v.
struct Told { g: vec4f, g_b: vec4f, d_velocity: vec4f }
struct Flow { w: vec4f, a: vec4f, kappa: vec4f, hebb: vec4f, velocity: vec4f, momentum: vec4f }

fn d_hebb(told: Told, a: vec4f) -> vec4f { return told.d_velocity + a * (told.g + told.g_b); }

fn change_adjoint(told: Told, s: Synapse) -> Flow {
  let d_v = d_hebb(told, s.a);
  let d_a = (told.g + told.g_b) * velocity(s);
  return Flow(
    told.g - s.kappa * d_v, d_a, -(d_v * s.w), d_v,
    coefficient(MOMENTUM_AT) * d_v, d_v * s.velocity
  );
}

fn momentum_adjoint_of_layer(d: f32) {
  let sum = team_sum(d);
  if (speaks()) { add_gradient(MOMENTUM_AT, sum); }
}
