// What flows to neurons in each of many looks, before g changes: a row of synapses is visited once
// for every look.
import package::shape::{BATCH, DEPTH, PLASTIC, QUADS};
import package::equation_above_sweep::sweep;
import package::equation_flow::{Synapses, flow_in, synapses_at};
import package::equation_rows::{Rows as BackRows, Work as BackWork, above_in, rows_of};
import package::equation::{Above, plus_above};
import package::equation_places::{TELLS, join_above, tell_above, tell_states_of_look};
import package::looks::looks;
import package::team::team_barrier;

alias Work = BackWork;

fn find_above(work: Work) {
  if (!TELLS) { return; }
  for (var l = 0u; l < DEPTH; l++) {
    if (PLASTIC[l] && looks(l, BATCH) > 1u) { sweep(l, work); }
  }
  team_barrier();
}

fn groups_of(l: u32, work: Work) -> u32 { return looks(l, BATCH); }

// Four neurons in a look.
struct Rows { back: BackRows, look: u32, above: Above }

fn begin(l: u32, work: Work, block: u32) -> Rows {
  let quads = QUADS[l];
  let i = block % quads * 4u;
  let look = block / quads;
  let back = rows_of(l, work, i);
  return Rows(back, look, above_in(back, look));
}

struct Sums { above: Above }
fn start(rows: Rows) -> Sums { return Sums(); }

fn take(rows: Rows, j: u32) -> Synapses { return synapses_at(rows.back, j); }

fn visit(rows: Rows, j: u32, synapses: ptr<function, Synapses>, sums: ptr<function, Sums>) {
  let flow = flow_in(rows.back, rows.look, j, *synapses, rows.above);
  (*sums).above = plus_above((*sums).above, flow.above);
}

fn leave(rows: Rows, j: u32, synapses: Synapses) {}

fn join(l: u32, sums: Sums) -> Sums { return Sums(join_above(l, sums.above)); }

fn finish(rows: Rows, sums: Sums) {
  tell_above(rows.back.l, rows.look, rows.back.i, sums.above);
  tell_states_of_look(rows.back.l, rows.look, rows.back.i, sums.above);
}
