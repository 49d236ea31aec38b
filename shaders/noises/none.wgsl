// Updates are exact.
fn noise_rows(l: u32, k: vec4u, t: u32) -> vec4u { return vec4u(0u); }
fn noise_of_weight(counter: vec4u) -> vec4f { return vec4f(0.0); }
fn noise_of_feedback(l: u32, k: vec4u, t: u32) -> vec4f { return vec4f(0.0); }
