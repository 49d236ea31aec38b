// W_t and B_t recalled by undoing the update (adjoint 'reverse'), in place:
//   W_{t+1} = W_t + a (hebb − κ W_t) + noise   ⇒   W_t = (W_{t+1} − noise − a hebb) / (1 − a κ).
// Exact while 1 − a κ stays away from 0; the drift from the initial weights is measured at the end (episode.adjoint.wgsl).
import package::memory::{set_weight, weight};

fn recall(at: u32, rate: f32, hebb: f32, decay: f32, noise: f32) -> f32 {
  let before = (weight(at) - noise - rate * hebb) / (1.0 - rate * decay);
  set_weight(at, before);
  return before;
}
