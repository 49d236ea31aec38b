// A team of LANES lanes (a power of two) of one workgroup: they meet at barriers and add through workgroup memory.
import package::shape::{LANES, PARTS};
import package::memory::{lane, team};

// (values, TEAMS, LANES): what lanes pass to each other, a number, or up to four vectors (synapses/held.wgsl). Of 256 lanes 16 kB at most, as much as every adapter has.
var<workgroup> parts: array<vec4f, PARTS>;

fn team_barrier() {
  storageBarrier();
  workgroupBarrier();
}

// The sum over the team's lanes, in a fixed order, the same for every lane.
fn team_sum(value: f32) -> f32 {
  let mine = team * LANES + lane;
  parts[mine][0u] = value;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { parts[mine][0u] += parts[mine + half][0u]; }
  }
  workgroupBarrier();
  let sum = parts[team * LANES][0u];
  workgroupBarrier();
  return sum;
}

// The largest value among the team's lanes.
fn team_max(value: f32) -> f32 {
  let mine = team * LANES + lane;
  parts[mine][0u] = value;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { parts[mine][0u] = max(parts[mine][0u], parts[mine + half][0u]); }
  }
  workgroupBarrier();
  let top = parts[team * LANES][0u];
  workgroupBarrier();
  return top;
}
