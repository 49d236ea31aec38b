// Softmax cross-entropy of one query sample: −Σ_o y_o log softmax(x)_o, for any y. The network's
// answer is softmax(x_L), and a lifetime is told the gradient.
import package::shape::{ANSWER, BATCH, DEPTH, LANES, OUTPUTS, RECORD, X_AT};
import package::memory::{activity, add_adjoint, adjoint, lane, set_activity, wanted};
import package::team::team_barrier;

// log Σ_o exp(x_o), shifted by the largest so that it cannot overflow.
fn log_sum_exp(output: u32) -> f32 {
  var top = activity(output);
  for (var o = 1u; o < OUTPUTS; o++) { top = max(top, activity(output + o)); }
  var sum = 0.0;
  for (var o = 0u; o < OUTPUTS; o++) { sum += exp(activity(output + o) - top); }
  return top + log(sum);
}

// output: index of x_L in the activity; target_: index of y in the targets.
fn loss(output: u32, target_: u32) -> f32 {
  let scale = log_sum_exp(output);
  var sum = 0.0;
  for (var o = 0u; o < OUTPUTS; o++) {
    sum += wanted(target_ + o) * (scale - activity(output + o));
  }
  return sum;
}

// What the network answers, softmax(x)_o.
fn answer_of(output: u32, o: u32) -> f32 { return exp(activity(output + o) - log_sum_exp(output)); }

// d loss / d x_o = (Σ y) softmax(x)_o − y_o.
fn d_loss(output: u32, target_: u32, o: u32) -> f32 {
  return error_of(answer_of(output, o), target_, o);
}

// What output o is told to have done wrong, from its answer; and de_o / d answer.
fn error_of(answer: f32, target_: u32, o: u32) -> f32 {
  return error_slope(target_) * answer - wanted(target_ + o);
}
fn error_slope(target_: u32) -> f32 {
  var sum = 0.0;
  for (var o = 0u; o < OUTPUTS; o++) { sum += wanted(target_ + o); }
  return sum;
}

// Leaves the answer in the records of the batch, a sample a lane.
fn answer(first: u32) {
  for (var b = lane; b < BATCH; b += LANES) {
    let output = first + b * RECORD + X_AT[DEPTH];
    let scale = log_sum_exp(output);
    for (var o = 0u; o < OUTPUTS; o++) {
      set_activity(first + b * RECORD + ANSWER + o, exp(activity(output + o) - scale));
    }
  }
  team_barrier();
}

// d_x_L += a ⊙ (d_a − a · d_a).
fn answer_adjoint(first: u32) {
  for (var b = lane; b < BATCH; b += LANES) {
    let at = b * RECORD + ANSWER;
    var mean = 0.0;
    for (var o = 0u; o < OUTPUTS; o++) { mean += activity(first + at + o) * adjoint(at + o); }
    for (var o = 0u; o < OUTPUTS; o++) {
      add_adjoint(
        b * RECORD + X_AT[DEPTH] + o, activity(first + at + o) * (adjoint(at + o) - mean));
    }
  }
  team_barrier();
}
