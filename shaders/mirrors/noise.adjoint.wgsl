// Adjoint of noise.wgsl: given d_z, and because noise learns nothing,
//   d_W += Σ_b d_z xᵀ.
import package::shape::{
  ALIGNED_COUNT, ALIGNED_LAYERS, BATCH, BELOW_AT, MIRROR_X, MIRROR_Z, NEURON_AT, QUADS, RECORD,
  WIDTH
};
import package::memory::{
  activity, adjoint4, four, gradient_quad, gradient_rows, present, set_gradient_quad
};
import package::mirror_adjoint_sweep::sweep;
import package::team::team_barrier;

struct Work { first: u32 }

fn mirror_adjoint(first: u32) {
  for (var m = 0u; m < ALIGNED_COUNT; m++) { sweep(ALIGNED_LAYERS[m], Work(first)); }
  team_barrier();
}

fn groups_of(work: Work) -> u32 { return 1u; }

// Neurons i … i + 3: which are there, where d_z, x and gradients lie.
struct Rows { there: vec4f, d_z: vec4u, x: u32, gradients: u32, quads: u32 }

fn begin(l: u32, work: Work, block: u32) -> Rows {
  let i = block * 4u;
  let n = WIDTH[l + 1u];
  return Rows(
    present(i, n), MIRROR_Z + NEURON_AT[l] + four(i, n), work.first + MIRROR_X + BELOW_AT[l],
    gradient_rows(l, i), QUADS[l]
  );
}

struct Sums { none: u32 }
fn start(rows: Rows) -> Sums { return Sums(); }
fn take(rows: Rows, j: u32) -> vec4f { return gradient_quad(rows.gradients + j * rows.quads); }
fn visit(rows: Rows, j: u32, gradient: ptr<function, vec4f>, sums: ptr<function, Sums>) {
  var d = vec4f();
  for (var b = 0u; b < BATCH; b++) {
    d += adjoint4(rows.d_z + b * RECORD) * activity(rows.x + b * RECORD + j);
  }
  *gradient += rows.there * d;
}
fn leave(rows: Rows, j: u32, gradient: vec4f) {
  set_gradient_quad(rows.gradients + j * rows.quads, gradient);
}
fn join(l: u32, sums: Sums) -> Sums { return sums; }
fn finish(rows: Rows, sums: Sums) {}
