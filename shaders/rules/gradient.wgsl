// Gradient descent, as far as the error is the true one: by backprop it is (MAML, Finn et al.
// 2017), by other feedback a pseudo-gradient (feedback alignment …):
//   ΔW_ij = −η_ij (Σ_b e_bi pre_bj + d W_ij), d the weight decay; that is κ = −d.
import package::shape::{DECAYS, WEIGHT_DECAY_AT};
import package::memory::{add_gradient, speaks};
import package::coefficient::coefficient;
import package::team::team_sum;

const DIRECTION = -1.0;

fn prepare(first: u32, slot: u32) {}
fn prepare_adjoint(first: u32, slot: u32) {}

fn kappa(l: u32, neurons: vec4u, first: u32) -> vec4f {
  if (!DECAYS) { return vec4f(0.0); }
  return vec4f(-coefficient(WEIGHT_DECAY_AT));
}
fn kappa_adjoint(l: u32, i: u32, first: u32, d: vec4f) {}
fn kappa_adjoint_of_layer(l: u32, d: f32) {
  if (!DECAYS) { return; }
  let sum = team_sum(d);
  if (speaks()) { add_gradient(WEIGHT_DECAY_AT, -sum); }
}
