// Errors: what is each neuron told to have done wrong? The error of the answer comes down a path of
// the system's choice (Shervani-Tabar & Rosenbaum 2023, §2.1):
//   e_L = error(a, y),   up_{l−1} = M_l e_l (direct: M_l e_L),   e_{l−1} = up_{l−1} ⊙ φ'(x_{l−1}),
// for every layer l that carries on its error. feedbacks/ says what M_l is, losses/ what the error,
// ways.wgsl who sends it where, handings/ what neurons below make of what comes down.
import package::shape::{
  ANSWER, BATCH, BELOW_AT, CARRIES, DEPTH, ERROR, ERROR_AT, LANES, OUTPUTS, RECORD, UP
};
import package::handing::{tell_errors, tell_neurons, told_adjoint};
import package::looks::{Cells, cell_blocks, cells_of};
import package::loss::{error_of, error_slope};
import package::memory::{
  activity, activity4, add_adjoint, add_adjoints, adjoint, four, fours, lane, present,
  set_activities, set_activity
};
import package::path::{CARRY_LEARNS, carry, carry_adjoint, path_to};
import package::team::team_barrier;
import package::ways::{
  errors_from, errors_of, source_of, way_from, way_looks, way_of, way_reach, way_rows, ways
};

// Errors and what came up to each layer, for the batch of inner step t: records from `first`,
// samples from `sample`, weights of `slot`.
fn feedback(first: u32, sample: u32, slot: u32, t: u32) {
  let e_at = ERROR + ERROR_AT[DEPTH];
  for (var k = lane; k < BATCH * OUTPUTS; k += LANES) {
    let o = k % OUTPUTS;
    let record = first + k / OUTPUTS * RECORD;
    let e = error_of(activity(record + ANSWER + o), (sample + k / OUTPUTS) * OUTPUTS, o);
    set_activity(record + e_at + o, e);
  }
  team_barrier();
  for (var l = DEPTH; l > 0u; l--) {
    if (!CARRIES[l - 1u]) { continue; }
    carry_down(l - 1u, first, slot, t);
    team_barrier();
  }
}

// up and errors of x_l, a sample and four numbers a lane.
fn carry_down(l: u32, first: u32, slot: u32, t: u32) {
  let blocks = cell_blocks(l);
  for (var k = lane; k < BATCH * blocks; k += LANES) {
    let cells = cells_of(l, k % blocks);
    let record = first + k / blocks * RECORD;
    let up = come_down(l, record + ERROR + ERROR_AT[source_of(l)], cells, slot, t);
    set_activities(record + UP + BELOW_AT[l], cells.at, cells.end, up);
    tell_errors(l, record, cells, up);
  }
  tell_neurons(l, first);
}

// What comes down to four numbers of x_l from errors of a sample that begin at `errors`.
fn come_down(l: u32, errors: u32, cells: Cells, slot: u32, t: u32) -> vec4f {
  let width = errors_of(l);
  var up = vec4f();
  for (var s = 0u; s < ways(l); s++) {
    let way = way_of(l, cells, s);
    if (!way.there) { continue; }
    let error = errors + errors_from(l, way.look, RECORD);
    let rows = four(way.column, way.column + cells.end - cells.at);
    let path0 = path_to(l, rows.x, slot, t);
    let path1 = path_to(l, rows.y, slot, t);
    let path2 = path_to(l, rows.z, slot, t);
    let path3 = path_to(l, rows.w, slot, t);
    for (var i = 0u; i < width; i += 4u) {
      let e = present(i, width) * activity4(error + four(i, width));
      up += e * mat4x4f(carry(path0, i), carry(path1, i), carry(path2, i), carry(path3, i));
    }
  }
  return up;
}

// Its adjoint, from the bottom up: given d_e of every layer,
//   d_up_{l−1} = d_e_{l−1} φ'(x_{l−1}),   d_x_{l−1} += d_e_{l−1} up_{l−1} φ''(x_{l−1}),
//   d_M_l += Σ_b d_up_{l−1} e_lᵀ,   d_e_l += M_lᵀ d_up_{l−1};   d_a += de_L/da d_e_L.
fn feedback_adjoint(first: u32, sample: u32, slot: u32, t: u32) {
  for (var l = 0u; l < DEPTH; l++) {
    if (!CARRIES[l]) { continue; }
    told_adjoint(l, first);
    team_barrier();
    error_adjoint(l, slot, t);
    if (CARRY_LEARNS) { path_adjoint(l, first, slot, t); }
    team_barrier();
  }
  let e_at = ERROR + ERROR_AT[DEPTH];
  for (var k = lane; k < BATCH * OUTPUTS; k += LANES) {
    let record = k / OUTPUTS * RECORD;
    let d_e = adjoint(record + e_at + k % OUTPUTS);
    add_adjoint(record + ANSWER + k % OUTPUTS, error_slope((sample + k / OUTPUTS) * OUTPUTS) * d_e);
  }
  team_barrier();
}

// d_e of the errors that M of layer l + 1 carries.
fn error_adjoint(l: u32, slot: u32, t: u32) {
  let width = errors_of(l);
  let blocks = fours(width);
  for (var k = lane; k < way_looks(l, BATCH) * blocks; k += LANES) {
    let i = k % blocks * 4u;
    let look = k / blocks;
    let d_up = UP + BELOW_AT[l] + way_from(l, look, RECORD);
    var d_e = vec4f();
    for (var j = 0u; j < way_rows(l); j++) {
      d_e += carry(path_to(l, j, slot, t), i) * adjoint(d_up + way_reach(l, j));
    }
    let error = ERROR + ERROR_AT[source_of(l)] + errors_from(l, look, RECORD);
    add_adjoints(error, i, width, d_e);
  }
}

// d_M of layer l + 1, four columns a lane; lanes that are more share their rows.
fn path_adjoint(l: u32, first: u32, slot: u32, t: u32) {
  let width = errors_of(l);
  let d_up = UP + BELOW_AT[l];
  let errors = first + ERROR + ERROR_AT[source_of(l)];
  let columns = min(LANES, fours(width));
  let sharing = LANES / columns;
  if (lane >= columns * sharing) { return; }
  for (var k = 4u * (lane % columns); k < width; k += 4u * columns) {
    let error = errors + four(k, width);
    let there = present(k, width);
    let error0 = there * activity4(error);
    for (var j = lane / columns; j < way_rows(l); j += sharing) {
      let at = d_up + way_reach(l, j);
      var d_m = adjoint(at) * error0;
      for (var look = 1u; look < way_looks(l, BATCH); look++) {
        d_m += adjoint(at + way_from(l, look, RECORD)) * there *
          activity4(error + errors_from(l, look, RECORD));
      }
      carry_adjoint(l, j, k, slot, t, d_m);
    }
  }
}
