// Learning the feedback weights (Kunin et al. 2020, §3.1): B (n_{l−1}, n_l) goes down the sum of
// local energies, with x and z = W x as mirrors/ says, r = B z, p = Bᵀ x:
//   ΔB = η_B (SHARE Σ_b (k_amp x zᵀ − k_null r zᵀ − k_sparse x pᵀ) + k_self Wᵀ − k_decay B).
// Weight mirror, information, symmetric and activation alignment are choices of k. Kolen-Pollack's
// rule also adds the transpose of W's own update.
import package::shape::{
  ALIGNED, ALIGN_EVERY, BATCH, BELOW_AT, B_AT, DEPTH, ETA_B_AT, HAS_PRIMITIVE, K_AT, LANES,
  MIRROR_X, MIRROR_Z, NEURON_AT, P, PRIMITIVE_AT, QUADS, R, RECORD, SHARE, TIED, WIDTH
};
import package::memory::{
  activity, activity4, add_adjoint, add_adjoints, add_gradient, add_gradient_quad, adjoint,
  adjoint4, four, gradient_quad, gradient_rows, lane, present, set_activities, set_activity,
  set_adjoint, set_adjoints, set_gradient_quad, set_weight_quad, speaks, weight_quad, weight_rows
};
import package::coefficient::coefficient;
import package::mirror::{mirror, mirror_adjoint};
import package::noise::noise_of_feedback;
import package::origin::{feedback_row, feedback_weights};
import package::factors::{hebb_of, left_at, right_at};
import package::plasticity::sign_and_multiplier;
import package::rate::{rate, rates_of};
import package::recall::{leave_recalled, recalled};
import package::rule::kappa;
import package::team::{team_barrier, team_sum};
import package::change::{Synapse, tied, velocity};
import package::velocity::read_velocity;

const DECAY = 0u;
const AMP = 1u;
const NULL_ = 2u;
const SPARSE = 3u;
const SELF = 4u;

fn k_of(primitive: u32) -> f32 {
  if (!HAS_PRIMITIVE[primitive]) { return 0.0; }
  return coefficient(K_AT + PRIMITIVE_AT[primitive]);
}

// Does B follow its energies at inner step t?
fn acts(t: u32) -> bool { return (t + 1u) % ALIGN_EVERY == 0u; }

// Where row j of the gradient of B of layer l + 1 begins.
fn gradient_row(l: u32, j: u32) -> u32 { return B_AT[l] / 4u + j * QUADS[l]; }

fn x_at(l: u32, b: u32) -> u32 { return b * RECORD + MIRROR_X + BELOW_AT[l]; }
fn z_at(l: u32, b: u32) -> u32 { return b * RECORD + MIRROR_Z + NEURON_AT[l]; }
fn r_at(l: u32, b: u32) -> u32 { return b * RECORD + R + BELOW_AT[l]; }
fn p_at(l: u32, b: u32) -> u32 { return b * RECORD + P + NEURON_AT[l]; }

// x and z of the mirror, r and p of every record of the batch, B in `slot`.
fn reflect(first: u32, slot: u32, t: u32) {
  if (!acts(t)) { return; }
  mirror(first, slot, t);
  if (!HAS_PRIMITIVE[NULL_] && !HAS_PRIMITIVE[SPARSE]) { return; }
  for (var l = 0u; l < DEPTH; l++) {
    if (!ALIGNED[l]) { continue; }
    let pre = WIDTH[l];
    let post = WIDTH[l + 1u];
    if (HAS_PRIMITIVE[NULL_]) {
      for (var k = lane; k < BATCH * pre; k += LANES) {
        let row = feedback_row(l, slot, t, k % pre);
        let z = first + z_at(l, k / pre);
        var r = 0.0;
        for (var i = 0u; i < post; i += 4u) { r += dot(feedback_weights(l, row, i), present(i, post) * activity4(z + four(i, post))); }
        set_activity(first + r_at(l, k / pre) + k % pre, r);
      }
    }
    if (HAS_PRIMITIVE[SPARSE]) {
      let blocks = QUADS[l];
      for (var k = lane; k < BATCH * blocks; k += LANES) {
        let i = k % blocks * 4u;
        let x = first + x_at(l, k / blocks);
        var p = vec4f();
        for (var j = 0u; j < pre; j++) { p += feedback_weights(l, feedback_row(l, slot, t, j), i) * activity(x + j); }
        set_activities(first + p_at(l, k / blocks), i, post, p);
      }
    }
  }
  team_barrier();
}

