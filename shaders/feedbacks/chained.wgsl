// Feedback alignment (Lillicrap et al. 2016): the error of a layer comes down by its own feedback
// weights, M_l = B_l (n_{l−1}, n_l).
import package::origin::{FEEDBACK_LEARNS, add_feedback_gradient, feedback_row, feedback_weights};

const FROM_OUTPUT = false;
const CARRY_LEARNS = FEEDBACK_LEARNS;

// Row j of M of layer l + 1.
struct Path { l: u32, row: u32 }
fn path_to(l: u32, j: u32, slot: u32, t: u32) -> Path {
  return Path(l, feedback_row(l, slot, t, j));
}

// M_ji of four i, a multiple of 4 and on; what lies beyond the last is anything.
fn carry(path: Path, i: u32) -> vec4f { return feedback_weights(path.l, path.row, i); }

// d_B += d_M, 0 beyond the last i.
fn carry_adjoint(l: u32, j: u32, i: u32, slot: u32, t: u32, d: vec4f) {
  add_feedback_gradient(l, j, i, d);
}
