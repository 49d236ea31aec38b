// Adjoint of plasticity.wgsl. With g = d_W_{t+1} (kept in the gradient of the initial weights, with
// what forward.adjoint.wgsl left waiting) and d_u = a g, or what updates/ makes of it:
//   d_rate_ij += ± m g_ij u_ij,   d_W_t = g − κ d_u,   d_left_pi = SHARE Σ_j d_u_ij right_pj,  
//   d_right_pj = SHARE Σ_i d_u_ij left_pi,   d_κ_i = −Σ_j d_u_ij W_ij.
// Kolen-Pollack's rule, which adds the transpose of the update to B, has a part in d_u and d_rate:
// g_b.
import package::shape::{
  BATCH, BATCHED, DEPTH, GRID, INPUT_GRADIENT, LANES, PLASTIC, PRODUCT_COLUMNS, PRODUCT_TURNS,
  QUADS, RATE_PER_SYNAPSE, RECORD, RIGHTS_ARE_OWN, SECOND_ORDER, SHARE, WIDTH
};
import package::memory::{
  activity4, add_adjoint, four, gradient_rows, lane, present, set_adjoint, set_adjoints, weight_rows
};
import package::feedback_rule::tied_gradient;
import package::forward_adjoint::{WAITS, pending, pending_at, pending_gradient, pending_inputs};
import package::noise::{noise_of_weight, noise_rows};
import package::plasticity::{
  PRODUCTS, Rights, WHOLE, hebb_of, hebbs_of, left_at, left_step, left_steps, lefts_of, right_at,
  right_step, right_steps, rights_of, sign_and_multiplier
};
import package::rate::{
  Rates, rate, rate_adjoint, rate_adjoint_of_layer, rate_adjoint_of_rows, rates_of
};
import package::recall::recall;
import package::rule::{kappa, kappa_adjoint, kappa_adjoint_of_layer};
import package::own::tile_of;
import package::division::{
  column_sums, has_column, has_tile, own_of, row_block, row_sums, row_turns, told_block
};
import package::synapse::{leave_recalled, own_gradient, place_of, set_own_gradient};
import package::team::team_barrier;
import package::update::{
  d_hebb, d_rate, d_update, momentum_adjoint_of_layer, velocity_adjoint, velocity_of
};

// Sums over a row that lanes find together: of d_κ and of the first product's d_left, of the rates
// unless every synapse has its own, and of the second product's.
const ROW_SUMS = select(select(3u, 2u, RATE_PER_SYNAPSE), 4u, PRODUCTS > 1u);

// Tiles of four products.
const TILES = (PRODUCTS + 3u) / 4u;

// Clears the adjoint of the batch's records.
fn clear() {
  for (var k = lane; k < BATCH * RECORD; k += LANES) { set_adjoint(k, 0.0); }
  team_barrier();
}

// Does anything ask for d_right of layer l + 1? That of the inputs only if an encoder or the rule's
// own factors do.
fn asks_right(l: u32) -> bool { return PLASTIC[l] && ((SECOND_ORDER && (l > 0u || INPUT_GRADIENT)) || RIGHTS_ARE_OWN); }

// Neurons i … i + 3 of layer l + 1: what finding d_hebb of their synapses takes but for the column.
struct Rows { i: u32, n: u32, gradients: u32, pending: u32, d_z0: vec4f, rates: Rates }
fn rows_of(l: u32, i: u32) -> Rows {
  let n = WIDTH[l + 1u];
  var d_z0 = vec4f();
  if (WAITS) { d_z0 = pending(pending_at(l), i, n); }
  return Rows(i, n, gradient_rows(l, i), pending_at(l), d_z0, rates_of(l, i));
}

// d_W_{t+1} of their synapses in the column that begins so many quads behind the first and whose
// inputs that wait lie at x; k: where it is held.
fn gradient_of(rows: Rows, column: u32, k: u32, x: u32) -> vec4f {
  let g = own_gradient(rows.gradients + column, k);
  if (!WAITS) { return g; }
  return g + pending_gradient(rows.pending, rows.i, rows.n, rows.d_z0, x);
}

// d_hebb of their synapses with inputs `columns`, as it is before g is changed. m: ± m_l.
fn d_hebbs_of(l: u32, rows: Rows, columns: vec4u, m: f32, quads: u32, waiting: u32) -> mat4x4f {
  return mat4x4f(
    d_hebb_of(l, rows, columns.x, m, quads, waiting), d_hebb_of(l, rows, columns.y, m, quads, waiting),
    d_hebb_of(l, rows, columns.z, m, quads, waiting), d_hebb_of(l, rows, columns.w, m, quads, waiting),
  );
}
fn d_hebb_of(l: u32, rows: Rows, j: u32, m: f32, quads: u32, waiting: u32) -> vec4f {
  let column = j * quads;
  let a = m * rate(rows.rates, column);
  let g_b = tied_gradient(l, rows.i, j);
  return d_hebb(d_update(rows.gradients + column, a, gradient_of(rows, column, 0u, waiting + j), g_b), a, g_b);
}

