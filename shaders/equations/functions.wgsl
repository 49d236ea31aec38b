// Functions that written rules call (src/rules/wgsl.ts), each for one number and for four; those
// that WGSL has are called by its own names.

// softplus with β = 10, as the networks' (activations/softplus.wgsl): log(1 + exp(10 z)) / 10.
fn softplus_(z: f32) -> f32 { return softplus4_(vec4f(z)).x; }
fn softplus4_(z: vec4f) -> vec4f {
  // The larger of 0 and z is taken out, so that exp never overflows. Where 1 + u would round most
  // of u away, log(1 + u) = 2 artanh(s), s = u / (2 + u) < 1/9.
  let u = exp(-10.0 * abs(z));
  let s = u / (2.0 + u);
  let series = 2.0 * s * (1.0 + s * s * (1.0 / 3.0 + s * s * (0.2 + s * s / 7.0)));
  return max(z, vec4f()) + 0.1 * select(log(1.0 + u), series, u < vec4f(0.25));
}

// tanh, whose own is clamped, because one implementation returns NaN for |z| ≥ 89, and near 0 is a
// continued fraction (Lambert), because that of another has few digits there.
fn tanh_(z: f32) -> f32 { return tanh4_(vec4f(z)).x; }
fn tanh4_(z: vec4f) -> vec4f {
  let square = z * z;
  let fraction = z * (105.0 + 10.0 * square) / (105.0 + square * (45.0 + square));
  let far = tanh(clamp(z, vec4f(-15.0), vec4f(15.0)));
  return with_nan(z, z, select(far, fraction, abs(z) < vec4f(0.5)));
}

// log, of whose value below 0 WGSL says nothing: NaN, as that of a root.
fn log_(z: f32) -> f32 { return log4_(vec4f(z)).x; }
fn log4_(z: vec4f) -> vec4f { return select(log(z), sqrt(z), z < vec4f()); }

// a^b of an exponent that is no whole constant: NaN for a < 0.
fn power_(a: f32, b: f32) -> f32 { return power4_(vec4f(a), vec4f(b)).x; }
fn power4_(a: vec4f, b: vec4f) -> vec4f {
  // What pow makes of a negative base is not said, and one implementation is wrong at 0: a root of
  // the former is NaN, and 0^b is 0, 1 or ∞.
  let at_zero = select(select(1.0 / a, vec4f(1.0), b == vec4f()), vec4f(), b > vec4f());
  let power = select(pow(a, b), at_zero, a == vec4f());
  return select(power, sqrt(a), a < vec4f());
}

// max and min, which WGSL lets pass over a NaN: a lifetime that is not finite has to stay so, that
// it is left out and counted. By bits, because compilers may assume that no number is NaN.
fn largest_(a: f32, b: f32) -> f32 { return largest4_(vec4f(a), vec4f(b)).x; }
fn largest4_(a: vec4f, b: vec4f) -> vec4f { return with_nan(a, b, max(a, b)); }
fn least_(a: f32, b: f32) -> f32 { return least4_(vec4f(a), vec4f(b)).x; }
fn least4_(a: vec4f, b: vec4f) -> vec4f { return with_nan(a, b, min(a, b)); }

fn with_nan(a: vec4f, b: vec4f, result: vec4f) -> vec4f {
  return select(select(result, b, is_nan(b)), a, is_nan(a));
}
fn is_nan(z: vec4f) -> vec4<bool> {
  let without_sign = bitcast<vec4u>(z) << vec4u(1u);
  return without_sign > vec4u(0xff000000u);
}
