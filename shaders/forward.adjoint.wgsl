// Adjoint of forward.wgsl: given d_x of every layer, and d_z of a record that keeps z, from the top
// down
//   d_z_l += d_x_l φ'(x_l),   d_b_l += Σ d_z_l,
//   d_W_l += Σ d_z_l x_{l−1}ᵀ,   d_x_{l−1} += W_lᵀ d_z_l,
// sums over samples. forward.weights.wgsl finds d_W, forward.inputs.wgsl d_x.
import package::shape::{
  BIASED, BIAS_AT, DEPTH, FAN_OUT, INPUT_GRADIENT, KEEPS_Z, LANES, NEURON_AT, QUADS, RECORD,
  UNITS_AT, Z
};
import package::memory::{
  activity4, add_gradient_quad, adjoint4, four, fours, lane, present, set_adjoints
};
import package::activation::slope;
import package::forward_inputs_sweep::sweep as sweep_inputs;
import package::forward_weights_sweep::sweep as sweep_weights;
import package::handing::hand_back;
import package::looks::{looks, neurons_from};
import package::samples::Samples;
import package::team::team_barrier;

fn slopes(x: vec4f) -> vec4f { return vec4f(slope(x.x), slope(x.y), slope(x.z), slope(x.w)); }

// Samples as in `forward`; d_x is consumed (it holds d_z afterwards). Adds to the gradient of W and
// b.
fn forward_adjoint(first: u32, stride: u32, count: u32, slot: u32) {
  let work = Samples(first, stride, count, slot);
  for (var l = DEPTH; l > 0u; l--) {
    hand_back(l - 1u, work);
    settle_adjoint(l - 1u, work);
    team_barrier();
    if (BIASED) { bias_adjoint(l - 1u, work); }
    sweep_weights(l - 1u, work);
    // That of the inputs only where an encoder asks for it.
    if (l > 1u || INPUT_GRADIENT) { sweep_inputs(l - 1u, work); }
  }
  team_barrier();
}

// d_x of layer l + 1 becomes d_z. A neuron's lane is the one that has just found its d_x, or all
// lanes have met.
fn settle_adjoint(l: u32, work: Samples) {
  let n = FAN_OUT[l];
  let quads = QUADS[l];
  let count = looks(l, work.count);
  let keeps_z = KEEPS_Z && work.stride == RECORD;
  for (var k = lane; k < fours(count) * quads; k += LANES) {
    let i = k % quads * 4u;
    let neurons = four(i, n);
    let group = k / quads * 4u;
    for (var r = group; r < min(group + 4u, count); r++) {
      let look = neurons_from(l, r, work.stride);
      let at = look + UNITS_AT[l];
      var d_z = adjoint4(at + neurons);
      if (l + 1u < DEPTH) { d_z *= slopes(activity4(work.first + at + neurons)); }
      if (keeps_z) { d_z += adjoint4(look + Z + NEURON_AT[l] + neurons); }
      set_adjoints(at, i, n, d_z);
    }
  }
}

fn bias_adjoint(l: u32, work: Samples) {
  let n = FAN_OUT[l];
  for (var i = 4u * lane; i < n; i += 4u * LANES) {
    var d_bias = vec4f();
    for (var r = 0u; r < looks(l, work.count); r++) {
      d_bias += adjoint4(UNITS_AT[l] + neurons_from(l, r, work.stride) + four(i, n));
    }
    add_gradient_quad((BIAS_AT[l] + i) / 4u, present(i, n) * d_bias);
  }
}
