// d_left of an update's many products, before d_W changes:
//   d_left_pi = SHARE Σ_j d_hebb_ij right_pj,   of four neurons and four products at a time.
import package::shape::{FAN_OUT, QUADS};
import package::bias::d_hebb_of_biases;
import package::factors::{left_at, left_steps, products_of, right_at, right_steps};
import package::lanes::join_rows;
import package::looks::{reach, share};
import package::memory::{activity4, four, fours, gradient_rows, set_adjoints};
import package::plasticity::sign_and_multiplier;
import package::plasticity_adjoint::d_hebb_at;
import package::rate::{Rates, rates_of};

struct Work { first: u32 }

fn groups_of(l: u32, work: Work) -> u32 { return fours(products_of(l)); }

// Neurons i … i + 3 of layer l + 1, where the four right factors lie, and where d_left goes.
struct Rows {
  l: u32, i: u32, gradients: u32, rates: Rates, m: vec4f, rights: vec4u, d_lefts: vec4u
}

fn begin(l: u32, work: Work, block: u32) -> Rows {
  let quads = QUADS[l];
  let i = block % quads * 4u;
  let products = four(block / quads * 4u, products_of(l));
  return Rows(
    l, i, gradient_rows(l, i), rates_of(l, i), sign_and_multiplier(l, i),
    work.first + right_at(l) + right_steps(l, products), left_at(l) + left_steps(l, products)
  );
}

struct Sums { d0: vec4f, d1: vec4f, d2: vec4f, d3: vec4f }
fn start(rows: Rows) -> Sums {
  let d = d_hebb_of_biases(rows.l, rows.i, rows.rates, rows.m);
  return Sums(d, d, d, d);
}

fn take(rows: Rows, j: u32) -> vec4f {
  return d_hebb_at(rows.l, rows.i, rows.gradients, rows.rates, rows.m, j);
}

fn visit(rows: Rows, j: u32, d: ptr<function, vec4f>, sums: ptr<function, Sums>) {
  let rights = activity4(rows.rights + reach(rows.l, j));
  (*sums).d0 += *d * rights.x;
  (*sums).d1 += *d * rights.y;
  (*sums).d2 += *d * rights.z;
  (*sums).d3 += *d * rights.w;
}

fn leave(rows: Rows, j: u32, d: vec4f) {}

fn join(l: u32, sums: Sums) -> Sums {
  let d = join_rows(l, mat4x4f(sums.d0, sums.d1, sums.d2, sums.d3));
  return Sums(d[0], d[1], d[2], d[3]);
}

// Products beyond the last are the last again: it has the last word.
fn finish(rows: Rows, sums: Sums) {
  let n = FAN_OUT[rows.l];
  let part = share(rows.l);
  set_adjoints(rows.d_lefts.w, rows.i, n, part * sums.d3);
  set_adjoints(rows.d_lefts.z, rows.i, n, part * sums.d2);
  set_adjoints(rows.d_lefts.y, rows.i, n, part * sums.d1);
  set_adjoints(rows.d_lefts.x, rows.i, n, part * sums.d0);
}
