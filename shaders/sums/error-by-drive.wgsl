// q = eᵀ W p = Σ_i e_i z_i of a layer, z what drives its neurons.
import package::shape::{ERROR, ERROR_AT, NEURON_AT, SUMS, WIDTH, Z};
import package::memory::{
  activity, activity4, add_adjoints, adjoint, four, set_activity, set_adjoint
};

fn place(l: u32) -> u32 { return SUMS + 3u * l + 2u; }
fn error_at(l: u32) -> u32 { return ERROR + ERROR_AT[l + 1u]; }
fn drive_at(l: u32) -> u32 { return Z + NEURON_AT[l]; }

fn find(l: u32, record: u32) {
  let e = record + error_at(l);
  let z = record + drive_at(l);
  var sum = 0.0;
  for (var i = 0u; i < WIDTH[l + 1u]; i++) { sum += activity(e + i) * activity(z + i); }
  set_activity(record + place(l), sum);
}
fn sum_of(l: u32, record: u32) -> f32 { return activity(record + place(l)); }
fn set_d_sum(l: u32, row: u32, d: f32) { set_adjoint(row + place(l), d); }

// d_e += d_q z,   d_z += d_q e, of neurons i … i + 3.
fn to_neurons(l: u32, row: u32, record: u32, i: u32, n: u32) {
  let neurons = four(i, n);
  let d_q = adjoint(row + place(l));
  add_adjoints(row + error_at(l), i, n, d_q * activity4(record + drive_at(l) + neurons));
  add_adjoints(row + drive_at(l), i, n, d_q * activity4(record + error_at(l) + neurons));
}
