// Adjoint of plasticity.wgsl. With g = d_W_{t+1} (kept in the gradient of the initial weights) and d_u = a g, or what updates/ makes of it:
//   d_rate_ij += ± m g_ij u_ij,   d_W_t = g − κ d_u,   d_left_pi = SHARE Σ_j d_u_ij right_pj,   d_right_pj = SHARE Σ_i d_u_ij left_pi,   d_κ_i = −Σ_j d_u_ij W_ij.
// Kolen-Pollack's rule, which adds the transpose of the update to B, has a part in d_u and d_rate: g_b.
import package::shape::{BATCH, BELOW, DEPTH, FAST_AT, FAST_STEP, INPUT_GRADIENT, LANES, NEURONS, PLASTIC, RANK, RECORD, RIGHTS_ARE_OWN, SECOND_ORDER, SHARE, WEIGHT_AT, WIDTH};
import package::memory::{activity, gradient, lane, set_adjoint, set_gradient};
import package::feedback_rule::tied_gradient;
import package::noise::{noise_of_weight, noise_row};
import package::plasticity::{PRODUCTS, hebb_of, left_at, left_step, right_at, right_step, sign_and_multiplier};
import package::rate::{rate, rate_adjoint, rate_adjoint_of_layer, rate_adjoint_of_row, rate_row};
import package::recall::recall;
import package::rule::{kappa, kappa_adjoint, kappa_adjoint_of_layer};
import package::team::team_barrier;
import package::update::{d_hebb, d_rate, d_update, momentum_adjoint_of_layer, velocity_adjoint, velocity_of};

// Clears the adjoint of the batch's records.
fn clear() {
  for (var k = lane; k < BATCH * RECORD; k += LANES) { set_adjoint(k, 0.0); }
  team_barrier();
}

// Inner step t, records from `first`; W_t is recalled from `slot`. Sets d_left and d_right in the adjoint of the records, adds to the gradient of the rates, and turns g into d_W_t.
fn plasticity_adjoint(first: u32, slot: u32, t: u32) {
  clear();

  // d_right, a sample and input neuron a lane: first, because it needs g whole. That of the inputs only if an encoder or the rule's own factors ask for it.
  for (var l = 0u; l < DEPTH; l++) {
    if (!PLASTIC[l] || !((SECOND_ORDER && (l > 0u || INPUT_GRADIENT)) || RIGHTS_ARE_OWN)) { continue; }
    let pre = WIDTH[l];
    let n = WIDTH[l + 1u];
    let m = sign_and_multiplier(l);
    for (var k = lane; k < BATCH * pre; k += LANES) {
      let j = k % pre;
      let left = first + left_at(l) + k / pre * RECORD;
      let right = right_at(l) + k / pre * RECORD + j;
      let column = WEIGHT_AT[l] + j;
      var d_right0 = 0.0;
      var d_right = array<f32, RANK>();
      for (var i = 0u; i < n; i++) {
        let at = column + i * pre;
        let a = m * rate(rate_row(l, i), j);
        let g_b = tied_gradient(l, i, j);
        let d = d_hebb(d_update(at, a, gradient(at), g_b), a, g_b);
        d_right0 += d * activity(left + i);
        for (var r = 1u; r < RANK; r++) { d_right[r] += d * activity(left + r * NEURONS + i); }
      }
      set_adjoint(right, SHARE * d_right0);
      for (var r = 1u; r < RANK; r++) { set_adjoint(right + r * BELOW, SHARE * d_right[r]); }
    }
  }
  team_barrier();

  // The rest, a row a lane.
  for (var l = 0u; l < DEPTH; l++) {
    if (!PLASTIC[l]) { continue; }
    let pre = WIDTH[l];
    let m = sign_and_multiplier(l);
    let right = first + right_at(l);
    var d_rate_layer = 0.0;
    var d_kappa_layer = 0.0;
    var d_momentum_layer = 0.0;
    for (var i = lane; i < WIDTH[l + 1u]; i += LANES) {
      let decay = kappa(l, i, first);
      let left = first + left_at(l) + i;
      let left0 = activity(left);
      let rates = rate_row(l, i);
      let noises = noise_row(l, i * pre, t);
      let row = WEIGHT_AT[l] + i * pre;
      let w_row = FAST_AT[l] + slot * FAST_STEP[l] + i * pre;
      var d_kappa = 0.0;
      var d_rate_row = 0.0;
      var d_left0 = 0.0;
      var d_left = array<f32, PRODUCTS>();    // said aloud: SwiftShader (Chromium 147) does not zero a plain `var` of a loop anew
      for (var j = 0u; j < pre; j++) {
        let a = m * rate(rates, j);
        let right0 = activity(right + j);
        let hebb = hebb_of(left, right + j, left0, right0);
        let w = recall(w_row + j, a, hebb, decay, noise_of_weight(noises + j));
        let g = gradient(row + j);
        let g_b = tied_gradient(l, i, j);
        let d_u = d_update(row + j, a, g, g_b);
        d_rate_row += rate_adjoint(rates, j, m * d_rate(g, g_b, hebb, velocity_of(w_row + j, hebb - decay * w)));
        d_momentum_layer += velocity_adjoint(row + j, w_row + j, d_u);
        d_kappa -= d_u * w;
        let d = d_hebb(d_u, a, g_b);
        d_left0 += d * right0;
        for (var p = 1u; p < PRODUCTS; p++) { d_left[p] += d * activity(right + right_step(p) + j); }
        set_gradient(row + j, g - decay * d_u);
      }
      set_adjoint(left_at(l) + i, SHARE * d_left0);
      for (var p = 1u; p < PRODUCTS; p++) { set_adjoint(left_at(l) + left_step(p) + i, SHARE * d_left[p]); }
      kappa_adjoint(l, i, first, d_kappa);
      d_kappa_layer += d_kappa;
      d_rate_layer += rate_adjoint_of_row(rates, d_rate_row);
    }
    rate_adjoint_of_layer(l, d_rate_layer);
    kappa_adjoint_of_layer(l, d_kappa_layer);
    momentum_adjoint_of_layer(d_momentum_layer);
  }
  team_barrier();
}
