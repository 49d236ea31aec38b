// What neurons hand on to the layer above is what they do: x_l is where it was made, and so is the
// error that comes down to it.
import package::shape::{BATCH, BELOW_AT, ERROR, ERROR_AT, LANES, RECORD, UP, WIDTH, X_AT};
import package::activation::{curvature, slope};
import package::forward_adjoint::slopes;
import package::looks::Cells;
import package::memory::{
  activity, activity4, add_adjoint, adjoint, four, lane, set_activities, set_adjoint
};
import package::samples::Samples;

// Neurons of layer l + 1 that number k of x_{l+1} is made of: itself.
struct Window { first: u32 }
fn window_of(l: u32, k: u32) -> Window { return Window(k); }
fn neurons_in(l: u32) -> u32 { return 1u; }
fn neuron_in(l: u32, window: Window, k: u32) -> u32 { return window.first; }
fn winner_of(l: u32, units: u32, window: Window) -> u32 { return 0u; }
fn part_of(l: u32, winner: u32, k: u32) -> f32 { return 1.0; }

fn hand_on(l: u32, work: Samples) {}
fn hand_back(l: u32, work: Samples) {}

// e_l from what came down to cells of x_l, in a sample.
fn tell_errors(l: u32, record: u32, cells: Cells, up: vec4f) {
  let x = activity4(record + X_AT[l] + four(cells.at, cells.end));
  set_activities(record + ERROR + ERROR_AT[l], cells.at, cells.end, up * slopes(x));
}
fn tell_neurons(l: u32, first: u32) {}

// d_up and d_x of x_l, from d_e.
fn told_adjoint(l: u32, first: u32) {
  let n = WIDTH[l];
  for (var k = lane; k < BATCH * n; k += LANES) {
    let j = k % n;
    let record = k / n * RECORD;
    let x = activity(first + record + X_AT[l] + j);
    let up_at = record + UP + BELOW_AT[l] + j;
    let d_e = adjoint(record + ERROR + ERROR_AT[l] + j);
    set_adjoint(up_at, d_e * slope(x));
    add_adjoint(record + X_AT[l] + j, d_e * activity(first + up_at) * curvature(x));
  }
}
