// Backpropagation: the error comes down by the weights that the activity went up by, M_l = W_lᵀ.
import package::shape::QUADS;
import package::memory::{add_gradient_quad, gradient_rows, weight_quad, weight_rows};

const FROM_OUTPUT = false;
const CARRY_LEARNS = true;

// Row j of M of layer l + 1: column j of W.
struct Path { at: u32 }
fn path_to(l: u32, j: u32, slot: u32, t: u32) -> Path {
  return Path(weight_rows(l, slot, 0u) + j * QUADS[l]);
}

// M_ji of four i, a multiple of 4 and on; what lies beyond the last is anything.
fn carry(path: Path, i: u32) -> vec4f { return weight_quad(path.at + i / 4u); }

// d_W += d_Mᵀ, 0 beyond the last i.
fn carry_adjoint(l: u32, j: u32, i: u32, slot: u32, t: u32, d: vec4f) {
  add_gradient_quad(gradient_rows(l, i) + j * QUADS[l], d);
}
