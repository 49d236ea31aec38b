// The update is applied as it is: W ← W + a u.
fn velocity(at: u32, to: u32, u: vec4f) -> vec4f { return u; }
fn velocity_of(at: u32, u: vec4f) -> vec4f { return u; }

// What Kolen-Pollack's rule adds to B is a times this.
fn tied(hebb: vec4f, u: vec4f) -> vec4f { return hebb; }

// d_u; g = d_W', g_b = d_B' of a tied B.
fn d_update(at: u32, a: vec4f, g: vec4f, g_b: vec4f) -> vec4f { return a * g; }
fn d_hebb(d_u: vec4f, a: vec4f, g_b: vec4f) -> vec4f { return d_u + a * g_b; }
fn d_rate(g: vec4f, g_b: vec4f, hebb: vec4f, u: vec4f) -> vec4f { return g * u + g_b * hebb; }
fn velocity_adjoint(at: u32, w_at: u32, d_u: vec4f) -> vec4f { return vec4f(0.0); }
fn momentum_adjoint_of_layer(d: f32) {}
