// Errors: what is each neuron told to have done wrong? The error of the answer comes down a path of
// the system's choice (Shervani-Tabar & Rosenbaum 2023, §2.1):
//   e_L = error(a, y),   up_{l−1} = M_l e_l (direct: M_l e_L),   e_{l−1} = up_{l−1} ⊙ φ'(x_{l−1}),
// for every layer l that carries on its error. feedbacks/ says what M_l is, losses/ what the error.
import package::shape::{
  ANSWER, BATCH, BELOW_AT, CARRIES, DEPTH, ERROR, LANES, OUTPUTS, RECORD, UP, WIDTH, X_AT
};
import package::memory::{
  activity, activity4, add_adjoint, add_adjoints, adjoint, four, fours, lane, present,
  set_activities, set_activity, set_adjoint
};
import package::activation::{curvature, slope};
import package::forward_adjoint::slopes;
import package::loss::{error_of, error_slope};
import package::path::{CARRY_LEARNS, FROM_OUTPUT, carry, carry_adjoint, path_to};
import package::team::team_barrier;

// Layer whose error M_{l+1} carries.
fn source_of(l: u32) -> u32 { return select(l + 1u, DEPTH, FROM_OUTPUT); }

// Errors and what came up to each layer, for the batch of inner step t: records from `first`,
// samples from `sample`, weights of `slot`.
fn feedback(first: u32, sample: u32, slot: u32, t: u32) {
  let e_at = ERROR + BELOW_AT[DEPTH];
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

// up_l and e_l of the neurons below layer l + 1, a sample and four neurons a lane.
fn carry_down(l: u32, first: u32, slot: u32, t: u32) {
  let n = WIDTH[l];
  let source = source_of(l);
  let width = WIDTH[source];
  let blocks = fours(n);
  for (var k = lane; k < BATCH * blocks; k += LANES) {
    let j = k % blocks * 4u;
    let record = first + k / blocks * RECORD;
    let error = record + ERROR + BELOW_AT[source];
    let rows = four(j, n);
    let path0 = path_to(l, rows.x, slot, t);
    let path1 = path_to(l, rows.y, slot, t);
    let path2 = path_to(l, rows.z, slot, t);
    let path3 = path_to(l, rows.w, slot, t);
    var up = vec4f();
    for (var i = 0u; i < width; i += 4u) {
      let e = present(i, width) * activity4(error + four(i, width));
      up += e * mat4x4f(carry(path0, i), carry(path1, i), carry(path2, i), carry(path3, i));
    }
    let x = activity4(record + X_AT[l] + rows);
    set_activities(record + UP + BELOW_AT[l], j, n, up);
    set_activities(record + ERROR + BELOW_AT[l], j, n, up * slopes(x));
  }
}

// Its adjoint, from the bottom up: given d_e of every layer,
//   d_up_{l−1} = d_e_{l−1} φ'(x_{l−1}),   d_x_{l−1} += d_e_{l−1} up_{l−1} φ''(x_{l−1}),
//   d_M_l += Σ_b d_up_{l−1} e_lᵀ,   d_e_l += M_lᵀ d_up_{l−1};   d_a += de_L/da d_e_L.
fn feedback_adjoint(first: u32, sample: u32, slot: u32, t: u32) {
  for (var l = 0u; l < DEPTH; l++) {
    if (!CARRIES[l]) { continue; }
    up_adjoint(l, first);
    team_barrier();
    error_adjoint(l, slot, t);
    if (CARRY_LEARNS) { path_adjoint(l, first, slot, t); }
    team_barrier();
  }
  let e_at = ERROR + BELOW_AT[DEPTH];
  for (var k = lane; k < BATCH * OUTPUTS; k += LANES) {
    let record = k / OUTPUTS * RECORD;
    let d_e = adjoint(record + e_at + k % OUTPUTS);
    add_adjoint(record + ANSWER + k % OUTPUTS, error_slope((sample + k / OUTPUTS) * OUTPUTS) * d_e);
  }
  team_barrier();
}

// d_up and d_x of the neurons below layer l + 1.
fn up_adjoint(l: u32, first: u32) {
  let n = WIDTH[l];
  for (var k = lane; k < BATCH * n; k += LANES) {
    let j = k % n;
    let record = k / n * RECORD;
    let x = activity(first + record + X_AT[l] + j);
    let up_at = record + UP + BELOW_AT[l] + j;
    let d_e = adjoint(record + ERROR + BELOW_AT[l] + j);
    set_adjoint(up_at, d_e * slope(x));
    add_adjoint(record + X_AT[l] + j, d_e * activity(first + up_at) * curvature(x));
  }
}

// d_e of the errors that M of layer l + 1 carries.
fn error_adjoint(l: u32, slot: u32, t: u32) {
  let n = WIDTH[l];
  let source = source_of(l);
  let width = WIDTH[source];
  let blocks = fours(width);
  for (var k = lane; k < BATCH * blocks; k += LANES) {
    let i = k % blocks * 4u;
    let record = k / blocks * RECORD;
    let d_up = record + UP + BELOW_AT[l];
    var d_e = vec4f();
    for (var j = 0u; j < n; j++) { d_e += carry(path_to(l, j, slot, t), i) * adjoint(d_up + j); }
    add_adjoints(record + ERROR + BELOW_AT[source], i, width, d_e);
  }
}

// d_M of layer l + 1, four columns a lane.
fn path_adjoint(l: u32, first: u32, slot: u32, t: u32) {
  let n = WIDTH[l];
  let source = source_of(l);
  let width = WIDTH[source];
  let d_up = UP + BELOW_AT[l];
  for (var k = 4u * lane; k < width; k += 4u * LANES) {
    let error = first + ERROR + BELOW_AT[source] + four(k, width);
    let there = present(k, width);
    let error0 = there * activity4(error);
    for (var j = 0u; j < n; j++) {
      var d_m = adjoint(d_up + j) * error0;
      for (var b = 1u; b < BATCH; b++) {
        d_m += adjoint(d_up + b * RECORD + j) * there * activity4(error + b * RECORD);
      }
      carry_adjoint(l, j, k, slot, t, d_m);
    }
  }
}
