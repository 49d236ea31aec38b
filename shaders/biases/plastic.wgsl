// A bias changes as a synapse whose input is always 1 does, but without noise:
//   hebb_i = SHARE Σ_p left_pi,   b_i changes by hebb_i, κ_i and a_i as changes/ says.
// It lies behind the weights of its neuron, one column more of W, and so do its velocity and its
// rate; its gradient lies where that of the initial biases does. Who visits a neuron's synapses
// visits its bias at the end.
import package::shape::{BIAS_AT, BIAS_RATE_COLUMN, FAN_IN, QUADS};
import package::change::{Told, changed, d_hebb, velocity};
import package::memory::{gradient_quad, weight_quad, weight_rows};
import package::plasticity::{Rows, leave, synapses_at};
import package::plasticity_adjoint::{
  Place, Rows as RowsBack, Sums as SumsBack, leave_at, taken_at, undo
};
import package::products::rights_of_one;
import package::rate::{Rates, rate};
import package::velocity::read_d_velocity;

// Those of neurons i … i + 3 of layer l + 1, i a multiple of 4; quads that a lifetime keeps.
fn biases_of(l: u32, slot: u32, i: u32) -> vec4f {
  return weight_quad(weight_rows(l, slot, i) + FAN_IN[l] * QUADS[l]);
}
fn bias_quads(l: u32) -> u32 { return QUADS[l]; }

fn change_biases(rows: Rows) {
  let at = rows.from_ + rows.pre * rows.quads;
  var s = synapses_at(rows, at, BIAS_RATE_COLUMN[rows.l], rights_of_one(rows.lefts));
  s.velocity = velocity(s);
  s.w = changed(s, s.velocity);
  leave(rows, rows.pre, s);
}

// Its adjoint, and what it adds to the sums along the neuron's synapses.
fn undo_biases(rows: RowsBack, sums: ptr<function, SumsBack>) {
  let place = Place(
    rows.weights + rows.pre * rows.quads, (BIAS_AT[rows.l] + rows.i) / 4u, BIAS_RATE_COLUMN[rows.l]
  );
  var synapses = taken_at(rows, place, rights_of_one(rows.lefts), vec4f());
  undo(rows, d_hebb(synapses.told, synapses.before.a), vec4f(), &synapses, sums);
  leave_at(rows, place, synapses);
}

// d_hebb before the gradient changes.
fn d_hebb_of_biases(l: u32, i: u32, rates: Rates, m: vec4f) -> vec4f {
  let at = (BIAS_AT[l] + i) / 4u;
  let told = Told(gradient_quad(at), vec4f(), read_d_velocity(at));
  return d_hebb(told, m * rate(rates, BIAS_RATE_COLUMN[l]));
}
