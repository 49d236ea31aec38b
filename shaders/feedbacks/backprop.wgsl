// Backpropagation: the error comes down by the weights that the activity went up by, M_l = W_lᵀ.
import package::shape::{FAST_AT, FAST_STEP, WEIGHT_AT, WIDTH};
import package::memory::{add_gradient, weight};

const FROM_OUTPUT = false;

// M_ji of layer l + 1.
fn carry(l: u32, j: u32, i: u32, slot: u32, t: u32) -> f32 { return weight(FAST_AT[l] + slot * FAST_STEP[l] + i * WIDTH[l] + j); }

// d_W += d_Mᵀ.
fn carry_adjoint(l: u32, j: u32, i: u32, slot: u32, t: u32, d: f32) { add_gradient(WEIGHT_AT[l] + i * WIDTH[l] + j, d); }
