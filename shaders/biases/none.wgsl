// Neurons have no biases.
import package::plasticity::Rows;
import package::plasticity_adjoint::{Rows as RowsBack, Sums as SumsBack};
import package::rate::Rates;

fn biases_of(l: u32, slot: u32, i: u32) -> vec4f { return vec4f(); }
fn bias_quads(l: u32) -> u32 { return 0u; }

fn change_biases(rows: Rows) {}
fn undo_biases(rows: RowsBack, sums: ptr<function, SumsBack>) {}
fn d_hebb_of_biases(l: u32, i: u32, rates: Rates, m: vec4f) -> vec4f { return vec4f(); }
