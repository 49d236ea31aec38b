// relu: y = max(0, z).
import package::finite::or_nan;

fn activate(z: f32) -> f32 { return or_nan(z, max(z, 0.0)); }

// dy/dz, from the output y.
fn slope(y: f32) -> f32 { return select(0.0, 1.0, y > 0.0); }

// d slope / dy = 0, from the output y.
fn curvature(y: f32) -> f32 { return 0.0; }
