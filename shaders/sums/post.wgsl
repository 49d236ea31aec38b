// S = Σ_i y_i of a layer.
import package::shape::{NEURON_AT, POST, SUMS, WIDTH};
import package::memory::{activity, add_adjoints, adjoint, set_activity, set_adjoint};

fn place(l: u32) -> u32 { return SUMS + 3u * l; }

fn find(l: u32, record: u32) {
  let post = record + POST + NEURON_AT[l];
  var sum = 0.0;
  for (var i = 0u; i < WIDTH[l + 1u]; i++) { sum += activity(post + i); }
  set_activity(record + place(l), sum);
}
fn sum_of(l: u32, record: u32) -> f32 { return activity(record + place(l)); }
fn set_d_sum(l: u32, row: u32, d: f32) { set_adjoint(row + place(l), d); }

// d_y += d_S, of neurons i … i + 3.
fn to_neurons(l: u32, row: u32, record: u32, i: u32, n: u32) {
  add_adjoints(row + POST + NEURON_AT[l], i, n, vec4f(adjoint(row + place(l))));
}
