// Plasticity: how does each synapse change? All layers at once, from the activities of the same forward pass (batch sum):
//   W_ij ← W_ij + a_ij (Σ_b post_bi pre_bj − κ_i W_ij),   a_ij = m_l α_ij,   κ_i = Σ_b decay(post_bi).
import package::shape::{ALPHA_AT, ALPHA_COLUMN, ALPHA_ROW, BATCH, DEPTH, FAST_AT, FAST_STEP, LANES, MULTIPLIER, NEURONS, PLASTIC, POST, ROW, WIDTH, X_AT};
import package::memory::{activity, lane, parameters, scratch, set_weight, weight};
import package::rule::decay;
import package::team::team_barrier;

// Where α of a synapse lies; a coarser granularity broadcasts, because its stride is 0.
fn alpha_at(l: u32, i: u32, j: u32) -> u32 { return ALPHA_AT[l] + i * ALPHA_ROW[l] + j * ALPHA_COLUMN; }

// Where neuron i of layer l + 1 lies in a (BATCH, NEURONS) part of the scratch, for sample b of the batch.
fn neuron_at(l: u32, b: u32, i: u32) -> u32 { return b * NEURONS + X_AT[l + 1u] - X_AT[1] + i; }

// Its post.
fn post_at(l: u32, b: u32, i: u32) -> u32 { return POST + neuron_at(l, b, i); }

// κ_i.
fn decay_of(l: u32, i: u32) -> f32 {
  var sum = 0.0;
  for (var b = 0u; b < BATCH; b++) { sum += decay(scratch(post_at(l, b, i))); }
  return sum;
}

// pre_bj.
fn pre_of(l: u32, b: u32, j: u32, first: u32) -> f32 { return activity((first + b) * ROW + X_AT[l] + j); }

// Σ_b post_bi pre_bj; the caller has loaded the first product's factors.
fn hebb_of(l: u32, i: u32, j: u32, first: u32, post0: f32, pre0: f32) -> f32 {
  var sum = post0 * pre0;
  for (var b = 1u; b < BATCH; b++) { sum += scratch(post_at(l, b, i)) * pre_of(l, b, j, first); }
  return sum;
}

// One inner step: reads W in slot `from`, writes it to slot `to`.
fn plasticity(first: u32, from_: u32, to: u32) {
  for (var l = 0u; l < DEPTH; l++) {
    if (!PLASTIC[l]) { continue; }
    let pre = WIDTH[l];
    for (var i = lane; i < WIDTH[l + 1u]; i += LANES) {
      let kappa = decay_of(l, i);
      let post0 = scratch(post_at(l, 0u, i));
      let row = FAST_AT[l] + i * pre;
      for (var j = 0u; j < pre; j++) {
        let w = weight(row + from_ * FAST_STEP[l] + j);
        let a = MULTIPLIER[l] * parameters[alpha_at(l, i, j)];
        set_weight(row + to * FAST_STEP[l] + j, w + a * (hebb_of(l, i, j, first, post0, pre_of(l, 0u, j, first)) - kappa * w));
      }
    }
  }
  team_barrier();
}
