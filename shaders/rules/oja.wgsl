// Oja's rule, one decay per post-synaptic neuron (Lindsey & Litwin-Kumar 2020, §1.1):
//   ΔW_ij = α_ij (Σ_b post_bi pre_bj − κ_i W_ij),  κ_i = Σ_b post_bi².
import package::shape::{BATCH, SHARE, WIDTH};
import package::memory::{activity4, add_adjoints, four};
import package::factors::{left_at, left_step};

const DIRECTION = 1.0;

fn prepare(first: u32, slot: u32) {}
fn prepare_adjoint(first: u32, slot: u32) {}

fn kappa(l: u32, neurons: vec4u, first: u32) -> vec4f {
  let at = first + left_at(l) + neurons;
  var sum = vec4f();
  for (var b = 0u; b < BATCH; b++) {
    let post = activity4(at + left_step(b));
    sum += post * post;
  }
  return SHARE * sum;
}

// d_post_bi += 2 post_bi d_κ_i.
fn kappa_adjoint(l: u32, i: u32, first: u32, d: vec4f) {
  let n = WIDTH[l + 1u];
  for (var b = 0u; b < BATCH; b++) {
    let at = left_at(l) + left_step(b);
    add_adjoints(at, i, n, SHARE * 2.0 * activity4(first + at + four(i, n)) * d);
  }
}
fn kappa_adjoint_of_layer(l: u32, d: f32) {}
