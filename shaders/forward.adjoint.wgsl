// Adjoint of forward.wgsl: given d_x of every layer, and d_z of a record that keeps z, from the top
// down
//   d_z_l += d_x_l φ'(x_l),   d_b_l += Σ_rows d_z_l,   d_W_l += Σ_rows d_z_l x_{l−1}ᵀ,   d_x_{l−1}
//   += W_lᵀ d_z_l.
// The d_W of an inner step waits: only d_z is kept (PENDING), and the adjoint of the step before,
// which reads and writes d_W anyway, adds the product.
import package::shape::{
  ALL_WAIT, BATCH, BATCHED, BIASED, BIAS_AT, COLUMN_TURNS, DEPTH, GRID, INPUT_GRADIENT, KEEPS_Z,
  LANES, NEURONS, NEURON_AT, PENDING, PLASTIC, QUADS, RECORD, SECOND_ORDER, TILE_TURNS, WIDTH, X_AT,
  Z
};
import package::memory::{
  activity, activity4, add_adjoints, add_gradient_quad, adjoint4, four, gradient_rows, lane, pass_,
  present, set_adjoints, weight_rows
};
import package::activation::slope;
import package::own::Own;
import package::division::{
  column_block, column_sums, has_tile, own_of, sum_turns, summed_of, told_block
};
import package::synapse::{held_four, leave_gradient, own_gradient, own_weight, set_own_gradient};
import package::team::team_barrier;

fn slopes(x: vec4f) -> vec4f { return vec4f(slope(x.x), slope(x.y), slope(x.z), slope(x.w)); }

// Does d_W of inner steps wait at all? Not that of many samples: they are added up in tiles.
const WAITS = SECOND_ORDER && !BATCHED;

// Does that of layer l + 1? Not if an encoder's adjoint will lie where its inputs were
// (perceptions/encoded.wgsl).
fn waits(l: u32) -> bool { return WAITS && PLASTIC[l] && !(INPUT_GRADIENT && l == 0u); }

// Where d_z of layer l + 1 waits, of the batch's first sample; those of the others follow at
// NEURONS. And of neurons i … i + 3 of n, 0 beyond the last.
fn pending_at(l: u32) -> u32 { return PENDING + NEURON_AT[l]; }
fn pending(at: u32, i: u32, n: u32) -> vec4f { return present(i, n) * adjoint4(at + four(i, n)); }

// d_W of their synapses that waits: Σ_b d_z_b x_b, where the inputs x lie; d_z0 is that of the
// first sample.
fn pending_gradient(at: u32, i: u32, n: u32, d_z0: vec4f, x: u32) -> vec4f {
  var sum = d_z0 * activity(x);
  for (var b = 1u; b < BATCH; b++) { sum += pending(at + b * NEURONS, i, n) * activity(x + b * RECORD); }
  return sum;
}

// Where the inputs of layer l + 1 lie that wait with d_z, in the adjoint of inner step t: in the
// records of t + 1. Nothing waits in a pass's first: d_z is 0 then, as a pass leaves it.
fn pending_inputs(l: u32, t: u32) -> u32 { return (t + select(0u, 1u, t + 1u < pass_.last_step)) * BATCH * RECORD + X_AT[l]; }

// The gradient of W of layer l + 1: its columns and rows, the quads of a column, and the first quad
// of all.
struct Gradient { pre: u32, post: u32, quads: u32, first_quad: u32 }
fn gradient_of_layer(l: u32) -> Gradient { return Gradient(WIDTH[l], WIDTH[l + 1u], QUADS[l], gradient_rows(l, 0u)); }

// d_W of a layer from `count` rows: of the inputs from `x` on, of d_z from `d_z` on. A lane's own
// synapses, four columns a turn.
fn weights_adjoint(l: u32, gradient: Gradient, own: Own, turn: u32, x: u32, x_stride: u32, d_z: u32, d_z_stride: u32, count: u32) {
  let pre = gradient.pre;
  let post = gradient.post;
  let quads = gradient.quads;
  let j = own.column + turn * own.column_step;
  if (!has_tile(l, j)) { return; }
  let columns = four(j, pre);
  let held = held_four(l, turn);
  let real = present(j, pre);
  for (var i = own.row; i < post; i += own.row_step) {
    let neurons = four(i, post);
    let there = present(i, post);
    let rows = gradient.first_quad + i / 4u;
    var d0 = vec4f();
    var d1 = vec4f();
    var d2 = vec4f();
    var d3 = vec4f();
    for (var r = 0u; r < count; r++) {
      let d = there * adjoint4(d_z + r * d_z_stride + neurons);
      let inputs = real * activity4(x + r * x_stride + columns);
      d0 += d * inputs.x;
      d1 += d * inputs.y;
      d2 += d * inputs.z;
      d3 += d * inputs.w;
    }
    add_own_gradient(rows + quads * columns.x, held.x, d0);
    add_own_gradient(rows + quads * columns.y, held.y, d1);
    add_own_gradient(rows + quads * columns.z, held.z, d2);
    add_own_gradient(rows + quads * columns.w, held.w, d3);
    // Columns beyond the last are the last again, with nothing to add: the first of them has the
    // last word.
    leave_gradient(held.w);
    leave_gradient(held.z);
    leave_gradient(held.y);
    leave_gradient(held.x);
  }
}

fn add_own_gradient(at: u32, k: u32, value: vec4f) { set_own_gradient(at, k, own_gradient(at, k) + value); }

