// Metrics: what does the network look like from inside at a moment? One dispatch after the pass of
// the episode that asks its last query there.
//   ∠(M_l, W_lᵀ), ‖W_l‖, ‖B_l‖ (Kunin et al. 2020);
//   E_l = Σ_q ‖z_l − W_l W_lᵀ φ(z_l)‖²,   ∠(ē_l, ē_l of backprop), ‖ē_l‖,
//     ē_l the mean over the queries (Shervani-Tabar & Rosenbaum 2023, Eqs. 11–12, §2.3);
//   ∠(W_l − W_l of the moment before, −∇ of the query loss there).
// src/gpu/metrics.ts makes angles of what is reported: ‖â − b̂‖² and ‖â + b̂‖² of the unit vectors.
import package::shape::{
  BATCH, CARRIES, DEPTH, FAN_IN, FAN_OUT, FAST_AT, REPORTED_COLUMNS, REPORTED_ROWS, IS_DENSE,
  LANES, NEURONS, NEURON_AT, OUTCOME_METRICS, OUTPUTS, PLASTIC, PLASTIC_SIZE, QUADS, QUERIES,
  QUERY_AT, REPORT_ERROR_ANGLE, REPORT_ERROR_NORM, REPORT_FEEDBACK_NORM, REPORT_ORTHONORMALITY,
  REPORT_SIZE, REPORT_UPDATE_ANGLE, REPORT_WEIGHT_ANGLE, REPORT_WEIGHT_NORM, ROW, STEPS, UNITS,
  UNITS_AT, WIDEST_BELOW, WIDTH, WORKGROUP, X_AT
};
import package::memory::{
  activity, adjoint, adjoint4, four, lane, pass_, present, set_adjoint, set_outcome,
  speaks, synapse, take_place, weight, weight_quad, weight_rows
};
import package::activation::{activate, slope};
import package::bias::biases_of;
import package::handing::{neuron_in, neurons_in, part_of, window_of, winner_of};
import package::looks::{
  Cells, cell_of, looks, neurons_from, reach, seen_from, sight_of, sights
};
import package::loss::{answer_of, error_of};
import package::origin::{feedback_row, feedback_weights};
import package::path::{FROM_OUTPUT, carry, path_to};
import package::team::{team_barrier, team_sum};
import package::ways::{errors_from, errors_of, source_of, way_of, ways};

// A task's scratch, where a pass forward has no adjoint: errors of all neurons for every query
// (QUERIES, NEURONS), the same by backprop, W_lᵀ φ(z_l) of one layer (QUERIES, WIDEST_BELOW), then
// for every plastic synapse its weight and its gradient at the moment before.
const BY_BACKPROP = QUERIES * NEURONS;
const RECALLED = QUERIES * NEURONS * 2u;
const WEIGHT_BEFORE = QUERIES * (NEURONS * 2u + WIDEST_BELOW);
const GRADIENT_BEFORE = QUERIES * (NEURONS * 2u + WIDEST_BELOW) + PLASTIC_SIZE;

fn kept(k: u32) -> f32 { return adjoint(k); }
fn kept4(k: vec4u) -> vec4f { return adjoint4(k); }
fn keep(k: u32, value: f32) { set_adjoint(k, value); }

fn report(at: u32, value: f32) { if (speaks()) { set_outcome(OUTCOME_METRICS + at, value); } }

// One over the length of a vector of which this lane knows the squares of its part; 0 if it has
// none.
fn unit(squares: f32) -> f32 {
  let square = team_sum(squares);
  return select(0.0, inverseSqrt(square), square > 0.0);
}

// Reports an angle from this lane's part of ‖â − b̂‖² and ‖â + b̂‖²: 0 and 0 if there is none.
fn report_angle(at: u32, unit_a: f32, unit_b: f32, difference: f32, sum: f32) {
  let all_difference = team_sum(difference);
  let all_sum = team_sum(sum);
  let exists = unit_a > 0.0 && unit_b > 0.0;
  report(at, select(0.0, all_difference, exists));
  report(at + 1u, select(0.0, all_sum, exists));
}

// Errors of every query, along the system's path and by backprop.
fn find_errors(first: u32, t: u32) {
  for (var k = lane; k < QUERIES * OUTPUTS; k += LANES) {
    let o = k % OUTPUTS;
    let q = k / OUTPUTS;
    let e = error_of(answer_of(first + q * ROW + X_AT[DEPTH], o), (STEPS * BATCH + q) * OUTPUTS, o);
    let at = q * NEURONS + NEURON_AT[DEPTH - 1u] + o;
    keep(at, e);
    keep(BY_BACKPROP + at, e);
  }
  team_barrier();
  for (var l = DEPTH - 1u; l > 0u; l--) {
    for (var k = lane; k < QUERIES * WIDTH[l]; k += LANES) {
      find_errors_of(l, k % WIDTH[l], k / WIDTH[l], first, t);
    }
    team_barrier();
  }
}

