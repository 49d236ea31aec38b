// Four neurons and the rows of their synapses, as the equation and all who go back through it see
// them.
import package::shape::{BATCH, FAN_OUT, QUADS};
import package::memory::{gradient_rows, present, weight_rows};
import package::equation::{Above, Coarse};
import package::equation_places::{OwnPlaces, above_of, coarse_of, own_places};
import package::looks::{looks, share};
import package::noise::{Noises, noise_rows};
import package::plasticity::sign_and_multiplier;

// Inner step t, records from `first`; W_t and states lie in, or are recalled from, `slot`.
struct Work { first: u32, slot: u32, t: u32 }

// Neurons i … i + 3 of layer l + 1: in how many looks they are, their coefficients and where those
// of their synapses lie, SHARE m_l, who of them is there, noise, and where weights and gradients
// begin.
struct Rows {
  l: u32, i: u32, work: Work, count: u32, coarse: Coarse, own: OwnPlaces, m: vec4f,
  there: vec4<bool>, noises: Noises, weights: u32, gradients: u32, quads: u32
}

fn rows_of(l: u32, work: Work, i: u32) -> Rows {
  return Rows(
    l, i, work, looks(l, BATCH), coarse_of(l, i), own_places(l, i),
    share(l) * sign_and_multiplier(l, i), present(i, FAN_OUT[l]) > vec4f(),
    noise_rows(l, i, work.t), weight_rows(l, work.slot, i), gradient_rows(l, i), QUADS[l]
  );
}

// What the neurons had in a look.
fn above_in(rows: Rows, look: u32) -> Above {
  return above_of(rows.l, rows.work.first, look, rows.work.slot, rows.i);
}

// The same for one who has that of the first look at hand.
fn above_after(first: Above, rows: Rows, look: u32) -> Above {
  if (rows.count == 1u) { return first; }
  return above_in(rows, look);
}
