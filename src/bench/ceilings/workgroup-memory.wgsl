// Workgroup memory: every lane reads it again and again, each round elsewhere: 4 × 16 bytes a
// round.
struct Asked { rounds: u32 }

@group(0) @binding(0) var<uniform> asked: Asked;
@group(0) @binding(1) var<storage, read_write> results: array<f32>;    // a number a lane

var<workgroup> cells: array<vec4f, 256>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  for (var k = lane; k < 256u; k += 64u) { cells[k] = vec4f(f32(k)); }
  workgroupBarrier();
  var a = vec4f();
  var b = vec4f();
  for (var r = 0u; r < asked.rounds; r++) {
    let k = lane + r;
    a += cells[k & 255u];
    b += cells[(k + 64u) & 255u];
    a += cells[(k + 128u) & 255u];
    b += cells[(k + 192u) & 255u];
  }
  results[id.x] = dot(a + b, vec4f(1.0));
}
