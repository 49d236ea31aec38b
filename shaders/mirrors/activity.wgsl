// A feedback rule sees the lifetime's own activity: x_{l−1} and z_l lie in the record already, and
// so do their adjoints.
fn mirror(first: u32, slot: u32, t: u32) {}
fn mirror_adjoint(first: u32) {}
