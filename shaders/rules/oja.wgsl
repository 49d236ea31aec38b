// Oja's rule, one decay per post-synaptic neuron (Lindsey & Litwin-Kumar 2020, §1.1):
//   ΔW_ij = α_ij (Σ_q post_qi pre_qj − κ_i W_ij),  κ_i = Σ_q post_qi²,
// q the looks at a batch's samples.
import package::shape::FAN_OUT;
import package::memory::{activity4, add_adjoints, four};
import package::factors::{left_at, left_step, products_of};
import package::looks::share;

const DIRECTION = 1.0;

fn prepare(first: u32, slot: u32) {}
fn prepare_adjoint(first: u32, slot: u32) {}

fn kappa(l: u32, neurons: vec4u, first: u32) -> vec4f {
  let at = first + left_at(l) + neurons;
  var sum = vec4f();
  for (var q = 0u; q < products_of(l); q++) {
    let post = activity4(at + left_step(l, q));
    sum += post * post;
  }
  return share(l) * sum;
}

// d_post_qi += 2 post_qi d_κ_i.
fn kappa_adjoint(l: u32, i: u32, first: u32, d: vec4f) {
  let n = FAN_OUT[l];
  for (var q = 0u; q < products_of(l); q++) {
    let at = left_at(l) + left_step(l, q);
    add_adjoints(at, i, n, share(l) * 2.0 * activity4(first + at + four(i, n)) * d);
  }
}
fn kappa_adjoint_of_layer(l: u32, d: f32) {}