// d_left or d_right of a tile's products, of neurons i … i + 3 of n.
fn set_products(at: vec4u, i: u32, n: u32, d0: vec4f, d1: vec4f, d2: vec4f, d3: vec4f) {
  set_adjoints(at.x, i, n, SHARE * d0);
  if (PRODUCTS > 1u) { set_adjoints(at.y, i, n, SHARE * d1); }
  if (PRODUCTS > 2u) { set_adjoints(at.z, i, n, SHARE * d2); }
  if (PRODUCTS > 3u) { set_adjoints(at.w, i, n, SHARE * d3); }
}

// d_right of layer l + 1: of four inputs and four products a lane.
fn find_right(l: u32, first: u32, t: u32) {
  let pre = WIDTH[l];
  let n = WIDTH[l + 1u];
  let quads = QUADS[l];
  let m = sign_and_multiplier(l);
  let waiting = pending_inputs(l, t);
  let blocks = (pre + 3u) / 4u;
  for (var k = lane; k < TILES * blocks; k += LANES) {
    let j = k % blocks * 4u;
    let columns = four(j, pre);
    let products = four(k / blocks * 4u, PRODUCTS);
    let left = first + left_at(l) + left_steps(products);
    var d0 = vec4f();
    var d1 = vec4f();
    var d2 = vec4f();
    var d3 = vec4f();
    for (var i = 0u; i < n; i += 4u) {
      let neurons = four(i, n);
      let d = d_hebbs_of(l, rows_of(l, i), columns, m, quads, waiting);
      d0 += activity4(left.x + neurons) * d;
      if (PRODUCTS > 1u) { d1 += activity4(left.y + neurons) * d; }
      if (PRODUCTS > 2u) { d2 += activity4(left.z + neurons) * d; }
      if (PRODUCTS > 3u) { d3 += activity4(left.w + neurons) * d; }
    }
    set_products(right_at(l) + right_steps(products), j, pre, d0, d1, d2, d3);
  }
}

// d_left of layer l + 1, where products are many, so that nothing waits: of four neurons and four
// products a lane.
fn find_left(l: u32, first: u32) {
  let pre = WIDTH[l];
  let quads = QUADS[l];
  let m = sign_and_multiplier(l);
  for (var k = lane; k < TILES * quads; k += LANES) {
    let i = k % quads * 4u;
    let rows = rows_of(l, i);
    let products = four(k / quads * 4u, PRODUCTS);
    let right = first + right_at(l) + right_steps(products);
    var d0 = vec4f();
    var d1 = vec4f();
    var d2 = vec4f();
    var d3 = vec4f();
    for (var j = 0u; j < pre; j++) {
      let d = d_hebb_of(l, rows, j, m, quads, 0u);
      let rights = activity4(right + j);
      d0 += d * rights.x;
      d1 += d * rights.y;
      d2 += d * rights.z;
      d3 += d * rights.w;
    }
    set_products(left_at(l) + left_steps(products), i, rows.n, d0, d1, d2, d3);
  }
}

