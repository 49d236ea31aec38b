// F³ = −W: decay (Shervani-Tabar & Rosenbaum 2023, Eq. 17). It is no product: a neuron's κ is θ₃,
// for every sample.
import package::shape::{BATCH, SHARE, TERM_AT, THETA_AT};
import package::memory::{add_gradient, speaks};
import package::team::team_sum;
import package::terms::{Rights, Seen};

fn add(theta: f32, s: Seen, right: ptr<function, Rights>) {}
fn adjoint(theta: f32, s: Seen, d: Rights, d_s: ptr<function, Seen>) -> f32 { return 0.0; }

fn decay(theta: f32) -> f32 { return SHARE * f32(BATCH) * theta; }

// d_θ₃ = Σ_i d_κ_i; d is what this lane found of it.
fn decay_adjoint_of_layer(l: u32, d: f32) {
  let sum = team_sum(d);
  if (speaks()) { add_gradient(THETA_AT[l] + TERM_AT[3], SHARE * f32(BATCH) * sum); }
}
