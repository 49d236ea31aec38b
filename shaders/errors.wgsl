// Errors: what is each neuron told to have done wrong? The error of the answer comes down a path of
// the system's choice (Shervani-Tabar & Rosenbaum 2023, §2.1):
//   e_L = error(a, y),   up_{l−1} = M_l e_l (direct: M_l e_L),   e_{l−1} = up_{l−1} ⊙ φ'(x_{l−1}),
// for every layer l that carries on its error. feedbacks/ says what M_l is, losses/ what the error.
import package::shape::{
  ANSWER, BATCH, BELOW_AT, CARRIES, DEPTH, ERROR, LANES, OUTPUTS, RECORD, UP, WIDTH, X_AT
};
import package::memory::{
  activity, activity4, add_adjoint, add_adjoints, adjoint, four, lane, present, set_activity,
  set_adjoint
};
import package::activation::{curvature, slope};
import package::loss::{error_of, error_slope};
import package::path::{CARRY_LEARNS, FROM_OUTPUT, carry, carry_adjoint, path_to};
import package::team::team_barrier;

// Layer whose error M_{l+1} carries.
fn source_of(l: u32) -> u32 { return select(l + 1u, DEPTH, FROM_OUTPUT); }

// Errors and what came up to each layer, for the batch of inner step t: records from `first`,
// samples from `sample`, weights of `slot`.
fn feedback(first: u32, sample: u32, slot: u32, t: u32) {
  for (var k = lane; k < BATCH * OUTPUTS; k += LANES) {
    let o = k % OUTPUTS;
    let b = k / OUTPUTS;
    let record = first + b * RECORD;
    set_activity(
      record + ERROR + BELOW_AT[DEPTH] + o,
      error_of(activity(record + ANSWER + o), (sample + b) * OUTPUTS, o));
  }
  team_barrier();
  for (var l = DEPTH; l > 0u; l--) {
    if (!CARRIES[l - 1u]) { continue; }
    let n = WIDTH[l - 1u];
    let source = source_of(l - 1u);
    let width = WIDTH[source];
    let blocks = (n + 3u) / 4u;
    for (var k = lane; k < BATCH * blocks; k += LANES) {
      let j = k % blocks * 4u;
      let record = first + k / blocks * RECORD;
      let error = record + ERROR + BELOW_AT[source];
      let rows = four(j, n);
      let path0 = path_to(l - 1u, rows.x, slot, t);
      let path1 = path_to(l - 1u, rows.y, slot, t);
      let path2 = path_to(l - 1u, rows.z, slot, t);
      let path3 = path_to(l - 1u, rows.w, slot, t);
      var up = vec4f();
      for (var i = 0u; i < width; i += 4u) {
        up += (present(i, width) * activity4(error + four(i, width))) * mat4x4f(
          carry(path0, i), carry(path1, i), carry(path2, i), carry(path3, i));
      }
      for (var r = 0u; r < min(4u, n - j); r++) {
        set_activity(record + UP + BELOW_AT[l - 1u] + j + r, up[r]);
        set_activity(
          record + ERROR + BELOW_AT[l - 1u] + j + r,
          up[r] * slope(activity(record + X_AT[l - 1u] + j + r)));
      }
    }
    team_barrier();
  }
}

// Its adjoint, from the bottom up: given d_e of every layer,
//   d_up_{l−1} = d_e_{l−1} φ'(x_{l−1}),   d_x_{l−1} += d_e_{l−1} up_{l−1} φ''(x_{l−1}),   d_M_l +=
//   Σ_b d_up_{l−1} e_lᵀ,   d_e_l += M_lᵀ d_up_{l−1};   d_a += de_L/da d_e_L.
fn feedback_adjoint(first: u32, sample: u32, slot: u32, t: u32) {
  for (var l = 0u; l < DEPTH; l++) {
    if (!CARRIES[l]) { continue; }
    let n = WIDTH[l];
    for (var k = lane; k < BATCH * n; k += LANES) {
      let j = k % n;
      let record = k / n * RECORD;
      let x = activity(first + record + X_AT[l] + j);
      let d_e = adjoint(record + ERROR + BELOW_AT[l] + j);
      set_adjoint(record + UP + BELOW_AT[l] + j, d_e * slope(x));
      add_adjoint(
        record + X_AT[l] + j, d_e * activity(first + record + UP + BELOW_AT[l] + j) * curvature(x));
    }
    team_barrier();
    let source = source_of(l);
    let width = WIDTH[source];
    let blocks = (width + 3u) / 4u;
    for (var k = lane; k < BATCH * blocks; k += LANES) {
      let i = k % blocks * 4u;
      let record = k / blocks * RECORD;
      let d_up = record + UP + BELOW_AT[l];
      var d_e = vec4f();
      for (var j = 0u; j < n; j++) { d_e += carry(path_to(l, j, slot, t), i) * adjoint(d_up + j); }
      add_adjoints(record + ERROR + BELOW_AT[source], i, width, d_e);
    }
    for (var k = 4u * lane; CARRY_LEARNS && k < width; k += 4u * LANES) {
      let error = first + ERROR + BELOW_AT[source] + four(k, width);
      let there = present(k, width);
      let error0 = there * activity4(error);
      let d_up = UP + BELOW_AT[l];
      for (var j = 0u; j < n; j++) {
        var d_m = adjoint(d_up + j) * error0;
        for (var b = 1u; b < BATCH; b++) {
          d_m += adjoint(d_up + b * RECORD + j) * there * activity4(error + b * RECORD);
        }
        carry_adjoint(l, j, k, slot, t, d_m);
      }
    }
    team_barrier();
  }
  for (var k = lane; k < BATCH * OUTPUTS; k += LANES) {
    let record = k / OUTPUTS * RECORD;
    let slope_of_error = error_slope((sample + k / OUTPUTS) * OUTPUTS);
    add_adjoint(
      record + ANSWER + k % OUTPUTS,
      slope_of_error * adjoint(record + ERROR + BELOW_AT[DEPTH] + k % OUTPUTS));
  }
  team_barrier();
}
