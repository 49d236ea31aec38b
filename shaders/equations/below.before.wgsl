// What flows to inputs sums over rows: lanes that share a task find it before g changes, four
// inputs and a sample at a time.
import package::shape::{BATCH, DEPTH, PLASTIC, RECORD};
import package::equation_flow::{flow_in, synapses_at};
import package::equation_rows::{Rows, Work as BackWork, above_in, rows_of};
import package::equation_below_sweep::sweep;
import package::equation::{BelowFlow, plus_below};
import package::equation_places::{asks_below, tell_below};
import package::looks::{Cells, Sight, looks};
import package::memory::four;
import package::team::team_barrier;

alias Work = BackWork;

fn tell_below_along(rows: Rows, look: u32, j: u32, flow: BelowFlow) {}

fn find_below(work: Work) {
  for (var l = 0u; l < DEPTH; l++) {
    if (PLASTIC[l] && asks_below(l)) { sweep(l, work); }
  }
  team_barrier();
}

fn groups_of(l: u32, work: Work) -> u32 { return BATCH; }

// Four inputs of layer l + 1 in a look at sample b.
struct Columns { l: u32, work: Work, look: u32, columns: vec4u }

fn begin(l: u32, work: Work, b: u32, cells: Cells, sight: Sight) -> Columns {
  let columns = four(sight.column, sight.column + cells.end - cells.at);
  return Columns(l, work, looks(l, b) + sight.look, columns);
}

// What flows to each of the four, of four rows at once.
struct Sums { of0: BelowFlow, of1: BelowFlow, of2: BelowFlow, of3: BelowFlow }

fn visit(columns: Columns, i: u32, sums: ptr<function, Sums>) {
  let rows = rows_of(columns.l, columns.work, i);
  (*sums).of0 = plus_below((*sums).of0, flow_to(columns, rows, columns.columns.x));
  (*sums).of1 = plus_below((*sums).of1, flow_to(columns, rows, columns.columns.y));
  (*sums).of2 = plus_below((*sums).of2, flow_to(columns, rows, columns.columns.z));
  (*sums).of3 = plus_below((*sums).of3, flow_to(columns, rows, columns.columns.w));
}

fn flow_to(columns: Columns, rows: Rows, j: u32) -> BelowFlow {
  let above = above_in(rows, columns.look);
  return flow_in(rows, columns.look, j, synapses_at(rows, j), above).below;
}

fn finish(l: u32, work: Work, b: u32, cells: Cells, sums: Sums) {
  let at = b * RECORD + cells.at;
  tell_below(l, work.first, at, sums.of0);
  if (cells.at + 1u < cells.end) { tell_below(l, work.first, at + 1u, sums.of1); }
  if (cells.at + 2u < cells.end) { tell_below(l, work.first, at + 2u, sums.of2); }
  if (cells.at + 3u < cells.end) { tell_below(l, work.first, at + 3u, sums.of3); }
}
