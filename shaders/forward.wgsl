// Forward: what does each neuron do?
//   x_l = φ(z_l),   z_l = W_l x_{l−1} + b_l,   the output layer linear
//   (Lindsey & Litwin-Kumar 2020, §1.1).
import package::shape::{DEPTH, KEEPS_Z, NEURON_AT, QUADS, RECORD, WIDTH, X_AT, Z};
import package::memory::{activity, four, set_activity, weight_quad, weight_rows};
import package::activation::activate;
import package::bias::biases_of;
import package::forward_sweep::sweep;
import package::lanes::join_rows;
import package::samples::Samples;
import package::team::team_barrier;

alias Work = Samples;

// Reads x_0 of each sample, writes x_1 … x_L, and of a record z if it keeps it.
fn forward(first: u32, stride: u32, count: u32, slot: u32) {
  for (var l = 0u; l < DEPTH; l++) {
    sweep(l, Work(first, stride, count, slot));
    team_barrier();
  }
}

// Four samples are taken together, so that a weight is read once for four.
fn groups_of(work: Work) -> u32 { return (work.count + 3u) / 4u; }

// Neurons i … i + 3 of layer l + 1: where the four samples, their inputs and the weights lie.
struct Rows { l: u32, i: u32, samples: vec4u, inputs: vec4u, weights: u32, quads: u32, work: Work }

fn begin(l: u32, work: Work, block: u32) -> Rows {
  let quads = QUADS[l];
  let i = block % quads * 4u;
  let samples = work.first + four(block / quads * 4u, work.count) * work.stride;
  return Rows(l, i, samples, samples + X_AT[l], weight_rows(l, work.slot, i), quads, work);
}

// z of the four samples.
struct Sums { z0: vec4f, z1: vec4f, z2: vec4f, z3: vec4f }

fn start(rows: Rows) -> Sums {
  let bias = biases_of(rows.l, rows.work.slot, rows.i);
  return Sums(bias, bias, bias, bias);
}

fn take(rows: Rows, j: u32) -> vec4f { return weight_quad(rows.weights + j * rows.quads); }

fn visit(rows: Rows, j: u32, weights: ptr<function, vec4f>, sums: ptr<function, Sums>) {
  (*sums).z0 += *weights * activity(rows.inputs.x + j);
  if (rows.work.count > 1u) {
    (*sums).z1 += *weights * activity(rows.inputs.y + j);
    (*sums).z2 += *weights * activity(rows.inputs.z + j);
    (*sums).z3 += *weights * activity(rows.inputs.w + j);
  }
}

fn leave(rows: Rows, j: u32, weights: vec4f) {}

fn join(l: u32, sums: Sums) -> Sums {
  let z = join_rows(l, mat4x4f(sums.z0, sums.z1, sums.z2, sums.z3));
  return Sums(z[0], z[1], z[2], z[3]);
}

fn finish(rows: Rows, sums: Sums) {
  settle(rows, rows.samples.x, sums.z0);
  if (rows.work.count > 1u) {
    settle(rows, rows.samples.y, sums.z1);
    settle(rows, rows.samples.z, sums.z2);
    settle(rows, rows.samples.w, sums.z3);
  }
}

// What neurons i … i + 3 do with their inputs z, in one sample.
fn settle(rows: Rows, sample: u32, z: vec4f) {
  let l = rows.l;
  let keeps_z = KEEPS_Z && rows.work.stride == RECORD;
  for (var r = 0u; r < min(4u, WIDTH[l + 1u] - rows.i); r++) {
    let neuron = rows.i + r;
    if (keeps_z) { set_activity(sample + Z + NEURON_AT[l] + neuron, z[r]); }
    let x = select(activate(z[r]), z[r], l + 1u == DEPTH);
    set_activity(sample + X_AT[l + 1u] + neuron, x);
  }
}
