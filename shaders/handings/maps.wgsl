// What neurons hand on to the layer above where that looks at maps, with zeros around them, or
// where they are pooled: x_l lies apart from the neurons that it is made of. Of windows of
// POOL_SIZE² neurons, which do not overlap, it has the first of the largest or the mean; a rest at
// the border is dropped. Where they hand on nothing new (HANDS_ON), x_l is where it was made.
import package::shape::{
  BATCH, BELOW_AT, ERROR, ERROR_AT, FAN_OUT, HANDS_ON, LANES, LOOKS_WIDE, POOLED_WIDE, POOLS_MAX,
  POOL_SIZE, RECORD, UNITS_AT, UP, WIDTH, X_AT
};
import package::activation::{curvature, slope};
import package::forward_adjoint::slopes;
import package::looks::{Cells, cell_at};
import package::memory::{
  activity, activity4, add_adjoint, adjoint, four, lane, set_activities, set_activity
};
import package::samples::Samples;
import package::team::team_barrier;

// Neurons of layer l + 1 that number k of x_{l+1} is made of: where the first is among them, and
// how many there are.
struct Window { first: u32 }
fn window_of(l: u32, k: u32) -> Window {
  let n = FAN_OUT[l];
  let pixel = k / n;
  let row = pixel / POOLED_WIDE[l] * POOL_SIZE[l];
  let column = pixel % POOLED_WIDE[l] * POOL_SIZE[l];
  return Window((row * LOOKS_WIDE[l] + column) * n + k % n);
}
fn neurons_in(l: u32) -> u32 { return POOL_SIZE[l] * POOL_SIZE[l]; }
fn neuron_in(l: u32, window: Window, k: u32) -> u32 {
  return window.first + (k / POOL_SIZE[l] * LOOKS_WIDE[l] + k % POOL_SIZE[l]) * FAN_OUT[l];
}

// Which neuron of a window has all of the number that is made of it, if one has: the first of the
// largest; neurons from `units`. And what neuron k has.
fn winner_of(l: u32, units: u32, window: Window) -> u32 {
  if (!POOLS_MAX[l]) { return 0u; }
  var best = 0u;
  var most = activity(units + window.first);
  for (var k = 1u; k < neurons_in(l); k++) {
    let a = activity(units + neuron_in(l, window, k));
    if (a > most) {
      best = k;
      most = a;
    }
  }
  return best;
}
fn part_of(l: u32, winner: u32, k: u32) -> f32 {
  if (!POOLS_MAX[l]) { return 1.0 / f32(neurons_in(l)); }
  return select(0.0, 1.0, k == winner);
}
fn pooled(l: u32, units: u32, window: Window) -> f32 {
  if (POOLS_MAX[l]) { return activity(units + neuron_in(l, window, winner_of(l, units, window))); }
  var sum = 0.0;
  for (var k = 0u; k < neurons_in(l); k++) { sum += activity(units + neuron_in(l, window, k)); }
  return sum / f32(neurons_in(l));
}

// x_{l+1} of samples, a number a lane.
fn hand_on(l: u32, work: Samples) {
  if (!HANDS_ON[l]) { return; }
  let width = WIDTH[l + 1u];
  for (var k = lane; k < work.count * width; k += LANES) {
    let sample = work.first + k / width * work.stride;
    let x = pooled(l, sample + UNITS_AT[l], window_of(l, k % width));
    set_activity(sample + X_AT[l + 1u] + cell_at(l + 1u, k % width), x);
  }
  team_barrier();
}

// Its adjoint: adds to d of the neurons. All lanes meet before it, because their numbers change.
fn hand_back(l: u32, work: Samples) {
  team_barrier();
  if (!HANDS_ON[l]) { return; }
  let width = WIDTH[l + 1u];
  for (var k = lane; k < work.count * width; k += LANES) {
    let sample = k / width * work.stride;
    let units = sample + UNITS_AT[l];
    let window = window_of(l, k % width);
    let winner = winner_of(l, work.first + units, window);
    let d_x = adjoint(sample + X_AT[l + 1u] + cell_at(l + 1u, k % width));
    for (var u = 0u; u < neurons_in(l); u++) {
      let d = part_of(l, winner, u) * d_x;
      add_adjoint(units + neuron_in(l, window, u), d);
    }
  }
  team_barrier();
}

// e_0 from what came down to cells of x_0, in a sample; of neurons see below.
fn tell_errors(l: u32, record: u32, cells: Cells, up: vec4f) {
  if (l > 0u) { return; }
  let x = activity4(record + X_AT[0] + four(cells.at, cells.end));
  set_activities(record + ERROR + ERROR_AT[0], cells.at, cells.end, up * slopes(x));
}

// e_l of neurons, from what came down to x_l. The error of a neuron that is in no window is 0,
// because buffers begin at 0 and nobody writes it.
fn tell_neurons(l: u32, first: u32) {
  if (l == 0u) { return; }
  team_barrier();
  let width = WIDTH[l];
  for (var k = lane; k < BATCH * width; k += LANES) {
    let record = first + k / width * RECORD;
    let units = record + UNITS_AT[l - 1u];
    let window = window_of(l - 1u, k % width);
    let winner = winner_of(l - 1u, units, window);
    let up = activity(record + UP + BELOW_AT[l] + cell_at(l, k % width));
    for (var u = 0u; u < neurons_in(l - 1u); u++) {
      let neuron = neuron_in(l - 1u, window, u);
      let told = part_of(l - 1u, winner, u) * up;
      set_activity(record + ERROR + ERROR_AT[l] + neuron, told * slope(activity(units + neuron)));
    }
  }
}

// d_up of x_l and d of the neurons that were told, from d_e. Who read errors of maps has added to
// d_up.
fn told_adjoint(l: u32, first: u32) {
  let width = WIDTH[l];
  for (var k = lane; k < BATCH * width; k += LANES) {
    let record = k / width * RECORD;
    if (l > 0u) {
      neurons_adjoint(l, first, record, k % width);
    } else {
      input_adjoint(first, record, cell_at(0u, k % width));
    }
  }
}

fn input_adjoint(first: u32, record: u32, cell: u32) {
  let x = activity(first + record + X_AT[0] + cell);
  let d_e = adjoint(record + ERROR + ERROR_AT[0] + cell);
  let up = activity(first + record + UP + BELOW_AT[0] + cell);
  add_adjoint(record + UP + BELOW_AT[0] + cell, d_e * slope(x));
  add_adjoint(record + X_AT[0] + cell, d_e * up * curvature(x));
}

// Of number k of x_l, in a sample.
fn neurons_adjoint(l: u32, first: u32, record: u32, k: u32) {
  let units = record + UNITS_AT[l - 1u];
  let window = window_of(l - 1u, k);
  let up_at = record + UP + BELOW_AT[l] + cell_at(l, k);
  let up = activity(first + up_at);
  let winner = winner_of(l - 1u, first + units, window);
  var d_up = 0.0;
  for (var u = 0u; u < neurons_in(l - 1u); u++) {
    let neuron = neuron_in(l - 1u, window, u);
    let part = part_of(l - 1u, winner, u);
    let a = activity(first + units + neuron);
    let d_e = adjoint(record + ERROR + ERROR_AT[l] + neuron);
    d_up += part * d_e * slope(a);
    add_adjoint(units + neuron, part * d_e * up * curvature(a));
  }
  add_adjoint(up_at, d_up);
}
