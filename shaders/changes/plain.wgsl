// Change: what happens to four synapses of a column in an inner step, and its adjoint under it.
//   v = hebb − κ w,   w ← w + a v (+ noise).
// `tied`: what Kolen-Pollack's rule adds to the transposed feedback weights is a times this.
struct Synapse { w: vec4f, velocity: vec4f, a: vec4f, kappa: vec4f, hebb: vec4f }

fn velocity(s: Synapse) -> vec4f { return s.hebb - s.kappa * s.w; }
fn changed(s: Synapse, v: vec4f) -> vec4f { return s.w + s.a * v; }
fn tied(s: Synapse, v: vec4f) -> vec4f { return s.hebb; }

// Given g = d_w', and g_b = d_B' of a tied B. With d_v = a g:
//   d_w = g − κ d_v,   d_hebb = d_v + a g_b,   d_a = g v + g_b hebb,   d_κ = −d_v w.
struct Told { g: vec4f, g_b: vec4f, d_velocity: vec4f }
struct Flow { w: vec4f, a: vec4f, kappa: vec4f, hebb: vec4f, velocity: vec4f, momentum: vec4f }

fn d_hebb(told: Told, a: vec4f) -> vec4f { return a * told.g + a * told.g_b; }

fn change_adjoint(told: Told, s: Synapse) -> Flow {
  let d_v = s.a * told.g;
  let d_a = told.g * velocity(s) + told.g_b * s.hebb;
  return Flow(
    told.g - s.kappa * d_v, d_a, -(d_v * s.w), d_hebb(told, s.a), vec4f(), vec4f()
  );
}

fn momentum_adjoint_of_layer(d: f32) {}
