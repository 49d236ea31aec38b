// An update is many products (looks times the rule's rank): Σ_p left_pi right_pj, made of four
// columns at a time, so that a factor read serves four. Their adjoints are found before the sweep
// (rights/many.wgsl).
import package::shape::FAN_IN;
import package::factors::{left_step, products_of, right_step};
import package::looks::{reach4, share};
import package::memory::{activity4, four};

// Where the first factors of four neurons of layer l + 1 lie.
struct Lefts { l: u32, at: vec4u }
fn lefts_of(l: u32, at: vec4u) -> Lefts { return Lefts(l, at); }

// Of columns 4 k … 4 k + 3, made when the first of them is asked; a sweep asks them in their order.
var<private> tile: mat4x4f;

// SHARE Σ_p left_pi right_pj with input j; `right`: where the first factor of input 0 lies.
struct Rights { hebb: vec4f }
fn rights_of(lefts: Lefts, right: u32, j: u32) -> Rights {
  let l = lefts.l;
  if (j % 4u == 0u) { make_tile(lefts, right + reach4(l, four(j, FAN_IN[l]))); }
  return Rights(tile[j % 4u]);
}
fn hebb(lefts: Lefts, rights: Rights) -> vec4f { return rights.hebb; }

// With an input that is always 1.
fn rights_of_one(lefts: Lefts) -> Rights {
  var sum = vec4f();
  let l = lefts.l;
  for (var p = 0u; p < products_of(l); p++) { sum += activity4(lefts.at + left_step(l, p)); }
  return Rights(share(l) * sum);
}

fn make_tile(lefts: Lefts, right: vec4u) {
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  let l = lefts.l;
  for (var p = 0u; p < products_of(l); p++) {
    let left_p = activity4(lefts.at + left_step(l, p));
    let right_p = activity4(right + right_step(l, p));
    sum0 += left_p * right_p.x;
    sum1 += left_p * right_p.y;
    sum2 += left_p * right_p.z;
    sum3 += left_p * right_p.w;
  }
  tile = share(l) * mat4x4f(sum0, sum1, sum2, sum3);
}

fn plus_d_left(sum: Lefts, d: vec4f, rights: Rights) -> Lefts { return sum; }
fn set_d_lefts(at: u32, i: u32, n: u32, d: Lefts) {}
fn add_d_rights(at: u32, d: vec4f, lefts: Lefts) {}
fn first_of(d: Lefts) -> vec4f { return vec4f(); }
fn second_of(d: Lefts) -> vec4f { return vec4f(); }
fn joined(l: u32, first: vec4f, second: vec4f, d: Lefts) -> Lefts { return d; }
