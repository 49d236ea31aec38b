// Adjoint of plasticity.wgsl: back through the change of every synapse (changes/), given
//   g = d_W_{t+1},
// which is kept in the gradient of the initial weights. What flows to a synapse's hebb flows on to
// the factors of its products,
//   d_left_pi = SHARE Σ_j d_hebb_ij right_pj,   d_right_pj = SHARE Σ_i d_hebb_ij left_pi.
import package::shape::{
  BATCH, DEPTH, FAN_IN, FAN_OUT, INPUT_GRADIENT, LANES, PLASTIC, QUADS, RECORD, RIGHTS_ARE_OWN,
  SECOND_ORDER
};
import package::memory::{
  four, gradient_quad, gradient_rows, lane, set_adjoint, set_gradient_quad, weight_quad,
  weight_rows
};
import package::bias::undo_biases;
import package::change::{Synapse, Told, change_adjoint, d_hebb, momentum_adjoint_of_layer};
import package::factors::{left_at, right_at};
import package::lanes::join_rows;
import package::noise::{Noises, noise_of_weight, noise_rows};
import package::plasticity::sign_and_multiplier;
import package::plasticity_adjoint_sweep::sweep;
import package::products::{
  Lefts, Rights, first_of, hebb, joined, lefts_of, plus_d_left, rights_of, second_of, set_d_lefts
};
import package::rate::{
  Rates, rate, rate_adjoint_of_layer, rate_adjoint_of_rows, rates_of, read_d_rate, write_d_rate
};
import package::recall::{leave_recalled, recalled};
import package::right_factors::{find_factors, tell_right};
import package::rule::{kappa, kappa_adjoint, kappa_adjoint_of_layer};
import package::team::team_barrier;
import package::tie::tied_gradient;
import package::velocity::{join_momentum, read_d_velocity, read_velocity, write_d_velocity};

// Inner step t, records from `first`; W_t is recalled from `slot`.
struct Work { first: u32, slot: u32, t: u32 }

// What coefficients that a layer shares are told by this lane's rows.
var<private> d_rate: f32;
var<private> d_kappa: f32;
var<private> d_momentum: f32;

// Sets d_left and d_right in the adjoint of the records, adds to the gradient of the rates, and
// turns g into d_W_t.
fn plasticity_adjoint(first: u32, slot: u32, t: u32) {
  for (var k = lane; k < BATCH * RECORD; k += LANES) { set_adjoint(k, 0.0); }
  team_barrier();
  find_factors(first, t);
  for (var l = 0u; l < DEPTH; l++) {
    if (!PLASTIC[l]) { continue; }
    d_rate = 0.0;
    d_kappa = 0.0;
    d_momentum = 0.0;
    sweep(l, Work(first, slot, t));
    rate_adjoint_of_layer(l, d_rate);
    kappa_adjoint_of_layer(l, d_kappa);
    momentum_adjoint_of_layer(d_momentum);
  }
  team_barrier();
}

// Does anything ask for d_right of layer l + 1? That of the inputs only if an encoder or the rule's
// own factors do.
fn asks_right(l: u32) -> bool {
  return PLASTIC[l] && ((SECOND_ORDER && (l > 0u || INPUT_GRADIENT)) || RIGHTS_ARE_OWN);
}

// d_hebb of neurons i … i + 3 and input j, before g changes: `rows` is where their gradients begin.
fn d_hebb_at(l: u32, i: u32, rows: u32, rates: Rates, m: vec4f, j: u32) -> vec4f {
  let column = j * QUADS[l];
  let at = rows + column;
  let told = Told(gradient_quad(at), tied_gradient(l, i, j), read_d_velocity(at));
  return d_hebb(told, m * rate(rates, column));
}

fn groups_of(l: u32, work: Work) -> u32 { return 1u; }

// Neurons i … i + 3 of layer l + 1: as in the forward sweep, and where gradients lie.
struct Rows {
  l: u32, i: u32, first: u32, pre: u32, quads: u32, lefts: Lefts, right: u32, asks_right: bool,
  kappa: vec4f, m: vec4f, rates: Rates, noises: Noises, weights: u32, gradients: u32
}

