// Feedback weights that each lifetime has of its own, because they change or were drawn: kept
// beside its fast weights.
import package::shape::{ANY_D_B, B_AT, FAST_B_AT, FAST_B_STEP, FEEDBACK_QUADS, KEEPS_D_B};
import package::memory::{add_gradient_quad, weight_quad};

const FEEDBACK_LEARNS = ANY_D_B;

// Where row j of B of layer l + 1 begins at inner step t, and its columns i … i + 3, i a multiple
// of 4.
fn feedback_row(l: u32, slot: u32, t: u32, j: u32) -> u32 {
  return (FAST_B_AT[l] + slot * FAST_B_STEP[l]) / 4u + j * FEEDBACK_QUADS[l];
}
fn feedback_weights(l: u32, row: u32, i: u32) -> vec4f { return weight_quad(row + i / 4u); }
fn add_feedback_gradient(l: u32, j: u32, i: u32, d: vec4f) {
  if (KEEPS_D_B[l]) { add_gradient_quad(B_AT[l] / 4u + j * FEEDBACK_QUADS[l] + i / 4u, d); }
}
