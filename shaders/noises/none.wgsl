// Updates are exact.
fn noise_of_weight(l: u32, k: u32, t: u32) -> f32 { return 0.0; }
fn noise_of_feedback(l: u32, k: u32, t: u32) -> f32 { return 0.0; }
