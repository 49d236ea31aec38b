// Feedback weights that are drawn anew for every inner step (brSF): never kept.
import package::shape::{DRAWS, DRAW_B_AT, DRAW_B_LIMIT, DRAW_WEIGHTS};
import package::random::drawn;

fn feedback_weight(l: u32, k: u32, slot: u32, t: u32) -> f32 { return DRAW_B_LIMIT[l] * drawn(DRAW_WEIGHTS, DRAW_B_AT[l] + k + t * DRAWS); }
fn add_feedback_gradient(l: u32, k: u32, d: f32) {}
