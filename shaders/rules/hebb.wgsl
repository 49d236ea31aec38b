// Hebb's rule (Lindsey & Litwin-Kumar 2020, §1.1, `--hebb`):
//   ΔW_ij = α_ij Σ_b post_bi pre_bj, that is κ_i = 0.
fn decay(post: f32) -> f32 { return 0.0; }

// d decay / d post.
fn decay_slope(post: f32) -> f32 { return 0.0; }
