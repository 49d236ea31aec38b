// F² = −e fᵀ: the errors above and below (Shervani-Tabar & Rosenbaum 2023, Eq. 16).
import package::terms::{Rights, Seen};

// Adds θ₂ F² to the right factors.
fn add(theta: f32, s: Seen, right: ptr<function, Rights>) { (*right).error -= theta * s.f; }

// d_f −= θ₂ d_right_e;   d_θ₂ = −f d_right_e.
fn adjoint(theta: f32, s: Seen, d: Rights, d_s: ptr<function, Seen>) -> f32 {
  (*d_s).f -= theta * d.error;
  return -s.f * d.error;
}
