// Every neuron has a rate for all its synapses, learned: plasticity α or learning rate η.
import package::shape::RATE_AT;
import package::memory::add_gradient_quad;
import package::coefficient::coefficient_quad;

// Those of neurons i … i + 3, i a multiple of 4, and their quad.
struct Rates { value: vec4f, at: u32 }
fn rates_of(l: u32, i: u32) -> Rates {
  let at = (RATE_AT[l] + i) / 4u;
  return Rates(coefficient_quad(at), at);
}
fn rate(rates: Rates, column: u32) -> vec4f { return rates.value; }

fn read_d_rate(rates: Rates, column: u32) -> vec4f { return vec4f(); }
fn write_d_rate(rates: Rates, column: u32, d: vec4f) {}

// The gradient is summed over the row.
fn rate_adjoint_of_rows(rates: Rates, d: vec4f) -> f32 {
  add_gradient_quad(rates.at, d);
  return 0.0;
}
fn rate_adjoint_of_layer(l: u32, d: f32) {}
