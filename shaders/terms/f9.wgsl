// F⁹ = y (p − v)ᵀ, v = Wᵀ y: Oja's subspace rule (Shervani-Tabar & Rosenbaum 2023, Eq. 23).
import package::terms::{Rights, Seen};

// Adds θ₉ F⁹ to the right factors.
fn add(theta: f32, s: Seen, right: ptr<function, Rights>) { (*right).post += theta * (s.p - s.v); }

// d_p += θ₉ d_right_y;   d_v −= θ₉ d_right_y;   d_θ₉ = (p − v) d_right_y.
fn adjoint(theta: f32, s: Seen, d: Rights, d_s: ptr<function, Seen>) -> f32 {
  (*d_s).p += theta * d.post;
  (*d_s).v -= theta * d.post;
  return (s.p - s.v) * d.post;
}
