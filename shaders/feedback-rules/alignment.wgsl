// Learning the feedback weights (Kunin et al. 2020, §3.1): B (n_{l−1}, n_l) goes down the sum of
// local energies, with x and z = W x as mirrors/ says, r = B z, p = Bᵀ x, over the looks q at a
// batch:
//   ΔB = η_B (SHARE Σ_q (k_amp x zᵀ − k_null r zᵀ − k_sparse x pᵀ) + k_self Wᵀ − k_decay B).
// Weight mirror, information, symmetric and activation alignment are choices of k. Kolen-Pollack's
// rule also adds the transpose of W's own update. primitives/ has a file for each part of the sum,
// align.wgsl what they do together to a synapse.
import package::shape::{
  ALIGNED_COUNT, ALIGNED_LAYERS, BATCH, B_AT, ETA_B_AT, FAN_IN, FAN_OUT, HAS_PRIMITIVE, LANES,
  MIRROR_X_AT, MIRROR_Z, NEURON_AT, QUADS, RECORD, SHARE, WIDTH
};
import package::memory::{
  add_adjoint, add_adjoints, add_gradient, four, gradient_quad, lane, speaks
};
import package::align::{Work, acts, eta_at, seen};
import package::align_adjoint::d_k;
import package::align_adjoint_sweep::sweep as sweep_adjoint;
import package::align_sweep::sweep;
import package::looks::{cell_of, looks, neurons_from, reach, seen_from, sight_of, sights};
import package::mirror::mirror;
import package::mirror_adjoint::mirror_adjoint;
import package::primitives::{Seen, Strengths, sample_adjoint, strengths, strengths_adjoint, times};
import package::projection::{find_p, p_adjoint, set_d_p};
import package::reconstruction::{find_r, r_adjoint, set_d_r};
import package::team::team_barrier;

// Does a primitive see z? Amp and null do.
const SEES_Z = HAS_PRIMITIVE[1] || HAS_PRIMITIVE[2];

// x and z of the mirror, r and p of every record of the batch, B in `slot`.
fn reflect(first: u32, slot: u32, t: u32) {
  if (!acts(t)) { return; }
  mirror(first, slot, t);
  for (var m = 0u; m < ALIGNED_COUNT; m++) {
    let l = ALIGNED_LAYERS[m];
    find_r(first, l, slot, t);
    find_p(first, l, slot, t);
  }
  team_barrier();
}

// Inner step t: reads W and B in slot `from_`, writes B to slot `to`. Before W changes in the same
// slot.
fn align(first: u32, from_: u32, to: u32, t: u32) {
  for (var m = 0u; m < ALIGNED_COUNT; m++) { sweep(ALIGNED_LAYERS[m], Work(first, from_, to, t)); }
  team_barrier();
}

// Its adjoint, after plasticity_adjoint has recalled W_t and taken its part of g = d_B', which is
// kept in the gradient of the initial B.
fn align_adjoint(first: u32, slot: u32, t: u32) {
  d_k = Strengths();
  if (acts(t)) {
    for (var m = 0u; m < ALIGNED_COUNT; m++) {
      neurons_adjoint(first, ALIGNED_LAYERS[m], t);
      inputs_adjoint(first, ALIGNED_LAYERS[m], t);
    }
    team_barrier();
  }
  for (var m = 0u; m < ALIGNED_COUNT; m++) {
    sweep_adjoint(ALIGNED_LAYERS[m], Work(first, slot, slot, t));
  }
  team_barrier();
  if (!acts(t)) { return; }
  let d_eta = strengths_adjoint(eta_at(t), strengths(), d_k);
  if (speaks()) { add_gradient(ETA_B_AT, d_eta); }
  for (var m = 0u; m < ALIGNED_COUNT; m++) {
    let l = ALIGNED_LAYERS[m];
    r_adjoint(first, l, slot, t);
    p_adjoint(first, l, slot, t);
  }
  team_barrier();
  mirror_adjoint(first);
}

// d_z and d_p of layer l + 1, which sum over inputs, four neurons and a look a lane.
fn neurons_adjoint(first: u32, l: u32, t: u32) {
  let k = times(eta_at(t), strengths());
  let n = FAN_OUT[l];
  let blocks = QUADS[l];
  for (var block = lane; block < looks(l, BATCH) * blocks; block += LANES) {
    let i = block % blocks * 4u;
    let inputs = first + seen_from(l, block / blocks, RECORD);
    let look = neurons_from(l, block / blocks, RECORD);
    let gradient = (B_AT[l] + i) / 4u;
    var d = Seen();
    var found = Strengths();
    for (var j = 0u; j < FAN_IN[l]; j++) {
      let s = seen(l, inputs + reach(l, j), first + look + four(i, n));
      sample_adjoint(k, s, gradient_quad(gradient + j * blocks), &d, &found);
    }
    if (SEES_Z) { add_adjoints(look + MIRROR_Z + NEURON_AT[l], i, n, SHARE * d.z); }
    set_d_p(l, look, i, SHARE * d.p);
  }
}

// d_x, d_r and d_k of layer l + 1, which sum over neurons, an input and sample a lane.
fn inputs_adjoint(first: u32, l: u32, t: u32) {
  let k = times(eta_at(t), strengths());
  let pre = WIDTH[l];
  var found = Strengths();
  for (var input = lane; input < BATCH * pre; input += LANES) {
    input_adjoint(first, input / pre * RECORD, l, input % pre, k, &found);
  }
  d_k.amp += SHARE * found.amp;
  d_k.null_ += SHARE * found.null_;
  d_k.sparse += SHARE * found.sparse;
}

// Of number `input` of x_l, in the sample whose record begins at `row`.
fn input_adjoint(
  first: u32, row: u32, l: u32, input: u32, k: Strengths, found: ptr<function, Strengths>
) {
  let n = FAN_OUT[l];
  let cell = cell_of(l, input);
  var d = Seen();
  for (var s = 0u; s < sights(l); s++) {
    let sight = sight_of(l, cell, s);
    if (!sight.there) { continue; }
    let look = first + row + neurons_from(l, sight.look, RECORD);
    let gradient = B_AT[l] / 4u + sight.column * QUADS[l];
    for (var i = 0u; i < n; i += 4u) {
      let in_look = seen(l, first + row + cell.at, look + four(i, n));
      sample_adjoint(k, in_look, gradient_quad(gradient + i / 4u), &d, found);
    }
  }
  add_adjoint(row + MIRROR_X_AT[l] + cell.at, SHARE * d.x);
  set_d_r(l, row + cell.at, SHARE * d.r);
}
