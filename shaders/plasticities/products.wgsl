// Plasticity: how does each synapse change? All layers at once, from the records of the same
// forward pass:
//   hebb_ij = SHARE Σ_q Σ_r left_rqi right_rqj,   a_ij = ± m_l rate_ij,
// q the looks of a layer at the samples of a batch (looks/): dense, one each;
// W_ij changes by hebb_ij, κ_i and a_ij as changes/ says. Every rule of the papers has this form;
// it brings its RANK, what left and right are (src/gpu/record.ts), κ, the sign and, if it needs
// more than pre, post and error, `prepare`.
import package::shape::{DEPTH, FAN_IN, FAN_OUT, MULTIPLIER, PLASTIC, QUADS};
import package::memory::{four, present, set_weight_quad, weight_quad, weight_rows};
import package::bias::change_biases;
import package::change::{Synapse, changed, velocity};
import package::factors::{left_at, right_at};
import package::noise::{Noises, noise_of_weight, noise_rows};
import package::plasticity_sweep::sweep;
import package::products::{Lefts, Rights, hebb, lefts_of, rights_of};
import package::rate::{Rates, rate, rates_of};
import package::rule::{DIRECTION, kappa};
import package::team::team_barrier;
import package::velocity::{read_velocity, write_velocity};

// Inner step t, records from `first`: reads W in slot `from_`, writes it to slot `to`.
struct Work { first: u32, from_: u32, to: u32, t: u32 }

fn plasticity(first: u32, from_: u32, to: u32, t: u32) {
  for (var l = 0u; l < DEPTH; l++) {
    if (PLASTIC[l]) { sweep(l, Work(first, from_, to, t)); }
  }
  team_barrier();
}

// ± m_l, 0 beyond the last of neurons i … i + 3.
fn sign_and_multiplier(l: u32, i: u32) -> vec4f {
  return DIRECTION * MULTIPLIER[l] * present(i, FAN_OUT[l]);
}

fn groups_of(l: u32, work: Work) -> u32 { return 1u; }

// Four neurons: their factors and where those of the inputs lie, κ, ± m, rates, noise, and where
// their weights are and go.
struct Rows {
  l: u32, lefts: Lefts, right: u32, pre: u32, kappa: vec4f, m: vec4f, rates: Rates, noises: Noises,
  from_: u32, to: u32, quads: u32
}

fn begin(l: u32, work: Work, block: u32) -> Rows {
  let i = block * 4u;
  let neurons = four(i, FAN_OUT[l]);
  return Rows(
    l, lefts_of(l, work.first + left_at(l) + neurons), work.first + right_at(l), FAN_IN[l],
    kappa(l, neurons, work.first), sign_and_multiplier(l, i), rates_of(l, i),
    noise_rows(l, i, work.t),
    weight_rows(l, work.from_, i), weight_rows(l, work.to, i), QUADS[l]
  );
}

struct Sums { none: u32 }
fn start(rows: Rows) -> Sums { return Sums(); }

// Those whose weights lie at `at` and whose rates in that column, with these right factors.
fn synapses_at(rows: Rows, at: u32, column: u32, rights: Rights) -> Synapse {
  let a = rows.m * rate(rows.rates, column);
  return Synapse(weight_quad(at), read_velocity(at), a, rows.kappa, hebb(rows.lefts, rights));
}

fn take(rows: Rows, j: u32) -> Synapse {
  let column = j * rows.quads;
  let rights = rights_of(rows.lefts, rows.right, j);
  return synapses_at(rows, rows.from_ + column, column, rights);
}

fn visit(rows: Rows, j: u32, synapse: ptr<function, Synapse>, sums: ptr<function, Sums>) {
  let v = velocity(*synapse);
  (*synapse).w = changed(*synapse, v) + noise_of_weight(rows.noises, j);
  (*synapse).velocity = v;
}

fn leave(rows: Rows, j: u32, synapse: Synapse) {
  let at = rows.to + j * rows.quads;
  set_weight_quad(at, synapse.w);
  write_velocity(at, synapse.velocity);
}

fn join(l: u32, sums: Sums) -> Sums { return sums; }

fn finish(rows: Rows, sums: Sums) { change_biases(rows); }
