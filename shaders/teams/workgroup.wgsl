// A team of LANES lanes (a power of two) of one workgroup: they meet at barriers and add through workgroup memory.
import package::shape::{LANES, WORKGROUP};
import package::memory::{lane, team};

// (TEAMS, LANES)
var<workgroup> partial: array<f32, WORKGROUP>;

fn team_barrier() {
  storageBarrier();
  workgroupBarrier();
}

// The sum over the team's lanes, in a fixed order, the same for every lane.
fn team_sum(value: f32) -> f32 {
  let mine = team * LANES + lane;
  partial[mine] = value;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { partial[mine] += partial[mine + half]; }
  }
  workgroupBarrier();
  let sum = partial[team * LANES];
  workgroupBarrier();
  return sum;
}

// The largest value among the team's lanes.
fn team_max(value: f32) -> f32 {
  let mine = team * LANES + lane;
  partial[mine] = value;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { partial[mine] = max(partial[mine], partial[mine + half]); }
  }
  workgroupBarrier();
  let top = partial[team * LANES];
  workgroupBarrier();
  return top;
}
