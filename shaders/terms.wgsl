// The terms of the plasticity pool that a system has, side by side: what they see, what they add to
// the right factors of an input, and their adjoint. terms/ has one file for each.
import package::shape::{HAS_TERM, TERM_AT, TERM_COUNT, TERM_GRADIENTS, THETA_AT};
import package::coefficient::coefficient;
import package::memory::set_adjoint;
import package::term_0::{add as add_0, adjoint as adjoint_0};
import package::term_1::{add as add_1, adjoint as adjoint_1};
import package::term_2::{add as add_2, adjoint as adjoint_2};
import package::term_3::{decay, decay_adjoint_of_layer};
import package::term_4::{add as add_4, adjoint as adjoint_4};
import package::term_5::{add as add_5, adjoint as adjoint_5};
import package::term_6::{add as add_6, adjoint as adjoint_6};
import package::term_7::{add as add_7, adjoint as adjoint_7};
import package::term_8::{add as add_8, adjoint as adjoint_8};
import package::term_9::{add as add_9, adjoint as adjoint_9};

// Of one input: its activity p, error f and what the layer tells back v; and the layer's sums
// S = Σ y, s = yᵀ W f and q = eᵀ W p. Their adjoint has the same form.
struct Seen {
  p: f32, f: f32, v: f32, sum_of_post: f32, post_by_error: f32, error_by_drive: f32
}

// Right factors of one input, beside the left factors e, y and 1.
struct Rights { error: f32, post: f32, ones: f32 }

// One number a term. That of a term left out is any, and nobody asks for it.
alias Thetas = array<f32, 10>;

fn theta(l: u32, r: u32) -> f32 { return coefficient(THETA_AT[l] + TERM_AT[r]); }

fn thetas_of(l: u32) -> Thetas {
  return Thetas(
    theta(l, 0u), theta(l, 1u), theta(l, 2u), theta(l, 3u), theta(l, 4u),
    theta(l, 5u), theta(l, 6u), theta(l, 7u), theta(l, 8u), theta(l, 9u)
  );
}

fn rights_of(theta: Thetas, s: Seen) -> Rights {
  var right = Rights();
  add_0(theta[0], s, &right);
  add_1(theta[1], s, &right);
  add_2(theta[2], s, &right);
  add_4(theta[4], s, &right);
  add_5(theta[5], s, &right);
  add_6(theta[6], s, &right);
  add_7(theta[7], s, &right);
  add_8(theta[8], s, &right);
  add_9(theta[9], s, &right);
  return right;
}

// From d, the adjoint of the right factors, adds to those of what was seen and of θ.
fn rights_adjoint(
  theta: Thetas, s: Seen, d: Rights, d_s: ptr<function, Seen>, d_theta: ptr<function, Thetas>
) {
  (*d_theta)[0] += adjoint_0(theta[0], s, d, d_s);
  (*d_theta)[1] += adjoint_1(theta[1], s, d, d_s);
  (*d_theta)[2] += adjoint_2(theta[2], s, d, d_s);
  (*d_theta)[4] += adjoint_4(theta[4], s, d, d_s);
  (*d_theta)[5] += adjoint_5(theta[5], s, d, d_s);
  (*d_theta)[6] += adjoint_6(theta[6], s, d, d_s);
  (*d_theta)[7] += adjoint_7(theta[7], s, d, d_s);
  (*d_theta)[8] += adjoint_8(theta[8], s, d, d_s);
  (*d_theta)[9] += adjoint_9(theta[9], s, d, d_s);
}

// Leaves d_θ of layer l + 1 in the adjoint of the record at `row`.
fn set_d_thetas(l: u32, row: u32, d_theta: Thetas) {
  let at = row + TERM_GRADIENTS + l * TERM_COUNT;
  set_d_theta(at, 0u, d_theta[0]);
  set_d_theta(at, 1u, d_theta[1]);
  set_d_theta(at, 2u, d_theta[2]);
  set_d_theta(at, 4u, d_theta[4]);
  set_d_theta(at, 5u, d_theta[5]);
  set_d_theta(at, 6u, d_theta[6]);
  set_d_theta(at, 7u, d_theta[7]);
  set_d_theta(at, 8u, d_theta[8]);
  set_d_theta(at, 9u, d_theta[9]);
}
fn set_d_theta(at: u32, r: u32, d: f32) { if (HAS_TERM[r]) { set_adjoint(at + TERM_AT[r], d); } }

// F³ is no product, but every neuron's κ.
fn kappa_of(l: u32) -> f32 { return decay(theta(l, 3u)); }
fn kappa_adjoint_of_layer(l: u32, d: f32) { decay_adjoint_of_layer(l, d); }
