// A term that the system leaves out.
import package::terms::{Rights, Seen};

fn add(theta: f32, s: Seen, right: ptr<function, Rights>) {}
fn adjoint(theta: f32, s: Seen, d: Rights, d_s: ptr<function, Seen>) -> f32 { return 0.0; }

// Of F³: no decay.
fn decay(theta: f32) -> f32 { return 0.0; }
fn decay_adjoint_of_layer(l: u32, d: f32) {}
