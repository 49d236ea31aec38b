// d_right of an update's products, before d_W changes:
//   d_right_pj = SHARE Σ_i d_hebb_ij left_pi,   of four inputs and four products at a time.
// Of a convolution an input has parts in several looks, and in each another place among what its
// neurons see: it is told their sum. Products are counted here by samples, in the look that counts.
import package::shape::{BATCH, BELOW, FAN_OUT, NEURONS, RANK, RECORD};
import package::factors::{left_at, right_at};
import package::looks::{Cells, Sight, neurons_from, share};
import package::memory::{activity4, four, fours, gradient_rows, set_adjoints};
import package::plasticity::sign_and_multiplier;
import package::plasticity_adjoint::d_hebb_at;
import package::rate::rates_of;

const PRODUCTS = BATCH * RANK;

struct Work { first: u32 }

fn groups_of(l: u32, work: Work) -> u32 { return fours(PRODUCTS); }

// Four inputs of layer l + 1 in a look: their columns of W, and where the four left factors lie.
struct Columns { l: u32, columns: vec4u, lefts: vec4u }

fn begin(l: u32, work: Work, group: u32, cells: Cells, sight: Sight) -> Columns {
  let lefts = work.first + left_at(l) + neurons_from(l, sight.look, RECORD);
  return Columns(
    l, four(sight.column, sight.column + cells.end - cells.at),
    lefts + steps_of(four(4u * group, PRODUCTS), NEURONS)
  );
}

struct Sums { d0: vec4f, d1: vec4f, d2: vec4f, d3: vec4f }

fn visit(columns: Columns, i: u32, sums: ptr<function, Sums>) {
  let l = columns.l;
  let neurons = four(i, FAN_OUT[l]);
  let rates = rates_of(l, i);
  let rows = gradient_rows(l, i);
  let m = sign_and_multiplier(l, i);
  let j = columns.columns;
  let d = mat4x4f(
    d_hebb_at(l, i, rows, rates, m, j.x), d_hebb_at(l, i, rows, rates, m, j.y),
    d_hebb_at(l, i, rows, rates, m, j.z), d_hebb_at(l, i, rows, rates, m, j.w)
  );
  (*sums).d0 += activity4(columns.lefts.x + neurons) * d;
  if (PRODUCTS > 1u) {
    (*sums).d1 += activity4(columns.lefts.y + neurons) * d;
    (*sums).d2 += activity4(columns.lefts.z + neurons) * d;
    (*sums).d3 += activity4(columns.lefts.w + neurons) * d;
  }
}

// Products beyond the last are the last again: it has the last word.
fn finish(l: u32, work: Work, group: u32, cells: Cells, sums: Sums) {
  let d_right = right_at(l) + steps_of(four(4u * group, PRODUCTS), BELOW);
  let part = share(l);
  if (PRODUCTS > 1u) {
    set_adjoints(d_right.w, cells.at, cells.end, part * sums.d3);
    set_adjoints(d_right.z, cells.at, cells.end, part * sums.d2);
    set_adjoints(d_right.y, cells.at, cells.end, part * sums.d1);
  }
  set_adjoints(d_right.x, cells.at, cells.end, part * sums.d0);
}

// How far the factors of products lie behind the first, terms `size` apart.
fn steps_of(p: vec4u, size: u32) -> vec4u { return p / RANK * RECORD + p % RANK * size; }
