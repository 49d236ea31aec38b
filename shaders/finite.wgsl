// What is not finite has to stay so, that its lifetime is left out and counted. By bits, because
// compilers may assume that no number is NaN.
fn finite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }

// f(x), of a function that is made of what may pass over a NaN: max, min, clamp, exp.
fn or_nan(x: f32, of_x: f32) -> f32 {
  let without_sign = bitcast<u32>(x) << 1u;
  return select(of_x, x, without_sign > 0xff000000u);
}
