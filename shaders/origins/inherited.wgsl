// Feedback weights that are inherited and stay what they are for life: read where the meta-parameters are.
import package::shape::B_AT;
import package::memory::{add_gradient4, parameter4};

const FEEDBACK_LEARNS = true;

// Place of the first weight of layer l + 1 at inner step t, and the weights at four places.
fn feedback_place(l: u32, slot: u32, t: u32) -> u32 { return B_AT[l]; }
fn feedback_weight(l: u32, place: vec4u) -> vec4f { return parameter4(place); }
fn add_feedback_gradient(l: u32, k: vec4u, d: vec4f) { add_gradient4(B_AT[l] + k, d); }
