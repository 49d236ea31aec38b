// What happens to B_ji of four neurons and an input in an inner step, besides its decay.
// Kolen-Pollack's rule adds the transpose of W's own update, so what plasticity.wgsl makes that of
// is asked here too.
import package::shape::{
  ALIGN_EVERY, BATCH, ETA_B_AT, FAN_OUT, MIRROR_X_AT, MIRROR_Z, NEURON_AT, QUADS, RECORD, SHARE,
  TIED
};
import package::change::{Synapse, tied, velocity};
import package::coefficient::coefficient;
import package::factors::{hebb_of, left_at};
import package::looks::{looks, neurons_from, reach, seen_from};
import package::memory::{
  activity, activity4, four, lived, set_weight_quad, weight_quad, weight_rows
};
import package::noise::noise_of_feedback;
import package::origin::{feedback_row, feedback_weights};
import package::plasticity::sign_and_multiplier;
import package::primitives::{
  Seen, Strengths, decay_rate_of, sample_change, strengths, synapse_change, times
};
import package::projection::p_of;
import package::rate::{Rates, rate, rates_of};
import package::reconstruction::r_of;
import package::rule::kappa;
import package::velocity::read_velocity;

// Inner step t, records from `first`: reads W and B in slot `from_`, writes B to slot `to`.
struct Work { first: u32, from_: u32, to: u32, t: u32 }

// Does B follow its energies at inner step t? And how fast: η_B, or 0.
fn acts(t: u32) -> bool { return (lived(t) + 1u) % ALIGN_EVERY == 0u; }
fn eta_at(t: u32) -> f32 { return select(0.0, coefficient(ETA_B_AT), acts(t)); }

fn groups_of(l: u32, work: Work) -> u32 { return 1u; }

// Neurons i … i + 3 of layer l + 1: strengths of the primitives times η_B, what their update of W
// is made of, and where their weights begin.
struct Rows {
  l: u32, i: u32, neurons: vec4u, work: Work, acts: bool, k: Strengths, m: vec4f, rates: Rates,
  kappa: vec4f, weights: u32, quads: u32
}

fn begin(l: u32, work: Work, block: u32) -> Rows {
  let i = block * 4u;
  let neurons = four(i, FAN_OUT[l]);
  return Rows(
    l, i, neurons, work, acts(work.t), times(eta_at(work.t), strengths()),
    sign_and_multiplier(l, i), rates_of(l, i), kappa(l, neurons, work.first),
    weight_rows(l, work.from_, i), QUADS[l]
  );
}

struct Sums { none: u32 }
fn start(rows: Rows) -> Sums { return Sums(); }

// B_ji, and what is added to it.
struct Synapses { b: vec4f, change: vec4f }

fn take(rows: Rows, j: u32) -> Synapses {
  let row = feedback_row(rows.l, rows.work.from_, rows.work.t, j);
  return Synapses(feedback_weights(rows.l, row, rows.i), change_of(rows, j));
}

fn visit(rows: Rows, j: u32, synapses: ptr<function, Synapses>, sums: ptr<function, Sums>) {
  (*synapses).b += (*synapses).change - decay_rate_of(rows.k) * (*synapses).b;
}

fn leave(rows: Rows, j: u32, synapses: Synapses) {
  let row = feedback_row(rows.l, rows.work.to, rows.work.t, j);
  set_weight_quad(row + rows.i / 4u, synapses.b);
}

fn join(l: u32, sums: Sums) -> Sums { return sums; }
fn finish(rows: Rows, sums: Sums) {}

// All that is added to B_ji but its decay.
fn change_of(rows: Rows, j: u32) -> vec4f {
  let noise = noise_of_feedback(rows.l, j * FAN_OUT[rows.l] + rows.neurons, rows.work.t);
  var change = tied_change(rows, j) + noise;
  if (rows.acts) { change += pull(rows, j); }
  return change;
}

// What the energies ask for: η_B (SHARE Σ_q … + …), q the looks at a batch's samples.
fn pull(rows: Rows, j: u32) -> vec4f {
  var sum = vec4f();
  let l = rows.l;
  let first = rows.work.first;
  for (var look = 0u; look < looks(l, BATCH); look++) {
    let input = first + seen_from(l, look, RECORD) + reach(l, j);
    let neurons = first + neurons_from(l, look, RECORD) + rows.neurons;
    sum += sample_change(rows.k, seen(l, input, neurons));
  }
  var s = Seen();
  s.w = weight_quad(rows.weights + j * rows.quads);
  return SHARE * sum + synapse_change(rows.k, s);
}

// What primitives see in a look: of the input that lies there in x_l of its record, and of four
// neurons there among a layer's.
fn seen(l: u32, input: u32, neurons: vec4u) -> Seen {
  return Seen(
    activity(input + MIRROR_X_AT[l]), r_of(l, input),
    activity4(neurons + MIRROR_Z + NEURON_AT[l]), p_of(l, neurons), vec4f(), vec4f()
  );
}

// The update of W_ij without decay, of a feedback tied to it.
fn tied_change(rows: Rows, j: u32) -> vec4f {
  if (!TIED) { return vec4f(); }
  let l = rows.l;
  let at = rows.weights + j * rows.quads;
  let a = rows.m * rate(rows.rates, j * rows.quads);
  let first = rows.work.first;
  let hebb = hebb_of(l, first + left_at(l) + rows.neurons, first, j);
  let s = Synapse(weight_quad(at), read_velocity(at), a, rows.kappa, hebb);
  return a * tied(s, velocity(s));
}
