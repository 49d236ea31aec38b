// Adjoint of encode.wgsl, after the lifetimes: every row holds d_z of the layer in place of its activity.
//   d_W = Σ_rows d_z x_belowᵀ,   d_b = Σ_rows d_z,   d_z_below = φ'(x_below) Wᵀ d_z (in place; only below it lies another layer).
import package::shape::{ACTIVITY, BIASED, GRADIENT, ROWS, TEAMS};
import package::layer::{BELOW, BIAS_AT, FAN_IN, FAN_OUT, WEIGHT_AT, X_AT};
import package::encode::{FAN_IN_QUADS, row_at};
import package::input::four;
import package::memory::{activities, gradients, parameter, pass_, present, row_start};
import package::activation::slope;

const NEURON_TILES = (FAN_OUT + 3u) / 4u;

fn activity_at(task: u32, row: u32, k: u32) -> u32 { return (task / TEAMS * ACTIVITY + row_start(row) + k) * TEAMS + task % TEAMS; }

fn set_quad(task: u32, q: u32, value: vec4f) { gradients[(task / TEAMS * (GRADIENT / 4u) + q) * TEAMS + task % TEAMS] = value; }

fn set_row(task: u32, neuron: u32, j: u32, d_weights: vec4f) {
  if (neuron >= FAN_OUT) { return; }
  set_quad(task, WEIGHT_AT / 4u + neuron * FAN_IN_QUADS + j / 4u, d_weights);
}

// The gradient of W and b (=), for every task of its own: a lane makes a tile of 4 neurons by 4 inputs.
@compute @workgroup_size(64)
fn weights(@builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tile = (group_id.y * group_count.x + group_id.x) * 64u + lane;
  let task = tile / (NEURON_TILES * FAN_IN_QUADS);
  if (task >= pass_.tasks) { return; }
  let neuron = tile / FAN_IN_QUADS % NEURON_TILES * 4u;
  let j = tile % FAN_IN_QUADS * 4u;

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
  if (BIASED && j == 0u) { set_quad(task, (BIAS_AT + neuron) / 4u, present(neuron, FAN_OUT) * d_bias); }
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
  for (var i = 0u; i < FAN_OUT; i++) { sum += parameter(WEIGHT_AT + i * FAN_IN_QUADS * 4u + j) * activities[activity_at(task, row, X_AT + i)]; }
  let at = activity_at(task, row, BELOW + j);
  activities[at] = slope(activities[at]) * sum;
}
