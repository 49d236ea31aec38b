// What flows back at four synapses of a column in one look: shared by those who add it up for
// synapses (plasticities/equation.adjoint), for neurons (equations/above) and for inputs
// (equations/below).
import package::equation::{Above, Flow, Own, Synapse, change_adjoint, kept, told_by};
import package::equation_places::{below_of, read_d_synapse, read_own, read_synapse};
import package::equation_recall::recalled_at;
import package::equation_rows::Rows;

// Synapses as they were before the step, g of what they became, and their own coefficients.
struct Synapses { before: Synapse, g: Synapse, own: Own }

fn synapses_at(rows: Rows, j: u32) -> Synapses {
  let column = j * rows.quads;
  let own = read_own(rows.own, column);
  let after = read_synapse(rows.weights + column);
  return Synapses(
    recalled_at(rows, j, own, after), read_d_synapse(rows.gradients + column), own
  );
}

// What flows to all that the equation read in a look; `above`: what the neurons had there.
fn flow_in(rows: Rows, look: u32, j: u32, synapses: Synapses, above: Above) -> Flow {
  let below = below_of(rows.l, rows.work.first, look, rows.work.slot, j);
  let told = told_by(synapses.g, rows.m, f32(rows.count));
  let flow = change_adjoint(synapses.before, synapses.own, above, below, rows.coarse, told);
  return kept(flow, rows.there);
}
