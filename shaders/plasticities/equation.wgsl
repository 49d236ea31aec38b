// Plasticity by an equation (docs/rules.md): how does each synapse change? The module `equation` is
// made of the text of a rule (src/gpu/equation.ts): what happens to four synapses of a column in
// one sample, and its adjoint under it; `equation_places` says where what it reads lies.
//   W_ij += m_l SHARE Σ_b dw_b,   a state of a synapse += mean_b d_b;
// every right-hand side is read before anything changes, states of neurons last.
import package::shape::{BATCH, DEPTH, MULTIPLIER, PLASTIC, QUADS, RECORD, SHARE, WIDTH};
import package::memory::{present, weight_rows};
import package::equation::{Above, Coarse, Synapse, change, moved, plus};
import package::equation_places::{
  OwnPlaces, above_of, below_of, coarse_of, own_places, read_own, read_synapse, write_synapse
};
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
  return MULTIPLIER[l] * present(i, WIDTH[l + 1u]);
}

fn groups_of(work: Work) -> u32 { return 1u; }

// Four neurons: what they have in the first sample, their coefficients and where those of their
// synapses lie, SHARE m_l, who of them is there, noise, and where their weights are and go.
struct Rows {
  l: u32, i: u32, work: Work, above: Above, coarse: Coarse, own: OwnPlaces, m: vec4f,
  there: vec4<bool>, noises: Noises, from_: u32, to: u32, quads: u32
}

fn begin(l: u32, work: Work, block: u32) -> Rows {
  let i = block * 4u;
  let m = SHARE * sign_and_multiplier(l, i);
  let there = present(i, WIDTH[l + 1u]) > vec4f();
  return Rows(
    l, i, work, above_of(l, work.first, work.from_, i), coarse_of(l, i), own_places(l, i), m, there,
    noise_rows(l, i, work.t), weight_rows(l, work.from_, i), weight_rows(l, work.to, i), QUADS[l]
  );
}

struct Sums { none: u32 }
fn start(rows: Rows) -> Sums { return Sums(); }

fn take(rows: Rows, j: u32) -> Synapse { return read_synapse(rows.from_ + j * rows.quads); }

fn visit(rows: Rows, j: u32, synapse: ptr<function, Synapse>, sums: ptr<function, Sums>) {
  let own = read_own(rows.own, j * rows.quads);
  var sum = Synapse();
  for (var b = 0u; b < BATCH; b++) {
    let below = below_of(rows.l, rows.work.first + b * RECORD, rows.work.from_, j);
    sum = plus(sum, change(*synapse, own, above_in(rows, b), below, rows.coarse));
  }
  *synapse = moved(*synapse, sum, rows.m, rows.there);
  (*synapse).w += noise_of_weight(rows.noises, j);
}

// What the neurons have in sample b.
fn above_in(rows: Rows, b: u32) -> Above {
  if (BATCH == 1u) { return rows.above; }
  return above_of(rows.l, rows.work.first + b * RECORD, rows.work.from_, rows.i);
}

fn leave(rows: Rows, j: u32, synapse: Synapse) {
  write_synapse(rows.to + j * rows.quads, synapse);
}

fn join(l: u32, sums: Sums) -> Sums { return sums; }

fn finish(rows: Rows, sums: Sums) {}
