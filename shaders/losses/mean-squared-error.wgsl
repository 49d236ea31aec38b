// Squared error of one query sample, averaged over outputs: (1/n_L) Σ_o (x_o − y_o)². A lifetime is
// told the gradient of just this, as by mse_loss of PyTorch.
import package::shape::OUTPUTS;
import package::memory::{activity, wanted};

// output: index of x_L in the activity; target_: index of y in the targets.
fn loss(output: u32, target_: u32) -> f32 {
  var sum = 0.0;
  for (var o = 0u; o < OUTPUTS; o++) {
    let e = activity(output + o) - wanted(target_ + o);
    sum += e * e;
  }
  return sum / f32(OUTPUTS);
}

// d loss / d x_o.
fn d_loss(output: u32, target_: u32, o: u32) -> f32 {
  return error_of(activity(output + o), target_, o);
}

// What the network answers.
fn answer_of(output: u32, o: u32) -> f32 { return activity(output + o); }

// What output o is told to have done wrong, from its answer; and de_o / d answer.
fn error_of(answer: f32, target_: u32, o: u32) -> f32 {
  return 2.0 / f32(OUTPUTS) * (answer - wanted(target_ + o));
}
fn error_slope(target_: u32) -> f32 { return 2.0 / f32(OUTPUTS); }

// The network's answer is x_L itself: it lies there already (shape.ts: ANSWER is where x_L is), and
// so does its adjoint.
fn answer(first: u32) {}
fn answer_adjoint(first: u32) {}