fn begin(l: u32, work: Work, block: u32) -> Rows {
  let i = block * 4u;
  let neurons = four(i, FAN_OUT[l]);
  return Rows(
    l, i, work.first, FAN_IN[l], QUADS[l],
    lefts_of(l, work.first + left_at(l) + neurons), right_at(l), asks_right(l),
    kappa(l, neurons, work.first), sign_and_multiplier(l, i), rates_of(l, i),
    noise_rows(l, i, work.t),
    weight_rows(l, work.slot, i), gradient_rows(l, i)
  );
}

// Sums along the rows.
struct Sums { d_kappa: vec4f, d_rate: vec4f, d_momentum: vec4f, d_left: Lefts }
fn start(rows: Rows) -> Sums { return Sums(); }

// What lies at four synapses: what they were changed by, and what they are told.
struct Synapses { before: Synapse, told: Told, d_rate: vec4f, rights: Rights }

// Where their weights and gradients lie, and in which column their rates.
struct Place { weights: u32, gradients: u32, column: u32 }

fn place_of(rows: Rows, j: u32) -> Place {
  let column = j * rows.quads;
  return Place(rows.weights + column, rows.gradients + column, column);
}

// What lies there, with these right factors; g_b: what a feedback tied to them is told.
fn taken_at(rows: Rows, place: Place, rights: Rights, g_b: vec4f) -> Synapses {
  let w_at = place.weights;
  let at = place.gradients;
  let a = rows.m * rate(rows.rates, place.column);
  return Synapses(
    Synapse(weight_quad(w_at), read_velocity(w_at), a, rows.kappa, hebb(rows.lefts, rights)),
    Told(gradient_quad(at), g_b, read_d_velocity(at)),
    read_d_rate(rows.rates, place.column), rights
  );
}

fn take(rows: Rows, j: u32) -> Synapses {
  let rights = rights_of(rows.lefts, rows.first + rows.right, j);
  return taken_at(rows, place_of(rows, j), rights, tied_gradient(rows.l, rows.i, j));
}

fn visit(rows: Rows, j: u32, synapses: ptr<function, Synapses>, sums: ptr<function, Sums>) {
  let to_hebb = d_hebb((*synapses).told, (*synapses).before.a);
  tell_right(rows.asks_right, rows.right + j, to_hebb, rows.lefts);
  undo(rows, to_hebb, noise_of_weight(rows.noises, j), synapses, sums);
}

// Synapses as they were, and what they are told, before the step.
fn undo(
  rows: Rows, to_hebb: vec4f, noise: vec4f, synapses: ptr<function, Synapses>,
  sums: ptr<function, Sums>
) {
  var s = (*synapses).before;
  s.w = recalled(s.w, s.a, s.hebb, s.kappa, noise);
  let flow = change_adjoint((*synapses).told, s);
  let to_rate = rows.m * flow.a;
  (*sums).d_kappa += flow.kappa;
  (*sums).d_rate += to_rate;
  (*sums).d_momentum += flow.momentum;
  (*sums).d_left = plus_d_left((*sums).d_left, to_hebb, (*synapses).rights);
  (*synapses).before.w = s.w;
  (*synapses).told.g = flow.w;
  (*synapses).told.d_velocity = flow.velocity;
  (*synapses).d_rate += to_rate;
}

fn leave(rows: Rows, j: u32, synapses: Synapses) { leave_at(rows, place_of(rows, j), synapses); }

fn leave_at(rows: Rows, place: Place, synapses: Synapses) {
  leave_recalled(place.weights, synapses.before.w);
  set_gradient_quad(place.gradients, synapses.told.g);
  write_d_velocity(place.gradients, synapses.told.d_velocity);
  write_d_rate(rows.rates, place.column, synapses.d_rate);
}

fn join(l: u32, s: Sums) -> Sums {
  let d = join_rows(l, mat4x4f(s.d_kappa, s.d_rate, first_of(s.d_left), second_of(s.d_left)));
  return Sums(d[0], d[1], join_momentum(l, s.d_momentum), joined(l, d[2], d[3], s.d_left));
}

fn finish(rows: Rows, along: Sums) {
  var sums = along;
  undo_biases(rows, &sums);
  set_d_lefts(left_at(rows.l), rows.i, FAN_OUT[rows.l], sums.d_left);
  kappa_adjoint(rows.l, rows.i, rows.first, sums.d_kappa);
  d_kappa += dot(sums.d_kappa, vec4f(1.0));
  d_rate += rate_adjoint_of_rows(rows.rates, sums.d_rate);
  d_momentum += dot(sums.d_momentum, vec4f(1.0));
}
