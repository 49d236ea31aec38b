// Oja's rule, one decay per post-synaptic neuron (Lindsey & Litwin-Kumar 2020, §1.1):
//   ΔW_ij = α_ij (Σ_b post_bi pre_bj − κ_i W_ij),  κ_i = Σ_b post_bi².
import package::shape::{BATCH, SHARE};
import package::memory::{activity, add_adjoint};
import package::plasticity::{left_at, left_step};

const DIRECTION = 1.0;

fn prepare(first: u32, slot: u32) {}
fn prepare_adjoint(first: u32, slot: u32) {}

fn kappa(l: u32, i: u32, first: u32) -> f32 {
  let at = first + left_at(l) + i;
  var sum = 0.0;
  for (var b = 0u; b < BATCH; b++) {
    let post = activity(at + left_step(b));
    sum += post * post;
  }
  return SHARE * sum;
}

// d_post_bi += 2 post_bi d_κ_i.
fn kappa_adjoint(l: u32, i: u32, first: u32, d: f32) {
  let at = left_at(l) + i;
  for (var b = 0u; b < BATCH; b++) { add_adjoint(at + left_step(b), SHARE * 2.0 * activity(first + at + left_step(b)) * d); }
}
fn kappa_adjoint_of_layer(l: u32, d: f32) {}
