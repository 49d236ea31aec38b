// The coefficient of a synapse's update is learned: plasticity α or learning rate η, one per synapse, per neuron, per layer or for the network.
import package::shape::{RATE_AT, RATE_COLUMN, RATE_PER_LAYER, RATE_ROW};
import package::memory::{add_gradient, add_gradient4, speaks};
import package::coefficient::coefficient;
import package::team::team_sum;

// Those of four neurons: where they begin, and what they are where they do not differ by synapse. A coarser granularity broadcasts, because its stride is 0.
struct Rates { at: vec4u, value: vec4f }

fn rates_of(l: u32, neurons: vec4u) -> Rates {
  let at = RATE_AT[l] + neurons * RATE_ROW[l];
  if (RATE_COLUMN == 1u) { return Rates(at, vec4f(0.0)); }
  return Rates(at, coefficient4(at));
}

fn coefficient4(at: vec4u) -> vec4f { return vec4f(coefficient(at.x), coefficient(at.y), coefficient(at.z), coefficient(at.w)); }

fn rate(rates: Rates, j: u32) -> vec4f {
  if (RATE_COLUMN == 1u) { return coefficient4(rates.at + j); }
  return rates.value;
}

// Its gradient: what is coarser than a synapse is summed over the row and handed on, what is coarser than a neuron over the layer.
fn rate_adjoint(rates: Rates, j: u32, d: vec4f) -> vec4f {
  if (RATE_COLUMN == 1u) {
    add_gradient4(rates.at + j, d);
    return vec4f(0.0);
  }
  return d;
}

fn rate_adjoint_of_rows(rates: Rates, d: vec4f) -> vec4f {
  if (RATE_PER_LAYER || RATE_COLUMN == 1u) { return d; }
  add_gradient4(rates.at, d);
  return vec4f(0.0);
}

fn rate_adjoint_of_layer(l: u32, d: f32) {
  if (!RATE_PER_LAYER) { return; }
  let sum = team_sum(d);
  if (speaks()) { add_gradient(RATE_AT[l], sum); }
}
