// d_x of the forward pass: d_x_{l−1} += W_lᵀ d_z_l, of four inputs and four samples at a time.
import package::shape::{QUADS, WIDTH, X_AT};
import package::memory::{add_adjoints, adjoint4, four, present, weight_quad4, weight_rows};
import package::samples::Samples;

alias Work = Samples;

fn groups_of(work: Work) -> u32 { return (work.count + 3u) / 4u; }

// Inputs j … j + 3: their columns of W, where d_z and d_x of the four samples lie, which of the
// samples are there.
struct Columns {
  j: u32, pre: u32, post: u32, weights: vec4u, d_z: vec4u, d_x: vec4u, there: vec4f, several: bool
}

fn begin(l: u32, work: Work, block: u32) -> Columns {
  let pre = WIDTH[l];
  let blocks = (pre + 3u) / 4u;
  let j = block % blocks * 4u;
  let group = block / blocks * 4u;
  let samples = four(group, work.count) * work.stride;
  return Columns(
    j, pre, WIDTH[l + 1u], weight_rows(l, work.slot, 0u) + QUADS[l] * four(j, pre),
    samples + X_AT[l + 1u], samples + X_AT[l], present(group, work.count), work.count > 1u
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

fn finish(columns: Columns, sums: Sums) {
  let j = columns.j;
  let pre = columns.pre;
  add_adjoints(columns.d_x.x, j, pre, sums.d0);
  if (columns.several) {
    add_adjoints(columns.d_x.y, j, pre, columns.there.y * sums.d1);
    add_adjoints(columns.d_x.z, j, pre, columns.there.z * sums.d2);
    add_adjoints(columns.d_x.w, j, pre, columns.there.w * sums.d3);
  }
}
