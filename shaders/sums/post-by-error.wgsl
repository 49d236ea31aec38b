// s = yᵀ W f = Σ_j v_j f_j of a layer, f the error below.
import package::shape::{BELOW_AT, ERROR, ERROR_AT, SUMS, V, WIDTH};
import package::memory::{activity, adjoint, set_activity, set_adjoint};

fn place(l: u32) -> u32 { return SUMS + 3u * l + 1u; }

fn find(l: u32, record: u32) {
  let v = record + V + BELOW_AT[l];
  let f = record + ERROR + ERROR_AT[l];
  var sum = 0.0;
  for (var j = 0u; j < WIDTH[l]; j++) { sum += activity(v + j) * activity(f + j); }
  set_activity(record + place(l), sum);
}
fn sum_of(l: u32, record: u32) -> f32 { return activity(record + place(l)); }
fn set_d_sum(l: u32, row: u32, d: f32) { set_adjoint(row + place(l), d); }

// d_f += d_s v,   d_v += d_s f, of one input.
fn to_input(l: u32, row: u32, f: f32, v: f32) -> vec2f {
  return adjoint(row + place(l)) * vec2f(v, f);
}
