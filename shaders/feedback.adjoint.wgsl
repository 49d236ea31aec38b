// Adjoint of feedback.wgsl: given d_post (scratch D_POST, (BATCH, NEURONS)),
//   d_f = β d_post,   d_u = d_f φ_f'(f),   d_B += Σ_b d_u sᵀ,   d_c += Σ_b d_u,   d_s = Bᵀ d_u,
//   d_β += Σ d_post (f − x),   d_x += (1 − β) d_post,   d_x_L += ds/dx_L d_s.
import package::shape::{BATCH, BETA_AT, B_AT, C_AT, DEPTH, D_POST, D_X, LANES, NEURONS, OUTPUTS, ROW, TOLD, TOLD_ACTIVITY, TOLD_MIXED, WIDTH, X_AT};
import package::memory::{activity, gradient, lane, parameters, scratch, set_gradient, set_scratch, speaks};
import package::feedback::{feedback_of, signal_of};
import package::feedback_activation::slope as slope_of_feedback;
import package::signal::SIGNAL_SLOPE;
import package::team::{team_barrier, team_sum};

// Rows and samples as in `feedback`; forward_adjoint's first barrier follows. Adds to d_x (scratch D_X) and to the gradient of B, c and β; d_post becomes d_u.
fn feedback_adjoint(first: u32, sample: u32) {
  for (var l = 0u; l < DEPTH; l++) {
    let n = WIDTH[l + 1u];
    let at = D_POST + X_AT[l + 1u] - X_AT[1];
    let x_at = X_AT[l + 1u];

    if (TOLD[l] == TOLD_ACTIVITY) {
      for (var k = lane; k < BATCH * n; k += LANES) {
        let d_x = D_X + k / n * ROW + x_at + k % n;
        set_scratch(d_x, scratch(d_x) + scratch(at + k / n * NEURONS + k % n));
      }
    }

    if (TOLD[l] == TOLD_MIXED) {
      let beta = parameters[BETA_AT[l]];
      var d_beta = 0.0;
      for (var k = lane; k < BATCH * n; k += LANES) {
        let i = k % n;
        let b = k / n;
        let row = (first + b) * ROW;
        let d_post = scratch(at + b * NEURONS + i);
        let f = feedback_of(l, i, row, (sample + b) * OUTPUTS);
        d_beta += d_post * (f - activity(row + x_at + i));
        let d_x = D_X + b * ROW + x_at + i;
        set_scratch(d_x, scratch(d_x) + (1.0 - beta) * d_post);
        set_scratch(at + b * NEURONS + i, beta * d_post * slope_of_feedback(f));
      }
      d_beta = team_sum(d_beta);
      if (speaks()) { set_gradient(BETA_AT[l], gradient(BETA_AT[l]) + d_beta); }
      team_barrier();

      // d_c and d_B, a row a lane.
      for (var i = lane; i < n; i += LANES) {
        var d_c = 0.0;
        for (var b = 0u; b < BATCH; b++) { d_c += scratch(at + b * NEURONS + i); }
        set_gradient(C_AT[l] + i, gradient(C_AT[l] + i) + d_c);
        for (var o = 0u; o < OUTPUTS; o++) {
          var d_b = 0.0;
          for (var b = 0u; b < BATCH; b++) {
            d_b += scratch(at + b * NEURONS + i) * signal_of((first + b) * ROW, (sample + b) * OUTPUTS, o);
          }
          let k = B_AT[l] + i * OUTPUTS + o;
          set_gradient(k, gradient(k) + d_b);
        }
      }

      // d_s into d_x_L, a sample and output a lane.
      if (SIGNAL_SLOPE != 0.0) {
        for (var k = lane; k < BATCH * OUTPUTS; k += LANES) {
          let o = k % OUTPUTS;
          let b = k / OUTPUTS;
          var d_s = 0.0;
          for (var i = 0u; i < n; i++) { d_s += parameters[B_AT[l] + i * OUTPUTS + o] * scratch(at + b * NEURONS + i); }
          let d_x = D_X + b * ROW + X_AT[DEPTH] + o;
          set_scratch(d_x, scratch(d_x) + SIGNAL_SLOPE * d_s);
        }
      }
    }
  }
}
