// Updates are exact.
fn noise_row(l: u32, k: u32, t: u32) -> u32 { return 0u; }
fn noise_of_weight(counter: u32) -> f32 { return 0.0; }
fn noise_of_feedback(l: u32, k: u32, t: u32) -> f32 { return 0.0; }
