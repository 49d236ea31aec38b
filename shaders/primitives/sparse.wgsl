// Sparse: ΔB_ji = −k x_j p_i, p = Bᵀ x, a sample's (Kunin et al. 2020, Table 1).
import package::primitives::Seen;

fn change(k: f32, s: Seen) -> vec4f { return -(k * s.x * s.p); }

// d_x_j −= k Σ_i g_ji p_i;   d_p_i −= k g_ji x_j;   d_k = −Σ_i g_ji x_j p_i.
fn adjoint(k: f32, s: Seen, g: vec4f, d: ptr<function, Seen>) -> f32 {
  (*d).x -= k * dot(g, s.p);
  (*d).p -= k * s.x * g;
  return -(s.x * dot(g, s.p));
}
