// Pool: from the units of a frozen convolution to what the layer above sees: a number for each
// window of POOL_SIZE × POOL_SIZE units, which do not overlap; a rest at the border is dropped.
// pools/ says which number.
import package::shape::{ACTIVITY, ROWS, TEAMS};
import package::layer::{
  CHANNELS, POOL_SIZE, POOLED_HEIGHT, POOLED_WIDTH, UNITS_AT, UNITS_HEIGHT, UNITS_WIDTH, X_AT
};
import package::activation::slope;
import package::memory::{activities, pass_, row_start};
import package::pooling::{flow_back, pooled};

fn place(task: u32, row: u32, k: u32) -> u32 {
  return (task / TEAMS * ACTIVITY + row_start(row) + k) * TEAMS + task % TEAMS;
}

// Unit k of the window whose first one lies at `corner`.
fn unit(corner: u32, k: u32) -> f32 { return activities[unit_place(corner, k)]; }
fn unit_place(corner: u32, k: u32) -> u32 {
  return corner + (k / POOL_SIZE * UNITS_WIDTH + k % POOL_SIZE) * TEAMS;
}

// d_z of unit k in its place, which its slope is read from: where d flows to it.
fn set_d_unit(corner: u32, k: u32, d: f32) {
  let at = unit_place(corner, k);
  activities[at] = d * slope(activities[at]);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u,
  @builtin(local_invocation_index) lane: u32
) {
  let k = (group_id.y * group_count.x + group_id.x) * 64u + lane;
  let windows = CHANNELS * POOLED_HEIGHT * POOLED_WIDTH;
  let task = k / (ROWS * windows);
  if (task >= pass_.tasks) { return; }
  let row = k / windows % ROWS;
  let i = k % windows;
  let y = i / POOLED_WIDTH % POOLED_HEIGHT * POOL_SIZE;
  let c = i / (POOLED_WIDTH * POOLED_HEIGHT);
  let corner = (c * UNITS_HEIGHT + y) * UNITS_WIDTH + i % POOLED_WIDTH * POOL_SIZE;
  activities[place(task, row, X_AT + i)] = pooled(place(task, row, UNITS_AT + corner));
}

// Its adjoint: from d_x in place of what was pooled, d_z in place of the units, a window a lane;
// windows that are not whole were dropped, and nothing flows to their units.
const WINDOWS_HIGH = (UNITS_HEIGHT + POOL_SIZE - 1u) / POOL_SIZE;
const WINDOWS_WIDE = (UNITS_WIDTH + POOL_SIZE - 1u) / POOL_SIZE;

@compute @workgroup_size(64)
fn unpool(
  @builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u,
  @builtin(local_invocation_index) lane: u32
) {
  let k = (group_id.y * group_count.x + group_id.x) * 64u + lane;
  let windows = CHANNELS * WINDOWS_HIGH * WINDOWS_WIDE;
  let task = k / (ROWS * windows);
  if (task >= pass_.tasks) { return; }
  let row = k / windows % ROWS;
  let i = k % windows;
  let x = i % WINDOWS_WIDE;
  let y = i / WINDOWS_WIDE % WINDOWS_HIGH;
  let c = i / (WINDOWS_WIDE * WINDOWS_HIGH);
  let units = (c * UNITS_HEIGHT + y * POOL_SIZE) * UNITS_WIDTH + x * POOL_SIZE;
  let corner = place(task, row, UNITS_AT + units);
  let whole = x < POOLED_WIDTH && y < POOLED_HEIGHT;
  if (whole) {
    let pixel = (c * POOLED_HEIGHT + y) * POOLED_WIDTH + x;
    flow_back(corner, activities[place(task, row, X_AT + pixel)]);
  } else {
    let high = min(POOL_SIZE, UNITS_HEIGHT - y * POOL_SIZE);
    let wide = min(POOL_SIZE, UNITS_WIDTH - x * POOL_SIZE);
    for (var n = 0u; n < high * wide; n++) {
      activities[corner + (n / wide * UNITS_WIDTH + n % wide) * TEAMS] = 0.0;
    }
  }
}
