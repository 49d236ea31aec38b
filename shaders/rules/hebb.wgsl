// Hebb's rule (Lindsey & Litwin-Kumar 2020, §1.1, `--hebb`):
//   ΔW_ij = α_ij Σ_b post_bi pre_bj, that is κ_i = 0.
const DIRECTION = 1.0;

fn prepare(first: u32, slot: u32) {}
fn prepare_adjoint(first: u32, slot: u32) {}

fn kappa(l: u32, neurons: vec4u, first: u32) -> vec4f { return vec4f(0.0); }
fn kappa_adjoint(l: u32, i: u32, first: u32, d: vec4f) {}
fn kappa_adjoint_of_layer(l: u32, d: f32) {}