// Inner step t, records from `first`; W_t is recalled from `slot`. Sets d_left and d_right in the
// adjoint of the records, adds to the gradient of the rates, and turns g into d_W_t.
fn plasticity_adjoint(first: u32, slot: u32, t: u32) {
  clear();
  // d_right sums over rows: a lane that works alone adds it up on its way through them, and lanes
  // of a grid meet on the way; others find it before they change g, and so are many products found.
  if (BATCHED || (LANES > 1u && !GRID)) {
    for (var l = 0u; l < DEPTH; l++) {
      if (asks_right(l)) { find_right(l, first, t); }
      // at first order nothing asks for it
      if (BATCHED && SECOND_ORDER && PLASTIC[l]) { find_left(l, first); }
    }
    team_barrier();
  }

  for (var l = 0u; l < DEPTH; l++) {
    if (!PLASTIC[l]) { continue; }
    let pre = WIDTH[l];
    let n = WIDTH[l + 1u];
    let quads = QUADS[l];
    let right = right_at(l);
    let waiting = pending_inputs(l, t);
    let asked = !BATCHED && asks_right(l);
    let own = own_of(l);
    let turns = PRODUCT_TURNS[l];
    let columns = PRODUCT_COLUMNS[l];
    var d_rate_layer = 0.0;
    var d_kappa_layer = 0.0;
    var d_momentum_layer = 0.0;
    let passes = row_turns(l, 1u);
    for (var row_turn = 0u; row_turn < passes; row_turn++) {
      let block = row_block(l, row_turn);
      let mine = !GRID || block < quads;
      let i = block % quads * 4u;
      let neurons = four(i, n);
      let decay = kappa(l, neurons, first);
      let left = left_at(l) + neurons;
      let lefts = lefts_of(first + left);
      let m = sign_and_multiplier(l) * present(i, n);
      let rows = rows_of(l, i);
      let noises = noise_rows(l, i, t);
      let w_rows = weight_rows(l, slot, i);
      var d_kappa = vec4f();
      var d_rate_rows = vec4f();
      var d_momentum = vec4f();
      var d_left0 = vec4f();
      var d_left1 = vec4f();
      var d_left2 = vec4f();
      for (var turn = 0u; turn < turns; turn++) {
        let tile = tile_of(own, turn, WHOLE);
        var hebbs = mat4x4f();
        if (BATCHED) { hebbs = hebbs_of(first + left, first + right + four(tile, pre)); }
        var d_rights = mat4x4f();
        if (mine && has_tile(l, tile)) {
          for (var c = 0u; c < columns; c++) {
            let j = tile + c;
            if (WHOLE || has_column(l, j, pre)) {
              let column = j * quads;
              let k = place_of(own, turn, columns, c);
              let at = rows.gradients + column;
              let w_at = w_rows + column;
              let a = m * rate(rows.rates, column);
              var rights = Rights(0.0, 0.0, 0.0);
              var hebb = vec4f();
              if (BATCHED) {
                hebb = hebbs[c];
              } else {
                rights = rights_of(first + right + j);
                hebb = hebb_of(first + left, first + right + j, lefts, rights);
              }
              let w = recall(w_at, k, a, hebb, decay, noise_of_weight(noises, j));
              let g = gradient_of(rows, column, k, waiting + j);
              let g_b = tied_gradient(l, i, j);
              let d_u = d_update(at, a, g, g_b);
              d_rate_rows += rate_adjoint(rows.rates, column, k, m * d_rate(g, g_b, hebb, velocity_of(w_at, hebb - decay * w)));
              d_momentum += velocity_adjoint(at, w_at, d_u);
              d_kappa -= d_u * w;
              if (!BATCHED) {
                let d = d_hebb(d_u, a, g_b);
                d_left0 += d * rights.first;
                if (PRODUCTS > 1u) { d_left1 += d * rights.second; }
                if (PRODUCTS > 2u) { d_left2 += d * rights.third; }
                if (GRID) {
                  d_rights[0][c] = dot(d, lefts.first);
                  d_rights[1][c] = dot(d, lefts.second);
                  d_rights[2][c] = dot(d, lefts.third);
                } else if (LANES == 1u && asked) {
                  add_adjoint(right + j, SHARE * dot(d, lefts.first));
                  if (PRODUCTS > 1u) { add_adjoint(right + right_step(1u) + j, SHARE * dot(d, lefts.second)); }
                  if (PRODUCTS > 2u) { add_adjoint(right + right_step(2u) + j, SHARE * dot(d, lefts.third)); }
                }
              }
              set_own_gradient(at, k, g - decay * d_u);
            }
          }
          if (GRID) {
            for (var c = 0u; c < columns; c++) {
              if (has_column(l, tile + c, pre)) { leave_recalled(place_of(own, turn, columns, c)); }
            }
          }
        }
        if (GRID && asked) {
          let d = column_sums(l, PRODUCTS, d_rights);
          let j = told_block(l, 0u, turn) * 4u;
          if (j < pre) {
            set_adjoints(right, j, pre, SHARE * d[0]);
            if (PRODUCTS > 1u) { set_adjoints(right + right_step(1u), j, pre, SHARE * d[1]); }
            if (PRODUCTS > 2u) { set_adjoints(right + right_step(2u), j, pre, SHARE * d[2]); }
          }
        }
      }
      let together = row_sums(l, ROW_SUMS, mat4x4f(d_kappa, d_left0, d_rate_rows, d_left1));
      if (PRODUCTS > 2u) {
        let third = row_sums(l, 1u, mat4x4f(d_left2, vec4f(), vec4f(), vec4f()));
        d_left2 = third[0];
      }
      if (mine && own.column == 0u) {
        if (!BATCHED) {
          set_adjoints(left_at(l), i, n, SHARE * together[1]);
          if (PRODUCTS > 1u) { set_adjoints(left_at(l) + left_step(1u), i, n, SHARE * together[3]); }
          if (PRODUCTS > 2u) { set_adjoints(left_at(l) + left_step(2u), i, n, SHARE * d_left2); }
        }
        kappa_adjoint(l, i, first, together[0]);
        d_kappa_layer += dot(together[0], vec4f(1.0));
        d_rate_layer += dot(rate_adjoint_of_rows(rows.rates, together[2]), vec4f(1.0));
      }
      d_momentum_layer += dot(d_momentum, vec4f(1.0));
    }
    rate_adjoint_of_layer(l, d_rate_layer);
    kappa_adjoint_of_layer(l, d_kappa_layer);
    momentum_adjoint_of_layer(d_momentum_layer);
  }
  team_barrier();
}
