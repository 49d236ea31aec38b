// What flows to inputs sums over rows: a lane that has a task for itself adds it up on its way.
import package::equation_rows::{Rows, Work};
import package::equation::BelowFlow;
import package::equation_places::{asks_below, tell_below};
import package::shape::RECORD;

fn tell_below_along(rows: Rows, b: u32, j: u32, flow: BelowFlow) {
  if (asks_below(rows.l)) { tell_below(rows.l, b * RECORD, j, flow); }
}

fn find_below(work: Work) {}
