// Adjoint of noise.wgsl: given d_z, and because noise learns nothing,
//   d_W += Σ_q d_z xᵀ, over the looks at a batch.
import package::shape::{
  ALIGNED_COUNT, ALIGNED_LAYERS, BATCH, FAN_OUT, MIRROR_X_AT, MIRROR_Z, NEURON_AT, QUADS, RECORD
};
import package::memory::{
  activity, adjoint4, four, gradient_quad, gradient_rows, present, set_gradient_quad
};
import package::looks::{looks, neurons_from, reach, seen_from};
import package::mirror_adjoint_sweep::sweep;
import package::team::team_barrier;

struct Work { first: u32 }

fn mirror_adjoint(first: u32) {
  for (var m = 0u; m < ALIGNED_COUNT; m++) { sweep(ALIGNED_LAYERS[m], Work(first)); }
  team_barrier();
}

fn groups_of(l: u32, work: Work) -> u32 { return 1u; }

// Neurons i … i + 3: which are there, where d_z, x and gradients lie.
struct Rows { l: u32, there: vec4f, d_z: vec4u, x: u32, gradients: u32, quads: u32 }

fn begin(l: u32, work: Work, block: u32) -> Rows {
  let i = block * 4u;
  let n = FAN_OUT[l];
  return Rows(
    l, present(i, n), MIRROR_Z + NEURON_AT[l] + four(i, n), work.first + MIRROR_X_AT[l],
    gradient_rows(l, i), QUADS[l]
  );
}

struct Sums { none: u32 }
fn start(rows: Rows) -> Sums { return Sums(); }
fn take(rows: Rows, j: u32) -> vec4f { return gradient_quad(rows.gradients + j * rows.quads); }
fn visit(rows: Rows, j: u32, gradient: ptr<function, vec4f>, sums: ptr<function, Sums>) {
  var d = vec4f();
  let l = rows.l;
  let x = rows.x + reach(l, j);
  for (var look = 0u; look < looks(l, BATCH); look++) {
    d += adjoint4(rows.d_z + neurons_from(l, look, RECORD)) *
      activity(x + seen_from(l, look, RECORD));
  }
  *gradient += rows.there * d;
}
fn leave(rows: Rows, j: u32, gradient: vec4f) {
  set_gradient_quad(rows.gradients + j * rows.quads, gradient);
}
fn join(l: u32, sums: Sums) -> Sums { return sums; }
fn finish(rows: Rows, sums: Sums) {}
