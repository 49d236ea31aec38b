// Adjoint of plasticity.wgsl. With g = d_W_{t+1} (kept in the gradient of the initial weights, with what forward.adjoint.wgsl left waiting) and d_u = a g, or what updates/ makes of it:
//   d_rate_ij += ± m g_ij u_ij,   d_W_t = g − κ d_u,   d_left_pi = SHARE Σ_j d_u_ij right_pj,   d_right_pj = SHARE Σ_i d_u_ij left_pi,   d_κ_i = −Σ_j d_u_ij W_ij.
// Kolen-Pollack's rule, which adds the transpose of the update to B, has a part in d_u and d_rate: g_b.
import package::shape::{BATCH, BELOW, DEPTH, INPUT_GRADIENT, LANES, NEURONS, PLASTIC, QUADS, RANK, RECORD, RIGHTS_ARE_OWN, SECOND_ORDER, SHARE, WIDTH};
import package::memory::{activity, activity4, add_adjoint, four, gradient_quad, gradient_rows, lane, present, set_adjoint, set_adjoints, set_gradient_quad, weight_rows};
import package::feedback_rule::tied_gradient;
import package::forward_adjoint::{pending, pending_at, pending_gradient, pending_inputs};
import package::noise::{noise_of_weight, noise_rows};
import package::plasticity::{PRODUCTS, hebb_of, left_at, left_step, lefts_of, right_at, right_step, rights_of, sign_and_multiplier};
import package::rate::{rate, rate_adjoint, rate_adjoint_of_layer, rate_adjoint_of_rows, rates_of};
import package::recall::recall;
import package::rule::{kappa, kappa_adjoint, kappa_adjoint_of_layer};
import package::team::team_barrier;
import package::update::{d_hebb, d_rate, d_update, momentum_adjoint_of_layer, velocity_adjoint, velocity_of};

// Clears the adjoint of the batch's records.
fn clear() {
  for (var k = lane; k < BATCH * RECORD; k += LANES) { set_adjoint(k, 0.0); }
  team_barrier();
}

// Does anything ask for d_right of layer l + 1? That of the inputs only if an encoder or the rule's own factors do.
fn asks_right(l: u32) -> bool { return PLASTIC[l] && ((SECOND_ORDER && (l > 0u || INPUT_GRADIENT)) || RIGHTS_ARE_OWN); }

// d_W_{t+1} of four synapses of neurons i … i + 3.
fn gradient_of(at: u32, pending_: u32, i: u32, n: u32, d_z0: vec4f, x: u32) -> vec4f {
  if (!SECOND_ORDER) { return gradient_quad(at); }
  return gradient_quad(at) + pending_gradient(pending_, i, n, d_z0, x);
}

// d_right of layer l + 1, a sample and input neuron a lane.
fn find_right(l: u32, first: u32, t: u32) {
  let pre = WIDTH[l];
  let n = WIDTH[l + 1u];
  let quads = QUADS[l];
  let m = sign_and_multiplier(l);
  let gradients = gradient_rows(l, 0u);
  let pending_ = pending_at(l);
  let waiting = pending_inputs(l, t);
  for (var k = lane; k < BATCH * pre; k += LANES) {
    let j = k % pre;
    let left = first + left_at(l) + k / pre * RECORD;
    let right = right_at(l) + k / pre * RECORD + j;
    var d_right0 = 0.0;
    var d_right1 = 0.0;
    var d_right2 = 0.0;
    for (var i = 0u; i < n; i += 4u) {
      let neurons = four(i, n);
      let at = gradients + i / 4u + j * quads;
      let a = m * rate(rates_of(l, i), j * quads);
      let g_b = tied_gradient(l, i, j);
      let g = gradient_of(at, pending_, i, n, pending(pending_, i, n), waiting + j);
      let d = d_hebb(d_update(at, a, g, g_b), a, g_b);
      d_right0 += dot(d, activity4(left + neurons));
      if (RANK > 1u) { d_right1 += dot(d, activity4(left + NEURONS + neurons)); }
      if (RANK > 2u) { d_right2 += dot(d, activity4(left + 2u * NEURONS + neurons)); }
    }
    set_adjoint(right, SHARE * d_right0);
    if (RANK > 1u) { set_adjoint(right + BELOW, SHARE * d_right1); }
    if (RANK > 2u) { set_adjoint(right + 2u * BELOW, SHARE * d_right2); }
  }
}

