// Direct feedback alignment (Nøkland 2016): the error of the answer comes straight to every layer, M_l = B_l (n_{l−1}, n_L).
import package::shape::OUTPUTS;
import package::origin::{FEEDBACK_LEARNS, add_feedback_gradient, feedback_place, feedback_weight};

const FROM_OUTPUT = true;
const CARRY_LEARNS = FEEDBACK_LEARNS;

// Rows j of M of layer l + 1, four of them.
struct Path { l: u32, at: vec4u }
fn path_to(l: u32, j: vec4u, slot: u32, t: u32) -> Path { return Path(l, feedback_place(l, slot, t) + j * OUTPUTS); }

// M_jo for four pairs of j and o.
fn carry(path: Path, o: vec4u) -> vec4f { return feedback_weight(path.l, path.at + o); }

// d_B += d_M.
fn carry_adjoint(l: u32, j: vec4u, o: vec4u, slot: u32, t: u32, d: vec4f) { add_feedback_gradient(l, j * OUTPUTS + o, d); }
