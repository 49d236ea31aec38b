// Feedback weights that each lifetime has of its own, because they change or were drawn: kept beside its fast weights.
import package::shape::{ANY_D_B, B_AT, FAST_B_AT, FAST_B_STEP, KEEPS_D_B};
import package::memory::{add_gradient4, weight4};

const FEEDBACK_LEARNS = ANY_D_B;

// Place of the first weight of layer l + 1 at inner step t, and the weights at four places.
fn feedback_place(l: u32, slot: u32, t: u32) -> u32 { return FAST_B_AT[l] + slot * FAST_B_STEP[l]; }
fn feedback_weight(l: u32, place: vec4u) -> vec4f { return weight4(place); }
fn add_feedback_gradient(l: u32, k: vec4u, d: vec4f) { if (KEEPS_D_B[l]) { add_gradient4(B_AT[l] + k, d); } }
