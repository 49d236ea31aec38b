// Counter-based random numbers, the same as src/tasks/random.ts and src/parameters/draws.ts give: a
// hash of (seed, stream, counter).
import package::memory::{pass_, task};

// pcg3d (Jarzynski & Olano, "Hash functions for GPU rendering", JCGT 2020).
fn hash(seed: u32, stream: u32, counter: u32) -> u32 {
  var x = seed * 1664525u + 1013904223u;
  var y = stream * 1664525u + 1013904223u;
  var z = counter * 1664525u + 1013904223u;
  x += y * z;
  y += z * x;
  z += x * y;
  x ^= x >> 16u;
  y ^= y >> 16u;
  z ^= z >> 16u;
  x += y * z;
  y += z * x;
  z += x * y;
  return z;
}

// Number `counter` of this task, uniform in −1 … 1; `purpose` tells its seed from others. And four
// of them.
fn drawn(purpose: u32, counter: u32) -> f32 {
  return f32(
    hash(pass_.seed ^ purpose, pass_.origin + pass_.first_task + task, counter) >> 8u) / 8388608.0
    - 1.0;
}
fn drawn4(purpose: u32, counter: vec4u) -> vec4f {
  return vec4f(
    drawn(purpose, counter.x), drawn(purpose, counter.y), drawn(purpose, counter.z),
    drawn(purpose, counter.w));
}
