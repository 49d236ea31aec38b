// The signal that is fed back is the target itself, s = y.
fn signal(target_: f32, answer: f32) -> f32 { return target_; }

// ds/da.
const SIGNAL_SLOPE = 0.0;
