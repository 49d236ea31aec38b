// Sign-symmetric feedback (Liao, Leibo & Poggio 2016; uSF, brSF and frSF of BioTorch, by where B
// comes from): M_l = |B_l| ⊙ sign(W_lᵀ).
import package::shape::QUADS;
import package::memory::{weight_quad, weight_rows};
import package::origin::{FEEDBACK_LEARNS, add_feedback_gradient, feedback_row, feedback_weights};

const FROM_OUTPUT = false;
const CARRY_LEARNS = FEEDBACK_LEARNS;

// Row j of M of layer l + 1: of B, and column j of W.
struct Path { l: u32, row: u32, w_at: u32 }
fn path_to(l: u32, j: u32, slot: u32, t: u32) -> Path {
  return Path(l, feedback_row(l, slot, t, j), weight_rows(l, slot, 0u) + j * QUADS[l]);
}

fn signs(path: Path, i: u32) -> vec4f { return sign(weight_quad(path.w_at + i / 4u)); }

// M_ji of four i, a multiple of 4 and on; what lies beyond the last is anything.
fn carry(path: Path, i: u32) -> vec4f {
  return abs(feedback_weights(path.l, path.row, i)) * signs(path, i);
}

// d_B += sign(B) ⊙ sign(Wᵀ) ⊙ d_M; the derivative of sign(W) is 0. d_M is 0 beyond the last i.
fn carry_adjoint(l: u32, j: u32, i: u32, slot: u32, t: u32, d: vec4f) {
  let path = path_to(l, j, slot, t);
  add_feedback_gradient(l, j, i, d * sign(feedback_weights(l, path.row, i)) * signs(path, i));
}
