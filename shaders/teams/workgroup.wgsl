// A team of LANES lanes (a power of two) of one workgroup: they meet at barriers and add through
// workgroup memory.
import package::shape::{LANES, PARTS};
import package::memory::{lane, team};

// (values, TEAMS, LANES): what lanes pass to each other, a number, or up to four vectors
// (lanes/grid.wgsl). Of 256 lanes 16 kB at most, as much as every adapter has.
var<workgroup> parts: array<vec4f, PARTS>;

fn team_barrier() {
  storageBarrier();
  workgroupBarrier();
}

// The sum of so many parts, `stride` apart from the first; of many four at a time, which need not
// wait for each other.
fn sum_of_parts(first: u32, stride: u32, terms: u32) -> vec4f {
  var sum = vec4f();
  var t = 0u;
  for (; t + 4u <= terms; t += 4u) {
    let at = first + t * stride;
    sum += (parts[at] + parts[at + stride]) + (parts[at + 2u * stride] + parts[at + 3u * stride]);
  }
  for (; t < terms; t++) { sum += parts[first + t * stride]; }
  return sum;
}

// The sum of what `terms` lanes of the team have, `stride` apart from lane `from_` on; every lane
// may ask for others.
fn sum_of_lanes(value: vec4f, from_: u32, stride: u32, terms: u32) -> vec4f {
  let mine = team * LANES;
  parts[mine + lane] = value;
  workgroupBarrier();
  let sum = sum_of_parts(mine + from_, stride, terms);
  workgroupBarrier();
  return sum;
}

const FEW = min(LANES, 16u);

// The sum over the team's lanes, in a fixed order, the same for every lane; of many lanes in two
// stages. To read what others have costs less than to meet once more for every two of them.
fn team_sum(value: f32) -> f32 {
  var sum = vec4f(value);
  if (LANES > FEW) { sum = sum_of_lanes(sum, lane % FEW, FEW, LANES / FEW); }
  sum = sum_of_lanes(sum, 0u, 1u, FEW);
  return sum.x;
}

// The largest value among the team's lanes.
fn team_max(value: f32) -> f32 {
  let mine = team * LANES;
  parts[mine + lane][0u] = value;
  workgroupBarrier();
  var top = value;
  for (var t = 0u; t < LANES; t++) { top = max(top, parts[mine + t][0u]); }
  workgroupBarrier();
  return top;
}
