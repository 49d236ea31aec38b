// Adjoint of plasticities/equation.wgsl: back through the change of every synapse, given
//   g = d_W_{t+1} and those of the states, which are kept behind the gradient of the weights.
// What flows to a synapse stays there; what flows to an input sums over rows (equations/below), to
// a neuron over columns, to a coefficient over all that it serves.
import package::shape::{BATCH, DEPTH, LANES, PLASTIC, RECORD};
import package::memory::{lane, set_adjoint};
import package::equation_above::find_above;
import package::equation_flow::{Synapses as BackSynapses, flow_in, synapses_at};
import package::equation_rows::{
  Rows as BackRows, Work as BackWork, above_after, above_in, rows_of
};
import package::equation_below::{find_below, tell_below_along};
import package::equation::{
  Above, CoarseFlow, Own, plus, plus_above, plus_coarse, plus_own
};
import package::equation_places::{
  add_d_own, forget_layer, join_above, join_coarse, tell_above, tell_coarse, tell_layer,
  tell_states, write_d_synapse
};
import package::equation_recall::{leave_recalled, recall_before};
import package::looks::positions;
import package::neurons::{neurons_adjoint, tell_states_below};
import package::plasticity_adjoint_sweep::sweep;
import package::team::team_barrier;

alias Work = BackWork;

fn plasticity_adjoint(first: u32, slot: u32, t: u32) {
  for (var k = lane; k < BATCH * RECORD; k += LANES) { set_adjoint(k, 0.0); }
  team_barrier();
  let work = Work(first, slot, t);
  neurons_adjoint(first, slot);
  recall_before(work);
  find_below(work);
  find_above(work);
  for (var l = 0u; l < DEPTH; l++) {
    if (!PLASTIC[l]) { continue; }
    forget_layer();
    sweep(l, work);
    tell_layer(l);
  }
  team_barrier();
  tell_states_below();
}

fn groups_of(l: u32, work: Work) -> u32 { return 1u; }

// Four neurons, and what they had in the first look.
struct Rows { back: BackRows, above: Above }

fn begin(l: u32, work: Work, block: u32) -> Rows {
  let back = rows_of(l, work, block * 4u);
  return Rows(back, above_in(back, 0u));
}

// Sums along the rows.
struct Sums { above: Above, coarse: CoarseFlow }
fn start(rows: Rows) -> Sums { return Sums(); }

// What lies at four synapses, and what flows to their own coefficients.
struct Synapses { back: BackSynapses, d_own: Own }
fn take(rows: Rows, j: u32) -> Synapses { return Synapses(synapses_at(rows.back, j), Own()); }

fn visit(rows: Rows, j: u32, synapses: ptr<function, Synapses>, sums: ptr<function, Sums>) {
  let seen = (*synapses).back;
  var d = seen.g;
  var d_own = Own();
  for (var look = 0u; look < rows.back.count; look++) {
    let flow = flow_in(rows.back, look, j, seen, above_after(rows.above, rows.back, look));
    d = plus(d, flow.synapse);
    d_own = plus_own(d_own, flow.own);
    tell_below_along(rows.back, look, j, flow.below);
    (*sums).above = plus_above((*sums).above, flow.above);
    (*sums).coarse = plus_coarse((*sums).coarse, flow.coarse);
  }
  (*synapses).back.g = d;
  (*synapses).d_own = d_own;
}

fn leave(rows: Rows, j: u32, synapses: Synapses) {
  let column = j * rows.back.quads;
  leave_recalled(rows.back.weights + column, synapses.back.before.w);
  write_d_synapse(rows.back.gradients + column, synapses.back.g);
  add_d_own(rows.back.own, column, synapses.d_own);
}

fn join(l: u32, sums: Sums) -> Sums {
  return Sums(join_above(l, sums.above), join_coarse(l, sums.coarse));
}

// What neurons had in one of many looks was told before (equations/above).
fn finish(rows: Rows, sums: Sums) {
  if (rows.back.count == 1u) { tell_above(rows.back.l, 0u, rows.back.i, sums.above); }
  if (positions(rows.back.l) == 1u) { tell_states(rows.back.l, rows.back.i, sums.above); }
  tell_coarse(rows.back.l, rows.back.i, sums.coarse);
}
