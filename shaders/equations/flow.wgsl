// What flows back at four synapses of a column in one look: shared by those who add it up for
// synapses (plasticities/equation.adjoint), for neurons (equations/above) and for inputs
// (equations/below).
import package::shape::{BATCH, FAN_OUT, MULTIPLIER, QUADS};
import package::memory::{gradient_rows, present, weight_rows};
import package::equation::{Above, Coarse, Flow, Own, Synapse, change_adjoint, kept, told_by};
import package::equation_places::{
  OwnPlaces, below_of, coarse_of, own_places, read_d_synapse, read_own, read_synapse
};
import package::equation_recall::recalled_at;
import package::looks::{looks, share};
import package::noise::{Noises, noise_rows};

// Inner step t, records from `first`; W_t and states lie in, or are recalled from, `slot`.
struct Work { first: u32, slot: u32, t: u32 }

// Neurons i … i + 3 of layer l + 1: in how many looks they are, their coefficients and where those
// of their synapses lie, SHARE m_l, who of them is there, noise, and where weights and gradients
// begin.
struct Rows {
  l: u32, i: u32, work: Work, count: u32, coarse: Coarse, own: OwnPlaces, m: vec4f, there: vec4<bool>,
  noises: Noises, weights: u32, gradients: u32, quads: u32
}

fn rows_of(l: u32, work: Work, i: u32) -> Rows {
  let there = present(i, FAN_OUT[l]);
  return Rows(
    l, i, work, looks(l, BATCH), coarse_of(l, i), own_places(l, i),
    share(l) * MULTIPLIER[l] * there, there > vec4f(), noise_rows(l, i, work.t),
    weight_rows(l, work.slot, i), gradient_rows(l, i), QUADS[l]
  );
}

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
