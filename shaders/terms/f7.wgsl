// F⁷ = −s e pᵀ, s = yᵀ W f (Shervani-Tabar & Rosenbaum 2023, Eq. 21).
import package::terms::{Rights, Seen};

// Adds θ₇ F⁷ to the right factors.
fn add(theta: f32, s: Seen, right: ptr<function, Rights>) {
  (*right).error -= theta * s.post_by_error * s.p;
}

// d_p −= θ₇ s d_right_e;   d_s −= θ₇ p d_right_e;   d_θ₇ = −s p d_right_e.
fn adjoint(theta: f32, s: Seen, d: Rights, d_s: ptr<function, Seen>) -> f32 {
  (*d_s).p -= theta * s.post_by_error * d.error;
  (*d_s).post_by_error -= theta * s.p * d.error;
  return -s.post_by_error * s.p * d.error;
}
