// Oja's rule, one decay per post-synaptic neuron (Lindsey & Litwin-Kumar 2020, §1.1):
//   ΔW_ij = α_ij (Σ_b post_bi pre_bj − κ_i W_ij),  κ_i = Σ_b decay(post_bi),  decay(post) = post².
fn decay(post: f32) -> f32 { return post * post; }

// d decay / d post.
fn decay_slope(post: f32) -> f32 { return 2.0 * post; }
