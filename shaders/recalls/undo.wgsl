// W_t and B_t recalled by undoing the update (adjoint 'reverse'), in place:
//   W_{t+1} = W_t + a (hebb − κ W_t) + noise   ⇒   W_t = (W_{t+1} − noise − a hebb) / (1 − a κ).
// Exact while 1 − a κ stays away from 0; the drift from the initial weights is measured at the end (episode.adjoint.wgsl).
import package::memory::{set_weight4, weight4};

fn recall(at: vec4u, rate: vec4f, hebb: vec4f, decay: vec4f, noise: vec4f) -> vec4f {
  let before = (weight4(at) - noise - rate * hebb) / (1.0 - rate * decay);
  set_weight4(at, before);
  return before;
}
