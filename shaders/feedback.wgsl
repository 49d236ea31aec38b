// Feedback: what is each neuron told? (Lindsey & Litwin-Kumar 2020, §1.1)
//   s = y − x_L or y;   f_l = φ_f(B_l s + c_l);   post_l = β_l f_l + (1 − β_l) x_l.
// A layer without feedback is told its own activity, a clamped output layer is told the target; a frozen layer need not be told.
import package::shape::{BATCH, BETA_AT, C_AT, DEPTH, B_AT, LANES, NEURONS, OUTPUTS, POST, ROW, TOLD, TOLD_MIXED, TOLD_NOTHING, TOLD_TARGET, WIDTH, X_AT};
import package::memory::{activity, lane, parameters, set_scratch, wanted};
import package::feedback_activation::activate as activate_feedback;
import package::signal::signal;
import package::team::team_barrier;

// s_o of a sample: `row` is the start of its activities, `target_` of its targets.
fn signal_of(row: u32, target_: u32, o: u32) -> f32 {
  return signal(wanted(target_ + o), activity(row + X_AT[DEPTH] + o));
}

// f_i of layer l + 1.
fn feedback_of(l: u32, i: u32, row: u32, target_: u32) -> f32 {
  var u = parameters[C_AT[l] + i];
  for (var o = 0u; o < OUTPUTS; o++) { u += parameters[B_AT[l] + i * OUTPUTS + o] * signal_of(row, target_, o); }
  return activate_feedback(u);
}

// post of every layer for the batch of one inner step: rows from `first`, samples from `sample`. Writes scratch POST (BATCH, NEURONS).
fn feedback(first: u32, sample: u32) {
  for (var l = 0u; l < DEPTH; l++) {
    if (TOLD[l] == TOLD_NOTHING) { continue; }
    let n = WIDTH[l + 1u];
    for (var k = lane; k < BATCH * n; k += LANES) {
      let i = k % n;
      let b = k / n;
      let row = (first + b) * ROW;
      let target_ = (sample + b) * OUTPUTS;
      var post = activity(row + X_AT[l + 1u] + i);
      if (TOLD[l] == TOLD_MIXED) {
        let beta = parameters[BETA_AT[l]];
        post = beta * feedback_of(l, i, row, target_) + (1.0 - beta) * post;
      } else if (TOLD[l] == TOLD_TARGET) {
        post = wanted(target_ + i);
      }
      set_scratch(POST + b * NEURONS + X_AT[l + 1u] - X_AT[1] + i, post);
    }
  }
  team_barrier();
}
