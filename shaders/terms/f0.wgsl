// F⁰ = −e pᵀ: gradient descent by the error told (Shervani-Tabar & Rosenbaum 2023, Eq. 14).
import package::terms::{Rights, Seen};

// Adds θ₀ F⁰ to the right factors.
fn add(theta: f32, s: Seen, right: ptr<function, Rights>) { (*right).error -= theta * s.p; }

// d_p −= θ₀ d_right_e;   d_θ₀ = −p d_right_e.
fn adjoint(theta: f32, s: Seen, d: Rights, d_s: ptr<function, Seen>) -> f32 {
  (*d_s).p -= theta * d.error;
  return -s.p * d.error;
}
