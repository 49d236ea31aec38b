// Adjoint of encode.wgsl, after the lifetimes: every row holds d_z of the layer in place of its
// activity.
//   d_W = Σ_rows d_z x_belowᵀ,   d_b = Σ_rows d_z,   d_z_below = φ'(x_below) Wᵀ d_z (in place; only
//   below it lies another layer).
import package::shape::{ACTIVITY, BIASED, GRADIENT, ROWS, TEAMS};
import package::layer::{BELOW, BELOW_POOLED, BIAS_AT, FAN_IN, FAN_OUT, WEIGHT_AT, X_AT};
import package::encode::{FAN_IN_QUADS, sample_after};
import package::input::{four, input_at};
import package::memory::{activities, gradients, parameter, pass_, present, row_start};
import package::activation::slope;

const NEURON_TILES = (FAN_OUT + 3u) / 4u;
const INPUT_TILES = (FAN_IN_QUADS + 1u) / 2u;

fn activity_at(task: u32, row: u32, k: u32) -> u32 {
  return (task / TEAMS * ACTIVITY + row_start(row) + k) * TEAMS + task % TEAMS;
}

fn set_quad(task: u32, q: u32, value: vec4f) {
  gradients[(task / TEAMS * (GRADIENT / 4u) + q) * TEAMS + task % TEAMS] = value;
}

// Of input quads `left` and `right`.
fn set_row(task: u32, neuron: u32, left: u32, right: u32, d_left: vec4f, d_right: vec4f) {
  if (neuron >= FAN_OUT) { return; }
  let row = WEIGHT_AT / 4u + neuron * FAN_IN_QUADS;
  set_quad(task, row + left, d_left);
  set_quad(task, row + right, d_right);
}

// The gradient of W and b (=), for every task of its own: a lane makes a tile of 4 neurons by 8
// inputs, two quads; beyond the last quad it is that once more.
@compute @workgroup_size(64)
fn weights(
  @builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u,
  @builtin(local_invocation_index) lane: u32
) {
  let tile = (group_id.y * group_count.x + group_id.x) * 64u + lane;
  let task = tile / (NEURON_TILES * INPUT_TILES);
  if (task >= pass_.tasks) { return; }
  let neuron = tile / INPUT_TILES % NEURON_TILES * 4u;
  let left = tile % INPUT_TILES * 2u;
  let right = min(left + 1u, FAN_IN_QUADS - 1u);

  var d_bias = vec4f();
  var left0 = vec4f();
  var right0 = vec4f();
  var left1 = vec4f();
  var right1 = vec4f();
  var left2 = vec4f();
  var right2 = vec4f();
  var left3 = vec4f();
  var right3 = vec4f();
  var sample = 0u;
  for (var row = 0u; row < ROWS; row++) {
    let at = activity_at(task, row, X_AT + neuron);
    let d_z = vec4f(
      activities[at], activities[at + TEAMS], activities[at + 2u * TEAMS],
      activities[at + 3u * TEAMS]);
    let input = input_at(task, sample, row);
    let x_left = four(input, 4u * left);
    let x_right = four(input, 4u * right);
    d_bias += d_z;
    left0 += x_left * d_z.x;
    right0 += x_right * d_z.x;
    left1 += x_left * d_z.y;
    right1 += x_right * d_z.y;
    left2 += x_left * d_z.z;
    right2 += x_right * d_z.z;
    left3 += x_left * d_z.w;
    right3 += x_right * d_z.w;
    sample = sample_after(sample);
  }
  set_row(task, neuron, left, right, left0, right0);
  set_row(task, neuron + 1u, left, right, left1, right1);
  set_row(task, neuron + 2u, left, right, left2, right2);
  set_row(task, neuron + 3u, left, right, left3, right3);
  if (BIASED && left == 0u) {
    set_quad(task, (BIAS_AT + neuron) / 4u, present(neuron, FAN_OUT) * d_bias);
  }
}

// d_z of the layer below, or d_x where it pools, one neuron of one row a lane.
@compute @workgroup_size(64)
fn below(
  @builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u,
  @builtin(local_invocation_index) lane: u32
) {
  let k = (group_id.y * group_count.x + group_id.x) * 64u + lane;
  let task = k / (ROWS * FAN_IN);
  if (task >= pass_.tasks) { return; }
  let row = k / FAN_IN % ROWS;
  let j = k % FAN_IN;
  var sum = 0.0;
  for (var i = 0u; i < FAN_OUT; i++) {
    let w = parameter(WEIGHT_AT + i * FAN_IN_QUADS * 4u + j);
    sum += w * activities[activity_at(task, row, X_AT + i)];
  }
  let at = activity_at(task, row, BELOW + j);
  activities[at] = select(slope(activities[at]), 1.0, BELOW_POOLED) * sum;
}
