// Factors: where the left and right factors of an update's products lie (src/gpu/record.ts).
// Product p = q RANK + r is that of look q and of the rule's r-th term.
import package::shape::{BATCH, BELOW, LEFT, NEURONS, NEURON_AT, RANK, RECORD, RIGHT_AT};
import package::looks::{
  looks, neurons_from, neurons_from4, reach, seen_from, seen_from4, share
};
import package::memory::{activity, activity4};

fn products_of(l: u32) -> u32 { return looks(l, BATCH) * RANK; }

// Those of the first product of layer l + 1, counted from the batch's first record.
fn left_at(l: u32) -> u32 { return LEFT + NEURON_AT[l]; }
fn right_at(l: u32) -> u32 { return RIGHT_AT[l]; }

// How far behind them those of product p lie; and of four products.
fn left_step(l: u32, p: u32) -> u32 {
  return neurons_from(l, p / RANK, RECORD) + p % RANK * NEURONS;
}
fn right_step(l: u32, p: u32) -> u32 {
  return seen_from(l, p / RANK, RECORD) + p % RANK * BELOW;
}
fn left_steps(l: u32, p: vec4u) -> vec4u {
  return neurons_from4(l, p / RANK, RECORD) + p % RANK * NEURONS;
}
fn right_steps(l: u32, p: vec4u) -> vec4u {
  return seen_from4(l, p / RANK, RECORD) + p % RANK * BELOW;
}

// hebb_ij = SHARE Σ_p left_pi right_pj of four neurons of layer l + 1, whose first factors lie at
// `left`, and input j. products/ makes the same on the way along a row.
fn hebb_of(l: u32, left: vec4u, first: u32, j: u32) -> vec4f {
  let right = first + right_at(l) + reach(l, j);
  var sum = vec4f();
  for (var p = 0u; p < products_of(l); p++) {
    sum += activity4(left + left_step(l, p)) * activity(right + right_step(l, p));
  }
  return share(l) * sum;
}
