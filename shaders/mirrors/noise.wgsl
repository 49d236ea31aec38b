// Mirror phase (Akrout et al. 2019): noise U(−1, 1) is sent into each layer alone, and a feedback
// rule sees that and what W makes of it, z = W x.
import package::shape::{
  ALIGNED, BATCH, BELOW_AT, DEPTH, DRAW_MIRROR, LANES, MIRROR_X, MIRROR_Z, NEURON_AT, QUADS, RECORD,
  WEIGHT_AT, WIDTH
};
import package::memory::{
  activity, add_gradient, adjoint, lane, set_activities, set_activity, synapse, weight_quad,
  weight_rows
};
import package::random::drawn;
import package::team::team_barrier;

fn mirror(first: u32, slot: u32, t: u32) {
  let numbers = BELOW_AT[DEPTH] + WIDTH[DEPTH];
  for (var l = 0u; l < DEPTH; l++) {
    for (var k = lane; k < BATCH * WIDTH[l]; k += LANES) {
      let b = k / WIDTH[l];
      let at = BELOW_AT[l] + k % WIDTH[l];
      set_activity(first + b * RECORD + MIRROR_X + at, drawn(DRAW_MIRROR, (t * BATCH + b) * numbers + at));
    }
  }
  team_barrier();
  for (var l = 0u; l < DEPTH; l++) {
    if (!ALIGNED[l]) { continue; }
    let n = WIDTH[l + 1u];
    let blocks = QUADS[l];
    for (var k = lane; k < BATCH * blocks; k += LANES) {
      let x = first + k / blocks * RECORD + MIRROR_X + BELOW_AT[l];
      let i = k % blocks * 4u;
      let w = weight_rows(l, slot, i);
      var z = vec4f();
      for (var j = 0u; j < WIDTH[l]; j++) { z += weight_quad(w + j * blocks) * activity(x + j); }
      set_activities(first + k / blocks * RECORD + MIRROR_Z + NEURON_AT[l], i, n, z);
    }
  }
  team_barrier();
}

// d_W += Σ_b d_z xᵀ.
fn mirror_adjoint(first: u32) {
  for (var l = 0u; l < DEPTH; l++) {
    if (!ALIGNED[l]) { continue; }
    let pre = WIDTH[l];
    for (var k = lane; k < pre * WIDTH[l + 1u]; k += LANES) {
      var d = 0.0;
      for (var b = 0u; b < BATCH; b++) { d += adjoint(b * RECORD + MIRROR_Z + NEURON_AT[l] + k / pre) * activity(first + b * RECORD + MIRROR_X + BELOW_AT[l] + k % pre); }
      add_gradient(WEIGHT_AT[l] + synapse(QUADS[l], k / pre, k % pre), d);
    }
  }
  team_barrier();
}
