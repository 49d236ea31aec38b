// Softmax cross-entropy of one query sample: −Σ_o y_o log softmax(x)_o, with Σ_o y_o = 1.
import package::shape::OUTPUTS;
import package::memory::{activity, wanted};

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
  for (var o = 0u; o < OUTPUTS; o++) { sum += wanted(target_ + o) * (scale - activity(output + o)); }
  return sum;
}

// d loss / d x_o = softmax(x)_o − y_o.
fn d_loss(output: u32, target_: u32, o: u32) -> f32 {
  return exp(activity(output + o) - log_sum_exp(output)) - wanted(target_ + o);
}
