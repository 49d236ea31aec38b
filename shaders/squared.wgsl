// Squared error of one query sample, averaged over outputs, of the network's answer x_L itself:
//   (1/n_L) Σ_o (x_o − y_o)².
import package::shape::OUTPUTS;
import package::memory::{activity, wanted};

// output: index of x_L in the activity; target_: index of y in the targets.
fn mean_square(output: u32, target_: u32) -> f32 {
  var sum = 0.0;
  for (var o = 0u; o < OUTPUTS; o++) {
    let e = activity(output + o) - wanted(target_ + o);
    sum += e * e;
  }
  return sum / f32(OUTPUTS);
}

// Its gradient by x_o, from x_o.
fn d_mean_square(answer: f32, target_: u32, o: u32) -> f32 {
  return 2.0 / f32(OUTPUTS) * (answer - wanted(target_ + o));
}
