// Decay: ΔB = −k B (Kunin et al. 2020, Table 1). It has a rate, because undoing it needs that.
import package::primitives::Seen;

fn decay_rate(k: f32) -> f32 { return k; }

// d_B −= k g;   d_k = −g B.
fn adjoint(k: f32, s: Seen, g: vec4f, d: ptr<function, Seen>) -> f32 {
  (*d).b -= decay_rate(k) * g;
  return -dot(g, s.b);
}
