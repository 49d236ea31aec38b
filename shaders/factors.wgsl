// Factors: where the left and right factors of an update's products lie (src/gpu/record.ts).
// Product p = b RANK + r is that of sample b and of the rule's r-th term.
import package::shape::{
  BATCH, BELOW, BELOW_AT, LEFT, NEURONS, NEURON_AT, RANK, RECORD, RIGHT, SHARE
};
import package::memory::{activity, activity4};

const PRODUCTS = BATCH * RANK;

// Those of the first product of layer l + 1, counted from the batch's first record.
fn left_at(l: u32) -> u32 { return LEFT + NEURON_AT[l]; }
fn right_at(l: u32) -> u32 { return RIGHT + BELOW_AT[l]; }

// How far behind them those of product p lie; and of four products.
fn left_step(p: u32) -> u32 { return p / RANK * RECORD + p % RANK * NEURONS; }
fn right_step(p: u32) -> u32 { return p / RANK * RECORD + p % RANK * BELOW; }
fn left_steps(p: vec4u) -> vec4u { return p / RANK * RECORD + p % RANK * NEURONS; }
fn right_steps(p: vec4u) -> vec4u { return p / RANK * RECORD + p % RANK * BELOW; }

// hebb_ij = SHARE Σ_p left_pi right_pj of four neurons and an input, where the first factors lie.
// products/ makes the same on the way along a row.
fn hebb_of(left: vec4u, right: u32) -> vec4f {
  var sum = vec4f();
  for (var p = 0u; p < PRODUCTS; p++) {
    sum += activity4(left + left_step(p)) * activity(right + right_step(p));
  }
  return SHARE * sum;
}
