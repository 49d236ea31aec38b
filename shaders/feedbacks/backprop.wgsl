// Backpropagation: the error comes down by the weights that the activity went up by, M_l = W_lᵀ.
import package::shape::{FAST_AT, FAST_STEP, WEIGHT_AT, WIDTH};
import package::memory::{add_gradient4, weight4};

const FROM_OUTPUT = false;
const CARRY_LEARNS = true;

// Rows j of M of layer l + 1, four of them: columns j of W.
struct Path { at: vec4u, step: u32 }
fn path_to(l: u32, j: vec4u, slot: u32, t: u32) -> Path { return Path(FAST_AT[l] + slot * FAST_STEP[l] + j, WIDTH[l]); }

// M_ji for four pairs of j and i.
fn carry(path: Path, i: vec4u) -> vec4f { return weight4(path.at + i * path.step); }

// d_W += d_Mᵀ.
fn carry_adjoint(l: u32, j: vec4u, i: vec4u, slot: u32, t: u32, d: vec4f) { add_gradient4(WEIGHT_AT[l] + i * WIDTH[l] + j, d); }
