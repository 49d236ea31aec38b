// The plasticity pool (Shervani-Tabar & Rosenbaum 2023, Eqs. 14–23): ΔW = Σ_b Σ_r θ_r F^r, with y =
// post, p = pre, e and f the errors above and below,
// v = Wᵀ y, S = Σ y, s = yᵀ W f = v · f, q = eᵀ W p = e · z:
//   ΔW = e (c₀ p − θ₂ f)ᵀ + y (c₁ f + θ₉ (p − v))ᵀ − θ₄ 1 fᵀ − θ₃ W,   c₀ = −(θ₀ + θ₅ S + θ₇ s),  
//   c₁ = −(θ₁ + θ₆ s + θ₈ q).
// So it is of rank 1 … 3: e, then y, then 1 on the left.
import package::shape::{
  ANSWER, BATCH, BELOW, BELOW_AT, DEPTH, ERROR, HAS_TERM, LANES, LEFT, NEURONS, NEURON_AT, PLASTIC,
  POST, QUADS, RANK, RECORD, RIGHT, SECOND_ORDER, SHARE, SUMS, SUMS_ASKED, TERM_AT, TERM_COUNT,
  TERM_GRADIENTS, THETA_AT, THETA_SHARED, V, V_ASKED, WIDTH, X_AT, Z
};
import package::memory::{
  activity, activity4, add_adjoint, add_adjoints, add_gradient, add_gradient_quad, adjoint,
  adjoint4, four, gradient_rows, lane, present, set_activities, set_activity, set_adjoint, speaks,
  weight_quad, weight_quad4, weight_rows
};
import package::coefficient::coefficient;
import package::team::{team_barrier, team_sum};

const DIRECTION = 1.0;

// θ_r of layer l + 1; 0 for a term that the system leaves out.
fn theta(l: u32, r: u32) -> f32 {
  if (!HAS_TERM[r]) { return 0.0; }
  return coefficient(THETA_AT[l] + TERM_AT[r]);
}

// S, s or q of layer l + 1.
fn sum_at(l: u32, k: u32) -> u32 { return SUMS + 3u * l + k; }

fn c0(l: u32, record: u32) -> f32 {
  var c = theta(l, 0u);
  if (SUMS_ASKED) { c += theta(l, 5u) * activity(record + sum_at(l, 0u)) + theta(l, 7u) * activity(record + sum_at(l, 1u)); }
  return -c;
}

fn c1(l: u32, record: u32) -> f32 {
  var c = theta(l, 1u);
  if (SUMS_ASKED) { c += theta(l, 6u) * activity(record + sum_at(l, 1u)) + theta(l, 8u) * activity(record + sum_at(l, 2u)); }
  return -c;
}

// f_j: the error below.
fn error_below(l: u32, record: u32, j: u32) -> f32 { return activity(record + ERROR + BELOW_AT[l] + j); }

// Fills the factors of every record of the batch, W in `slot`.
fn prepare(first: u32, slot: u32) {
  if (RANK > 1u) {
    for (var l = 0u; l < DEPTH; l++) {
      let n = WIDTH[l + 1u];
      for (var k = lane; k < BATCH * n; k += LANES) {
        let i = k % n;
        let record = first + k / n * RECORD;
        set_activity(record + POST + NEURON_AT[l] + i, activity(record + select(X_AT[l + 1u], ANSWER, l + 1u == DEPTH) + i));
        if (RANK > 2u) { set_activity(record + LEFT + 2u * NEURONS + NEURON_AT[l] + i, 1.0); }
      }
    }
    team_barrier();
  }
  if (V_ASKED) {
    for (var l = 0u; l < DEPTH; l++) {
      if (!PLASTIC[l]) { continue; }
      let pre = WIDTH[l];
      let n = WIDTH[l + 1u];
      let blocks = (pre + 3u) / 4u;
      for (var k = lane; k < BATCH * blocks; k += LANES) {
        let j = k % blocks * 4u;
        let record = first + k / blocks * RECORD;
        let post = record + POST + NEURON_AT[l];
        let columns = weight_rows(l, slot, 0u) + QUADS[l] * four(j, pre);
        var v = vec4f();
        for (var i = 0u; i < n; i += 4u) {
          v += activity4(post + four(i, n)) * weight_quad4(columns + i / 4u);
        }
        set_activities(record + V + BELOW_AT[l], j, pre, v);
      }
    }
    team_barrier();
  }
  if (SUMS_ASKED) {
    for (var k = lane; k < BATCH * DEPTH; k += LANES) {
      let l = k % DEPTH;
      if (!PLASTIC[l]) { continue; }
      let record = first + k / DEPTH * RECORD;
      var total = 0.0;
      var s = 0.0;
      var q = 0.0;
      for (var i = 0u; i < WIDTH[l + 1u]; i++) {
        if (HAS_TERM[5]) { total += activity(record + POST + NEURON_AT[l] + i); }
        if (HAS_TERM[8]) { q += activity(record + ERROR + BELOW_AT[l + 1u] + i) * activity(record + Z + NEURON_AT[l] + i); }
      }
      if (HAS_TERM[6] || HAS_TERM[7]) {
        for (var j = 0u; j < WIDTH[l]; j++) { s += activity(record + V + BELOW_AT[l] + j) * error_below(l, record, j); }
      }
      set_activity(record + sum_at(l, 0u), total);
      set_activity(record + sum_at(l, 1u), s);
      set_activity(record + sum_at(l, 2u), q);
    }
    team_barrier();
  }
  for (var l = 0u; l < DEPTH; l++) {
    if (!PLASTIC[l]) { continue; }
    let pre = WIDTH[l];
    for (var k = lane; k < BATCH * pre; k += LANES) {
      let j = k % pre;
      let record = first + k / pre * RECORD;
      let right = record + RIGHT + BELOW_AT[l] + j;
      let x = activity(record + X_AT[l] + j);
      var r0 = c0(l, record) * x;
      if (HAS_TERM[2]) { r0 -= theta(l, 2u) * error_below(l, record, j); }
      set_activity(right, r0);
      if (RANK > 1u) {
        var r1 = 0.0;
        if (HAS_TERM[1] || HAS_TERM[6] || HAS_TERM[8]) { r1 = c1(l, record) * error_below(l, record, j); }
        if (HAS_TERM[9]) { r1 += theta(l, 9u) * (x - activity(record + V + BELOW_AT[l] + j)); }
        set_activity(right + BELOW, r1);
      }
      if (RANK > 2u) { set_activity(right + 2u * BELOW, -theta(l, 4u) * error_below(l, record, j)); }
    }
  }
  team_barrier();
}

