// Every synapse has a rate of its own, learned: plasticity α or learning rate η.
import package::shape::RATE_AT;
import package::memory::{gradient_quad, set_gradient_quad};
import package::coefficient::coefficient_quad;

// Those of neurons i … i + 3, i a multiple of 4: the quad of their first column.
struct Rates { at: u32 }
fn rates_of(l: u32, i: u32) -> Rates { return Rates((RATE_AT[l] + i) / 4u); }

// Those of a column, so many quads behind the first; and their gradient.
fn rate(rates: Rates, column: u32) -> vec4f { return coefficient_quad(rates.at + column); }
fn read_d_rate(rates: Rates, column: u32) -> vec4f { return gradient_quad(rates.at + column); }
fn write_d_rate(rates: Rates, column: u32, d: vec4f) { set_gradient_quad(rates.at + column, d); }

// What is coarser than a synapse is summed over the row, then over the layer.
fn rate_adjoint_of_rows(rates: Rates, d: vec4f) -> f32 { return 0.0; }
fn rate_adjoint_of_layer(l: u32, d: f32) {}