// What the energies ask of B_ji for four neurons i, besides its decay: SHARE Σ_b … + k_self W_ij.
fn pull(first: u32, l: u32, j: u32, neurons: vec4u, w: vec4f) -> vec4f {
  var sum = vec4f();
  for (var b = 0u; b < BATCH; b++) {
    let x = activity(first + x_at(l, b) + j);
    var left = 0.0;
    if (HAS_PRIMITIVE[AMP]) { left = k_of(AMP) * x; }
    if (HAS_PRIMITIVE[NULL_]) { left -= k_of(NULL_) * activity(first + r_at(l, b) + j); }
    if (HAS_PRIMITIVE[AMP] || HAS_PRIMITIVE[NULL_]) { sum += left * activity4(first + z_at(l, b) + neurons); }
    if (HAS_PRIMITIVE[SPARSE]) { sum -= k_of(SPARSE) * x * activity4(first + p_at(l, b) + neurons); }
  }
  return SHARE * sum + k_of(SELF) * w;
}

// What Kolen-Pollack's rule adds to B_ji for neurons i … i + 3, 0 beyond the last; their W_ij are
// quad `at`.
fn tie(first: u32, l: u32, j: u32, i: u32, at: u32) -> vec4f {
  if (!TIED) { return vec4f(0.0); }
  let neurons = four(i, WIDTH[l + 1u]);
  let a = sign_and_multiplier(l, i) * rate(rates_of(l, i), j * QUADS[l]);
  let hebb = hebb_of(first + left_at(l) + neurons, first + right_at(l) + j);
  let decay = kappa(l, neurons, first);
  let s = Synapse(weight_quad(at), read_velocity(at), a, decay, hebb);
  return a * tied(s, velocity(s));
}

// Inner step t: reads W and B in slot `from_`, writes B to slot `to`. Before W changes in the same
// slot.
fn align(first: u32, from_: u32, to: u32, t: u32) {
  let eta = select(0.0, coefficient(ETA_B_AT), acts(t));
  for (var l = 0u; l < DEPTH; l++) {
    if (!ALIGNED[l]) { continue; }
    let n = WIDTH[l + 1u];
    let blocks = QUADS[l];
    for (var k = lane; k < WIDTH[l] * blocks; k += LANES) {
      let j = k / blocks;
      let i = k % blocks * 4u;
      let neurons = four(i, n);
      let b = feedback_weights(l, feedback_row(l, from_, t, j), i);
      let at = weight_rows(l, from_, i) + j * blocks;
      var change = tie(first, l, j, i, at) + noise_of_feedback(l, j * n + neurons, t);
      if (acts(t)) { change += eta * (pull(first, l, j, neurons, weight_quad(at)) - k_of(DECAY) * b); }
      set_weight_quad(feedback_row(l, to, t, j) + i / 4u, b + change);
    }
  }
  team_barrier();
}

