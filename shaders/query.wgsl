// Query: how well was it learned? The query set is asked at the MOMENTS, numbers of inner steps
// done (0 is at birth).
import package::shape::{
  BATCH, DEPTH, LANES, MOMENTS, MOMENT_AT, OUTPUTS, QUERIES, QUERY_AT, ROW, STEPS, X_AT
};
import package::memory::{activity, lane, pass_, set_outcome, speaks, wanted};
import package::forward::forward;
import package::loss::loss;
import package::finite::finite;
import package::perception::perceive;
import package::team::team_sum;

// Is moment k one of the pass's, and there after t inner steps?
fn is_moment(k: u32, t: u32) -> bool {
  return k >= pass_.first_moment && k < pass_.last_moment && MOMENT_AT[min(k, MOMENTS - 1u)] == t;
}

const LOWEST = -3.4028234e38;

// Is the largest output where the largest target is? A tie with another is wrong, and so is what is
// no number, and any answer where all targets are equal (src/tasks/classes.ts).
fn correct(output: u32, target_: u32) -> bool {
  var top = wanted(target_);
  for (var o = 1u; o < OUTPUTS; o++) { top = max(top, wanted(target_ + o)); }
  var right = LOWEST;
  var wrong = LOWEST;
  var has_wrong = false;
  var numbers = true;
  for (var o = 0u; o < OUTPUTS; o++) {
    let x = activity(output + o);
    let best = wanted(target_ + o) == top;
    numbers = numbers && finite(x);
    has_wrong = has_wrong || !best;
    right = select(right, max(right, x), best);
    wrong = select(max(wrong, x), wrong, best);
  }
  return numbers && has_wrong && right > wrong;
}

// Asks the pass's queries at moment k with the weights of `slot`; leaves their activities in the
// rows of that moment. The pass that asks the last of them tells the loss of all, so that sums do
// not depend on passes.
fn query(k: u32, slot: u32) {
  let first = QUERY_AT + k * QUERIES * ROW;
  let sample = STEPS * BATCH;
  let asked = first + pass_.first_query * ROW;
  let count = pass_.last_query - pass_.first_query;
  perceive(asked, ROW, sample + pass_.first_query, count);
  forward(asked, ROW, count, slot);
  if (pass_.last_query < QUERIES) { return; }
  var sum = 0.0;
  var hits = 0.0;
  for (var q = lane; q < QUERIES; q += LANES) {
    let output = first + q * ROW + X_AT[DEPTH];
    let target_ = (sample + q) * OUTPUTS;
    sum += loss(output, target_);
    hits += select(0.0, 1.0, correct(output, target_));
  }
  sum = team_sum(sum);
  hits = team_sum(hits);
  if (speaks()) {
    set_outcome(k, sum / f32(QUERIES));
    set_outcome(MOMENTS + k, hits / f32(QUERIES));
  }
}
