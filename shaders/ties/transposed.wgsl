// Kolen-Pollack's rule (Kunin et al. 2020, §3.1) adds the transpose of W's update to B: what flows
// back from that is d_B'_ji, of neurons i … i + 3.
import package::shape::{ALIGNED, B_AT, QUADS};
import package::memory::gradient_quad;

fn tied_gradient(l: u32, i: u32, j: u32) -> vec4f {
  if (!ALIGNED[l]) { return vec4f(); }
  return gradient_quad((B_AT[l] + i) / 4u + j * QUADS[l]);
}
