// Perception without an encoder: x_0 is the input itself.
import package::shape::{INPUTS, LANES, X_AT};
import package::memory::{lane, set_activity, task};
import package::input::{input, input_at};
import package::looks::pixel_at;
import package::team::team_barrier;

// Puts the inputs of `count` samples into the rows, `stride` apart, from `first`.
fn perceive(first: u32, stride: u32, sample: u32, count: u32) {
  for (var k = lane; k < count * INPUTS; k += LANES) {
    set_activity(
      first + k / INPUTS * stride + X_AT[0] + pixel_at(0u, k % INPUTS),
      input(input_at(task, sample + k / INPUTS, 0u), k % INPUTS));
  }
  team_barrier();
}

// Data have no gradient.
fn perceive_adjoint(first: u32, stride: u32, count: u32) {}
