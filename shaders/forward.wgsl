// Forward: what does each neuron do?
//   x_l = φ(z_l),  z_l = W_l x_{l−1} + b_l, the output layer linear (Lindsey & Litwin-Kumar 2020, §1.1).
import package::shape::{BIASED, BIAS_AT, DEPTH, FAST_AT, FAST_STEP, KEEPS_Z, LANES, NEURON_AT, RECORD, WIDTH, X_AT, Z};
import package::memory::{activity, lane, parameters, set_activity, weight};
import package::activation::activate;
import package::team::team_barrier;

// Activities of `count` rows, `stride` apart from `first` on, with the weights of `slot`. Reads x_0 of each row, writes x_1 … x_L, and of a record z if it keeps it.
fn forward(first: u32, stride: u32, count: u32, slot: u32) {
  for (var l = 0u; l < DEPTH; l++) {
    let pre = WIDTH[l];
    let post = WIDTH[l + 1u];
    for (var k = lane; k < count * post; k += LANES) {
      let i = k % post;
      let row = first + k / post * stride;
      let x = row + X_AT[l];
      let w = FAST_AT[l] + slot * FAST_STEP[l] + i * pre;
      var z = 0.0;
      if (BIASED) { z = parameters[BIAS_AT[l] + i]; }
      for (var j = 0u; j < pre; j++) { z += weight(w + j) * activity(x + j); }
      if (KEEPS_Z && stride == RECORD) { set_activity(row + Z + NEURON_AT[l] + i, z); }
      if (l + 1u < DEPTH) { z = activate(z); }
      set_activity(row + X_AT[l + 1u] + i, z);
    }
    team_barrier();
  }
}
