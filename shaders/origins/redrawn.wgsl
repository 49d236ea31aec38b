// Feedback weights that are drawn anew for every inner step (brSF): never kept.
import package::shape::{DRAWS, DRAW_B_AT, DRAW_B_LIMIT, DRAW_WEIGHTS};
import package::random::drawn4;

const FEEDBACK_LEARNS = false;

// Place of the first weight of layer l + 1 at inner step t (its counter), and the weights at four places.
fn feedback_place(l: u32, slot: u32, t: u32) -> u32 { return DRAW_B_AT[l] + t * DRAWS; }
fn feedback_weight(l: u32, place: vec4u) -> vec4f { return DRAW_B_LIMIT[l] * drawn4(DRAW_WEIGHTS, place); }
fn add_feedback_gradient(l: u32, k: vec4u, d: vec4f) {}
