// Feedback weights that are drawn anew for every inner step (brSF): never kept.
import package::shape::{DRAWS, DRAW_B_AT, DRAW_B_LIMIT, DRAW_WEIGHTS, FEEDBACK_WIDTH};
import package::memory::lived;
import package::random::drawn4;

const FEEDBACK_LEARNS = false;

// Counter of the first number of row j of B of layer l + 1 at inner step t; and columns i … i + 3
// of that row.
fn feedback_row(l: u32, slot: u32, t: u32, j: u32) -> u32 {
  return DRAW_B_AT[l] + lived(t) * DRAWS + j * FEEDBACK_WIDTH[l];
}
fn feedback_weights(l: u32, row: u32, i: u32) -> vec4f {
  return DRAW_B_LIMIT[l] * drawn4(DRAW_WEIGHTS, row + i + vec4u(0u, 1u, 2u, 3u));
}
fn add_feedback_gradient(l: u32, j: u32, i: u32, d: vec4f) {}
