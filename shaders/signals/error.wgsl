// The signal that is fed back is the error, s = y − a, a the answer.
fn signal(target_: f32, answer: f32) -> f32 { return target_ - answer; }

// ds/da.
const SIGNAL_SLOPE = -1.0;
