// A layer, or the network, has one rate, learned: plasticity α or learning rate η.
import package::shape::RATE_AT;
import package::memory::{add_gradient, speaks};
import package::coefficient::coefficient;
import package::team::team_sum;

struct Rates { value: vec4f }
fn rates_of(l: u32, i: u32) -> Rates { return Rates(vec4f(coefficient(RATE_AT[l]))); }
fn rate(rates: Rates, column: u32) -> vec4f { return rates.value; }

fn read_d_rate(rates: Rates, column: u32) -> vec4f { return vec4f(); }
fn write_d_rate(rates: Rates, column: u32, d: vec4f) {}

// The gradient is summed over the row, then over the layer.
fn rate_adjoint_of_rows(rates: Rates, d: vec4f) -> f32 { return dot(d, vec4f(1.0)); }
fn rate_adjoint_of_layer(l: u32, d: f32) {
  let sum = team_sum(d);
  if (speaks()) { add_gradient(RATE_AT[l], sum); }
}
