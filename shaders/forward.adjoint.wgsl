// Adjoint of forward.wgsl: given d_x of every layer, and d_z of a record that keeps z, from the top down
//   d_z_l += d_x_l φ'(x_l),   d_b_l += Σ_rows d_z_l,   d_W_l += Σ_rows d_z_l x_{l−1}ᵀ,   d_x_{l−1} += W_lᵀ d_z_l.
import package::shape::{BIASED, BIAS_AT, DEPTH, FAST_AT, FAST_STEP, INPUT_GRADIENT, KEEPS_Z, LANES, NEURON_AT, RECORD, WEIGHT_AT, WIDTH, X_AT, Z};
import package::memory::{activity, add_adjoint, add_gradient, adjoint, gradient, lane, set_adjoint, set_gradient, weight};
import package::activation::slope;
import package::team::team_barrier;

// Rows as in `forward`; d_x is consumed (it holds d_z afterwards). Adds to the gradient of W and b.
fn forward_adjoint(first: u32, stride: u32, count: u32, slot: u32) {
  for (var l = DEPTH; l > 0u; l--) {
    let pre = WIDTH[l - 1u];
    let post = WIDTH[l];

    for (var k = lane; k < count * post; k += LANES) {
      let row = k / post * stride;
      let at = row + X_AT[l] + k % post;
      var d_z = adjoint(at);
      if (l < DEPTH) { d_z *= slope(activity(first + at)); }
      if (KEEPS_Z && stride == RECORD) { d_z += adjoint(row + Z + NEURON_AT[l - 1u] + k % post); }
      set_adjoint(at, d_z);
    }
    team_barrier();

    // d_b and d_W, a row a lane.
    for (var i = lane; i < post; i += LANES) {
      if (BIASED) {
        var d_bias = 0.0;
        for (var r = 0u; r < count; r++) { d_bias += adjoint(r * stride + X_AT[l] + i); }
        add_gradient(BIAS_AT[l - 1u] + i, d_bias);
      }
      let w = WEIGHT_AT[l - 1u] + i * pre;
      let d_z = X_AT[l] + i;
      let x = first + X_AT[l - 1u];
      let d_z0 = adjoint(d_z);
      for (var j = 0u; j < pre; j++) {
        var d_weight = d_z0 * activity(x + j);
        for (var r = 1u; r < count; r++) { d_weight += adjoint(d_z + r * stride) * activity(x + r * stride + j); }
        set_gradient(w + j, gradient(w + j) + d_weight);
      }
    }

    // d_x below; that of the inputs only where an encoder asks for it.
    if (l > 1u || INPUT_GRADIENT) {
      let w = FAST_AT[l - 1u] + slot * FAST_STEP[l - 1u];
      for (var k = lane; k < count * pre; k += LANES) {
        let j = k % pre;
        let row = k / pre * stride;
        let d_z = row + X_AT[l];
        var sum = 0.0;
        for (var i = 0u; i < post; i++) { sum += weight(w + i * pre + j) * adjoint(d_z + i); }
        add_adjoint(row + X_AT[l - 1u] + j, sum);
      }
    }
  }
  team_barrier();
}
