// Null: ΔB_ji = −k r_j z_i, r = B z, a sample's (Kunin et al. 2020, Table 1).
import package::primitives::Seen;

fn change(k: f32, s: Seen) -> vec4f { return -(k * s.r * s.z); }

// d_r_j −= k Σ_i g_ji z_i;   d_z_i −= k g_ji r_j;   d_k = −Σ_i g_ji r_j z_i.
fn adjoint(k: f32, s: Seen, g: vec4f, d: ptr<function, Seen>) -> f32 {
  (*d).r -= k * dot(g, s.z);
  (*d).z -= k * s.r * g;
  return -(s.r * dot(g, s.z));
}
