// F¹ = −y fᵀ: what was answered, by the error below (Shervani-Tabar & Rosenbaum 2023, Eq. 15).
import package::terms::{Rights, Seen};

// Adds θ₁ F¹ to the right factors.
fn add(theta: f32, s: Seen, right: ptr<function, Rights>) { (*right).post -= theta * s.f; }

// d_f −= θ₁ d_right_y;   d_θ₁ = −f d_right_y.
fn adjoint(theta: f32, s: Seen, d: Rights, d_s: ptr<function, Seen>) -> f32 {
  (*d_s).f -= theta * d.post;
  return -s.f * d.post;
}
