// W_t and B_t are recalled by undoing the update (adjoint 'reverse'), in place:
//   W_{t+1} = W_t + a (hebb − κ W_t) + noise   ⇒   W_t = (W_{t+1} − noise − a hebb) / (1 − a κ).
// Exact while 1 − a κ stays away from 0; the drift from the initial weights is measured at the end
// (episode.adjoint.wgsl).
import package::memory::set_weight_quad;

fn recalled(w: vec4f, a: vec4f, hebb: vec4f, kappa: vec4f, noise: vec4f) -> vec4f {
  return (w - noise - a * hebb) / (1.0 - a * kappa);
}
fn leave_recalled(at: u32, w: vec4f) { set_weight_quad(at, w); }
