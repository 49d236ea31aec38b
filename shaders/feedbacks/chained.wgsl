// Feedback alignment (Lillicrap et al. 2016): the error of a layer comes down by its own feedback weights, M_l = B_l (n_{l−1}, n_l).
import package::shape::WIDTH;
import package::origin::{add_feedback_gradient, feedback_weight};

const FROM_OUTPUT = false;

// M_ji of layer l + 1.
fn carry(l: u32, j: u32, i: u32, slot: u32, t: u32) -> f32 { return feedback_weight(l, j * WIDTH[l + 1u] + i, slot, t); }

// d_B += d_M.
fn carry_adjoint(l: u32, j: u32, i: u32, slot: u32, t: u32, d: f32) { add_feedback_gradient(l, j * WIDTH[l + 1u] + i, d); }
