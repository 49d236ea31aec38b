// d_x of the forward pass: d_x_{l−1} += W_lᵀ d_z_l, of four inputs and four samples at a time.
import package::shape::{FAN_OUT, QUADS, UNITS_AT, X_AT};
import package::looks::{Cells, Sight, neurons_from};
import package::memory::{add_adjoints, adjoint4, four, fours, present, weight_quad4, weight_rows};
import package::samples::Samples;

alias Work = Samples;

fn groups_of(l: u32, work: Work) -> u32 { return fours(work.count); }

// Four inputs in a look that sees them: their columns of W, and where d_z of the four samples lies.
struct Columns { post: u32, weights: vec4u, d_z: vec4u, several: bool }

fn begin(l: u32, work: Work, group: u32, cells: Cells, sight: Sight) -> Columns {
  let columns = four(sight.column, sight.column + cells.end - cells.at);
  let samples = four(4u * group, work.count) * work.stride;
  return Columns(
    FAN_OUT[l], weight_rows(l, work.slot, 0u) + QUADS[l] * columns,
    samples + UNITS_AT[l] + neurons_from(l, sight.look, work.stride), work.count > 1u
  );
}

struct Sums { d0: vec4f, d1: vec4f, d2: vec4f, d3: vec4f }

fn visit(columns: Columns, i: u32, sums: ptr<function, Sums>) {
  let weights = weight_quad4(columns.weights + i / 4u);
  let neurons = four(i, columns.post);
  (*sums).d0 += adjoint4(columns.d_z.x + neurons) * weights;
  if (columns.several) {
    (*sums).d1 += adjoint4(columns.d_z.y + neurons) * weights;
    (*sums).d2 += adjoint4(columns.d_z.z + neurons) * weights;
    (*sums).d3 += adjoint4(columns.d_z.w + neurons) * weights;
  }
}

fn finish(l: u32, work: Work, group: u32, cells: Cells, sums: Sums) {
  let d_x = four(4u * group, work.count) * work.stride + X_AT[l];
  let there = present(4u * group, work.count);
  add_adjoints(d_x.x, cells.at, cells.end, sums.d0);
  if (work.count > 1u) {
    add_adjoints(d_x.y, cells.at, cells.end, there.y * sums.d1);
    add_adjoints(d_x.z, cells.at, cells.end, there.z * sums.d2);
    add_adjoints(d_x.w, cells.at, cells.end, there.w * sums.d3);
  }
}
