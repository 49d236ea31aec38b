// Barriers: the 64 lanes of one workgroup meet eight times a round.
struct Asked { rounds: u32 }

@group(0) @binding(0) var<uniform> asked: Asked;
@group(0) @binding(1) var<storage, read_write> results: array<f32>;

var<workgroup> met: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  met[lane] = 0.0;
  for (var r = 0u; r < asked.rounds; r++) {
    workgroupBarrier(); workgroupBarrier(); workgroupBarrier(); workgroupBarrier();
    workgroupBarrier(); workgroupBarrier(); workgroupBarrier(); workgroupBarrier();
  }
  results[lane] = met[63u - lane];
}
