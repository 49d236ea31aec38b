// Adjoint of encode.wgsl, after the lifetimes: every row holds d_z of the layer in place of its activity.
//   d_W = Σ_rows d_z x_belowᵀ,   d_b = Σ_rows d_z,   d_z_below = φ'(x_below) Wᵀ d_z (in place; only below it lies another layer).
import package::shape::{ACTIVITY, BIASED, GRADIENT, ROWS, TEAMS};
import package::layer::{BELOW, BIAS_AT, FAN_IN, FAN_OUT, WEIGHT_AT, X_AT};
import package::encode::row_at;
import package::input::four;
import package::memory::{activities, gradients, parameters, pass_, row_start};
import package::activation::slope;

const INPUT_TILES = (FAN_IN + 3u) / 4u;
const NEURON_TILES = (FAN_OUT + 3u) / 4u;

fn activity_at(task: u32, row: u32, k: u32) -> u32 { return (task / TEAMS * ACTIVITY + row_start(row) + k) * TEAMS + task % TEAMS; }

fn set_gradient(task: u32, k: u32, value: f32) { gradients[(task / TEAMS * GRADIENT + k) * TEAMS + task % TEAMS] = value; }

fn set_row(task: u32, neuron: u32, j: u32, d_weights: vec4f) {
  if (neuron >= FAN_OUT) { return; }
  for (var n = 0u; n < min(4u, FAN_IN - j); n++) { set_gradient(task, WEIGHT_AT + neuron * FAN_IN + j + n, d_weights[n]); }
}

// The gradient of W and b (=), for every task of its own: a lane makes a tile of 4 neurons by 4 inputs.
@compute @workgroup_size(64)
fn weights(@builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tile = (group_id.y * group_count.x + group_id.x) * 64u + lane;
  let task = tile / (NEURON_TILES * INPUT_TILES);
  if (task >= pass_.tasks) { return; }
  let neuron = tile / INPUT_TILES % NEURON_TILES * 4u;
  let j = tile % INPUT_TILES * 4u;

  var d_bias: vec4f;
  var d_weights: mat4x4f;
  for (var row = 0u; row < ROWS; row++) {
    let at = activity_at(task, row, X_AT + neuron);
    let d_z = vec4f(activities[at], activities[at + TEAMS], activities[at + 2u * TEAMS], activities[at + 3u * TEAMS]);
    let x = four(row_at(task, row), j);
    d_bias += d_z;
    d_weights += mat4x4f(x * d_z.x, x * d_z.y, x * d_z.z, x * d_z.w);
  }
  set_row(task, neuron, j, d_weights[0]);
  set_row(task, neuron + 1u, j, d_weights[1]);
  set_row(task, neuron + 2u, j, d_weights[2]);
  set_row(task, neuron + 3u, j, d_weights[3]);
  if (BIASED && j == 0u) {
    for (var n = 0u; n < min(4u, FAN_OUT - neuron); n++) { set_gradient(task, BIAS_AT + neuron + n, d_bias[n]); }
  }
}

// d_z of the layer below, one neuron of one row a lane.
@compute @workgroup_size(64)
fn below(@builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let k = (group_id.y * group_count.x + group_id.x) * 64u + lane;
  let task = k / (ROWS * FAN_IN);
  if (task >= pass_.tasks) { return; }
  let row = k / FAN_IN % ROWS;
  let j = k % FAN_IN;
  var sum = 0.0;
  for (var i = 0u; i < FAN_OUT; i++) { sum += parameters[WEIGHT_AT + i * FAN_IN + j] * activities[activity_at(task, row, X_AT + i)]; }
  let at = activity_at(task, row, BELOW + j);
  activities[at] = slope(activities[at]) * sum;
}
