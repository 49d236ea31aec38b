// What flows to inputs sums over rows: a lane that has a task for itself adds it up on its way.
import package::equation_rows::{Rows, Work};
import package::equation::BelowFlow;
import package::equation_places::{asks_below, tell_below};
import package::looks::{reach, seen_from, sees};
import package::shape::RECORD;

fn tell_below_along(rows: Rows, look: u32, j: u32, flow: BelowFlow) {
  let l = rows.l;
  if (!asks_below(l) || !sees(l, look, j)) { return; }
  tell_below(l, rows.work.first, seen_from(l, look, RECORD) + reach(l, j), flow);
}

fn find_below(work: Work) {}
