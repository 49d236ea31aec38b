// Perception without an encoder: x_0 is the input itself.
import package::shape::{INPUTS, LANES, ROW};
import package::memory::{lane, set_activity, task};
import package::input::{input, input_at};
import package::team::team_barrier;

// Puts the inputs of `count` samples into the rows from `first`.
fn perceive(first: u32, sample: u32, count: u32) {
  for (var k = lane; k < count * INPUTS; k += LANES) {
    set_activity((first + k / INPUTS) * ROW + k % INPUTS, input(input_at(task, sample + k / INPUTS, first + k / INPUTS), k % INPUTS));
  }
  team_barrier();
}

// Data have no gradient.
fn perceive_adjoint(first: u32, count: u32) {}
