// Storage that a cache holds: every lane reads a small buffer again and again, each round
// elsewhere: 4 × 16 bytes a round.
struct Asked { rounds: u32 }

@group(0) @binding(0) var<uniform> asked: Asked;
@group(0) @binding(1) var<storage, read_write> results: array<f32>;    // a number a lane
@group(0) @binding(2) var<storage, read> cells: array<vec4f>;          // a power of two

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let mask = arrayLength(&cells) - 1u;
  var a = vec4f();
  var b = vec4f();
  for (var r = 0u; r < asked.rounds; r++) {
    let k = id.x + r * 1024u;
    a += cells[k & mask];
    b += cells[(k + 256u) & mask];
    a += cells[(k + 512u) & mask];
    b += cells[(k + 768u) & mask];
  }
  results[id.x] = dot(a + b, vec4f(1.0));
}
