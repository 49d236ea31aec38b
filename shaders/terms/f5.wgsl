// F⁵ = −S e pᵀ, S = Σ_i y_i (Shervani-Tabar & Rosenbaum 2023, Eq. 19).
import package::terms::{Rights, Seen};

// Adds θ₅ F⁵ to the right factors.
fn add(theta: f32, s: Seen, right: ptr<function, Rights>) {
  (*right).error -= theta * s.sum_of_post * s.p;
}

// d_p −= θ₅ S d_right_e;   d_S −= θ₅ p d_right_e;   d_θ₅ = −S p d_right_e.
fn adjoint(theta: f32, s: Seen, d: Rights, d_s: ptr<function, Seen>) -> f32 {
  (*d_s).p -= theta * s.sum_of_post * d.error;
  (*d_s).sum_of_post -= theta * s.p * d.error;
  return -s.sum_of_post * s.p * d.error;
}
