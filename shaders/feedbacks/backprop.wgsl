// Backpropagation: the error comes down by the weights that the activity went up by, M_l = W_lᵀ.
import package::shape::{FAST_AT, FAST_STEP, WEIGHT_AT, WIDTH};
import package::memory::{add_gradient, weight};

const FROM_OUTPUT = false;
const CARRY_LEARNS = true;

// Row j of M of layer l + 1: column j of W.
struct Path { at: u32, step: u32 }
fn path_to(l: u32, j: u32, slot: u32, t: u32) -> Path { return Path(FAST_AT[l] + slot * FAST_STEP[l] + j, WIDTH[l]); }

// M_ji.
fn carry(path: Path, i: u32) -> f32 { return weight(path.at + i * path.step); }

// d_W += d_Mᵀ.
fn carry_adjoint(l: u32, j: u32, i: u32, slot: u32, t: u32, d: f32) { add_gradient(WEIGHT_AT[l] + i * WIDTH[l] + j, d); }
