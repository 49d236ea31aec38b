// Feedback weights that each lifetime has of its own, because they change or were inherited by draw: kept beside its fast weights.
import package::shape::{B_AT, FAST_B_AT, FAST_B_STEP, KEEPS_D_B};
import package::memory::{add_gradient, weight};

fn feedback_weight(l: u32, k: u32, slot: u32, t: u32) -> f32 { return weight(FAST_B_AT[l] + slot * FAST_B_STEP[l] + k); }
fn add_feedback_gradient(l: u32, k: u32, d: f32) { if (KEEPS_D_B[l]) { add_gradient(B_AT[l] + k, d); } }
