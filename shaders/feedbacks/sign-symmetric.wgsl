// Sign-symmetric feedback (Liao, Leibo & Poggio 2016; uSF, brSF and frSF of BioTorch, by where B comes from): M_l = |B_l| ⊙ sign(W_lᵀ).
import package::shape::{FAST_AT, FAST_STEP, WIDTH};
import package::memory::weight;
import package::origin::{add_feedback_gradient, feedback_weight};

const FROM_OUTPUT = false;

fn sign_of_weight(l: u32, j: u32, i: u32, slot: u32) -> f32 { return sign(weight(FAST_AT[l] + slot * FAST_STEP[l] + i * WIDTH[l] + j)); }

// M_ji of layer l + 1.
fn carry(l: u32, j: u32, i: u32, slot: u32, t: u32) -> f32 {
  return abs(feedback_weight(l, j * WIDTH[l + 1u] + i, slot, t)) * sign_of_weight(l, j, i, slot);
}

// d_B += sign(B) ⊙ sign(Wᵀ) ⊙ d_M; the derivative of sign(W) is 0.
fn carry_adjoint(l: u32, j: u32, i: u32, slot: u32, t: u32, d: f32) {
  let at = j * WIDTH[l + 1u] + i;
  add_feedback_gradient(l, at, d * sign(feedback_weight(l, at, slot, t)) * sign_of_weight(l, j, i, slot));
}
