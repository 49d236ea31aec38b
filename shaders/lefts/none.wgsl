// No term has this left factor.
fn fill(l: u32, first: u32) {}
fn set_right(at: u32, value: f32) {}
fn d_right(at: u32) -> f32 { return 0.0; }
fn post_adjoint(l: u32, row: u32, i: u32, n: u32) {}
