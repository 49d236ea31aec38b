// The plasticity pool (Shervani-Tabar & Rosenbaum 2023, Eqs. 14–23): ΔW = Σ_b Σ_r θ_r F^r over the
// terms r of the system, each in a file of terms/. All but F³ = −W are products with the left
// factors e, y or 1, so ΔW is of rank 1 … 3: what terms with the same left factor ask of an input
// adds up to one right factor. With y = post, p = pre, e and f the errors above and below:
//   ΔW = e right_eᵀ + y right_yᵀ + 1 right_1ᵀ − θ₃ W.
// lefts/ has y and 1, backs/ v = Wᵀ y, sums/ S, s and q: only what a term of the system asks for.
import package::shape::{
  BATCH, BELOW_AT, DEPTH, ERROR, ERROR_AT, LANES, PLASTIC, PLASTIC_COUNT, PLASTIC_LAYERS, RECORD,
  RIGHT, SECOND_ORDER, TERM_COUNT, TERM_GRADIENTS, THETA_AT, THETA_SHARED, WIDTH, X_AT
};
import package::memory::{activity, add_adjoint, add_gradient, adjoint, lane, set_activity};
import package::back::{set_d_told_back, tell_back, told_back};
import package::back_adjoint::tell_back_adjoint;
import package::error_by_drive::{
  find as find_q, set_d_sum as set_d_q, sum_of as q_of, to_neurons as q_to_neurons
};
import package::left_ones::{
  d_right as d_right_ones, fill as fill_ones, set_right as set_right_ones
};
import package::left_post::{
  d_right as d_right_post, fill as fill_post, post_adjoint, set_right as set_right_post
};
import package::post_by_error::{find as find_s, set_d_sum as set_d_s, sum_of as s_of, to_input};
import package::sum_of_post::{
  find as find_total, set_d_sum as set_d_total, sum_of as total_of, to_neurons as total_to_neurons
};
import package::team::team_barrier;
import package::terms::{
  Rights, Seen, Thetas, kappa_adjoint_of_layer as decay_adjoint, kappa_of, rights_adjoint,
  rights_of, set_d_thetas, thetas_of
};

const DIRECTION = 1.0;

// Fills the factors of every record of the batch, W in `slot`.
fn prepare(first: u32, slot: u32) {
  for (var l = 0u; l < DEPTH; l++) {
    fill_post(l, first);
    fill_ones(l, first);
  }
  team_barrier();
  tell_back(first, slot);
  find_sums(first);
  team_barrier();
  for (var m = 0u; m < PLASTIC_COUNT; m++) { find_rights(PLASTIC_LAYERS[m], first); }
  team_barrier();
}

// Its adjoint: from d_left and d_right, d_θ, and d_e, d_y, d_p, d_f, d_z and d_W.
fn prepare_adjoint(first: u32, slot: u32) {
  find_d_sums(first);
  team_barrier();
  add_d_thetas();
  if (!SECOND_ORDER) { return; }
  for (var m = 0u; m < PLASTIC_COUNT; m++) { inputs_adjoint(PLASTIC_LAYERS[m], first); }
  team_barrier();
  tell_back_adjoint(first, slot);
  for (var m = 0u; m < PLASTIC_COUNT; m++) { neurons_adjoint(PLASTIC_LAYERS[m], first); }
  team_barrier();
}

// κ = θ₃.
fn kappa(l: u32, neurons: vec4u, first: u32) -> vec4f { return vec4f(kappa_of(l)); }
fn kappa_adjoint(l: u32, i: u32, first: u32, d: vec4f) {}
fn kappa_adjoint_of_layer(l: u32, d: f32) { decay_adjoint(l, d); }

// What terms see of a layer in one sample, and of its input j.
fn seen_of_layer(l: u32, record: u32) -> Seen {
  return Seen(0.0, 0.0, 0.0, total_of(l, record), s_of(l, record), q_of(l, record));
}
fn seen(layer: Seen, l: u32, record: u32, j: u32) -> Seen {
  let p = activity(record + X_AT[l] + j);
  let f = activity(record + ERROR + ERROR_AT[l] + j);
  let v = told_back(l, record, j);
  return Seen(p, f, v, layer.sum_of_post, layer.post_by_error, layer.error_by_drive);
}

