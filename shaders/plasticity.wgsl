// Plasticity: how does each synapse change? All layers at once, from the records of the same forward pass:
//   u_ij = SHARE Σ_b Σ_r left_rbi right_rbj − κ_i W_ij,   W_ij ← W_ij + a_ij u_ij,   a_ij = ± m_l rate_ij.
// Every rule of the papers has this form; it brings its RANK, what left and right are (src/gpu/record.ts), κ, the sign and, if it needs more than pre, post and error, `prepare`.
import package::shape::{BATCH, BELOW, BELOW_AT, DEPTH, FAST_AT, FAST_STEP, LANES, LEFT, MULTIPLIER, NEURONS, NEURON_AT, PLASTIC, RANK, RECORD, RIGHT, SHARE, WIDTH};
import package::memory::{activity, lane, set_weight, weight};
import package::noise::noise_of_weight;
import package::rate::rate;
import package::rule::{DIRECTION, kappa};
import package::team::team_barrier;
import package::update::velocity;

const PRODUCTS = BATCH * RANK;

// Where the factors of product p = b RANK + r of layer l + 1 begin, counted from the batch's first record.
fn left_at(l: u32, p: u32) -> u32 { return p / RANK * RECORD + LEFT + p % RANK * NEURONS + NEURON_AT[l]; }
fn right_at(l: u32, p: u32) -> u32 { return p / RANK * RECORD + RIGHT + p % RANK * BELOW + BELOW_AT[l]; }

// a_ij.
fn rate_of(l: u32, i: u32, j: u32) -> f32 { return DIRECTION * MULTIPLIER[l] * rate(l, i, j); }

// SHARE Σ_p left_pi right_pj; the caller has loaded the first product's factors.
fn hebb_of(first: u32, l: u32, i: u32, j: u32, left0: f32, right0: f32) -> f32 {
  var sum = left0 * right0;
  for (var p = 1u; p < PRODUCTS; p++) { sum += activity(first + left_at(l, p) + i) * activity(first + right_at(l, p) + j); }
  return SHARE * sum;
}

// Inner step t, records from `first`: reads W in slot `from_`, writes it to slot `to`.
fn plasticity(first: u32, from_: u32, to: u32, t: u32) {
  for (var l = 0u; l < DEPTH; l++) {
    if (!PLASTIC[l]) { continue; }
    let pre = WIDTH[l];
    for (var i = lane; i < WIDTH[l + 1u]; i += LANES) {
      let decay = kappa(l, i, first);
      let left0 = activity(first + left_at(l, 0u) + i);
      let row = FAST_AT[l] + i * pre;
      for (var j = 0u; j < pre; j++) {
        let at = row + from_ * FAST_STEP[l] + j;
        let to_at = row + to * FAST_STEP[l] + j;
        let w = weight(at);
        let u = velocity(at, to_at, hebb_of(first, l, i, j, left0, activity(first + right_at(l, 0u) + j)) - decay * w);
        set_weight(to_at, w + rate_of(l, i, j) * u + noise_of_weight(l, i * pre + j, t));
      }
    }
  }
  team_barrier();
}
