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
  let step = min(vec3u(1u, 2u, 3u), vec3u(CHANNELS - 1u - o)) * (POSITIONS * TEAMS);
  let d = vec4f(
    activities[at], activities[at + step.x], activities[at + step.y], activities[at + step.z]);
  if (CHANNELS % 4u == 0u) { return d; }
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
// Neighbours have the same inputs, so that what is left out is left out by all.
@compute @workgroup_size(64)
fn below(
  @builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u,
  @builtin(local_invocation_index) lane: u32
) {
  let tile = (group_id.y * group_count.x + group_id.x) * 64u + lane;
  let task = tile / (ROWS * BELOW_TILES);
  if (task >= pass_.tasks) { return; }
  let row = tile / BELOW_TILES % ROWS;
  let c = tile % BELOW_QUADS * 4u;
  let k = tile / BELOW_QUADS % (BELOW_HEIGHT * PHASES * PHASE_TILES);
  let x = k % PHASE_TILES * 4u * STRIDE + k / PHASE_TILES % PHASES;
  let y = k / (PHASE_TILES * PHASES);

  var d0 = vec4f();
  var d1 = vec4f();
  var d2 = vec4f();
  var d3 = vec4f();
  for (var u = 0u; u < KERNEL; u++) {
    let down = y + PADDING - u;
    if (u > y + PADDING || down % STRIDE > 0u || down / STRIDE >= UNITS_HEIGHT) { continue; }
    let line = down / STRIDE * UNITS_WIDTH;
    for (var v = 0u; v < KERNEL; v++) {
      // How far right of the first input's unit, plus as many strides as keep it above 0.
      let right = x + PADDING + KERNEL * STRIDE - v;
      if (right % STRIDE > 0u) { continue; }
      let saw0 = who_saw(line, right / STRIDE);
      let saw1 = who_saw(line, right / STRIDE + 1u);
      let saw2 = who_saw(line, right / STRIDE + 2u);
      let saw3 = who_saw(line, right / STRIDE + 3u);
      let columns = columns_of(c) + u * KERNEL + v;
      for (var o = 0u; o < CHANNELS; o += 4u) {
        let w = mat4x4f(
          four_weights(o, columns.x), four_weights(o, columns.y), four_weights(o, columns.z),
          four_weights(o, columns.w));
        d0 += saw0.there * d_units(task, row, o, saw0.p) * w;
        d1 += saw1.there * d_units(task, row, o, saw1.p) * w;
        d2 += saw2.there * d_units(task, row, o, saw2.p) * w;
        d3 += saw3.there * d_units(task, row, o, saw3.p) * w;
      }
    }
  }
  set_below(task, row, c, y, x, d0);
  set_below(task, row, c, y, x + STRIDE, d1);
  set_below(task, row, c, y, x + 2u * STRIDE, d2);
  set_below(task, row, c, y, x + 3u * STRIDE, d3);
}

// The position that saw an input by a column of its kernel, if there is one.
struct Saw { p: u32, there: f32 }

// line: where the positions of its row begin; right: which of them it is, and KERNEL more.
fn who_saw(line: u32, right: u32) -> Saw {
  let there = right >= KERNEL && right - KERNEL < UNITS_WIDTH;
  return Saw(line + select(0u, right - KERNEL, there), select(0.0, 1.0, there));
}

// The first columns of a patch that belong to input channels c … c + 3.
fn columns_of(c: u32) -> vec4u {
  let channels = min(vec4u(c, c + 1u, c + 2u, c + 3u), vec4u(CHANNELS_BELOW - 1u));
  return channels * (KERNEL * KERNEL);
}

fn set_below(task: u32, row: u32, c: u32, y: u32, x: u32, d: vec4f) {
  if (x >= BELOW_WIDTH) { return; }
  for (var n = 0u; n < min(4u, CHANNELS_BELOW - c); n++) {
    let k = row_start(row) + BELOW + ((c + n) * BELOW_HEIGHT + y) * BELOW_WIDTH + x;
    let at = (task / TEAMS * ACTIVITY + k) * TEAMS + task % TEAMS;
    activities[at] = select(slope(activities[at]), 1.0, BELOW_POOLED) * d[n];
  }
}
