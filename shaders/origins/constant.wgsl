// Feedback weights that are all alike in a layer, the standard deviation of drawn ones (uSF):
//   √(2 / (rows + columns)) = limit / √3.
import package::shape::DRAW_B_LIMIT;

const FEEDBACK_LEARNS = false;

fn feedback_row(l: u32, slot: u32, t: u32, j: u32) -> u32 { return 0u; }
fn feedback_weights(l: u32, row: u32, i: u32) -> vec4f {
  return vec4f(DRAW_B_LIMIT[l] * 0.57735027);
}
fn add_feedback_gradient(l: u32, j: u32, i: u32, d: vec4f) {}
