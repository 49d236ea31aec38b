// Feedback weights do not change within a lifetime.
fn reflect(first: u32, slot: u32, t: u32) {}
fn align(first: u32, from_: u32, to: u32, t: u32) {}
fn align_adjoint(first: u32, slot: u32, t: u32) {}

// d_B'_ji of a B that took part in the update of W_ij, for neurons i … i + 3.
fn tied_gradient(l: u32, i: u32, j: u32) -> vec4f { return vec4f(0.0); }
