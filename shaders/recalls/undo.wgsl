// W_t and B_t recalled by undoing the update (adjoint 'reverse'), in place:
//   W_{t+1} = W_t + a (hebb − κ W_t) + noise   ⇒   W_t = (W_{t+1} − noise − a hebb) / (1 − a κ).
// Exact while 1 − a κ stays away from 0; the drift from the initial weights is measured at the end
// (episode.adjoint.wgsl).
import package::synapse::{own_weight, set_own_weight};

fn recall(at: u32, k: u32, rate: vec4f, hebb: vec4f, decay: vec4f, noise: vec4f) -> vec4f {
  let before = (own_weight(at, k) - noise - rate * hebb) / (1.0 - rate * decay);
  set_own_weight(at, k, before);
  return before;
}
