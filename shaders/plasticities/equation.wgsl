// Plasticity by an equation (docs/rules.md): how does each synapse change? The module `equation` is
// made of the text of a rule (src/gpu/equation.ts): what happens to four synapses of a column in
// one look, and its adjoint under it; `equation_places` says where what it reads lies.
//   W_ij += m_l SHARE Σ_q dw_q,   a state of a synapse += mean_q d_q,
// q the looks of a layer at the samples of a batch (looks/): dense, one each;
// every right-hand side is read before anything changes, states of neurons last.
import package::shape::{BATCH, DEPTH, FAN_OUT, MULTIPLIER, PLASTIC, QUADS};
import package::equation::{Above, Coarse, Synapse, change, moved, plus};
import package::equation_places::{
  OwnPlaces, above_of, below_of, coarse_of, own_places, read_own, read_synapse, write_synapse
};
import package::looks::{looks, share};
import package::memory::{present, weight_rows};
import package::neurons::change_neurons;
import package::noise::{Noises, noise_of_weight, noise_rows};
import package::plasticity_sweep::sweep;
import package::team::team_barrier;

// Inner step t, records from `first`: reads W and states in slot `from_`, writes them to slot `to`.
struct Work { first: u32, from_: u32, to: u32, t: u32 }

fn plasticity(first: u32, from_: u32, to: u32, t: u32) {
  for (var l = 0u; l < DEPTH; l++) {
    if (PLASTIC[l]) { sweep(l, Work(first, from_, to, t)); }
  }
  team_barrier();
  change_neurons(first, from_, to);
}

// m_l, 0 beyond the last of neurons i … i + 3.
fn sign_and_multiplier(l: u32, i: u32) -> vec4f {
  return MULTIPLIER[l] * present(i, FAN_OUT[l]);
}

fn groups_of(l: u32, work: Work) -> u32 { return 1u; }

// Four neurons: in how many looks they are, what they have in the first, their coefficients and
// where those of their synapses lie, SHARE m_l, who of them is there, noise, and where their weights
// are and go.
struct Rows {
  l: u32, i: u32, work: Work, count: u32, above: Above, coarse: Coarse, own: OwnPlaces, m: vec4f,
  there: vec4<bool>, noises: Noises, from_: u32, to: u32, quads: u32
}

fn begin(l: u32, work: Work, block: u32) -> Rows {
  let i = block * 4u;
  let m = share(l) * sign_and_multiplier(l, i);
  let there = present(i, FAN_OUT[l]) > vec4f();
  return Rows(
    l, i, work, looks(l, BATCH), above_of(l, work.first, 0u, work.from_, i), coarse_of(l, i),
    own_places(l, i), m, there, noise_rows(l, i, work.t), weight_rows(l, work.from_, i),
    weight_rows(l, work.to, i), QUADS[l]
  );
}

struct Sums { none: u32 }
fn start(rows: Rows) -> Sums { return Sums(); }

fn take(rows: Rows, j: u32) -> Synapse { return read_synapse(rows.from_ + j * rows.quads); }

fn visit(rows: Rows, j: u32, synapse: ptr<function, Synapse>, sums: ptr<function, Sums>) {
  let own = read_own(rows.own, j * rows.quads);
  var sum = Synapse();
  let work = rows.work;
  for (var look = 0u; look < rows.count; look++) {
    let below = below_of(rows.l, work.first, look, work.from_, j);
    sum = plus(sum, change(*synapse, own, above_in(rows, look), below, rows.coarse));
  }
  *synapse = moved(*synapse, sum, rows.m, f32(rows.count), rows.there);
  (*synapse).w += noise_of_weight(rows.noises, j);
}

// What the neurons have in a look.
fn above_in(rows: Rows, look: u32) -> Above {
  if (rows.count == 1u) { return rows.above; }
  return above_of(rows.l, rows.work.first, look, rows.work.from_, rows.i);
}

fn leave(rows: Rows, j: u32, synapse: Synapse) {
  write_synapse(rows.to + j * rows.quads, synapse);
}

fn join(l: u32, sums: Sums) -> Sums { return sums; }

fn finish(rows: Rows, sums: Sums) {}
