// F⁶ = −s y fᵀ, s = yᵀ W f (Shervani-Tabar & Rosenbaum 2023, Eq. 20).
import package::terms::{Rights, Seen};

// Adds θ₆ F⁶ to the right factors.
fn add(theta: f32, s: Seen, right: ptr<function, Rights>) {
  (*right).post -= theta * s.post_by_error * s.f;
}

// d_f −= θ₆ s d_right_y;   d_s −= θ₆ f d_right_y;   d_θ₆ = −s f d_right_y.
fn adjoint(theta: f32, s: Seen, d: Rights, d_s: ptr<function, Seen>) -> f32 {
  (*d_s).f -= theta * s.post_by_error * d.post;
  (*d_s).post_by_error -= theta * s.f * d.post;
  return -s.post_by_error * s.f * d.post;
}
