// Adjoint of align.wgsl, synapse by synapse: B_t is recalled, g = d_B' becomes the part of d_B_t
// that passes through B itself, and what no sample has a part in adds to d_W and d_k.
import package::shape::{B_AT, HAS_PRIMITIVE};
import package::align::{
  Rows as AlignRows, Work as AlignWork, begin as begin_align, change_of
};
import package::memory::{
  add_gradient_quad, gradient_quad, gradient_rows, set_gradient_quad, weight_quad
};
import package::origin::feedback_row;
import package::primitives::{Seen, Strengths, decay_rate_of, synapse_adjoint};
import package::recall::{leave_recalled, recalled};

alias Work = AlignWork;

// Does a primitive see W? Self does.
const MOVES_W = HAS_PRIMITIVE[4];

// What this lane's synapses and samples find of d_k, as if η_B were 1.
var<private> d_k: Strengths;

fn groups_of(l: u32, work: Work) -> u32 { return 1u; }

// As in the forward sweep, and where the gradients of B and W begin.
struct Rows { forward: AlignRows, d_b: u32, d_w: u32 }

fn begin(l: u32, work: Work, block: u32) -> Rows {
  let i = block * 4u;
  return Rows(begin_align(l, work, block), (B_AT[l] + i) / 4u, gradient_rows(l, i));
}

struct Sums { none: u32 }
fn start(rows: Rows) -> Sums { return Sums(); }

// B_t, what it was changed by, g or d_B_t, W and what is added to d_W.
struct Synapses { seen: Seen, change: vec4f, g: vec4f, d_w: vec4f }

fn take(rows: Rows, j: u32) -> Synapses {
  let forward = rows.forward;
  let column = j * forward.quads;
  var s = Seen();
  s.w = weight_quad(forward.weights + column);
  s.b = weight_quad(row_of(forward, j));
  return Synapses(s, change_of(forward, j), gradient_quad(rows.d_b + column), vec4f());
}

// Quad of B_ji.
fn row_of(forward: AlignRows, j: u32) -> u32 {
  return feedback_row(forward.l, forward.work.from_, forward.work.t, j) + forward.i / 4u;
}

fn visit(rows: Rows, j: u32, synapses: ptr<function, Synapses>, sums: ptr<function, Sums>) {
  let k = rows.forward.k;
  var s = (*synapses).seen;
  let decay = vec4f(decay_rate_of(k));
  s.b = recalled(s.b, vec4f(1.0), (*synapses).change, decay, vec4f());
  (*synapses).seen = s;
  if (rows.forward.acts) {
    var d = Seen();
    var found = d_k;
    synapse_adjoint(k, s, (*synapses).g, &d, &found);
    d_k = found;
    (*synapses).g += d.b;
    (*synapses).d_w = d.w;
  }
}

fn leave(rows: Rows, j: u32, synapses: Synapses) {
  let column = j * rows.forward.quads;
  leave_recalled(row_of(rows.forward, j), synapses.seen.b);
  set_gradient_quad(rows.d_b + column, synapses.g);
  if (MOVES_W) { add_gradient_quad(rows.d_w + column, synapses.d_w); }
}

fn join(l: u32, sums: Sums) -> Sums { return sums; }
fn finish(rows: Rows, sums: Sums) {}
