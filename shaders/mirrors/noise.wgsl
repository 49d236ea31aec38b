// Mirror phase (Akrout et al. 2019): noise U(−1, 1) is sent into each layer alone, and a feedback
// rule sees that and what W makes of it, z = W x.
import package::shape::{
  ALIGNED_COUNT, ALIGNED_LAYERS, BATCH, BELOW_AT, DEPTH, DRAW_MIRROR, LANES, MIRROR_X, MIRROR_Z,
  NEURON_AT, QUADS, RECORD, WIDTH
};
import package::lanes::join_rows;
import package::memory::{
  activity, lane, lived, set_activities, set_activity, weight_quad, weight_rows
};
import package::mirror_sweep::sweep;
import package::random::drawn;
import package::team::team_barrier;

struct Work { first: u32, slot: u32 }

fn mirror(first: u32, slot: u32, t: u32) {
  for (var l = 0u; l < DEPTH; l++) { draw_inputs(first, l, t); }
  team_barrier();
  for (var m = 0u; m < ALIGNED_COUNT; m++) { sweep(ALIGNED_LAYERS[m], Work(first, slot)); }
  team_barrier();
}

// x of layer l + 1. A sample draws as many numbers as the network has inputs and neurons.
fn draw_inputs(first: u32, l: u32, t: u32) {
  let pre = WIDTH[l];
  let numbers = BELOW_AT[DEPTH] + WIDTH[DEPTH];
  for (var k = lane; k < BATCH * pre; k += LANES) {
    let b = k / pre;
    let at = BELOW_AT[l] + k % pre;
    let x = drawn(DRAW_MIRROR, (lived(t) * BATCH + b) * numbers + at);
    set_activity(first + b * RECORD + MIRROR_X + at, x);
  }
}

// z of four neurons, a sample by itself.
fn groups_of(work: Work) -> u32 { return BATCH; }

struct Rows { i: u32, n: u32, weights: u32, x: u32, z: u32, quads: u32 }

fn begin(l: u32, work: Work, block: u32) -> Rows {
  let quads = QUADS[l];
  let i = block % quads * 4u;
  let record = work.first + block / quads * RECORD;
  return Rows(
    i, WIDTH[l + 1u], weight_rows(l, work.slot, i), record + MIRROR_X + BELOW_AT[l],
    record + MIRROR_Z + NEURON_AT[l], quads
  );
}

struct Sums { z: vec4f }
fn start(rows: Rows) -> Sums { return Sums(); }
fn take(rows: Rows, j: u32) -> vec4f { return weight_quad(rows.weights + j * rows.quads); }
fn visit(rows: Rows, j: u32, w: ptr<function, vec4f>, sums: ptr<function, Sums>) {
  (*sums).z += *w * activity(rows.x + j);
}
fn leave(rows: Rows, j: u32, w: vec4f) {}
fn join(l: u32, sums: Sums) -> Sums {
  let z = join_rows(l, mat4x4f(sums.z, vec4f(), vec4f(), vec4f()));
  return Sums(z[0]);
}
fn finish(rows: Rows, sums: Sums) { set_activities(rows.z, rows.i, rows.n, sums.z); }
