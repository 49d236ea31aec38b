// Columns: who adds up along the columns of a layer. A lane takes four columns and four samples at
// a time and goes down all their rows, four a turn.
//
// A visitor begins with a block of columns and samples, visits rows i … i + 3, adding to its sums,
// and finishes the block.
import package::shape::{LANES, WIDTH};
import package::memory::{fours, lane};
import package::visitor::{Sums, Work, begin, finish, groups_of, visit};

fn sweep(l: u32, work: Work) {
  let post = WIDTH[l + 1u];
  let blocks = groups_of(work) * fours(WIDTH[l]);
  for (var block = lane; block < blocks; block += LANES) {
    let columns = begin(l, work, block);
    var sums = Sums();
    for (var i = 0u; i < post; i += 4u) { visit(columns, i, &sums); }
    finish(columns, sums);
  }
}
