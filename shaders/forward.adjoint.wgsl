// Adjoint of forward.wgsl: given d_x of every layer, and d_z of a record that keeps z, from the top down
//   d_z_l += d_x_l φ'(x_l),   d_b_l += Σ_rows d_z_l,   d_W_l += Σ_rows d_z_l x_{l−1}ᵀ,   d_x_{l−1} += W_lᵀ d_z_l.
import package::shape::{BIASED, BIAS_AT, DEPTH, FAST_AT, FAST_STEP, INPUT_GRADIENT, KEEPS_Z, LANES, NEURON_AT, RECORD, WEIGHT_AT, WIDTH, X_AT, Z};
import package::memory::{activity, add_adjoint4, add_gradient4, adjoint, adjoint4, four, lane, set_adjoint, weight4};
import package::activation::slope;
import package::team::team_barrier;

// Rows as in `forward`; d_x is consumed (it holds d_z afterwards). Adds to the gradient of W and b.
fn forward_adjoint(first: u32, stride: u32, count: u32, slot: u32) {
  for (var l = DEPTH; l > 0u; l--) {
    let pre = WIDTH[l - 1u];
    let post = WIDTH[l];

    // A neuron's lane is the one that has just found its d_x.
    let neuron_blocks = (post + 3u) / 4u;
    for (var k = lane; k < count * neuron_blocks; k += LANES) {
      let row = k / neuron_blocks * stride;
      for (var i = k % neuron_blocks * 4u; i < min(k % neuron_blocks * 4u + 4u, post); i++) {
        let at = row + X_AT[l] + i;
        var d_z = adjoint(at);
        if (l < DEPTH) { d_z *= slope(activity(first + at)); }
        if (KEEPS_Z && stride == RECORD) { d_z += adjoint(row + Z + NEURON_AT[l - 1u] + i); }
        set_adjoint(at, d_z);
      }
    }
    team_barrier();

    // d_b and d_W, four rows a lane.
    for (var i = 4u * lane; i < post; i += 4u * LANES) {
      let neurons = four(i, post);
      let d_z = X_AT[l] + neurons;
      if (BIASED) {
        var d_bias = vec4f();
        for (var r = 0u; r < count; r++) { d_bias += adjoint4(d_z + r * stride); }
        add_gradient4(BIAS_AT[l - 1u] + neurons, d_bias);
      }
      let w = WEIGHT_AT[l - 1u] + neurons * pre;
      let d_z0 = adjoint4(d_z);
      let x = first + X_AT[l - 1u];
      for (var j = 0u; j < pre; j++) {
        var d_weight = d_z0 * activity(x + j);
        for (var r = 1u; r < count; r++) { d_weight += adjoint4(d_z + r * stride) * activity(x + r * stride + j); }
        add_gradient4(w + j, d_weight);
      }
    }

    // d_x below; that of the inputs only where an encoder asks for it.
    if (l > 1u || INPUT_GRADIENT) {
      let w = FAST_AT[l - 1u] + slot * FAST_STEP[l - 1u];
      let blocks = (pre + 3u) / 4u;
      for (var k = lane; k < count * blocks; k += LANES) {
        let columns = four(k % blocks * 4u, pre);
        let row = k / blocks * stride;
        let d_z = row + X_AT[l];
        var sum = vec4f();
        for (var i = 0u; i < post; i++) { sum += weight4(w + i * pre + columns) * adjoint(d_z + i); }
        add_adjoint4(row + X_AT[l - 1u] + columns, sum);
      }
    }
  }
  team_barrier();
}