// Its adjoint: d_e, d_y, d_p, d_f, d_z and d_W from d_left and d_right, and d_θ. With t_rx =
// d_right_r · x:
//   d_θ₀ −= t₀p,  d_θ₅ −= S t₀p,  d_θ₇ −= s t₀p,  d_θ₁ −= t₁f,  d_θ₆ −= s t₁f,  d_θ₈ −= q t₁f, 
//   d_θ₂ −= t₀f,  d_θ₄ −= t₂f,  d_θ₉ += t₁(p−v);
//   d_S = −θ₅ t₀p,  d_s = −θ₇ t₀p − θ₆ t₁f,  d_q = −θ₈ t₁f;   d_p += c₀ d_right₀ + θ₉ d_right₁, 
//   d_f += c₁ d_right₁ − θ₂ d_right₀ − θ₄ d_right₂ + d_s v,
//   d_v = d_s f − θ₉ d_right₁,  d_y += d_S + W d_v,  d_W += y d_vᵀ,  d_e += d_q z,  d_z += d_q e.
fn prepare_adjoint(first: u32, slot: u32) {
  // θ and the sums, a layer and sample a lane.
  for (var k = lane; k < BATCH * DEPTH; k += LANES) {
    let l = k % DEPTH;
    if (!PLASTIC[l]) { continue; }
    let b = k / DEPTH * RECORD;
    let record = first + b;
    var t0p = 0.0;
    var t0f = 0.0;
    var t1f = 0.0;
    var t1pv = 0.0;
    var t2f = 0.0;
    for (var j = 0u; j < WIDTH[l]; j++) {
      let right = b + RIGHT + BELOW_AT[l] + j;
      let d0 = adjoint(right);
      let x = activity(record + X_AT[l] + j);
      t0p += d0 * x;
      if (HAS_TERM[2]) { t0f += d0 * error_below(l, record, j); }
      if (RANK > 1u) {
        let d1 = adjoint(right + BELOW);
        if (HAS_TERM[1] || HAS_TERM[6] || HAS_TERM[8]) { t1f += d1 * error_below(l, record, j); }
        if (HAS_TERM[9]) { t1pv += d1 * (x - activity(record + V + BELOW_AT[l] + j)); }
      }
      if (RANK > 2u) { t2f += adjoint(right + 2u * BELOW) * error_below(l, record, j); }
    }
    var total = 0.0;
    var s = 0.0;
    var q = 0.0;
    if (SUMS_ASKED) {
      total = activity(record + sum_at(l, 0u));
      s = activity(record + sum_at(l, 1u));
      q = activity(record + sum_at(l, 2u));
      set_adjoint(b + sum_at(l, 0u), -theta(l, 5u) * t0p);
      set_adjoint(b + sum_at(l, 1u), -theta(l, 7u) * t0p - theta(l, 6u) * t1f);
      set_adjoint(b + sum_at(l, 2u), -theta(l, 8u) * t1f);
    }
    let at = b + TERM_GRADIENTS + l * TERM_COUNT;
    if (HAS_TERM[0]) { set_adjoint(at + TERM_AT[0], -t0p); }
    if (HAS_TERM[1]) { set_adjoint(at + TERM_AT[1], -t1f); }
    if (HAS_TERM[2]) { set_adjoint(at + TERM_AT[2], -t0f); }
    if (HAS_TERM[4]) { set_adjoint(at + TERM_AT[4], -t2f); }
    if (HAS_TERM[5]) { set_adjoint(at + TERM_AT[5], -total * t0p); }
    if (HAS_TERM[6]) { set_adjoint(at + TERM_AT[6], -s * t1f); }
    if (HAS_TERM[7]) { set_adjoint(at + TERM_AT[7], -s * t0p); }
    if (HAS_TERM[8]) { set_adjoint(at + TERM_AT[8], -q * t1f); }
    if (HAS_TERM[9]) { set_adjoint(at + TERM_AT[9], t1pv); }
  }
  team_barrier();
  // Of terms shared by the layers one lane adds up all, else a layer a lane.
  for (var k = lane; k < DEPTH * TERM_COUNT; k += LANES) {
    let l = k / TERM_COUNT;
    let r = k % TERM_COUNT;
    if (select(!PLASTIC[l], l > 0u, THETA_SHARED)) { continue; }
    var d = 0.0;
    for (var m = l; m < select(l + 1u, DEPTH, THETA_SHARED); m++) {
      for (var b = 0u; b < BATCH; b++) { d += adjoint(b * RECORD + TERM_GRADIENTS + m * TERM_COUNT + r); }
    }
    add_gradient(THETA_AT[l] + r, d);
  }
  if (!SECOND_ORDER) { return; }

  for (var l = 0u; l < DEPTH; l++) {
    if (!PLASTIC[l]) { continue; }
    let pre = WIDTH[l];
    for (var k = lane; k < BATCH * pre; k += LANES) {
      let j = k % pre;
      let b = k / pre * RECORD;
      let record = first + b;
      let right = b + RIGHT + BELOW_AT[l] + j;
      let d0 = adjoint(right);
      var d_p = c0(l, record) * d0;
      var d_f = 0.0;
      var d_v = 0.0;
      if (HAS_TERM[2]) { d_f -= theta(l, 2u) * d0; }
      if (RANK > 1u) {
        let d1 = adjoint(right + BELOW);
        d_f += c1(l, record) * d1;
        d_p += theta(l, 9u) * d1;
        d_v = -theta(l, 9u) * d1;
      }
      if (RANK > 2u) { d_f -= theta(l, 4u) * adjoint(right + 2u * BELOW); }
      if (SUMS_ASKED && V_ASKED) {
        let d_s = adjoint(b + sum_at(l, 1u));
        d_f += d_s * activity(record + V + BELOW_AT[l] + j);
        d_v += d_s * error_below(l, record, j);
      }
      add_adjoint(b + X_AT[l] + j, d_p);
      add_adjoint(b + ERROR + BELOW_AT[l] + j, d_f);
      if (V_ASKED) { set_adjoint(b + V + BELOW_AT[l] + j, d_v); }
    }
  }
  team_barrier();
  for (var l = 0u; l < DEPTH; l++) {
    if (!PLASTIC[l]) { continue; }
    let pre = WIDTH[l];
    let n = WIDTH[l + 1u];
    let quads = QUADS[l];
    for (var i = 4u * lane; i < n; i += 4u * LANES) {
      let neurons = four(i, n);
      for (var b = 0u; b < BATCH; b++) {
        let row = b * RECORD;
        let record = first + row;
        var d_y = vec4f();
        if (SUMS_ASKED) {
          d_y = vec4f(adjoint(row + sum_at(l, 0u)));
          if (HAS_TERM[8]) {
            let d_q = adjoint(row + sum_at(l, 2u));
            add_adjoints(row + ERROR + BELOW_AT[l + 1u], i, n, d_q * activity4(record + Z + NEURON_AT[l] + neurons));
            add_adjoints(row + Z + NEURON_AT[l], i, n, d_q * activity4(record + ERROR + BELOW_AT[l + 1u] + neurons));
          }
        }
        if (V_ASKED) {
          let y = present(i, n) * activity4(record + POST + NEURON_AT[l] + neurons);
          let d_v_at = row + V + BELOW_AT[l];
          let rows = gradient_rows(l, i);
          let w_rows = weight_rows(l, slot, i);
          for (var j = 0u; j < pre; j++) {
            let d_v = adjoint(d_v_at + j);
            d_y += weight_quad(w_rows + j * quads) * d_v;
            add_gradient_quad(rows + j * quads, y * d_v);
          }
        }
        if (RANK > 1u) {
          let d_post = adjoint4(row + POST + NEURON_AT[l] + neurons) + d_y;
          add_adjoints(row + select(X_AT[l + 1u], ANSWER, l + 1u == DEPTH), i, n, d_post);
        }
      }
    }
  }
  team_barrier();
}

// κ = θ₃ for every sample.
fn kappa(l: u32, neurons: vec4u, first: u32) -> vec4f { return vec4f(SHARE * f32(BATCH) * theta(l, 3u)); }
fn kappa_adjoint(l: u32, i: u32, first: u32, d: vec4f) {}
fn kappa_adjoint_of_layer(l: u32, d: f32) {
  if (!HAS_TERM[3]) { return; }
  let sum = team_sum(d);
  if (speaks()) { add_gradient(THETA_AT[l] + TERM_AT[3], SHARE * f32(BATCH) * sum); }
}
