// What flows to neurons in each of many samples, before g changes: a row of synapses is visited
// once for every sample.
import package::shape::{BATCH, DEPTH, PLASTIC, QUADS, RECORD};
import package::equation_above_sweep::sweep;
import package::equation_flow::{Synapses, flow_in, synapses_at};
import package::equation_rows::{Rows as BackRows, Work as BackWork, above_in, rows_of};
import package::equation::{Above, plus_above};
import package::equation_places::{TELLS, join_above, tell_above};
import package::team::team_barrier;

alias Work = BackWork;

fn find_above(work: Work) {
  if (BATCH == 1u || !TELLS) { return; }
  for (var l = 0u; l < DEPTH; l++) {
    if (PLASTIC[l]) { sweep(l, work); }
  }
  team_barrier();
}

fn groups_of(work: Work) -> u32 { return BATCH; }

// Four neurons in sample b.
struct Rows { back: BackRows, b: u32, above: Above }

fn begin(l: u32, work: Work, block: u32) -> Rows {
  let quads = QUADS[l];
  let i = block % quads * 4u;
  let b = block / quads;
  let back = rows_of(l, work, i);
  return Rows(back, b, above_in(back, b));
}

struct Sums { above: Above }
fn start(rows: Rows) -> Sums { return Sums(); }

fn take(rows: Rows, j: u32) -> Synapses { return synapses_at(rows.back, j); }

fn visit(rows: Rows, j: u32, synapses: ptr<function, Synapses>, sums: ptr<function, Sums>) {
  let flow = flow_in(rows.back, rows.b, j, *synapses, rows.above);
  (*sums).above = plus_above((*sums).above, flow.above);
}

fn leave(rows: Rows, j: u32, synapses: Synapses) {}

fn join(l: u32, sums: Sums) -> Sums { return Sums(join_above(l, sums.above)); }

fn finish(rows: Rows, sums: Sums) {
  tell_above(rows.back.l, rows.b * RECORD, rows.back.i, sums.above);
}
