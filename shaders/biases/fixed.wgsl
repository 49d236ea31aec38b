// Biases are inherited and stay what they are for life.
import package::shape::BIAS_AT;
import package::memory::parameters;
import package::plasticity::Rows;
import package::plasticity_adjoint::{Rows as RowsBack, Sums as SumsBack};
import package::rate::Rates;

// Those of neurons i … i + 3 of layer l + 1, i a multiple of 4; quads that a lifetime keeps.
fn biases_of(l: u32, slot: u32, i: u32) -> vec4f { return parameters[(BIAS_AT[l] + i) / 4u]; }
fn bias_quads(l: u32) -> u32 { return 0u; }

fn change_biases(rows: Rows) {}
fn undo_biases(rows: RowsBack, sums: ptr<function, SumsBack>) {}
fn d_hebb_of_biases(l: u32, i: u32, rates: Rates, m: vec4f) -> vec4f { return vec4f(); }
