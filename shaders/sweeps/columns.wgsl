// Columns: who adds up along the columns of a layer, for the numbers of x below it. A lane takes
// four of them beside each other, and a group of samples, and goes down the rows of the synapses
// that see them, four rows a turn.
//
// A visitor begins with the four in each look that sees them, visits rows i … i + 3, adding to its
// sums, and finishes the four. It also says in how many groups of samples it comes to each.
import package::shape::{FAN_OUT, LANES};
import package::looks::{cell_blocks, cells_of, sight_of, sights};
import package::memory::lane;
import package::visitor::{Sums, Work, begin, finish, groups_of, visit};

fn sweep(l: u32, work: Work) {
  let post = FAN_OUT[l];
  let places = cell_blocks(l);
  let blocks = groups_of(l, work) * places;
  for (var block = lane; block < blocks; block += LANES) {
    let cells = cells_of(l, block % places);
    var sums = Sums();
    for (var s = 0u; s < sights(l); s++) {
      let sight = sight_of(l, cells, s);
      if (!sight.there) { continue; }
      let columns = begin(l, work, block / places, cells, sight);
      for (var i = 0u; i < post; i += 4u) { visit(columns, i, &sums); }
    }
    finish(l, work, block / places, cells, sums);
  }
}
