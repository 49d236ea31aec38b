// Arithmetic: a lane makes eight independent chains of products and sums of four numbers each, so
// that neither latency nor memory counts:
//   4 × 8 × 4 × 2 = 256 operations a round; a product and a sum count as two.
struct Asked { rounds: u32 }

@group(0) @binding(0) var<uniform> asked: Asked;
@group(0) @binding(1) var<storage, read_write> results: array<f32>;    // a number a lane

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  // Of the uniform, so that no compiler knows them: every chain tends to k / (1 − m), far from
  // overflow and from denormal numbers.
  let m = vec4f(0.5 + 0.25 / f32(asked.rounds));
  let k = vec4f(1.0 + f32(id.x & 7u));
  var a = k;
  var b = k + 1.0;
  var c = k + 2.0;
  var d = k + 3.0;
  var e = k + 4.0;
  var f = k + 5.0;
  var g = k + 6.0;
  var h = k + 7.0;
  for (var r = 0u; r < asked.rounds; r++) {
    a = a * m + k; b = b * m + k; c = c * m + k; d = d * m + k;
    e = e * m + k; f = f * m + k; g = g * m + k; h = h * m + k;
    a = a * m + k; b = b * m + k; c = c * m + k; d = d * m + k;
    e = e * m + k; f = f * m + k; g = g * m + k; h = h * m + k;
    a = a * m + k; b = b * m + k; c = c * m + k; d = d * m + k;
    e = e * m + k; f = f * m + k; g = g * m + k; h = h * m + k;
    a = a * m + k; b = b * m + k; c = c * m + k; d = d * m + k;
    e = e * m + k; f = f * m + k; g = g * m + k; h = h * m + k;
  }
  results[id.x] = dot(a + b + c + d, vec4f(1.0)) + dot(e + f + g + h, vec4f(1.0));
}
