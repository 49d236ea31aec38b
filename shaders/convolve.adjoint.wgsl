// Adjoint of convolve.wgsl, after the lifetimes: every row holds d_z of the layer in place of its
// units.
//   d_W[o, c, u, v] = Σ_rows Σ_{y, x} d_z[o, y, x] x_below[c, S y + u − P, S x + v − P],
//   d_b[o] = Σ_rows Σ_{y, x} d_z[o, y, x],
//   d_x_below[c, y, x] = Σ over the kernel's places that saw it: a gather, as WGSL adds no floats
//   atomically. Only below it lies another layer.
import package::shape::{ACTIVITY, BIASED, GRADIENT, ROWS, TEAMS};
import package::layer::{
  BELOW, BELOW_HEIGHT, BELOW_POOLED, BELOW_WIDTH, BIAS_AT, CHANNELS, CHANNELS_BELOW, KERNEL,
  PADDING, STRIDE, UNITS_HEIGHT, UNITS_WIDTH, WEIGHT_AT
};
import package::activation::slope;
import package::convolve::{CHANNEL_QUADS, POSITIONS, Place, four_weights, seen, unit_at};
import package::encode::sample_after;
import package::input::input_at;
import package::memory::{activities, gradients, pass_, present, row_start};

const COLUMNS = CHANNELS_BELOW * KERNEL * KERNEL;
const COLUMN_TILES = (COLUMNS + 7u) / 8u;

fn set_quad(task: u32, q: u32, value: vec4f) {
  gradients[(task / TEAMS * (GRADIENT / 4u) + q) * TEAMS + task % TEAMS] = value;
}

// d_W of channels o … o + 3 for input column j of a patch.
fn set_column(task: u32, o: u32, j: u32, d: vec4f) {
  if (j < COLUMNS) { set_quad(task, WEIGHT_AT / 4u + j * CHANNEL_QUADS + o / 4u, d); }
}

// d_z of channels o … o + 3 at position p of a row; 0 beyond the last channel.
fn d_units(task: u32, row: u32, o: u32, p: u32) -> vec4f {
  let at = unit_at(task, row, o, p);
  let next = select(0u, POSITIONS * TEAMS, o + 1u < CHANNELS);
  let third = select(0u, 2u * POSITIONS * TEAMS, o + 2u < CHANNELS);
  let last = select(0u, 3u * POSITIONS * TEAMS, o + 3u < CHANNELS);
  let d = vec4f(
    activities[at], activities[at + next], activities[at + third], activities[at + last]);
  return present(o, CHANNELS) * d;
}

// The gradient of W and b (=), for every task of its own: a lane makes a tile of 4 channels by 8
// columns; those beyond the last are it once more.
@compute @workgroup_size(64)
fn weights(
  @builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u,
  @builtin(local_invocation_index) lane: u32
) {
  let tile = (group_id.y * group_count.x + group_id.x) * 64u + lane;
  let task = tile / (CHANNEL_QUADS * COLUMN_TILES);
  if (task >= pass_.tasks) { return; }
  let o = tile / COLUMN_TILES % CHANNEL_QUADS * 4u;
  let first = tile % COLUMN_TILES * 8u;
  let j = min(vec4u(first, first + 1u, first + 2u, first + 3u), vec4u(COLUMNS - 1u));
  let k = min(vec4u(first + 4u, first + 5u, first + 6u, first + 7u), vec4u(COLUMNS - 1u));

  var d_bias = vec4f();
  var d0 = vec4f();
  var d1 = vec4f();
  var d2 = vec4f();
  var d3 = vec4f();
  var d4 = vec4f();
  var d5 = vec4f();
  var d6 = vec4f();
  var d7 = vec4f();
  var sample = 0u;
  for (var row = 0u; row < ROWS; row++) {
    let input = input_at(task, sample, row);
    for (var p = 0u; p < POSITIONS; p++) {
      let d_z = d_units(task, row, o, p);
      let place =
        Place(input, p / UNITS_WIDTH * STRIDE - PADDING, p % UNITS_WIDTH * STRIDE - PADDING);
      d_bias += d_z;
      d0 += d_z * seen(place, j.x);
      d1 += d_z * seen(place, j.y);
      d2 += d_z * seen(place, j.z);
      d3 += d_z * seen(place, j.w);
      d4 += d_z * seen(place, k.x);
      d5 += d_z * seen(place, k.y);
      d6 += d_z * seen(place, k.z);
      d7 += d_z * seen(place, k.w);
    }
    sample = sample_after(sample);
  }
  set_column(task, o, first, d0);
  set_column(task, o, first + 1u, d1);
  set_column(task, o, first + 2u, d2);
  set_column(task, o, first + 3u, d3);
  set_column(task, o, first + 4u, d4);
  set_column(task, o, first + 5u, d5);
  set_column(task, o, first + 6u, d6);
  set_column(task, o, first + 7u, d7);
  if (BIASED && first == 0u) { set_quad(task, (BIAS_AT + o) / 4u, d_bias); }
}

