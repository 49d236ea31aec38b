// Four neurons and the rows of their synapses, as the equation and all who go back through it see
// them.
import package::shape::{BATCH, MULTIPLIER, QUADS, RECORD, SHARE, WIDTH};
import package::memory::{gradient_rows, present, weight_rows};
import package::equation::{Above, Coarse};
import package::equation_places::{OwnPlaces, above_of, coarse_of, own_places};
import package::noise::{Noises, noise_rows};

// Inner step t, records from `first`; W_t and states lie in, or are recalled from, `slot`.
struct Work { first: u32, slot: u32, t: u32 }

// Neurons i … i + 3 of layer l + 1: their coefficients and where those of their synapses lie,
// SHARE m_l, who of them is there, noise, and where weights and gradients begin.
struct Rows {
  l: u32, i: u32, work: Work, coarse: Coarse, own: OwnPlaces, m: vec4f, there: vec4<bool>,
  noises: Noises, weights: u32, gradients: u32, quads: u32
}

fn rows_of(l: u32, work: Work, i: u32) -> Rows {
  let there = present(i, WIDTH[l + 1u]);
  return Rows(
    l, i, work, coarse_of(l, i), own_places(l, i), SHARE * MULTIPLIER[l] * there, there > vec4f(),
    noise_rows(l, i, work.t), weight_rows(l, work.slot, i), gradient_rows(l, i), QUADS[l]
  );
}

// What the neurons had in sample b.
fn above_in(rows: Rows, b: u32) -> Above {
  return above_of(rows.l, rows.work.first + b * RECORD, rows.work.slot, rows.i);
}

// The same for one who has that of the first sample at hand.
fn above_after(first: Above, rows: Rows, b: u32) -> Above {
  if (BATCH == 1u) { return first; }
  return above_in(rows, b);
}
