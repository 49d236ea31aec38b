// Forward: what does each neuron do?
//   x_l = φ(z_l),  z_l = W_l x_{l−1} + b_l, the output layer linear (Lindsey & Litwin-Kumar 2020,
//   §1.1).
import package::shape::{
  BIASED, BIAS_AT, COLUMNS, COLUMN_TURNS, DEPTH, GRID, KEEPS_Z, NEURON_AT, QUADS, RECORD, WIDTH,
  X_AT, Z
};
import package::memory::{activity, four, parameters, set_activity, weight_rows};
import package::activation::activate;
import package::own::tile_of;
import package::division::{has_column, has_tile, own_of, row_block, row_sums, row_turns};
import package::synapse::{own_weight, place_of};
import package::team::team_barrier;

// What neurons i … i + 3 of layer l + 1 do with their inputs z; `row` is where their activities
// are.
fn settle(l: u32, row: u32, stride: u32, i: u32, z: vec4f) {
  for (var r = 0u; r < min(4u, WIDTH[l + 1u] - i); r++) {
    var x = z[r];
    if (KEEPS_Z && stride == RECORD) { set_activity(row + Z + NEURON_AT[l] + i + r, x); }
    if (l + 1u < DEPTH) { x = activate(x); }
    set_activity(row + X_AT[l + 1u] + i + r, x);
  }
}

// Activities of `count` rows, `stride` apart from `first` on, with the weights of `slot`. Reads x_0
// of each row, writes x_1 … x_L, and of a record z if it keeps it.
// Where rows are more than one, four of them are taken together, so that a weight is read once for
// four.
fn forward(first: u32, stride: u32, count: u32, slot: u32) {
  let groups = (count + 3u) / 4u;
  for (var l = 0u; l < DEPTH; l++) {
    let pre = WIDTH[l];
    let quads = QUADS[l];
    let own = own_of(l);
    let turns = COLUMN_TURNS[l];
    let columns = COLUMNS[l];
    let passes = row_turns(l, groups);
    for (var row_turn = 0u; row_turn < passes; row_turn++) {
      let k = row_block(l, row_turn);
      let mine = !GRID || k < groups * quads;
      let i = k % quads * 4u;
      let rows = first + four(k / quads * 4u, count) * stride;
      let x = rows + X_AT[l];
      let w = weight_rows(l, slot, i);
      var z0 = vec4f();
      if (BIASED && own.column == 0u) { z0 = parameters[(BIAS_AT[l] + i) / 4u]; }
      var z1 = z0;
      var z2 = z0;
      var z3 = z0;
      for (var turn = 0u; turn < turns; turn++) {
        let tile = tile_of(own, turn, !GRID);
        if (has_tile(l, tile)) {
          for (var c = 0u; c < columns; c++) {
            let j = tile + c;
            if (!GRID || has_column(l, j, pre)) {
              let weights = own_weight(w + j * quads, place_of(own, turn, columns, c));
              z0 += weights * activity(x.x + j);
              if (count > 1u) {
                z1 += weights * activity(x.y + j);
                z2 += weights * activity(x.z + j);
                z3 += weights * activity(x.w + j);
              }
            }
          }
        }
      }
      let z = row_sums(l, select(4u, 1u, count == 1u), mat4x4f(z0, z1, z2, z3));
      if (mine && own.column == 0u) {
        settle(l, rows.x, stride, i, z[0]);
        if (count > 1u) {
          settle(l, rows.y, stride, i, z[1]);
          settle(l, rows.z, stride, i, z[2]);
          settle(l, rows.w, stride, i, z[3]);
        }
      }
    }
    team_barrier();
  }
}
