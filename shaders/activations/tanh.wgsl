// tanh: y = tanh(z). Clamped, because one implementation returns NaN for |z| ≥ 89; tanh(15) is 1 in
// float32.
import package::finite::or_nan;

fn activate(z: f32) -> f32 { return or_nan(z, tanh(clamp(z, -15.0, 15.0))); }

// dy/dz = 1 − y², from the output y.
fn slope(y: f32) -> f32 { return 1.0 - y * y; }

// d slope / dy = −2y, from the output y.
fn curvature(y: f32) -> f32 { return -2.0 * y; }
