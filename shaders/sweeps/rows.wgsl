// Rows: who visits which synapse of a layer, and when. A lane takes four rows at a time and goes
// along their columns one after another; nobody shares them, so what it finds is the rows' sum.
//
// A visitor says what happens there: it begins with four rows and what its sums start from, takes
// what lies at their synapses in a column, changes it and adds to the sums, writes it back, and
// finishes the rows. It also says in how many groups of samples it comes to every row.
import package::shape::{FAN_IN, LANES, QUADS};
import package::memory::lane;
import package::visitor::{Work, begin, finish, groups_of, leave, start, take, visit};

fn sweep(l: u32, work: Work) {
  let pre = FAN_IN[l];
  let blocks = groups_of(l, work) * QUADS[l];
  for (var block = lane; block < blocks; block += LANES) {
    let rows = begin(l, work, block);
    var sums = start(rows);
    for (var j = 0u; j < pre; j++) {
      var synapses = take(rows, j);
      visit(rows, j, &synapses, &sums);
      leave(rows, j, synapses);
    }
    finish(rows, sums);
  }
}
