// Direct rectified feedback: what is each neuron told to be? (Lindsey & Litwin-Kumar 2020, §1.1)
//   s = y − a or y, a the answer;   f_l = φ_f(B_l s + c_l);   post_l = β_l f_l + (1 − β_l) x_l.
// A layer without feedback is told its own activity, a clamped output layer is told the target; a frozen layer need not be told.
import package::shape::{ANSWER, BATCH, BETA_AT, B_AT, C_AT, DEPTH, LANES, LEFT, NEURON_AT, OUTPUTS, RECORD, TOLD, TOLD_ACTIVITY, TOLD_MIXED, TOLD_NOTHING, TOLD_TARGET, WIDTH, X_AT};
import package::memory::{activity, add_adjoint, add_gradient, adjoint, lane, parameter, set_activity, set_adjoint, speaks, wanted};
import package::feedback_activation::{activate as activate_feedback, slope as slope_of_feedback};
import package::signal::{SIGNAL_SLOPE, signal};
import package::team::{team_barrier, team_sum};

// s_o of a sample: `record` is where it begins, `target_` where its targets do.
fn signal_of(record: u32, target_: u32, o: u32) -> f32 {
  return signal(wanted(target_ + o), activity(record + ANSWER + o));
}

// f_i of layer l + 1.
fn feedback_of(l: u32, i: u32, record: u32, target_: u32) -> f32 {
  var u = parameter(C_AT[l] + i);
  for (var o = 0u; o < OUTPUTS; o++) { u += parameter(B_AT[l] + i * OUTPUTS + o) * signal_of(record, target_, o); }
  return activate_feedback(u);
}

// post of every layer for the batch of an inner step: records from `first`, samples from `sample`.
fn feedback(first: u32, sample: u32, slot: u32, t: u32) {
  for (var l = 0u; l < DEPTH; l++) {
    if (TOLD[l] == TOLD_NOTHING) { continue; }
    let n = WIDTH[l + 1u];
    for (var k = lane; k < BATCH * n; k += LANES) {
      let i = k % n;
      let b = k / n;
      let record = first + b * RECORD;
      let target_ = (sample + b) * OUTPUTS;
      var post = activity(record + X_AT[l + 1u] + i);
      if (TOLD[l] == TOLD_MIXED) {
        let beta = parameter(BETA_AT[l]);
        post = beta * feedback_of(l, i, record, target_) + (1.0 - beta) * post;
      } else if (TOLD[l] == TOLD_TARGET) {
        post = wanted(target_ + i);
      }
      set_activity(record + LEFT + NEURON_AT[l] + i, post);
    }
  }
  team_barrier();
}

// Its adjoint: given d_post,
//   d_f = β d_post,   d_u = d_f φ_f'(f),   d_B += Σ_b d_u sᵀ,   d_c += Σ_b d_u,   d_s = Bᵀ d_u,
//   d_β += Σ d_post (f − x),   d_x += (1 − β) d_post,   d_a += ds/da d_s.
// Adds to d_x, d_a and to the gradient of B, c and β; d_post becomes d_u.
fn feedback_adjoint(first: u32, sample: u32, slot: u32, t: u32) {
  for (var l = 0u; l < DEPTH; l++) {
    let n = WIDTH[l + 1u];
    let at = LEFT + NEURON_AT[l];
    let x_at = X_AT[l + 1u];

    if (TOLD[l] == TOLD_ACTIVITY) {
      for (var k = lane; k < BATCH * n; k += LANES) {
        let record = k / n * RECORD;
        add_adjoint(record + x_at + k % n, adjoint(record + at + k % n));
      }
    }

    if (TOLD[l] == TOLD_MIXED) {
      let beta = parameter(BETA_AT[l]);
      var d_beta = 0.0;
      for (var k = lane; k < BATCH * n; k += LANES) {
        let i = k % n;
        let b = k / n;
        let d_post = adjoint(b * RECORD + at + i);
        let f = feedback_of(l, i, first + b * RECORD, (sample + b) * OUTPUTS);
        d_beta += d_post * (f - activity(first + b * RECORD + x_at + i));
        add_adjoint(b * RECORD + x_at + i, (1.0 - beta) * d_post);
        set_adjoint(b * RECORD + at + i, beta * d_post * slope_of_feedback(f));
      }
      d_beta = team_sum(d_beta);
      if (speaks()) { add_gradient(BETA_AT[l], d_beta); }
      team_barrier();

      // d_c and d_B, a row a lane.
      for (var i = lane; i < n; i += LANES) {
        var d_c = 0.0;
        for (var b = 0u; b < BATCH; b++) { d_c += adjoint(b * RECORD + at + i); }
        add_gradient(C_AT[l] + i, d_c);
        for (var o = 0u; o < OUTPUTS; o++) {
          var d_b = 0.0;
          for (var b = 0u; b < BATCH; b++) { d_b += adjoint(b * RECORD + at + i) * signal_of(first + b * RECORD, (sample + b) * OUTPUTS, o); }
          add_gradient(B_AT[l] + i * OUTPUTS + o, d_b);
        }
      }

      // d_s into d_a, a sample and output a lane.
      if (SIGNAL_SLOPE != 0.0) {
        for (var k = lane; k < BATCH * OUTPUTS; k += LANES) {
          let o = k % OUTPUTS;
          let b = k / OUTPUTS;
          var d_s = 0.0;
          for (var i = 0u; i < n; i++) { d_s += parameter(B_AT[l] + i * OUTPUTS + o) * adjoint(b * RECORD + at + i); }
          add_adjoint(b * RECORD + ANSWER + o, SIGNAL_SLOPE * d_s);
        }
      }
    }
  }
  team_barrier();
}
