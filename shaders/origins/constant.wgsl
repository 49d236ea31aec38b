// Feedback weights that are all alike in a layer, the standard deviation of drawn ones (uSF): √(2 / (rows + columns)) = limit / √3.
import package::shape::DRAW_B_LIMIT;

const FEEDBACK_LEARNS = false;

fn feedback_place(l: u32, slot: u32, t: u32) -> u32 { return 0u; }
fn feedback_weight(l: u32, place: vec4u) -> vec4f { return vec4f(DRAW_B_LIMIT[l] * 0.57735027); }
fn add_feedback_gradient(l: u32, k: vec4u, d: vec4f) {}