// Inner step t, records from `first`; W_t is recalled from `slot`. Sets d_left and d_right in the adjoint of the records, adds to the gradient of the rates, and turns g into d_W_t.
fn plasticity_adjoint(first: u32, slot: u32, t: u32) {
  clear();
  // d_right sums over rows: a lane that works alone adds it up on its way through them; lanes that share the rows find it before they change g.
  if (LANES > 1u) {
    for (var l = 0u; l < DEPTH; l++) {
      if (asks_right(l)) { find_right(l, first, t); }
    }
    team_barrier();
  }

  for (var l = 0u; l < DEPTH; l++) {
    if (!PLASTIC[l]) { continue; }
    let pre = WIDTH[l];
    let n = WIDTH[l + 1u];
    let quads = QUADS[l];
    let right = right_at(l);
    let pending_ = pending_at(l);
    let waiting = pending_inputs(l, t);
    let adds_right = LANES == 1u && asks_right(l);
    var d_rate_layer = 0.0;
    var d_kappa_layer = 0.0;
    var d_momentum_layer = 0.0;
    for (var i = 4u * lane; i < n; i += 4u * LANES) {
      let neurons = four(i, n);
      let decay = kappa(l, neurons, first);
      let left = left_at(l) + neurons;
      let lefts = lefts_of(first + left);
      let m = sign_and_multiplier(l) * present(i, n);
      let rates = rates_of(l, i);
      let noises = noise_rows(l, i, t);
      let rows = gradient_rows(l, i);
      let w_rows = weight_rows(l, slot, i);
      let pending0 = pending(pending_, i, n);
      var d_kappa = vec4f();
      var d_rate_rows = vec4f();
      var d_momentum = vec4f();
      var d_left0 = vec4f();
      var d_left1 = vec4f();
      var d_left2 = vec4f();
      var d_left = array<vec4f, PRODUCTS>();    // said aloud: SwiftShader (Chromium 147) does not zero a plain `var` of a loop anew
      for (var j = 0u; j < pre; j++) {
        let column = j * quads;
        let at = rows + column;
        let w_at = w_rows + column;
        let a = m * rate(rates, column);
        let rights = rights_of(first + right + j);
        let hebb = hebb_of(first + left, first + right + j, lefts, rights);
        let w = recall(w_at, a, hebb, decay, noise_of_weight(noises, j));
        let g = gradient_of(at, pending_, i, n, pending0, waiting + j);
        let g_b = tied_gradient(l, i, j);
        let d_u = d_update(at, a, g, g_b);
        d_rate_rows += rate_adjoint(rates, column, m * d_rate(g, g_b, hebb, velocity_of(w_at, hebb - decay * w)));
        d_momentum += velocity_adjoint(at, w_at, d_u);
        d_kappa -= d_u * w;
        let d = d_hebb(d_u, a, g_b);
        d_left0 += d * rights.first;
        if (PRODUCTS > 1u) { d_left1 += d * rights.second; }
        if (PRODUCTS > 2u) { d_left2 += d * rights.third; }
        if (adds_right) {
          add_adjoint(right + j, SHARE * dot(d, lefts.first));
          if (PRODUCTS > 1u) { add_adjoint(right + right_step(1u) + j, SHARE * dot(d, lefts.second)); }
          if (PRODUCTS > 2u) { add_adjoint(right + right_step(2u) + j, SHARE * dot(d, lefts.third)); }
        }
        for (var p = 3u; p < PRODUCTS; p++) {
          d_left[p] += d * activity(first + right + right_step(p) + j);
          if (adds_right) { add_adjoint(right + right_step(p) + j, SHARE * dot(d, activity4(first + left + left_step(p)))); }
        }
        set_gradient_quad(at, g - decay * d_u);
      }
      set_adjoints(left_at(l), i, n, SHARE * d_left0);
      if (PRODUCTS > 1u) { set_adjoints(left_at(l) + left_step(1u), i, n, SHARE * d_left1); }
      if (PRODUCTS > 2u) { set_adjoints(left_at(l) + left_step(2u), i, n, SHARE * d_left2); }
      for (var p = 3u; p < PRODUCTS; p++) { set_adjoints(left_at(l) + left_step(p), i, n, SHARE * d_left[p]); }
      kappa_adjoint(l, i, first, d_kappa);
      d_kappa_layer += dot(d_kappa, vec4f(1.0));
      d_momentum_layer += dot(d_momentum, vec4f(1.0));
      d_rate_layer += dot(rate_adjoint_of_rows(rates, d_rate_rows), vec4f(1.0));
    }
    rate_adjoint_of_layer(l, d_rate_layer);
    kappa_adjoint_of_layer(l, d_kappa_layer);
    momentum_adjoint_of_layer(d_momentum_layer);
  }
  team_barrier();
}
