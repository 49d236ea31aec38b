// Plasticity by an equation (docs/rules.md): how does each synapse change? The module `equation` is
// made of the text of a rule (src/gpu/equation.ts): what happens to four synapses of a column in
// one look, and its adjoint under it; `equation_places` says where what it reads lies.
//   W_ij += m_l SHARE Σ_q dw_q,   a state of a synapse += mean_q d_q,
// q the looks of a layer at the samples of a batch (looks/): dense, one each;
// every right-hand side is read before anything changes, states of neurons last.
import package::shape::{DEPTH, FAN_OUT, MULTIPLIER, PLASTIC};
import package::memory::{present, weight_rows};
import package::equation::{Above, Synapse, change, moved, plus};
import package::equation_places::{below_of, read_own, read_synapse, write_synapse};
import package::equation_rows::{
  Rows as RowsBefore, Work as WorkBefore, above_after, above_in, rows_of
};
import package::neurons::change_neurons;
import package::noise::noise_of_weight;
import package::plasticity_sweep::sweep;
import package::team::team_barrier;

// A step that reads W and states in its slot, and writes them to slot `to`.
struct Work { before: WorkBefore, to: u32 }

fn plasticity(first: u32, from_: u32, to: u32, t: u32) {
  for (var l = 0u; l < DEPTH; l++) {
    if (PLASTIC[l]) { sweep(l, Work(WorkBefore(first, from_, t), to)); }
  }
  team_barrier();
  change_neurons(first, from_, to);
}

// m_l, 0 beyond the last of neurons i … i + 3.
fn sign_and_multiplier(l: u32, i: u32) -> vec4f {
  return MULTIPLIER[l] * present(i, FAN_OUT[l]);
}

fn groups_of(l: u32, work: Work) -> u32 { return 1u; }

// Four neurons, what they have in the first look, and where their weights go.
struct Rows { before: RowsBefore, above: Above, to: u32 }

fn begin(l: u32, work: Work, block: u32) -> Rows {
  let i = block * 4u;
  let before = rows_of(l, work.before, i);
  return Rows(before, above_in(before, 0u), weight_rows(l, work.to, i));
}

struct Sums { none: u32 }
fn start(rows: Rows) -> Sums { return Sums(); }

fn take(rows: Rows, j: u32) -> Synapse {
  return read_synapse(rows.before.weights + j * rows.before.quads);
}

fn visit(rows: Rows, j: u32, synapse: ptr<function, Synapse>, sums: ptr<function, Sums>) {
  let before = rows.before;
  let work = before.work;
  let own = read_own(before.own, j * before.quads);
  var sum = Synapse();
  for (var look = 0u; look < before.count; look++) {
    let above = above_after(rows.above, before, look);
    let below = below_of(before.l, work.first, look, work.slot, j);
    sum = plus(sum, change(*synapse, own, above, below, before.coarse));
  }
  *synapse = moved(*synapse, sum, before.m, f32(before.count), before.there);
  (*synapse).w += noise_of_weight(before.noises, j);
}

fn leave(rows: Rows, j: u32, synapse: Synapse) {
  write_synapse(rows.to + j * rows.before.quads, synapse);
}

fn join(l: u32, sums: Sums) -> Sums { return sums; }

fn finish(rows: Rows, sums: Sums) {}
