// Feedback alignment (Lillicrap et al. 2016): the error of a layer comes down by its own feedback weights, M_l = B_l (n_{l−1}, n_l).
import package::shape::WIDTH;
import package::origin::{FEEDBACK_LEARNS, add_feedback_gradient, feedback_place, feedback_weight};

const FROM_OUTPUT = false;
const CARRY_LEARNS = FEEDBACK_LEARNS;

// Rows j of M of layer l + 1, four of them.
struct Path { l: u32, at: vec4u }
fn path_to(l: u32, j: vec4u, slot: u32, t: u32) -> Path { return Path(l, feedback_place(l, slot, t) + j * WIDTH[l + 1u]); }

// M_ji for four pairs of j and i.
fn carry(path: Path, i: vec4u) -> vec4f { return feedback_weight(path.l, path.at + i); }

// d_B += d_M.
fn carry_adjoint(l: u32, j: vec4u, i: vec4u, slot: u32, t: u32, d: vec4f) { add_feedback_gradient(l, j * WIDTH[l + 1u] + i, d); }
