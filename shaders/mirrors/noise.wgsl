// Mirror phase (Akrout et al. 2019): noise U(−1, 1) is sent into each layer alone, and a feedback
// rule sees that and what W makes of it, z = W x.
import package::shape::{
  ALIGNED_COUNT, ALIGNED_LAYERS, BATCH, DEPTH, DRAW_MIRROR, DRAW_MIRROR_AT, FAN_OUT, LANES,
  MIRROR_DRAWS, MIRROR_X_AT, MIRROR_Z, NEURON_AT, QUADS, RECORD, WIDTH
};
import package::lanes::join_rows;
import package::looks::{cell_at, looks, neurons_from, reach, seen_from};
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
  for (var k = lane; k < BATCH * pre; k += LANES) {
    let b = k / pre;
    let counter = (lived(t) * BATCH + b) * MIRROR_DRAWS + DRAW_MIRROR_AT[l] + k % pre;
    let at = first + b * RECORD + MIRROR_X_AT[l] + cell_at(l, k % pre);
    set_activity(at, drawn(DRAW_MIRROR, counter));
  }
}

// z of four neurons, a look by itself.
fn groups_of(l: u32, work: Work) -> u32 { return looks(l, BATCH); }

struct Rows { l: u32, i: u32, n: u32, weights: u32, x: u32, z: u32, quads: u32 }

fn begin(l: u32, work: Work, block: u32) -> Rows {
  let quads = QUADS[l];
  let i = block % quads * 4u;
  let look = block / quads;
  return Rows(
    l, i, FAN_OUT[l], weight_rows(l, work.slot, i),
    work.first + MIRROR_X_AT[l] + seen_from(l, look, RECORD),
    work.first + MIRROR_Z + NEURON_AT[l] + neurons_from(l, look, RECORD), quads
  );
}

struct Sums { z: vec4f }
fn start(rows: Rows) -> Sums { return Sums(); }
fn take(rows: Rows, j: u32) -> vec4f { return weight_quad(rows.weights + j * rows.quads); }
fn visit(rows: Rows, j: u32, w: ptr<function, vec4f>, sums: ptr<function, Sums>) {
  (*sums).z += *w * activity(rows.x + reach(rows.l, j));
}
fn leave(rows: Rows, j: u32, w: vec4f) {}
fn join(l: u32, sums: Sums) -> Sums {
  let z = join_rows(l, mat4x4f(sums.z, vec4f(), vec4f(), vec4f()));
  return Sums(z[0]);
}
fn finish(rows: Rows, sums: Sums) { set_activities(rows.z, rows.i, rows.n, sums.z); }
