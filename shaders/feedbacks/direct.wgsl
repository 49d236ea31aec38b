// Direct feedback alignment (Nøkland 2016): the error of the answer comes straight to every layer, M_l = B_l (n_{l−1}, n_L).
import package::shape::OUTPUTS;
import package::origin::{add_feedback_gradient, feedback_weight};

const FROM_OUTPUT = true;

// M_jo of layer l + 1.
fn carry(l: u32, j: u32, o: u32, slot: u32, t: u32) -> f32 { return feedback_weight(l, j * OUTPUTS + o, slot, t); }

// d_B += d_M.
fn carry_adjoint(l: u32, j: u32, o: u32, slot: u32, t: u32, d: f32) { add_feedback_gradient(l, j * OUTPUTS + o, d); }