// Adds what waits of inner step t to the gradient now: at the end of a pass, and before queries add
// theirs, so that the order of sums does not depend on passes.
fn settle_pending(t: u32) {
  if (!WAITS) { return; }
  for (var l = 0u; l < DEPTH; l++) {
    if (!waits(l)) { continue; }
    let gradient = gradient_of_layer(l);
    let own = own_of(l);
    let turns = TILE_TURNS[l];
    for (var turn = 0u; turn < turns; turn++) { weights_adjoint(l, gradient, own, turn, t * BATCH * RECORD + X_AT[l], RECORD, pending_at(l), NEURONS, BATCH); }
    if (GRID) { team_barrier(); }
    for (var i = 4u * lane; i < WIDTH[l + 1u]; i += 4u * LANES) {
      for (var b = 0u; b < BATCH; b++) { set_adjoints(pending_at(l) + b * NEURONS, i, WIDTH[l + 1u], vec4f(0.0)); }
    }
  }
}

// Rows as in `forward`; d_x is consumed (it holds d_z afterwards). Adds to the gradient of W and b,
// or leaves d_z for the former.
fn forward_adjoint(first: u32, stride: u32, count: u32, slot: u32) {
  for (var l = DEPTH; l > 0u; l--) {
    let pre = WIDTH[l - 1u];
    let post = WIDTH[l];
    let x_at = X_AT[l];
    let z_at = Z + NEURON_AT[l - 1u];
    let waiting = pending_at(l - 1u);

    // A neuron's lane is the one that has just found its d_x, or all lanes have met.
    let quads = QUADS[l - 1u];
    for (var k = lane; k < (count + 3u) / 4u * quads; k += LANES) {
      let i = k % quads * 4u;
      let r0 = k / quads * 4u;
      for (var r = r0; r < min(r0 + 4u, count); r++) {
        let at = r * stride + x_at;
        let neurons = four(i, post);
        var d_z = adjoint4(at + neurons);
        if (l < DEPTH) { d_z *= slopes(activity4(first + at + neurons)); }
        if (KEEPS_Z && stride == RECORD) { d_z += adjoint4(r * stride + z_at + neurons); }
        set_adjoints(at, i, post, d_z);
        if (stride == RECORD && waits(l - 1u)) { set_adjoints(waiting + r * NEURONS, i, post, d_z); }
      }
    }
    team_barrier();

    for (var i = 4u * lane; BIASED && i < post; i += 4u * LANES) {
      var d_bias = vec4f();
      for (var r = 0u; r < count; r++) { d_bias += adjoint4(X_AT[l] + r * stride + four(i, post)); }
      add_gradient_quad((BIAS_AT[l - 1u] + i) / 4u, present(i, post) * d_bias);
    }
    if (stride != RECORD || (!ALL_WAIT && !waits(l - 1u))) {
      let gradient = gradient_of_layer(l - 1u);
      let own = own_of(l - 1u);
      let turns = TILE_TURNS[l - 1u];
      for (var turn = 0u; turn < turns; turn++) { weights_adjoint(l - 1u, gradient, own, turn, first + X_AT[l - 1u], stride, X_AT[l], stride, count); }
    }

    // d_x below, of four columns and, where rows are more than one, of four rows at a time; that of
    // the inputs only where an encoder asks for it.
    if (l > 1u || INPUT_GRADIENT) {
      let blocks = (pre + 3u) / 4u;
      let groups = (count + 3u) / 4u;
      let first_quad = weight_rows(l - 1u, slot, 0u);
      let own = summed_of(l - 1u);
      let parts = COLUMN_TURNS[l - 1u];
      let passes = sum_turns(l - 1u, groups);
      for (var turn = 0u; turn < passes; turn++) {
        for (var part = 0u; part < parts; part++) {
          let k = column_block(l - 1u, turn, part);
          let columns = first_quad + quads * four(k % blocks * 4u, pre);
          let held = held_four(l - 1u, part);
          let d_z = four(k / blocks * 4u, count) * stride + X_AT[l];
          var d0 = vec4f();
          var d1 = vec4f();
          var d2 = vec4f();
          var d3 = vec4f();
          for (var i = own.row; i < post; i += own.row_step) {
            let at = columns + i / 4u;
            let weights = mat4x4f(own_weight(at.x, held.x), own_weight(at.y, held.y), own_weight(at.z, held.z), own_weight(at.w, held.w));
            let neurons = four(i, post);
            d0 += adjoint4(d_z.x + neurons) * weights;
            if (count > 1u) {
              d1 += adjoint4(d_z.y + neurons) * weights;
              d2 += adjoint4(d_z.z + neurons) * weights;
              d3 += adjoint4(d_z.w + neurons) * weights;
            }
          }
          let d = column_sums(l - 1u, select(4u, 1u, count == 1u), mat4x4f(d0, d1, d2, d3));
          let told = told_block(l - 1u, turn, part);
          if (!GRID || told < groups * blocks) {
            let j = told % blocks * 4u;
            let d_x = four(told / blocks * 4u, count) * stride + X_AT[l - 1u];
            let there = present(told / blocks * 4u, count);
            add_adjoints(d_x.x, j, pre, d[0]);
            if (count > 1u) {
              add_adjoints(d_x.y, j, pre, there.y * d[1]);
              add_adjoints(d_x.z, j, pre, there.z * d[2]);
              add_adjoints(d_x.w, j, pre, there.w * d[3]);
            }
          }
        }
      }
      if (GRID) { team_barrier(); }
    }
  }
  team_barrier();
}
