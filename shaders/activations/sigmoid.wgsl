// sigmoid: y = 1 / (1 + exp(−z)).
import package::finite::or_nan;

fn activate(z: f32) -> f32 { return or_nan(z, 1.0 / (1.0 + exp(-z))); }

// dy/dz = y (1 − y), from the output y.
fn slope(y: f32) -> f32 { return y * (1.0 - y); }

// d slope / dy = 1 − 2y, from the output y.
fn curvature(y: f32) -> f32 { return 1.0 - 2.0 * y; }
