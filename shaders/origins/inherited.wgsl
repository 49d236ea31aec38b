// Feedback weights that are inherited and stay what they are for life: read where the meta-parameters are.
import package::shape::B_AT;
import package::memory::{add_gradient, parameters};

const FEEDBACK_LEARNS = true;

// Place of the first weight of layer l + 1 at inner step t, and the weight at a place.
fn feedback_place(l: u32, slot: u32, t: u32) -> u32 { return B_AT[l]; }
fn feedback_weight(l: u32, place: u32) -> f32 { return parameters[place]; }
fn add_feedback_gradient(l: u32, k: u32, d: f32) { add_gradient(B_AT[l] + k, d); }
