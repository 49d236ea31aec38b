// No primitive asks for this.
fn find_r(first: u32, l: u32, slot: u32, t: u32) {}
fn r_of(l: u32, input: u32) -> f32 { return 0.0; }
fn set_d_r(l: u32, input: u32, d: f32) {}
fn r_adjoint(first: u32, l: u32, slot: u32, t: u32) {}

fn find_p(first: u32, l: u32, slot: u32, t: u32) {}
fn p_of(l: u32, neurons: vec4u) -> vec4f { return vec4f(); }
fn set_d_p(l: u32, look: u32, i: u32, d: vec4f) {}
fn p_adjoint(first: u32, l: u32, slot: u32, t: u32) {}