// d_right of the input whose first right factor lies at `at`.
fn d_rights_at(at: u32) -> Rights {
  return Rights(adjoint(at), d_right_post(at), d_right_ones(at));
}

// S, s and q, a layer and sample a lane.
fn find_sums(first: u32) {
  for (var k = lane; k < BATCH * PLASTIC_COUNT; k += LANES) {
    let l = PLASTIC_LAYERS[k / BATCH];
    let record = first + k % BATCH * RECORD;
    find_total(l, record);
    find_s(l, record);
    find_q(l, record);
  }
}

// Right factors of layer l + 1, an input and sample a lane.
fn find_rights(l: u32, first: u32) {
  let pre = WIDTH[l];
  let theta = thetas_of(l);
  for (var k = lane; k < BATCH * pre; k += LANES) {
    let j = k % pre;
    let record = first + k / pre * RECORD;
    let right = rights_of(theta, seen(seen_of_layer(l, record), l, record, j));
    let at = record + RIGHT + BELOW_AT[l] + j;
    set_activity(at, right.error);
    set_right_post(at, right.post);
    set_right_ones(at, right.ones);
  }
}

// d_θ, d_S, d_s and d_q, which sum over inputs, a layer and sample a lane.
fn find_d_sums(first: u32) {
  for (var k = lane; k < BATCH * PLASTIC_COUNT; k += LANES) {
    let l = PLASTIC_LAYERS[k / BATCH];
    let row = k % BATCH * RECORD;
    let layer = seen_of_layer(l, first + row);
    let theta = thetas_of(l);
    let right = row + RIGHT + BELOW_AT[l];
    var d_seen = Seen();
    var d_theta = Thetas();
    for (var j = 0u; j < WIDTH[l]; j++) {
      let s = seen(layer, l, first + row, j);
      rights_adjoint(theta, s, d_rights_at(right + j), &d_seen, &d_theta);
    }
    set_d_total(l, row, d_seen.sum_of_post);
    set_d_s(l, row, d_seen.post_by_error);
    set_d_q(l, row, d_seen.error_by_drive);
    set_d_thetas(l, row, d_theta);
  }
}

// Adds d_θ over the samples, a layer a lane, because lanes must not share a quad of it; of terms
// shared by the layers one lane adds up all.
fn add_d_thetas() {
  for (var l = lane; l < DEPTH; l += LANES) {
    if (select(!PLASTIC[l], l > 0u, THETA_SHARED)) { continue; }
    for (var r = 0u; r < TERM_COUNT; r++) { add_gradient(THETA_AT[l] + r, d_theta_of(l, r)); }
  }
}

fn d_theta_of(l: u32, r: u32) -> f32 {
  var d = 0.0;
  for (var m = l; m < select(l + 1u, DEPTH, THETA_SHARED); m++) {
    let at = TERM_GRADIENTS + m * TERM_COUNT + r;
    for (var b = 0u; b < BATCH; b++) { d += adjoint(b * RECORD + at); }
  }
  return d;
}

// d_p, d_f and d_v of layer l + 1, an input and sample a lane.
fn inputs_adjoint(l: u32, first: u32) {
  let pre = WIDTH[l];
  let theta = thetas_of(l);
  for (var k = lane; k < BATCH * pre; k += LANES) {
    let j = k % pre;
    let row = k / pre * RECORD;
    let s = seen(seen_of_layer(l, first + row), l, first + row, j);
    var d = Seen();
    var d_theta = Thetas();
    rights_adjoint(theta, s, d_rights_at(row + RIGHT + BELOW_AT[l] + j), &d, &d_theta);
    let of_s = to_input(l, row, s.f, s.v);
    add_adjoint(row + X_AT[l] + j, d.p);
    add_adjoint(row + ERROR + ERROR_AT[l] + j, d.f + of_s.x);
    set_d_told_back(l, row, j, d.v + of_s.y);
  }
}

// d_e, d_z and d_y of layer l + 1, four neurons a lane, and what d_y tells the answers.
fn neurons_adjoint(l: u32, first: u32) {
  let n = WIDTH[l + 1u];
  for (var i = 4u * lane; i < n; i += 4u * LANES) {
    for (var b = 0u; b < BATCH; b++) {
      let row = b * RECORD;
      q_to_neurons(l, row, first + row, i, n);
      total_to_neurons(l, row, first + row, i, n);
      post_adjoint(l, row, i, n);
    }
  }
}