// Of the neurons that number k of x_l is made of, in query q.
fn find_errors_of(l: u32, k: u32, q: u32, first: u32, t: u32) {
  let cell = cell_of(l, k);
  let row = q * NEURONS;
  let up = come_down(l, row, cell, t);
  let back = come_back(l, BY_BACKPROP + row, cell);
  let units = first + q * ROW + UNITS_AT[l - 1u];
  let window = window_of(l - 1u, k);
  let winner = winner_of(l - 1u, units, window);
  for (var u = 0u; u < neurons_in(l - 1u); u++) {
    let neuron = neuron_in(l - 1u, window, u);
    let gain = part_of(l - 1u, winner, u) * slope(activity(units + neuron));
    let at = row + NEURON_AT[l - 1u] + neuron;
    keep(at, up * gain);
    keep(BY_BACKPROP + at, back * gain);
  }
}

// What comes down to a number of x_l from the errors that lie from `row`, by the system's path.
fn come_down(l: u32, row: u32, cell: Cells, t: u32) -> f32 {
  if (!CARRIES[l]) { return 0.0; }
  let width = errors_of(l);
  var up = 0.0;
  for (var s = 0u; s < ways(l); s++) {
    let way = way_of(l, cell, s);
    if (!way.there) { continue; }
    let path = path_to(l, way.column, 0u, t);
    let told = row + NEURON_AT[source_of(l) - 1u] + errors_from(l, way.look, 0u);
    for (var i = 0u; i < width; i += 4u) {
      up += dot(carry(path, i), present(i, width) * kept4(told + four(i, width)));
    }
  }
  return up;
}

// And by the weights.
fn come_back(l: u32, row: u32, cell: Cells) -> f32 {
  let n = FAN_OUT[l];
  var back = 0.0;
  for (var s = 0u; s < sights(l); s++) {
    let sight = sight_of(l, cell, s);
    if (!sight.there) { continue; }
    let known = row + NEURON_AT[l] + neurons_from(l, sight.look, 0u);
    for (var i = 0u; i < n; i++) {
      back += weight(FAST_AT[l] + synapse(QUADS[l], i, sight.column)) * kept(known + i);
    }
  }
  return back;
}

// ē of a neuron whose errors lie from `at`.
fn mean_error(at: u32) -> f32 {
  var sum = 0.0;
  for (var q = 0u; q < QUERIES; q++) { sum += kept(at + q * NEURONS); }
  return sum / f32(QUERIES);
}

fn compare_errors(l: u32, at: u32) {
  let n = UNITS[l];
  let e = NEURON_AT[l];
  var a = 0.0;
  var b = 0.0;
  for (var i = lane; i < n; i += LANES) {
    let own = mean_error(e + i);
    let known = mean_error(BY_BACKPROP + e + i);
    a += own * own;
    b += known * known;
  }
  report(at + REPORT_ERROR_NORM, team_sum(a));
  let unit_a = unit(a);
  let unit_b = unit(b);
  a = 0.0;
  b = 0.0;
  for (var i = lane; i < n; i += LANES) {
    let own = unit_a * mean_error(e + i);
    let known = unit_b * mean_error(BY_BACKPROP + e + i);
    a += (own - known) * (own - known);
    b += (own + known) * (own + known);
  }
  report_angle(at + REPORT_ERROR_ANGLE, unit_a, unit_b, a, b);
}

// M_l against W_lᵀ, a row of M a lane. Where M carries another layer's error the two have nothing
// in common.
fn compare_weights(l: u32, at: u32, t: u32) {
  let pre = FAN_IN[l];
  let post = FAN_OUT[l];
  let quads = QUADS[l];
  let rows = select(0u, pre, CARRIES[l] && (!FROM_OUTPUT || l + 1u == DEPTH));
  var a = 0.0;
  var b = 0.0;
  for (var j = lane; j < rows; j += LANES) {
    let path = path_to(l, j, 0u, t);
    for (var i = 0u; i < post; i += 4u) {
      let m = present(i, post) * carry(path, i);
      let w = present(i, post) * weight_quad(weight_rows(l, 0u, i) + j * quads);
      a += dot(m, m);
      b += dot(w, w);
    }
  }
  let unit_a = unit(a);
  let unit_b = unit(b);
  a = 0.0;
  b = 0.0;
  for (var j = lane; j < rows; j += LANES) {
    let path = path_to(l, j, 0u, t);
    for (var i = 0u; i < post; i += 4u) {
      let m = present(i, post) * unit_a * carry(path, i);
      let w = present(i, post) * unit_b * weight_quad(weight_rows(l, 0u, i) + j * quads);
      a += dot(m - w, m - w);
      b += dot(m + w, m + w);
    }
  }
  report_angle(at + REPORT_WEIGHT_ANGLE, unit_a, unit_b, a, b);

  a = 0.0;
  for (var k = lane; k < pre * post; k += LANES) {
    let w = weight(FAST_AT[l] + synapse(quads, k / pre, k % pre));
    a += w * w;
  }
  report(at + REPORT_WEIGHT_NORM, team_sum(a));
  b = 0.0;
  let columns = REPORTED_COLUMNS[l];
  for (var j = lane; j < REPORTED_ROWS[l]; j += LANES) {
    let row = feedback_row(l, 0u, t, j);
    for (var i = 0u; i < columns; i += 4u) {
      let m = present(i, columns) * feedback_weights(l, row, i);
      b += dot(m, m);
    }
  }
  report(at + REPORT_FEEDBACK_NORM, team_sum(b));
}