// Its adjoint, after plasticity_adjoint has recalled W_t and taken its part of g = d_B'. With G =
// η_B g:
//   d_x_j += SHARE (k_amp A − k_sparse E),  A = Σ_i G z_i,  E = Σ_i G p_i;   d_r_j = −SHARE k_null
//   A;
//   d_z_i += SHARE (k_amp C − k_null D),  C = Σ_j G x_j,  D = Σ_j G r_j;   d_p_i = −SHARE k_sparse
//   C;
//   d_W += k_self Gᵀ;   d_B_t = g − k_decay G + d_r zᵀ + x d_pᵀ;   d_z += Bᵀ d_r;   d_x += B d_p;  
//   d_k and d_η_B from what each multiplies.
fn align_adjoint(first: u32, slot: u32, t: u32) {
  let acting = acts(t);
  let eta = select(0.0, coefficient(ETA_B_AT), acting);

  // What needs g whole: d_z and d_p, a sample and four neurons a lane.
  if (acting) {
    for (var l = 0u; l < DEPTH; l++) {
      if (!ALIGNED[l]) { continue; }
      let n = WIDTH[l + 1u];
      let blocks = QUADS[l];
      for (var k = lane; k < BATCH * blocks; k += LANES) {
        let i = k % blocks * 4u;
        let b = k / blocks;
        var c = vec4f();
        var d = vec4f();
        for (var j = 0u; j < WIDTH[l]; j++) {
          let g = eta * gradient_quad(gradient_row(l, j) + i / 4u);
          c += g * activity(first + x_at(l, b) + j);
          if (HAS_PRIMITIVE[NULL_]) { d += g * activity(first + r_at(l, b) + j); }
        }
        if (HAS_PRIMITIVE[AMP] || HAS_PRIMITIVE[NULL_]) { add_adjoints(z_at(l, b), i, n, SHARE * (k_of(AMP) * c - k_of(NULL_) * d)); }
        if (HAS_PRIMITIVE[SPARSE]) { set_adjoints(p_at(l, b), i, n, -SHARE * k_of(SPARSE) * c); }
      }
    }
    team_barrier();
  }

  // The rest, a row of B a lane. The sums for d_k are those of g, so that η_B may be 0.
  var d_k = array<f32, 5>();
  for (var l = 0u; l < DEPTH; l++) {
    if (!ALIGNED[l]) { continue; }
    let n = WIDTH[l + 1u];
    for (var j = lane; j < WIDTH[l]; j += LANES) {
      let column = j * QUADS[l];
      let row = gradient_row(l, j);
      var a_row = array<f32, BATCH>();
      var e_row = array<f32, BATCH>();
      for (var i = 0u; i < n; i += 4u) {
        let neurons = four(i, n);
        let at = row + i / 4u;
        let w_at = weight_rows(l, slot, i) + column;
        let w = weight_quad(w_at);
        var known = tie(first, l, j, i, w_at) + noise_of_feedback(l, j * n + neurons, t);
        var decay = 0.0;
        if (acting) {
          known += eta * pull(first, l, j, neurons, w);
          decay = eta * k_of(DECAY);
        }
        let b_at = feedback_row(l, slot, t, j) + i / 4u;
        let before = recalled(weight_quad(b_at), vec4f(1.0), known, vec4f(decay), vec4f(0.0));
        leave_recalled(b_at, before);
        if (acting) {
          let g = gradient_quad(at);
          for (var b = 0u; b < BATCH; b++) {
            if (HAS_PRIMITIVE[AMP] || HAS_PRIMITIVE[NULL_]) { a_row[b] += dot(g, activity4(first + z_at(l, b) + neurons)); }
            if (HAS_PRIMITIVE[SPARSE]) { e_row[b] += dot(g, activity4(first + p_at(l, b) + neurons)); }
          }
          d_k[DECAY] -= dot(g, before);
          d_k[SELF] += dot(g, w);
          if (HAS_PRIMITIVE[SELF]) { add_gradient_quad(gradient_rows(l, i) + column, eta * k_of(SELF) * g); }
          set_gradient_quad(at, g - decay * g);
        }
      }
      if (acting) {
        for (var b = 0u; b < BATCH; b++) {
          let x = activity(first + x_at(l, b) + j);
          d_k[AMP] += SHARE * x * a_row[b];
          d_k[SPARSE] -= SHARE * x * e_row[b];
          if (HAS_PRIMITIVE[NULL_]) {
            d_k[NULL_] -= SHARE * activity(first + r_at(l, b) + j) * a_row[b];
            set_adjoint(r_at(l, b) + j, -SHARE * eta * k_of(NULL_) * a_row[b]);
          }
          add_adjoint(x_at(l, b) + j, SHARE * eta * (k_of(AMP) * a_row[b] - k_of(SPARSE) * e_row[b]));
        }
      }
    }
  }
  team_barrier();
  if (!acting) { return; }
  var d_eta = 0.0;
  for (var m = 0u; m < 5u; m++) {
    let sum = team_sum(d_k[m]);
    if (HAS_PRIMITIVE[m] && speaks()) { add_gradient(K_AT + PRIMITIVE_AT[m], eta * sum); }
    d_eta += k_of(m) * sum;
  }
  if (speaks()) { add_gradient(ETA_B_AT, d_eta); }

  // r = B z and p = Bᵀ x.
  if (HAS_PRIMITIVE[NULL_] || HAS_PRIMITIVE[SPARSE]) {
    for (var l = 0u; l < DEPTH; l++) {
      if (!ALIGNED[l]) { continue; }
      let n = WIDTH[l + 1u];
      for (var j = lane; j < WIDTH[l]; j += LANES) {
        for (var b = 0u; b < BATCH; b++) {
          let x = activity(first + x_at(l, b) + j);
          let row = feedback_row(l, slot, t, j);
          var d_x = 0.0;
          for (var i = 0u; i < n; i += 4u) {
            let neurons = four(i, n);
            let there = present(i, n);
            var d_feedback = vec4f();
            if (HAS_PRIMITIVE[NULL_]) { d_feedback = adjoint(r_at(l, b) + j) * there * activity4(first + z_at(l, b) + neurons); }
            if (HAS_PRIMITIVE[SPARSE]) {
              let d_p = there * adjoint4(p_at(l, b) + neurons);
              d_feedback += x * d_p;
              d_x += dot(feedback_weights(l, row, i), d_p);
            }
            add_gradient_quad(gradient_row(l, j) + i / 4u, d_feedback);
          }
          add_adjoint(x_at(l, b) + j, d_x);
        }
      }
      if (HAS_PRIMITIVE[NULL_]) {
        let blocks = QUADS[l];
        for (var k = lane; k < BATCH * blocks; k += LANES) {
          let i = k % blocks * 4u;
          let b = k / blocks;
          var d_z = vec4f();
          for (var j = 0u; j < WIDTH[l]; j++) { d_z += feedback_weights(l, feedback_row(l, slot, t, j), i) * adjoint(r_at(l, b) + j); }
          add_adjoints(z_at(l, b), i, n, d_z);
        }
      }
    }
    team_barrier();
  }
  mirror_adjoint(first);
}
