// Adjoint of told.wgsl: given d_v,
//   d_y += W d_v,   d_W += y d_vᵀ.
// One sample after another, because all add to d_W.
import package::shape::{
  BATCH, BELOW_AT, NEURON_AT, PLASTIC_COUNT, PLASTIC_LAYERS, POST, QUADS, RECORD, V, WIDTH
};
import package::memory::{
  activity4, add_adjoints, adjoint, four, gradient_quad, gradient_rows, present, set_gradient_quad,
  weight_quad, weight_rows
};
import package::back_adjoint_sweep::sweep;
import package::lanes::join_rows;
import package::team::team_barrier;

// The sample whose record begins at `row`, counted from the batch's first.
struct Work { first: u32, slot: u32, row: u32 }

fn tell_back_adjoint(first: u32, slot: u32) {
  for (var m = 0u; m < PLASTIC_COUNT; m++) {
    let l = PLASTIC_LAYERS[m];
    for (var b = 0u; b < BATCH; b++) { sweep(l, Work(first, slot, b * RECORD)); }
  }
  team_barrier();
}

fn groups_of(l: u32, work: Work) -> u32 { return 1u; }

// Neurons i … i + 3: their y, where d_v lies and d_y goes, where weights and gradients lie.
struct Rows {
  i: u32, n: u32, y: vec4f, d_v: u32, d_y: u32, weights: u32, gradients: u32, quads: u32
}

fn begin(l: u32, work: Work, block: u32) -> Rows {
  let i = block * 4u;
  let n = WIDTH[l + 1u];
  let post = work.row + POST + NEURON_AT[l];
  return Rows(
    i, n, present(i, n) * activity4(work.first + post + four(i, n)), work.row + V + BELOW_AT[l],
    post, weight_rows(l, work.slot, i), gradient_rows(l, i), QUADS[l]
  );
}

struct Sums { d_y: vec4f }
fn start(rows: Rows) -> Sums { return Sums(); }

struct Synapses { w: vec4f, d_w: vec4f }

fn take(rows: Rows, j: u32) -> Synapses {
  let column = j * rows.quads;
  return Synapses(weight_quad(rows.weights + column), gradient_quad(rows.gradients + column));
}

fn visit(rows: Rows, j: u32, synapses: ptr<function, Synapses>, sums: ptr<function, Sums>) {
  let d_v = adjoint(rows.d_v + j);
  (*sums).d_y += (*synapses).w * d_v;
  (*synapses).d_w += rows.y * d_v;
}

fn leave(rows: Rows, j: u32, synapses: Synapses) {
  set_gradient_quad(rows.gradients + j * rows.quads, synapses.d_w);
}

fn join(l: u32, sums: Sums) -> Sums {
  let d = join_rows(l, mat4x4f(sums.d_y, vec4f(), vec4f(), vec4f()));
  return Sums(d[0]);
}

fn finish(rows: Rows, sums: Sums) { add_adjoints(rows.d_y, rows.i, rows.n, sums.d_y); }
