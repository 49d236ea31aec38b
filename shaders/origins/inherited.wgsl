// Feedback weights that are inherited and stay what they are for life: read where the
// meta-parameters are.
import package::shape::{B_AT, FEEDBACK_QUADS};
import package::memory::{add_gradient_quad, parameters};

const FEEDBACK_LEARNS = true;

// Where row j of B of layer l + 1 begins at inner step t, and its columns i … i + 3, i a multiple
// of 4.
fn feedback_row(l: u32, slot: u32, t: u32, j: u32) -> u32 {
  return B_AT[l] / 4u + j * FEEDBACK_QUADS[l];
}
fn feedback_weights(l: u32, row: u32, i: u32) -> vec4f { return parameters[row + i / 4u]; }
fn add_feedback_gradient(l: u32, j: u32, i: u32, d: vec4f) {
  add_gradient_quad(feedback_row(l, 0u, 0u, j) + i / 4u, d);
}
