// Query: how well was it learned? The query set is asked at the MOMENTS, numbers of inner steps
// done (0 is at birth).
import package::shape::{
  BATCH, DEPTH, LANES, MOMENTS, MOMENT_AT, OUTPUTS, QUERIES, QUERY_AT, ROW, STEPS, X_AT
};
import package::memory::{activity, lane, set_outcome, speaks, wanted};
import package::forward::forward;
import package::loss::loss;
import package::perception::perceive;
import package::team::team_sum;

// Which moment it is after t inner steps; MOMENTS if it is none.
fn moment_of(t: u32) -> u32 {
  var moment = MOMENTS;
  for (var k = 0u; k < MOMENTS; k++) { moment = select(moment, k, MOMENT_AT[k] == t); }
  return moment;
}

// Is the largest output where the largest target is? The first of equals counts.
fn correct(output: u32, target_: u32) -> bool {
  var said = 0u;
  var right = 0u;
  for (var o = 1u; o < OUTPUTS; o++) {
    if (activity(output + o) > activity(output + said)) { said = o; }
    if (wanted(target_ + o) > wanted(target_ + right)) { right = o; }
  }
  return said == right;
}

// Asks the query set at moment k with the weights of `slot`; leaves its activities in the rows of
// that moment.
fn query(k: u32, slot: u32) {
  let first = QUERY_AT + k * QUERIES * ROW;
  let sample = STEPS * BATCH;
  perceive(first, ROW, sample, QUERIES);
  forward(first, ROW, QUERIES, slot);
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
