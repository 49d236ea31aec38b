// Feedback weights do not change within a lifetime.
fn reflect(first: u32, slot: u32, t: u32) {}
fn align(first: u32, from_: u32, to: u32, t: u32) {}
fn align_adjoint(first: u32, slot: u32, t: u32) {}
