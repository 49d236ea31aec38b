// Feedback alignment (Lillicrap et al. 2016): the error of a layer comes down by its own feedback weights, M_l = B_l (n_{l−1}, n_l).
import package::shape::WIDTH;
import package::origin::{FEEDBACK_LEARNS, add_feedback_gradient, feedback_place, feedback_weight};

const FROM_OUTPUT = false;
const CARRY_LEARNS = FEEDBACK_LEARNS;

// Row j of M of layer l + 1.
struct Path { l: u32, at: u32 }
fn path_to(l: u32, j: u32, slot: u32, t: u32) -> Path { return Path(l, feedback_place(l, slot, t) + j * WIDTH[l + 1u]); }

// M_ji.
fn carry(path: Path, i: u32) -> f32 { return feedback_weight(path.l, path.at + i); }

// d_B += d_M.
fn carry_adjoint(l: u32, j: u32, i: u32, slot: u32, t: u32, d: f32) { add_feedback_gradient(l, j * WIDTH[l + 1u] + i, d); }
