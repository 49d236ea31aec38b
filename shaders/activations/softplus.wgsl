// softplus with β = 10: y = log(1 + exp(10 z)) / 10 (Shervani-Tabar & Rosenbaum 2023, §2.1).
fn activate(z: f32) -> f32 {
  // The larger of 0 and z is taken out, so that exp never overflows; log(1 + u) is u (1 − u/2) where 1 + u would round u away.
  let u = exp(-10.0 * abs(z));
  let log1p = select(log(1.0 + u), u * (1.0 - 0.5 * u), u < 1e-3);
  return max(z, 0.0) + 0.1 * log1p;
}

// dy/dz = 1 − exp(−10 y), from the output y; by its series where 1 − exp would cancel.
fn slope(y: f32) -> f32 {
  let v = 10.0 * y;
  return select(1.0 - exp(-v), v * (1.0 - v * (0.5 - v / 6.0)), v < 0.01);
}

// d slope / dy = 10 exp(−10 y), from the output y.
fn curvature(y: f32) -> f32 { return 10.0 * exp(-10.0 * y); }
