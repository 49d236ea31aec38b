// Adjoint of plasticity.wgsl. With g = d_W_{t+1} (kept in the gradient of the initial weights) and G = a g:
//   d_α_ij += m g_ij (hebb_ij − κ_i W_ij),   d_W_t = g − G κ,
//   d_post_bi = Σ_j G_ij pre_bj + d_κ_i decay'(post_bi),   d_κ_i = −Σ_j G_ij W_ij,   d_pre_bj = Σ_i G_ij post_bi.
import package::shape::{ALPHA_COLUMN, ALPHA_PER_LAYER, ALPHA_ROW, BATCH, DEPTH, D_POST, D_X, FAST_AT, FAST_STEP, INPUT_GRADIENT, LANES, MULTIPLIER, NEURONS, PLASTIC, ROW, WEIGHT_AT, WIDTH, X_AT};
import package::memory::{activity, gradient, lane, parameters, scratch, set_gradient, set_scratch, speaks};
import package::plasticity::{alpha_at, decay_of, hebb_of, neuron_at, post_at, pre_of};
import package::recall::recall;
import package::rule::decay_slope;
import package::team::{team_barrier, team_sum};

// Rows as in `plasticity`; W_t is recalled from `slot`. Sets (=) d_x and d_post of the batch, adds to the gradient of α, and turns g into d_W_t.
fn plasticity_adjoint(first: u32, slot: u32) {
  // d_pre, a sample and input neuron a lane: first, because it needs g whole.
  for (var l = 0u; l <= DEPTH; l++) {
    let pre = WIDTH[l];
    for (var k = lane; k < BATCH * pre; k += LANES) {
      let b = k / pre;
      let j = k % pre;
      var sum = 0.0;
      if (l < DEPTH && (l > 0u || INPUT_GRADIENT)) {
        if (PLASTIC[l]) {
          for (var i = 0u; i < WIDTH[l + 1u]; i++) {
            sum += MULTIPLIER[l] * parameters[alpha_at(l, i, j)] * gradient(WEIGHT_AT[l] + i * pre + j) * scratch(post_at(l, b, i));
          }
        }
      }
      set_scratch(D_X + b * ROW + X_AT[l] + j, sum);
    }
  }
  team_barrier();

  // The rest, a row a lane.
  for (var l = 0u; l < DEPTH; l++) {
    if (!PLASTIC[l]) { continue; }
    let pre = WIDTH[l];
    var d_alpha_layer = 0.0;
    for (var i = lane; i < WIDTH[l + 1u]; i += LANES) {
      let kappa = decay_of(l, i);
      let post0 = scratch(post_at(l, 0u, i));
      var d_kappa = 0.0;
      var d_alpha_row = 0.0;
      var d_post = array<f32, BATCH>();    // said aloud: SwiftShader (Chromium 147) does not zero a plain `var` of a loop anew
      for (var j = 0u; j < pre; j++) {
        let at = WEIGHT_AT[l] + i * pre + j;
        let a = MULTIPLIER[l] * parameters[alpha_at(l, i, j)];
        let pre0 = pre_of(l, 0u, j, first);
        let hebb = hebb_of(l, i, j, first, post0, pre0);
        let w = recall(FAST_AT[l] + slot * FAST_STEP[l] + i * pre + j, a, hebb, kappa);
        let g = gradient(at);
        let d_alpha = MULTIPLIER[l] * g * (hebb - kappa * w);
        if (ALPHA_COLUMN == 1u) {
          set_gradient(alpha_at(l, i, j), gradient(alpha_at(l, i, j)) + d_alpha);
        } else {
          d_alpha_row += d_alpha;
        }
        d_kappa -= a * g * w;
        d_post[0] += a * g * pre0;
        for (var b = 1u; b < BATCH; b++) { d_post[b] += a * g * pre_of(l, b, j, first); }
        set_gradient(at, g - a * g * kappa);
      }
      for (var b = 0u; b < BATCH; b++) {
        set_scratch(D_POST + neuron_at(l, b, i), d_post[b] + d_kappa * decay_slope(scratch(post_at(l, b, i))));
      }
      if (ALPHA_PER_LAYER) {
        d_alpha_layer += d_alpha_row;
      } else if (ALPHA_COLUMN == 0u) {
        set_gradient(alpha_at(l, i, 0u), gradient(alpha_at(l, i, 0u)) + d_alpha_row);
      }
    }
    if (ALPHA_PER_LAYER) {
      d_alpha_layer = team_sum(d_alpha_layer);
      if (speaks()) { set_gradient(alpha_at(l, 0u, 0u), gradient(alpha_at(l, 0u, 0u)) + d_alpha_layer); }
    }
  }
  team_barrier();
}
