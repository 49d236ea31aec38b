// Adjoint of forward.wgsl: given d_x of every layer (scratch, (rows, ROW)), from the top down
//   d_z_l = d_x_l φ'(x_l),   d_b_l += Σ_rows d_z_l,   d_W_l += Σ_rows d_z_l x_{l−1}ᵀ,   d_x_{l−1} += W_lᵀ d_z_l.
import package::shape::{BIAS_AT, DEPTH, D_X, FAST_AT, FAST_STEP, INPUT_GRADIENT, LANES, ROW, WEIGHT_AT, WIDTH, X_AT};
import package::memory::{activity, gradient, lane, scratch, set_gradient, set_scratch, weight};
import package::activation::slope;
import package::team::team_barrier;

// Rows as in `forward`; d_x is consumed (it holds d_z afterwards). Adds to the gradient of W and b.
fn forward_adjoint(first: u32, count: u32, slot: u32) {
  for (var l = DEPTH; l > 0u; l--) {
    let pre = WIDTH[l - 1u];
    let post = WIDTH[l];

    // d_z = d_x φ'(x); the output layer is linear.
    if (l < DEPTH) {
      for (var k = lane; k < count * post; k += LANES) {
        let at = k / post * ROW + X_AT[l] + k % post;
        set_scratch(D_X + at, scratch(D_X + at) * slope(activity(first * ROW + at)));
      }
    }
    team_barrier();

    // d_b and d_W, a row a lane.
    for (var i = lane; i < post; i += LANES) {
      var d_bias = 0.0;
      for (var r = 0u; r < count; r++) { d_bias += scratch(D_X + r * ROW + X_AT[l] + i); }
      set_gradient(BIAS_AT[l - 1u] + i, gradient(BIAS_AT[l - 1u] + i) + d_bias);
      let w = WEIGHT_AT[l - 1u] + i * pre;
      let d_z0 = scratch(D_X + X_AT[l] + i);
      for (var j = 0u; j < pre; j++) {
        var d_weight = d_z0 * activity(first * ROW + X_AT[l - 1u] + j);
        for (var r = 1u; r < count; r++) {
          d_weight += scratch(D_X + r * ROW + X_AT[l] + i) * activity((first + r) * ROW + X_AT[l - 1u] + j);
        }
        set_gradient(w + j, gradient(w + j) + d_weight);
      }
    }

    // d_x below; that of the inputs only where an encoder asks for it.
    if (l > 1u || INPUT_GRADIENT) {
      let w = FAST_AT[l - 1u] + slot * FAST_STEP[l - 1u];
      for (var k = lane; k < count * pre; k += LANES) {
        let j = k % pre;
        let row = D_X + k / pre * ROW;
        var sum = 0.0;
        for (var i = 0u; i < post; i++) { sum += weight(w + i * pre + j) * scratch(row + X_AT[l] + i); }
        let below = row + X_AT[l - 1u] + j;
        set_scratch(below, scratch(below) + sum);
      }
    }
  }
  team_barrier();
}
