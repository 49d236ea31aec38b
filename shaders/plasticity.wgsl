// Plasticity: how does each synapse change? All layers at once, from the records of the same
// forward pass:
//   u_ij = SHARE Σ_b Σ_r left_rbi right_rbj − κ_i W_ij,   W_ij ← W_ij + a_ij u_ij,   a_ij = ± m_l
//   rate_ij.
// Every rule of the papers has this form; it brings its RANK, what left and right are
// (src/gpu/record.ts), κ, the sign and, if it needs more than pre, post and error, `prepare`.
import package::shape::{
  BATCH, BATCHED, BELOW, BELOW_AT, DEPTH, GRID, LEFT, MULTIPLIER, NEURONS, NEURON_AT, PLASTIC,
  PRODUCT_COLUMNS, PRODUCT_TURNS, QUADS, RANK, RECORD, RIGHT, SHARE, WIDTH
};
import package::memory::{activity, activity4, four, present, weight_rows};
import package::noise::{noise_of_weight, noise_rows};
import package::rate::{rate, rates_of};
import package::rule::{DIRECTION, kappa};
import package::own::tile_of;
import package::division::{has_column, has_tile, own_of};
import package::synapse::{leave_weight, own_weight, place_of, set_own_weight};
import package::team::team_barrier;
import package::update::velocity;

const PRODUCTS = BATCH * RANK;

// Does a lane take a row's columns in one turn? Not in a grid, nor many products, which are made in
// tiles.
const WHOLE = !GRID && !BATCHED;

// Where the factors of the first product of layer l + 1 begin, counted from the batch's first
// record; and how far behind those of product p = b RANK + r do.
fn left_at(l: u32) -> u32 { return LEFT + NEURON_AT[l]; }
fn right_at(l: u32) -> u32 { return RIGHT + BELOW_AT[l]; }
fn left_step(p: u32) -> u32 { return p / RANK * RECORD + p % RANK * NEURONS; }
fn right_step(p: u32) -> u32 { return p / RANK * RECORD + p % RANK * BELOW; }
fn left_steps(p: vec4u) -> vec4u { return p / RANK * RECORD + p % RANK * NEURONS; }
fn right_steps(p: vec4u) -> vec4u { return p / RANK * RECORD + p % RANK * BELOW; }

// ± m_l. Tables are read outside of the inner loops: a table indexed by a variable is costly on
// some adapters.
fn sign_and_multiplier(l: u32) -> f32 { return DIRECTION * MULTIPLIER[l]; }

// Factors of the first three products, of four neurons or of an input: a lane holds those of its
// rows while it goes along them. Further products, of batches, are read as they come.
struct Lefts { first: vec4f, second: vec4f, third: vec4f }
struct Rights { first: f32, second: f32, third: f32 }
fn lefts_of(left: vec4u) -> Lefts {
  var second = vec4f();
  var third = vec4f();
  if (PRODUCTS > 1u) { second = activity4(left + left_step(1u)); }
  if (PRODUCTS > 2u) { third = activity4(left + left_step(2u)); }
  return Lefts(activity4(left), second, third);
}
fn rights_of(right: u32) -> Rights {
  var second = 0.0;
  var third = 0.0;
  if (PRODUCTS > 1u) { second = activity(right + right_step(1u)); }
  if (PRODUCTS > 2u) { third = activity(right + right_step(2u)); }
  return Rights(activity(right), second, third);
}

// SHARE Σ_p left_pi right_pj of four neurons i, where the first product's factors lie.
fn hebb_of(left: vec4u, right: u32, lefts: Lefts, rights: Rights) -> vec4f {
  var sum = lefts.first * rights.first;
  if (PRODUCTS > 1u) { sum += lefts.second * rights.second; }
  if (PRODUCTS > 2u) { sum += lefts.third * rights.third; }
  for (var p = 3u; p < PRODUCTS; p++) { sum += activity4(left + left_step(p)) * activity(right + right_step(p)); }
  return SHARE * sum;
}

// The same sums for four inputs.
fn hebbs_of(left: vec4u, right: vec4u) -> mat4x4f {
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var p = 0u; p < PRODUCTS; p++) {
    let lefts = activity4(left + left_step(p));
    let rights = activity4(right + right_step(p));
    sum0 += lefts * rights.x;
    sum1 += lefts * rights.y;
    sum2 += lefts * rights.z;
    sum3 += lefts * rights.w;
  }
  return mat4x4f(SHARE * sum0, SHARE * sum1, SHARE * sum2, SHARE * sum3);
}

// Inner step t, records from `first`: reads W in slot `from_`, writes it to slot `to`.
fn plasticity(first: u32, from_: u32, to: u32, t: u32) {
  for (var l = 0u; l < DEPTH; l++) {
    if (!PLASTIC[l]) { continue; }
    let pre = WIDTH[l];
    let quads = QUADS[l];
    let right = first + right_at(l);
    let n = WIDTH[l + 1u];
    let own = own_of(l);
    let turns = PRODUCT_TURNS[l];
    let columns = PRODUCT_COLUMNS[l];
    for (var i = own.row; i < n; i += own.row_step) {
      let neurons = four(i, n);
      let decay = kappa(l, neurons, first);
      let left = first + left_at(l) + neurons;
      let lefts = lefts_of(left);
      let rates = rates_of(l, i);
      let m = sign_and_multiplier(l) * present(i, n);
      let from_rows = weight_rows(l, from_, i);
      let to_rows = weight_rows(l, to, i);
      let noises = noise_rows(l, i, t);
      for (var turn = 0u; turn < turns; turn++) {
        let tile = tile_of(own, turn, WHOLE);
        var hebbs = mat4x4f();
        if (BATCHED) { hebbs = hebbs_of(left, right + four(tile, pre)); }
        if (has_tile(l, tile)) {
          for (var c = 0u; c < columns; c++) {
            let j = tile + c;
            if (WHOLE || has_column(l, j, pre)) {
              var hebb = vec4f();
              if (BATCHED) { hebb = hebbs[c]; } else { hebb = hebb_of(left, right + j, lefts, rights_of(right + j)); }
              let column = j * quads;
              let k = place_of(own, turn, columns, c);
              let w = own_weight(from_rows + column, k);
              let u = velocity(from_rows + column, to_rows + column, hebb - decay * w);
              set_own_weight(to_rows + column, k, w + m * rate(rates, column) * u + noise_of_weight(noises, j));
            }
          }
          if (GRID) {
            for (var c = 0u; c < columns; c++) {
              if (has_column(l, tile + c, pre)) { leave_weight(place_of(own, turn, columns, c)); }
            }
          }
        }
      }
    }
  }
  team_barrier();
}
