// Forward: what does each neuron do?
//   x_l = φ(z_l),   z_l = W_l x_{l−1} + b_l,   the output layer linear
//   (Lindsey & Litwin-Kumar 2020, §1.1).
// A convolution does so at every position of x_{l−1} (looks/), and may pool (handings/).
import package::shape::{DEPTH, FAN_OUT, KEEPS_Z, NEURON_AT, QUADS, RECORD, UNITS_AT, X_AT, Z};
import package::memory::{activity, four, fours, set_activity, weight_quad, weight_rows};
import package::activation::activate;
import package::bias::biases_of;
import package::forward_sweep::sweep;
import package::handing::hand_on;
import package::lanes::join_rows;
import package::looks::{looks, neurons_from4, reach, seen_from4};
import package::samples::Samples;
import package::team::team_barrier;

alias Work = Samples;

// Reads x_0 of each sample, writes x_1 … x_L, and of a record z if it keeps it.
fn forward(first: u32, stride: u32, count: u32, slot: u32) {
  for (var l = 0u; l < DEPTH; l++) {
    sweep(l, Work(first, stride, count, slot));
    team_barrier();
    hand_on(l, Work(first, stride, count, slot));
  }
}

// Four looks are taken together, so that a weight is read once for four.
fn groups_of(l: u32, work: Work) -> u32 { return fours(looks(l, work.count)); }

// Neurons i … i + 3 of layer l + 1 in four looks: where they, their inputs and the weights lie.
struct Rows {
  l: u32, i: u32, neurons: vec4u, inputs: vec4u, weights: u32, quads: u32, several: bool, work: Work
}

fn begin(l: u32, work: Work, block: u32) -> Rows {
  let quads = QUADS[l];
  let i = block % quads * 4u;
  let count = looks(l, work.count);
  let four_looks = four(block / quads * 4u, count);
  return Rows(
    l, i, work.first + neurons_from4(l, four_looks, work.stride),
    work.first + X_AT[l] + seen_from4(l, four_looks, work.stride), weight_rows(l, work.slot, i),
    quads, count > 1u, work
  );
}

// z in the four looks.
struct Sums { z0: vec4f, z1: vec4f, z2: vec4f, z3: vec4f }

fn start(rows: Rows) -> Sums {
  let bias = biases_of(rows.l, rows.work.slot, rows.i);
  return Sums(bias, bias, bias, bias);
}

fn take(rows: Rows, j: u32) -> vec4f { return weight_quad(rows.weights + j * rows.quads); }

fn visit(rows: Rows, j: u32, weights: ptr<function, vec4f>, sums: ptr<function, Sums>) {
  let inputs = rows.inputs + reach(rows.l, j);
  (*sums).z0 += *weights * activity(inputs.x);
  if (rows.several) {
    (*sums).z1 += *weights * activity(inputs.y);
    (*sums).z2 += *weights * activity(inputs.z);
    (*sums).z3 += *weights * activity(inputs.w);
  }
}

fn leave(rows: Rows, j: u32, weights: vec4f) {}

fn join(l: u32, sums: Sums) -> Sums {
  let z = join_rows(l, mat4x4f(sums.z0, sums.z1, sums.z2, sums.z3));
  return Sums(z[0], z[1], z[2], z[3]);
}

fn finish(rows: Rows, sums: Sums) {
  settle(rows, rows.neurons.x, sums.z0);
  if (rows.several) {
    settle(rows, rows.neurons.y, sums.z1);
    settle(rows, rows.neurons.z, sums.z2);
    settle(rows, rows.neurons.w, sums.z3);
  }
}

// What neurons i … i + 3 do with their inputs z, in the look whose neurons lie from `at`.
fn settle(rows: Rows, at: u32, z: vec4f) {
  let l = rows.l;
  let keeps_z = KEEPS_Z && rows.work.stride == RECORD;
  for (var r = 0u; r < min(4u, FAN_OUT[l] - rows.i); r++) {
    let neuron = rows.i + r;
    if (keeps_z) { set_activity(at + Z + NEURON_AT[l] + neuron, z[r]); }
    let x = select(activate(z[r]), z[r], l + 1u == DEPTH);
    set_activity(at + UNITS_AT[l] + neuron, x);
  }
}
