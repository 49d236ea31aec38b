// d_W of the forward pass: d_W_l += Σ d_z_l x_{l−1}ᵀ, over the looks at the samples, made of four
// columns at a time.
import package::shape::{FAN_IN, FAN_OUT, QUADS, UNITS_AT, X_AT};
import package::memory::{
  activity, activity4, adjoint4, four, gradient_quad, gradient_rows, present, set_gradient_quad
};
import package::looks::{looks, neurons_from, reach, reach4, seen_from};
import package::samples::Samples;

alias Work = Samples;

fn groups_of(l: u32, work: Work) -> u32 { return 1u; }

// Neurons i … i + 3: which of them are there, and where d_z of the first look, its inputs and the
// gradients lie.
struct Rows {
  l: u32, there: vec4f, d_z: vec4u, d_z0: vec4f, inputs: u32, gradients: u32, quads: u32,
  stride: u32, count: u32
}

fn begin(l: u32, work: Work, block: u32) -> Rows {
  let i = block * 4u;
  let n = FAN_OUT[l];
  let there = present(i, n);
  let d_z = UNITS_AT[l] + four(i, n);
  return Rows(
    l, there, d_z, there * adjoint4(d_z), work.first + X_AT[l], gradient_rows(l, i), QUADS[l],
    work.stride, looks(l, work.count)
  );
}

struct Sums { none: u32 }
fn start(rows: Rows) -> Sums { return Sums(); }

// Of columns 4 k … 4 k + 3, made when the first of them is asked; a sweep asks them in their order.
var<private> tile: mat4x4f;

fn make_tile(rows: Rows, inputs: vec4u) {
  var d0 = vec4f();
  var d1 = vec4f();
  var d2 = vec4f();
  var d3 = vec4f();
  for (var r = 0u; r < rows.count; r++) {
    let d_z = rows.there * adjoint4(rows.d_z + neurons_from(rows.l, r, rows.stride));
    let x = activity4(inputs + seen_from(rows.l, r, rows.stride));
    d0 += d_z * x.x;
    d1 += d_z * x.y;
    d2 += d_z * x.z;
    d3 += d_z * x.w;
  }
  tile = mat4x4f(d0, d1, d2, d3);
}

fn take(rows: Rows, j: u32) -> vec4f {
  let gradient = gradient_quad(rows.gradients + j * rows.quads);
  if (rows.count == 1u) { return gradient + rows.d_z0 * activity(rows.inputs + reach(rows.l, j)); }
  if (j % 4u == 0u) { make_tile(rows, rows.inputs + reach4(rows.l, four(j, FAN_IN[rows.l]))); }
  return gradient + tile[j % 4u];
}
fn visit(rows: Rows, j: u32, gradient: ptr<function, vec4f>, sums: ptr<function, Sums>) {}
fn leave(rows: Rows, j: u32, gradient: vec4f) {
  set_gradient_quad(rows.gradients + j * rows.quads, gradient);
}
fn join(l: u32, sums: Sums) -> Sums { return sums; }
fn finish(rows: Rows, sums: Sums) {}
