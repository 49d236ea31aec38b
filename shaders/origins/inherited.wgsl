// Feedback weights that are inherited and stay what they are for life: read where the meta-parameters are.
import package::shape::B_AT;
import package::memory::{add_gradient, parameters};

fn feedback_weight(l: u32, k: u32, slot: u32, t: u32) -> f32 { return parameters[B_AT[l] + k]; }
fn add_feedback_gradient(l: u32, k: u32, d: f32) { add_gradient(B_AT[l] + k, d); }
