// Lanes of a grid (sweeps/grid.wgsl) that share rows add up what they found.
import package::shape::{COLUMN_LANES, FAN_IN, LANES, ROW_LANES, WORKGROUP};
import package::memory::{fours, lane, team};
import package::team::{parts, sum_of_parts};

// The sums of four values over the lanes with the same rows, told to column lane 0 of each.
fn join_rows(l: u32, values: mat4x4f) -> mat4x4f {
  if (COLUMN_LANES[l] == 1u) { return values; }
  let first = team * LANES;
  for (var k = 0u; k < 4u; k++) { parts[k * WORKGROUP + first + lane] = values[k]; }
  workgroupBarrier();
  var sums = mat4x4f();
  if (lane < ROW_LANES[l]) {
    let sharing = min(COLUMN_LANES[l], fours(FAN_IN[l]));
    for (var k = 0u; k < 4u; k++) {
      sums[k] = sum_of_parts(k * WORKGROUP + first + lane, ROW_LANES[l], sharing);
    }
  }
  workgroupBarrier();
  return sums;
}