// Inputs that a kernel sees with the same of its columns lie STRIDE apart: a row of them, four at a
// time.
const PHASES = min(STRIDE, BELOW_WIDTH);
const PHASE_TILES = ((BELOW_WIDTH + STRIDE - 1u) / STRIDE + 3u) / 4u;
const BELOW_QUADS = (CHANNELS_BELOW + 3u) / 4u;
const BELOW_TILES = BELOW_QUADS * BELOW_HEIGHT * PHASES * PHASE_TILES;

// d_z of the layer below, or d_x where it pools: a lane makes 4 channels of 4 inputs of a row.
@compute @workgroup_size(64)
fn below(
  @builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u,
  @builtin(local_invocation_index) lane: u32
) {
  let tile = (group_id.y * group_count.x + group_id.x) * 64u + lane;
  let task = tile / (ROWS * BELOW_TILES);
  if (task >= pass_.tasks) { return; }
  let row = tile / BELOW_TILES % ROWS;
  let x = tile % PHASE_TILES * 4u * STRIDE + tile / PHASE_TILES % PHASES;
  let y = tile / (PHASE_TILES * PHASES) % BELOW_HEIGHT;
  let c = tile / (PHASE_TILES * PHASES * BELOW_HEIGHT) % BELOW_QUADS * 4u;
  let channels = min(vec4u(c, c + 1u, c + 2u, c + 3u), vec4u(CHANNELS_BELOW - 1u));

  var d = mat4x4f();
  for (var u = 0u; u < KERNEL; u++) {
    let up = y + PADDING - u;
    if (u > y + PADDING || up % STRIDE > 0u || up / STRIDE >= UNITS_HEIGHT) { continue; }
    for (var v = 0u; v < KERNEL; v++) {
      if ((x + PADDING + KERNEL * STRIDE - v) % STRIDE > 0u) { continue; }
      let places = Saw(up / STRIDE * UNITS_WIDTH, x + PADDING, v);
      d += through(task, row, places, channels * (KERNEL * KERNEL) + u * KERNEL + v);
    }
  }
  for (var n = 0u; n < 4u; n++) {
    let at = x + n * STRIDE;
    if (at < BELOW_WIDTH) { set_below(task, row, c, y * BELOW_WIDTH + at, d[n]); }
  }
}

// Who saw input x + n STRIDE by its column v: where the positions of that row begin, x + P, v.
struct Saw { first: u32, x: u32, v: u32 }

// What came through the kernel's columns `columns` of four channels to four inputs.
fn through(task: u32, row: u32, saw: Saw, columns: vec4u) -> mat4x4f {
  var d = mat4x4f();
  for (var o = 0u; o < CHANNELS; o += 4u) {
    let w = mat4x4f(
      four_weights(o, columns.x), four_weights(o, columns.y), four_weights(o, columns.z),
      four_weights(o, columns.w));
    for (var n = 0u; n < 4u; n++) {
      let x = saw.x + n * STRIDE;
      if (saw.v > x || (x - saw.v) / STRIDE >= UNITS_WIDTH) { continue; }
      d[n] += d_units(task, row, o, saw.first + (x - saw.v) / STRIDE) * w;
    }
  }
  return d;
}

fn set_below(task: u32, row: u32, c: u32, pixel: u32, d: vec4f) {
  for (var n = 0u; n < min(4u, CHANNELS_BELOW - c); n++) {
    let k = row_start(row) + BELOW + (c + n) * (BELOW_HEIGHT * BELOW_WIDTH) + pixel;
    let at = (task / TEAMS * ACTIVITY + k) * TEAMS + task % TEAMS;
    activities[at] = select(slope(activities[at]), 1.0, BELOW_POOLED) * d[n];
  }
}
