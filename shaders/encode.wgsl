// Encode: one frozen layer for every sample of the chunk at once, before the lifetimes begin:
//   x = φ(W x_below + b).
// A lane makes a tile of 8 rows by 4 neurons, so that a number that is loaded serves several
// products.
import package::shape::{ACTIVITY, BATCH, BIASED, QUERIES, QUERY_ROW, ROWS, SAMPLES, STEPS, TEAMS};
import package::layer::{BIAS_AT, FAN_IN, FAN_OUT, WEIGHT_AT, X_AT};
import package::memory::{activities, parameter, parameters, pass_, row_start};
import package::activation::activate;
import package::input::{four, input_at};

const FAN_IN_QUADS = (FAN_IN + 3u) / 4u;    // of a neuron's weights
const ROW_TILES = (ROWS + 7u) / 8u;
const NEURON_TILES = (FAN_OUT + 3u) / 4u;

// The sample of the task that a row shows: every moment shows the queries anew.
fn sample_of(row: u32) -> u32 {
  if (row < QUERY_ROW) { return row; }
  return STEPS * BATCH + (row - QUERY_ROW) % QUERIES;
}

// The sample of the row behind that of a sample, without a division.
fn sample_after(sample: u32) -> u32 {
  return select(sample + 1u, STEPS * BATCH, sample + 1u == SAMPLES);
}

// Where the input of a row begins; rows beyond the edge repeat the last.
fn row_at(task: u32, row: u32) -> u32 {
  let r = min(row, ROWS - 1u);
  return input_at(task, sample_of(r), r);
}

// Weights j … j + 3 of a neuron, j a multiple of 4; 0 beyond the edge.
fn four_weights(neuron: u32, j: u32) -> vec4f {
  return parameters[WEIGHT_AT / 4u + min(neuron, FAN_OUT - 1u) * FAN_IN_QUADS + j / 4u];
}

fn set_neuron(task: u32, row: u32, neuron: u32, z: vec4f) {
  if (row >= ROWS) { return; }
  for (var n = 0u; n < min(4u, FAN_OUT - neuron); n++) {
    let at = row_start(row) + X_AT + neuron + n;
    let bias = select(0.0, parameter(BIAS_AT + neuron + n), BIASED);
    activities[(task / TEAMS * ACTIVITY + at) * TEAMS + task % TEAMS] = activate(z[n] + bias);
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u,
  @builtin(local_invocation_index) lane: u32
) {
  let tile = (group_id.y * group_count.x + group_id.x) * 64u + lane;
  let task = tile / (ROW_TILES * NEURON_TILES);
  if (task >= pass_.tasks) { return; }
  let row = tile / NEURON_TILES % ROW_TILES * 8u;
  let neuron = tile % NEURON_TILES * 4u;

  let at0 = row_at(task, row);
  let at1 = row_at(task, row + 1u);
  let at2 = row_at(task, row + 2u);
  let at3 = row_at(task, row + 3u);
  let at4 = row_at(task, row + 4u);
  let at5 = row_at(task, row + 5u);
  let at6 = row_at(task, row + 6u);
  let at7 = row_at(task, row + 7u);
  var z0 = vec4f();
  var z1 = vec4f();
  var z2 = vec4f();
  var z3 = vec4f();
  var z4 = vec4f();
  var z5 = vec4f();
  var z6 = vec4f();
  var z7 = vec4f();
  for (var j = 0u; j < FAN_IN; j += 4u) {
    let w = mat4x4f(
      four_weights(neuron, j), four_weights(neuron + 1u, j), four_weights(neuron + 2u, j),
      four_weights(neuron + 3u, j));
    z0 += four(at0, j) * w;
    z1 += four(at1, j) * w;
    z2 += four(at2, j) * w;
    z3 += four(at3, j) * w;
    z4 += four(at4, j) * w;
    z5 += four(at5, j) * w;
    z6 += four(at6, j) * w;
    z7 += four(at7, j) * w;
  }
  set_neuron(task, row, neuron, z0);
  set_neuron(task, row + 1u, neuron, z1);
  set_neuron(task, row + 2u, neuron, z2);
  set_neuron(task, row + 3u, neuron, z3);
  set_neuron(task, row + 4u, neuron, z4);
  set_neuron(task, row + 5u, neuron, z5);
  set_neuron(task, row + 6u, neuron, z6);
  set_neuron(task, row + 7u, neuron, z7);
}
