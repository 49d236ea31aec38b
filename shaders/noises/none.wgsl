// Updates are exact.
struct Noises { unused: u32 }
fn noise_rows(l: u32, i: u32, t: u32) -> Noises { return Noises(0u); }
fn noise_of_weight(noises: Noises, j: u32) -> vec4f { return vec4f(0.0); }
fn noise_of_feedback(l: u32, k: vec4u, t: u32) -> vec4f { return vec4f(0.0); }
