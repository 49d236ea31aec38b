// Amp: ΔB_ji = k x_j z_i, a sample's (Kunin et al. 2020, Table 1).
import package::primitives::Seen;

fn change(k: f32, s: Seen) -> vec4f { return k * s.x * s.z; }

// d_x_j += k Σ_i g_ji z_i;   d_z_i += k g_ji x_j;   d_k = Σ_i g_ji x_j z_i.
fn adjoint(k: f32, s: Seen, g: vec4f, d: ptr<function, Seen>) -> f32 {
  (*d).x += k * dot(g, s.z);
  (*d).z += k * s.x * g;
  return s.x * dot(g, s.z);
}
