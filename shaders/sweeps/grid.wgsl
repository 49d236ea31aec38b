// Grid: who visits which synapse of a layer, and when, where lanes lie in rows and columns. Row
// lane r takes the four rows from 4 r on. Lanes that are more share their columns: column lane c
// takes the four from 4 c on, then those 4 COLUMN_LANES further. It reads what lies at a turn's
// four columns before it writes any, because a GPU could not ask for a column while what is written
// for the one before might be the same. What lanes find of the same rows they add up.
//
// Its visitors are those of rows.wgsl; one more thing they say: which of their sums lanes join.
import package::shape::{COLUMN_LANES, FAN_IN, QUADS, ROW_LANES};
import package::memory::{four, lane};
import package::visitor::{
  Rows, Sums, Work, begin, finish, groups_of, join, leave, start, take, visit
};

fn sweep(l: u32, work: Work) {
  let pre = FAN_IN[l];
  let quads = QUADS[l];
  let quad = lane % ROW_LANES[l];
  let column_lane = lane / ROW_LANES[l];
  let step = 4u * COLUMN_LANES[l];
  for (var group = 0u; group < groups_of(l, work); group++) {
    let rows = begin(l, work, group * quads + min(quad, quads - 1u));
    var sums = Sums();
    if (column_lane == 0u) { sums = start(rows); }
    for (var j = 4u * column_lane; quad < quads && j < pre; j += step) {
      visit_four(rows, j, pre, &sums);
    }
    // All lanes meet here, those without rows too.
    let joined = join(l, sums);
    if (quad < quads && column_lane == 0u) { finish(rows, joined); }
  }
}

// Columns j … j + 3 of `pre`. What is read beyond the last is the last again, and left alone.
fn visit_four(rows: Rows, j: u32, pre: u32, sums: ptr<function, Sums>) {
  let column = four(j, pre);
  var synapses0 = take(rows, column.x);
  var synapses1 = take(rows, column.y);
  var synapses2 = take(rows, column.z);
  var synapses3 = take(rows, column.w);
  visit(rows, column.x, &synapses0, sums);
  if (j + 1u < pre) { visit(rows, column.y, &synapses1, sums); }
  if (j + 2u < pre) { visit(rows, column.z, &synapses2, sums); }
  if (j + 3u < pre) { visit(rows, column.w, &synapses3, sums); }
  leave(rows, column.x, synapses0);
  if (j + 1u < pre) { leave(rows, column.y, synapses1); }
  if (j + 2u < pre) { leave(rows, column.z, synapses2); }
  if (j + 3u < pre) { leave(rows, column.w, synapses3); }
}
