// What changes a synapse is not a product (plasticities/equation.wgsl).
fn prepare(first: u32, slot: u32) {}
fn prepare_adjoint(first: u32, slot: u32) {}
fn kappa(l: u32, neurons: vec4u, first: u32) -> vec4f { return vec4f(); }
