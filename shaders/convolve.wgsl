// Convolve: a frozen convolution for every sample of the chunk at once, before the lifetimes begin:
//   a[o, y, x] = φ(b[o] + Σ_{c, u, v} W[o, c, u, v] x_below[c, S y + u − P, S x + v − P]),
// S the stride, P the padding; what lies beyond the image is 0. It is a dense layer that looks at
// patches: a lane makes a tile of 8 positions by 4 channels, so that a weight that is loaded serves
// eight products and an input four.
import package::shape::{ACTIVITY, BIASED, ROWS, TEAMS};
import package::layer::{
  BIAS_AT, BELOW_HEIGHT, BELOW_WIDTH, CHANNELS, CHANNELS_BELOW, KERNEL, PADDING, STRIDE, UNITS_AT,
  UNITS_HEIGHT, UNITS_WIDTH, WEIGHT_AT
};
import package::activation::activate;
import package::encode::row_at;
import package::input::input;
import package::memory::{activities, parameters, pass_, row_start};

const POSITIONS = UNITS_HEIGHT * UNITS_WIDTH;
const POSITION_TILES = (ROWS * POSITIONS + 7u) / 8u;
const CHANNEL_QUADS = (CHANNELS + 3u) / 4u;

// A position of a row: where the row's input begins, and its corner there, beyond it if padded.
struct Place { input: u32, y: u32, x: u32 }

// Place k of a task's (rows, positions); those beyond the last repeat it.
fn place_of(task: u32, k: u32) -> Place {
  let at = min(k, ROWS * POSITIONS - 1u);
  let p = at % POSITIONS;
  return Place(
    row_at(task, at / POSITIONS), p / UNITS_WIDTH * STRIDE - PADDING,
    p % UNITS_WIDTH * STRIDE - PADDING
  );
}

// x_below[c, y, x] of an input; coordinates below 0 have wrapped around and lie beyond.
fn pixel(at: u32, c: u32, y: u32, x: u32) -> f32 {
  if (PADDING > 0u && (y >= BELOW_HEIGHT || x >= BELOW_WIDTH)) { return 0.0; }
  return input(at, (c * BELOW_HEIGHT + y) * BELOW_WIDTH + x);
}

// Weights of channels o … o + 3, o a multiple of 4, for input column j of a patch.
fn four_weights(o: u32, j: u32) -> vec4f {
  return parameters[WEIGHT_AT / 4u + j * CHANNEL_QUADS + o / 4u];
}

// Where unit p of channel o lies in a row of a task.
fn unit_at(task: u32, row: u32, o: u32, p: u32) -> u32 {
  let at = row_start(row) + UNITS_AT + o * POSITIONS + p;
  return (task / TEAMS * ACTIVITY + at) * TEAMS + task % TEAMS;
}

fn set_units(task: u32, k: u32, o: u32, z: vec4f) {
  if (k >= ROWS * POSITIONS) { return; }
  for (var n = 0u; n < min(4u, CHANNELS - o); n++) {
    activities[unit_at(task, k / POSITIONS, o + n, k % POSITIONS)] = activate(z[n]);
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u,
  @builtin(local_invocation_index) lane: u32
) {
  let tile = (group_id.y * group_count.x + group_id.x) * 64u + lane;
  let task = tile / (POSITION_TILES * CHANNEL_QUADS);
  if (task >= pass_.tasks) { return; }
  let o = tile / POSITION_TILES % CHANNEL_QUADS * 4u;
  let k = tile % POSITION_TILES * 8u;

  let place0 = place_of(task, k);
  let place1 = place_of(task, k + 1u);
  let place2 = place_of(task, k + 2u);
  let place3 = place_of(task, k + 3u);
  let place4 = place_of(task, k + 4u);
  let place5 = place_of(task, k + 5u);
  let place6 = place_of(task, k + 6u);
  let place7 = place_of(task, k + 7u);
  var z0 = vec4f();
  if (BIASED) { z0 = parameters[(BIAS_AT + o) / 4u]; }
  var z1 = z0;
  var z2 = z0;
  var z3 = z0;
  var z4 = z0;
  var z5 = z0;
  var z6 = z0;
  var z7 = z0;
  for (var j = 0u; j < CHANNELS_BELOW * KERNEL * KERNEL; j++) {
    let w = four_weights(o, j);
    z0 += w * seen(place0, j);
    z1 += w * seen(place1, j);
    z2 += w * seen(place2, j);
    z3 += w * seen(place3, j);
    z4 += w * seen(place4, j);
    z5 += w * seen(place5, j);
    z6 += w * seen(place6, j);
    z7 += w * seen(place7, j);
  }
  set_units(task, k, o, z0);
  set_units(task, k + 1u, o, z1);
  set_units(task, k + 2u, o, z2);
  set_units(task, k + 3u, o, z3);
  set_units(task, k + 4u, o, z4);
  set_units(task, k + 5u, o, z5);
  set_units(task, k + 6u, o, z6);
  set_units(task, k + 7u, o, z7);
}

// Input column j of the patch at a place: channel c, row u and column v of the kernel.
fn seen(place: Place, j: u32) -> f32 {
  let c = j / (KERNEL * KERNEL);
  return pixel(place.input, c, place.y + j / KERNEL % KERNEL, place.x + j % KERNEL);
}
