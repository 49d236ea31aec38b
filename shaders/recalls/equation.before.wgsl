// W_t is recalled by undoing the update (adjoint 'reverse') in place, before anybody reads it:
// those who come to a synapse in each of many looks would undo all of them each time.
import package::shape::{DEPTH, PLASTIC};
import package::equation_recall_sweep::sweep;
import package::equation_rows::{Rows as BackRows, Work as BackWork, rows_of};
import package::equation::{Own, Synapse};
import package::equation_places::{read_own, read_synapse};
import package::equation_undone::undone;
import package::memory::set_weight_quad;
import package::team::team_barrier;

alias Work = BackWork;

fn recall_before(work: Work) {
  for (var l = 0u; l < DEPTH; l++) {
    if (PLASTIC[l]) { sweep(l, work); }
  }
  team_barrier();
}

fn recalled_at(rows: BackRows, j: u32, own: Own, before: Synapse) -> Synapse { return before; }
fn leave_recalled(at: u32, w: vec4f) {}

fn groups_of(l: u32, work: Work) -> u32 { return 1u; }

struct Rows { back: BackRows }
fn begin(l: u32, work: Work, block: u32) -> Rows { return Rows(rows_of(l, work, block * 4u)); }

// Nothing is added up.
struct Sums { none: u32 }
fn start(rows: Rows) -> Sums { return Sums(); }

fn take(rows: Rows, j: u32) -> Synapse {
  return read_synapse(rows.back.weights + j * rows.back.quads);
}

fn visit(rows: Rows, j: u32, synapse: ptr<function, Synapse>, sums: ptr<function, Sums>) {
  let own = read_own(rows.back.own, j * rows.back.quads);
  *synapse = undone(rows.back, j, own, *synapse);
}

fn leave(rows: Rows, j: u32, synapse: Synapse) {
  set_weight_quad(rows.back.weights + j * rows.back.quads, synapse.w);
}

fn join(l: u32, sums: Sums) -> Sums { return sums; }
fn finish(rows: Rows, sums: Sums) {}
