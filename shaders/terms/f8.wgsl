// F⁸ = −q y fᵀ, q = eᵀ W p (Shervani-Tabar & Rosenbaum 2023, Eq. 22).
import package::terms::{Rights, Seen};

// Adds θ₈ F⁸ to the right factors.
fn add(theta: f32, s: Seen, right: ptr<function, Rights>) {
  (*right).post -= theta * s.error_by_drive * s.f;
}

// d_f −= θ₈ q d_right_y;   d_q −= θ₈ f d_right_y;   d_θ₈ = −q f d_right_y.
fn adjoint(theta: f32, s: Seen, d: Rights, d_s: ptr<function, Seen>) -> f32 {
  (*d_s).f -= theta * s.error_by_drive * d.post;
  (*d_s).error_by_drive -= theta * s.f * d.post;
  return -s.error_by_drive * s.f * d.post;
}
