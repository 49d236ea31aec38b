// F⁴ = −1 fᵀ: the error below, the same for every neuron (Shervani-Tabar & Rosenbaum 2023, Eq. 18).
import package::terms::{Rights, Seen};

// Adds θ₄ F⁴ to the right factors.
fn add(theta: f32, s: Seen, right: ptr<function, Rights>) { (*right).ones -= theta * s.f; }

// d_f −= θ₄ d_right_1;   d_θ₄ = −f d_right_1.
fn adjoint(theta: f32, s: Seen, d: Rights, d_s: ptr<function, Seen>) -> f32 {
  (*d_s).f -= theta * d.ones;
  return -s.f * d.ones;
}
