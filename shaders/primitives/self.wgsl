// Self: ΔB_ji = k W_ij (Kunin et al. 2020, Table 1).
import package::primitives::Seen;

fn change(k: f32, s: Seen) -> vec4f { return k * s.w; }

// d_W_ij += k g_ji;   d_k = Σ_i g_ji W_ij.
fn adjoint(k: f32, s: Seen, g: vec4f, d: ptr<function, Seen>) -> f32 {
  (*d).w += k * g;
  return dot(g, s.w);
}
