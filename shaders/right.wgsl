// d_right of an update's products, before d_W changes:
//   d_right_pj = SHARE Σ_i d_hebb_ij left_pi,   of four inputs and four products at a time.
import package::shape::{SHARE, WIDTH};
import package::factors::{PRODUCTS, left_at, left_steps, right_at, right_steps};
import package::memory::{activity4, four, fours, gradient_rows, set_adjoints};
import package::plasticity::sign_and_multiplier;
import package::plasticity_adjoint::d_hebb_at;
import package::rate::rates_of;

struct Work { first: u32 }

fn groups_of(work: Work) -> u32 { return fours(PRODUCTS); }

// Inputs j … j + 3 of layer l + 1: their columns, where the four left factors lie, and where
// d_right goes.
struct Columns { l: u32, j: u32, columns: vec4u, lefts: vec4u, d_rights: vec4u }

fn begin(l: u32, work: Work, block: u32) -> Columns {
  let blocks = fours(WIDTH[l]);
  let j = block % blocks * 4u;
  let products = four(block / blocks * 4u, PRODUCTS);
  return Columns(
    l, j, four(j, WIDTH[l]),
    work.first + left_at(l) + left_steps(products), right_at(l) + right_steps(products)
  );
}

struct Sums { d0: vec4f, d1: vec4f, d2: vec4f, d3: vec4f }

fn visit(columns: Columns, i: u32, sums: ptr<function, Sums>) {
  let l = columns.l;
  let neurons = four(i, WIDTH[l + 1u]);
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
fn finish(columns: Columns, sums: Sums) {
  let pre = WIDTH[columns.l];
  if (PRODUCTS > 1u) {
    set_adjoints(columns.d_rights.w, columns.j, pre, SHARE * sums.d3);
    set_adjoints(columns.d_rights.z, columns.j, pre, SHARE * sums.d2);
    set_adjoints(columns.d_rights.y, columns.j, pre, SHARE * sums.d1);
  }
  set_adjoints(columns.d_rights.x, columns.j, pre, SHARE * sums.d0);
}
