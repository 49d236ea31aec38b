// A primitive that the system leaves out.
import package::primitives::Seen;

fn change(k: f32, s: Seen) -> vec4f { return vec4f(); }
fn adjoint(k: f32, s: Seen, g: vec4f, d: ptr<function, Seen>) -> f32 { return 0.0; }

// Of decay.
fn decay_rate(k: f32) -> f32 { return 0.0; }
