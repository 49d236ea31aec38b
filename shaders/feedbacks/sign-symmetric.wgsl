// Sign-symmetric feedback (Liao, Leibo & Poggio 2016; uSF, brSF and frSF of BioTorch, by where B comes from): M_l = |B_l| ⊙ sign(W_lᵀ).
import package::shape::{FAST_AT, FAST_STEP, WIDTH};
import package::memory::weight4;
import package::origin::{FEEDBACK_LEARNS, add_feedback_gradient, feedback_place, feedback_weight};

const FROM_OUTPUT = false;
const CARRY_LEARNS = FEEDBACK_LEARNS;

// Rows j of M of layer l + 1, four of them: of B, and columns j of W.
struct Path { l: u32, at: vec4u, w_at: vec4u, w_step: u32 }
fn path_to(l: u32, j: vec4u, slot: u32, t: u32) -> Path {
  return Path(l, feedback_place(l, slot, t) + j * WIDTH[l + 1u], FAST_AT[l] + slot * FAST_STEP[l] + j, WIDTH[l]);
}

// M_ji for four pairs of j and i.
fn carry(path: Path, i: vec4u) -> vec4f { return abs(feedback_weight(path.l, path.at + i)) * sign(weight4(path.w_at + i * path.w_step)); }

// d_B += sign(B) ⊙ sign(Wᵀ) ⊙ d_M; the derivative of sign(W) is 0.
fn carry_adjoint(l: u32, j: vec4u, i: vec4u, slot: u32, t: u32, d: vec4f) {
  let path = path_to(l, j, slot, t);
  add_feedback_gradient(l, j * WIDTH[l + 1u] + i, d * sign(feedback_weight(l, path.at + i)) * sign(weight4(path.w_at + i * path.w_step)));
}
