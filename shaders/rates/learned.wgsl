// The coefficient of a synapse's update is learned: plasticity α or learning rate η, one per
// synapse, per neuron, per layer or for the network.
import package::shape::{RATE_AT, RATE_PER_LAYER, RATE_PER_SYNAPSE};
import package::memory::{add_gradient, add_gradient_quad, speaks};
import package::coefficient::{coefficient, coefficient_quad};
import package::synapse::add_rate_gradient;
import package::team::team_sum;

// Those of neurons i … i + 3, i a multiple of 4: where the first of their quads lies, and what they
// are where they do not differ by synapse.
struct Rates { at: u32, value: vec4f }

fn rates_of(l: u32, i: u32) -> Rates {
  if (RATE_PER_LAYER) { return Rates(0u, vec4f(coefficient(RATE_AT[l]))); }
  let at = (RATE_AT[l] + i) / 4u;
  if (RATE_PER_SYNAPSE) { return Rates(at, vec4f(0.0)); }
  return Rates(at, coefficient_quad(at));
}

// Those of a column, so many quads behind the first.
fn rate(rates: Rates, column: u32) -> vec4f {
  if (RATE_PER_SYNAPSE) { return coefficient_quad(rates.at + column); }
  return rates.value;
}

// Its gradient, k: where that is held. What is coarser than a synapse is summed over the row and
// handed on, what is coarser than a neuron over the layer.
fn rate_adjoint(rates: Rates, column: u32, k: u32, d: vec4f) -> vec4f {
  if (RATE_PER_SYNAPSE) {
    add_rate_gradient(rates.at + column, k, d);
    return vec4f(0.0);
  }
  return d;
}

fn rate_adjoint_of_rows(rates: Rates, d: vec4f) -> vec4f {
  if (RATE_PER_LAYER || RATE_PER_SYNAPSE) { return d; }
  add_gradient_quad(rates.at, d);
  return vec4f(0.0);
}

fn rate_adjoint_of_layer(l: u32, d: f32) {
  if (!RATE_PER_LAYER) { return; }
  let sum = team_sum(d);
  if (speaks()) { add_gradient(RATE_AT[l], sum); }
}
