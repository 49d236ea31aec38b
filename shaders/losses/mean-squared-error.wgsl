// Squared error, averaged over outputs (squared.wgsl). A lifetime is told the gradient of just
// this, as by mse_loss of PyTorch.
import package::shape::OUTPUTS;
import package::memory::activity;
import package::squared::{d_mean_square, mean_square};

// output: index of x_L in the activity; target_: index of y in the targets.
fn loss(output: u32, target_: u32) -> f32 { return mean_square(output, target_); }

// d loss / d x_o.
fn d_loss(output: u32, target_: u32, o: u32) -> f32 {
  return d_mean_square(activity(output + o), target_, o);
}

// What output o is told to have done wrong, from its answer; and de_o / d answer.
fn error_of(answer: f32, target_: u32, o: u32) -> f32 { return d_mean_square(answer, target_, o); }
fn error_slope(target_: u32) -> f32 { return 2.0 / f32(OUTPUTS); }

// What the network answers, which lies there already (shape.ts: ANSWER is where x_L is), as does
// its adjoint.
fn answer_of(output: u32, o: u32) -> f32 { return activity(output + o); }
fn answer(first: u32) {}
fn answer_adjoint(first: u32) {}
