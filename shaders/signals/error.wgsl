// The signal that is fed back is the error, s = y − x_L.
fn signal(target_: f32, output: f32) -> f32 { return target_ - output; }

// ds/dx_L.
const SIGNAL_SLOPE = -1.0;
