// softplus with β = 10: y = log(1 + exp(10 z)) / 10 (Shervani-Tabar & Rosenbaum 2023, §2.1).
fn activate(z: f32) -> f32 {
  // The larger of 0 and z is taken out, so that exp never overflows. Where 1 + u would round most
  // of u away, log(1 + u) = 2 artanh(s), s = u / (2 + u) < 1/9.
  let u = exp(-10.0 * abs(z));
  let s = u / (2.0 + u);
  let log1p = select(
    log(1.0 + u), 2.0 * s * (1.0 + s * s * (1.0 / 3.0 + s * s * (0.2 + s * s / 7.0))), u < 0.25);
  return max(z, 0.0) + 0.1 * log1p;
}

// dy/dz = 1 − exp(−10 y), from the output y; by its series where 1 − exp would cancel. An input may
// lie below 0, where no output does: it has what the formula gives, of two factors whose exponents
// no product has rounded.
fn slope(y: f32) -> f32 {
  let v = 10.0 * y;
  let series = v * (1.0 - v / 2.0 * (1.0 - v / 3.0 * (1.0 - v / 4.0 * (1.0 - v / 5.0))));
  return select(1.0 - exp(-8.0 * y) * exp(-2.0 * y), series, abs(v) < 0.1);
}

// d slope / dy = 10 exp(−10 y), from the output y.
fn curvature(y: f32) -> f32 { return 10.0 * exp(-10.0 * y); }
