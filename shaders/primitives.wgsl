// The primitives that the system's feedback rule is a sum of, side by side: what they see of B_ji,
// of four neurons i and an input j, what they change, and the adjoint. primitives/ has one file for
// each.
import package::shape::{HAS_PRIMITIVE, K_AT, PRIMITIVE_AT};
import package::coefficient::coefficient;
import package::memory::{add_gradient, speaks};
import package::primitive_amp::{adjoint as amp_adjoint, change as amp};
import package::primitive_decay::{adjoint as decay_adjoint, decay_rate};
import package::primitive_null::{adjoint as null_adjoint, change as null_};
import package::primitive_self::{adjoint as self_adjoint, change as self_};
import package::primitive_sparse::{adjoint as sparse_adjoint, change as sparse};
import package::team::team_sum;

// x_j, r_j, z_i and p_i of a sample, W_ij and B_ji. Their adjoint has the same form.
struct Seen { x: f32, r: f32, z: vec4f, p: vec4f, w: vec4f, b: vec4f }

// k of each primitive. That of one left out is any, and nobody asks for it.
struct Strengths { decay: f32, amp: f32, null_: f32, sparse: f32, self_: f32 }

fn strength(m: u32) -> f32 { return coefficient(K_AT + PRIMITIVE_AT[m]); }
fn strengths() -> Strengths {
  return Strengths(strength(0u), strength(1u), strength(2u), strength(3u), strength(4u));
}
fn times(c: f32, k: Strengths) -> Strengths {
  return Strengths(c * k.decay, c * k.amp, c * k.null_, c * k.sparse, c * k.self_);
}

// Of one sample.
fn sample_change(k: Strengths, s: Seen) -> vec4f {
  return amp(k.amp, s) + null_(k.null_, s) + sparse(k.sparse, s);
}

// From g = d_B'_ji adds to d, what was seen, and to d_k, as if `k` were not there.
fn sample_adjoint(
  k: Strengths, s: Seen, g: vec4f, d: ptr<function, Seen>, d_k: ptr<function, Strengths>
) {
  (*d_k).amp += amp_adjoint(k.amp, s, g, d);
  (*d_k).null_ += null_adjoint(k.null_, s, g, d);
  (*d_k).sparse += sparse_adjoint(k.sparse, s, g, d);
}

// What no sample has a part in: but decay, which is told as a rate.
fn synapse_change(k: Strengths, s: Seen) -> vec4f { return self_(k.self_, s); }
fn decay_rate_of(k: Strengths) -> f32 { return decay_rate(k.decay); }

fn synapse_adjoint(
  k: Strengths, s: Seen, g: vec4f, d: ptr<function, Seen>, d_k: ptr<function, Strengths>
) {
  (*d_k).decay += decay_adjoint(k.decay, s, g, d);
  (*d_k).self_ += self_adjoint(k.self_, s, g, d);
}

// Adds η d_k to the gradient of k, and tells d_η = Σ k d_k; d_k is what this lane found of it.
fn strengths_adjoint(eta: f32, k: Strengths, d_k: Strengths) -> f32 {
  return strength_adjoint(0u, eta, k.decay, d_k.decay) + strength_adjoint(1u, eta, k.amp, d_k.amp)
    + strength_adjoint(2u, eta, k.null_, d_k.null_)
    + strength_adjoint(3u, eta, k.sparse, d_k.sparse)
    + strength_adjoint(4u, eta, k.self_, d_k.self_);
}
fn strength_adjoint(m: u32, eta: f32, k: f32, d: f32) -> f32 {
  let sum = team_sum(d);
  if (HAS_PRIMITIVE[m] && speaks()) { add_gradient(K_AT + PRIMITIVE_AT[m], eta * sum); }
  return k * sum;
}
