// The update is applied as it is: W ← W + a u.
fn velocity(at: u32, to: u32, u: f32) -> f32 { return u; }
fn velocity_of(at: u32, u: f32) -> f32 { return u; }

// What Kolen-Pollack's rule adds to B is a times this.
fn tied(hebb: f32, u: f32) -> f32 { return hebb; }

// d_u; g = d_W', g_b = d_B' of a tied B.
fn d_update(at: u32, a: f32, g: f32, g_b: f32) -> f32 { return a * g; }
fn d_hebb(d_u: f32, a: f32, g_b: f32) -> f32 { return d_u + a * g_b; }
fn d_rate(g: f32, g_b: f32, hebb: f32, u: f32) -> f32 { return g * u + g_b * hebb; }
fn velocity_adjoint(at: u32, w_at: u32, d_u: f32) -> f32 { return 0.0; }
fn momentum_adjoint_of_layer(d: f32) {}
