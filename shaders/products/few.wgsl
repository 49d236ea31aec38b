// An update is two or three products (samples times the rule's rank): Σ_p left_pi right_pj. The
// third of two is the second again, taken 0 times.
import package::shape::{BATCH, RANK, SHARE};
import package::factors::{left_step, right_step};
import package::lanes::join_rows;
import package::memory::{activity, activity4, add_adjoint, set_adjoints};

// Layers are dense, and have as many products as samples times terms.
const PRODUCTS = BATCH * RANK;
const THIRD = min(2u, PRODUCTS - 1u);
const HAS_THIRD = select(0.0, 1.0, PRODUCTS > 2u);

// Factors of four neurons, read once for a row.
struct Lefts { first: vec4f, second: vec4f, third: vec4f }
fn lefts_of(l: u32, at: vec4u) -> Lefts {
  let third = HAS_THIRD * activity4(at + left_step(0u, THIRD));
  return Lefts(activity4(at), activity4(at + left_step(0u, 1u)), third);
}

// And those of input j; `right`: where the first factor of input 0 lies.
struct Rights { first: f32, second: f32, third: f32 }
fn rights_of(lefts: Lefts, right: u32, j: u32) -> Rights {
  let at = right + j;
  let third = HAS_THIRD * activity(at + right_step(0u, THIRD));
  return Rights(activity(at), activity(at + right_step(0u, 1u)), third);
}

// Those of an input that is always 1.
fn rights_of_one(lefts: Lefts) -> Rights { return Rights(1.0, 1.0, 1.0); }

// SHARE Σ_p left_pi right_pj.
fn hebb(lefts: Lefts, r: Rights) -> vec4f {
  return SHARE * (lefts.first * r.first + lefts.second * r.second + lefts.third * r.third);
}

// d_left_pi += d_i right_pj, and what it is when the row is done: SHARE times that, from `at` on.
fn plus_d_left(sum: Lefts, d: vec4f, r: Rights) -> Lefts {
  return Lefts(sum.first + d * r.first, sum.second + d * r.second, sum.third + d * r.third);
}
fn set_d_lefts(at: u32, i: u32, n: u32, d: Lefts) {
  set_adjoints(at, i, n, SHARE * d.first);
  set_adjoints(at + left_step(0u, 1u), i, n, SHARE * d.second);
  if (PRODUCTS > 2u) { set_adjoints(at + left_step(0u, 2u), i, n, SHARE * d.third); }
}

// d_right_pj += SHARE Σ_i d_i left_pi.
fn add_d_rights(at: u32, d: vec4f, lefts: Lefts) {
  add_adjoint(at, SHARE * dot(d, lefts.first));
  add_adjoint(at + right_step(0u, 1u), SHARE * dot(d, lefts.second));
  if (PRODUCTS > 2u) { add_adjoint(at + right_step(0u, 2u), SHARE * dot(d, lefts.third)); }
}

// d_left of the first two products, as lanes join them; the third is joined by itself.
fn first_of(d: Lefts) -> vec4f { return d.first; }
fn second_of(d: Lefts) -> vec4f { return d.second; }
fn joined(l: u32, first: vec4f, second: vec4f, d: Lefts) -> Lefts {
  let third = join_rows(l, mat4x4f(d.third, vec4f(), vec4f(), vec4f()));
  return Lefts(first, second, third[0]);
}