// E_l of a dense layer, by its second half first, u = W_lᵀ φ(z_l):
//   z_l − W_l u = b_l + W_l (x_{l−1} − u).
fn compare_recalled(l: u32, at: u32, first: u32) {
  if (!IS_DENSE[l]) { return; }
  let pre = WIDTH[l];
  let post = WIDTH[l + 1u];
  let quads = QUADS[l];
  let output = l + 1u == DEPTH;
  let x_at = first + X_AT[l];
  let y_at = first + X_AT[l + 1u];
  for (var k = lane; k < QUERIES * pre; k += LANES) {
    let q = k / pre;
    var u = 0.0;
    for (var i = 0u; i < post; i++) {
      var y = activity(y_at + q * ROW + i);
      if (output) { y = activate(y); }
      u += weight(FAST_AT[l] + synapse(quads, i, k % pre)) * y;
    }
    keep(RECALLED + q * WIDEST_BELOW + k % pre, u);
  }
  team_barrier();
  var sum = 0.0;
  for (var k = lane; k < QUERIES * post; k += LANES) {
    let q = k / post;
    let x = x_at + q * ROW;
    let u = RECALLED + q * WIDEST_BELOW;
    let i = k % post;
    let biases = biases_of(l, 0u, i - i % 4u);
    var r = biases[i % 4u];
    for (var j = 0u; j < pre; j++) {
      r += weight(FAST_AT[l] + synapse(quads, k % post, j)) * (activity(x + j) - kept(u + j));
    }
    sum += r * r;
  }
  report(at + REPORT_ORTHONORMALITY, team_sum(sum));
  team_barrier();
}

// The way gone since the moment before against the way down from there; then this moment's weights
// and gradient are kept, by the lanes that read them.
fn compare_update(l: u32, at: u32, first: u32, later: bool) {
  let pre = FAN_IN[l];
  let quads = QUADS[l];
  let count = select(0u, pre * FAN_OUT[l], PLASTIC[l]);
  let w = FAST_AT[l];
  if (later) {
    var a = 0.0;
    var b = 0.0;
    for (var k = lane; k < count; k += LANES) {
      let change = weight(w + synapse(quads, k / pre, k % pre)) - kept(WEIGHT_BEFORE + w + k);
      let uphill = kept(GRADIENT_BEFORE + w + k);
      a += change * change;
      b += uphill * uphill;
    }
    let unit_a = unit(a);
    let unit_b = unit(b);
    a = 0.0;
    b = 0.0;
    for (var k = lane; k < count; k += LANES) {
      let change =
        unit_a * (weight(w + synapse(quads, k / pre, k % pre)) - kept(WEIGHT_BEFORE + w + k));
      let downhill = -unit_b * kept(GRADIENT_BEFORE + w + k);
      a += (change - downhill) * (change - downhill);
      b += (change + downhill) * (change + downhill);
    }
    report_angle(at + REPORT_UPDATE_ANGLE, unit_a, unit_b, a, b);
  }
  for (var k = lane; k < count; k += LANES) {
    let uphill = uphill_of(l, k / pre, k % pre, first);
    keep(WEIGHT_BEFORE + w + k, weight(w + synapse(quads, k / pre, k % pre)));
    keep(GRADIENT_BEFORE + w + k, uphill);
  }
}

// The gradient of the query loss by W_ij.
fn uphill_of(l: u32, i: u32, j: u32, first: u32) -> f32 {
  let e = BY_BACKPROP + NEURON_AT[l] + i;
  let x = first + X_AT[l] + reach(l, j);
  var sum = 0.0;
  for (var look = 0u; look < looks(l, QUERIES); look++) {
    sum += kept(e + neurons_from(l, look, NEURONS)) * activity(x + seen_from(l, look, ROW));
  }
  return sum;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group_id: vec3u, @builtin(local_invocation_index) invocation: u32) {
  take_place(group_id.x, invocation);
  let t = pass_.last_step;
  let k = pass_.first_moment;
  let first = QUERY_AT + k * QUERIES * ROW;
  find_errors(first, t);
  for (var l = 0u; l < DEPTH; l++) {
    let at = (k * DEPTH + l) * REPORT_SIZE;
    compare_weights(l, at, t);
    compare_errors(l, at);
    compare_recalled(l, at, first);
    compare_update(l, at, first, k > 0u);
  }
}
