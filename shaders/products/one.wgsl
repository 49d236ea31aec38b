// An update is one product, of one sample: left_i right_j.
import package::shape::SHARE;
import package::memory::{activity, activity4, add_adjoint, set_adjoints};

// Factors of four neurons, read once for a row.
struct Lefts { first: vec4f }
fn lefts_of(l: u32, at: vec4u) -> Lefts { return Lefts(activity4(at)); }

// And that of input j; `right`: where the factor of input 0 lies.
struct Rights { first: f32 }
fn rights_of(lefts: Lefts, right: u32, j: u32) -> Rights {
  return Rights(activity(right + j));
}

// Those of an input that is always 1.
fn rights_of_one(lefts: Lefts) -> Rights { return Rights(1.0); }

// SHARE left_i right_j.
fn hebb(lefts: Lefts, rights: Rights) -> vec4f { return SHARE * (lefts.first * rights.first); }

// d_left_i += d_i right_j, and what it is when the row is done: SHARE times that, at `at`.
fn plus_d_left(sum: Lefts, d: vec4f, rights: Rights) -> Lefts {
  return Lefts(sum.first + d * rights.first);
}
fn set_d_lefts(at: u32, i: u32, n: u32, d: Lefts) { set_adjoints(at, i, n, SHARE * d.first); }

// d_right_j += SHARE Σ_i d_i left_i.
fn add_d_rights(at: u32, d: vec4f, lefts: Lefts) { add_adjoint(at, SHARE * dot(d, lefts.first)); }

// d_left of the first two products, as lanes join them.
fn first_of(d: Lefts) -> vec4f { return d.first; }
fn second_of(d: Lefts) -> vec4f { return vec4f(); }
fn joined(l: u32, first: vec4f, second: vec4f, d: Lefts) -> Lefts { return Lefts(first); }
