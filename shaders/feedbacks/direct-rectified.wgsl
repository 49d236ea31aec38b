// Direct rectified feedback: what is each neuron told to be? (Lindsey & Litwin-Kumar 2020, §1.1)
//   s = y − a or y, a the answer;   f_l = φ_f(B_l s + c_l);   post_l = β_l f_l + (1 − β_l) x_l.
// A layer without feedback is told its own activity, a clamped output layer is told the target; a
// frozen layer need not be told. A convolution has B and c for each of its neurons, before pooling.
import package::shape::{
  ANSWER, BATCH, BETA_AT, B_AT, C_AT, DEPTH, LANES, LEFT, NEURON_AT, OUTPUTS, RECORD, TOLD,
  TOLD_ACTIVITY, TOLD_MIXED, TOLD_NOTHING, TOLD_TARGET, UNITS, UNITS_AT
};
import package::memory::{
  activity, activity4, add_adjoints, add_gradient, add_gradient_quad, adjoint4, four, fours,
  lane, parameter, parameters, present, set_activities, set_adjoints, speaks, wanted
};
import package::feedback_activation::{activate as activate_feedback, slope as slope_of_feedback};
import package::signal::{SIGNAL_SLOPE, signal};
import package::team::{sum_of_lanes, team_barrier, team_sum};

// Fours of a sample's outputs, and of the batch's; and how many lanes share one where d_s is found.
const OUTPUT_BLOCKS = (OUTPUTS + 3u) / 4u;
const SIGNAL_BLOCKS = BATCH * OUTPUT_BLOCKS;
const SIGNAL_LANES = clamp(LANES / SIGNAL_BLOCKS, 1u, 16u);

// s_o of a sample: `record` is where it begins, `target_` where its targets do.
fn signal_of(record: u32, target_: u32, o: u32) -> f32 {
  return signal(wanted(target_ + o), activity(record + ANSWER + o));
}

// f of four neurons, whose c is quad `c`, and whose B is quad `rows` for the first output and lies
// `quads` further for each one more.
fn feedback_of(c: u32, rows: u32, quads: u32, record: u32, target_: u32) -> vec4f {
  var u = parameters[c];
  for (var o = 0u; o < OUTPUTS; o++) {
    u += parameters[rows + o * quads] * signal_of(record, target_, o);
  }
  return vec4f(
    activate_feedback(u.x), activate_feedback(u.y), activate_feedback(u.z), activate_feedback(u.w));
}

fn slopes(f: vec4f) -> vec4f {
  return vec4f(
    slope_of_feedback(f.x), slope_of_feedback(f.y), slope_of_feedback(f.z), slope_of_feedback(f.w));
}

// post of every layer for the batch of an inner step: records from `first`, samples from `sample`.
// A sample and four neurons a lane.
fn feedback(first: u32, sample: u32, slot: u32, t: u32) {
  for (var l = 0u; l < DEPTH; l++) {
    let kind = TOLD[l];
    if (kind == TOLD_NOTHING) { continue; }
    let n = UNITS[l];
    let x_at = UNITS_AT[l];
    let at = LEFT + NEURON_AT[l];
    let beta = parameter(BETA_AT[l]);
    let c = C_AT[l] / 4u;
    let rows = B_AT[l] / 4u;
    let blocks = fours(UNITS[l]);
    for (var k = lane; k < BATCH * blocks; k += LANES) {
      let i = k % blocks * 4u;
      let record = first + k / blocks * RECORD;
      let target_ = (sample + k / blocks) * OUTPUTS;
      var post = activity4(record + x_at + four(i, n));
      if (kind == TOLD_MIXED) {
        let f = feedback_of(c + i / 4u, rows + i / 4u, blocks, record, target_);
        post = beta * f + (1.0 - beta) * post;
      } else if (kind == TOLD_TARGET) {
        let y = target_ + four(i, n);
        post = vec4f(wanted(y.x), wanted(y.y), wanted(y.z), wanted(y.w));
      }
      set_activities(record + at, i, n, post);
    }
  }
  team_barrier();
}

// Its adjoint: given d_post,
//   d_f = β d_post,   d_u = d_f φ_f'(f),   d_B += Σ_b d_u sᵀ,   d_c += Σ_b d_u,   d_s = Bᵀ d_u,
//   d_β += Σ d_post (f − x),   d_x += (1 − β) d_post,   d_a += ds/da d_s.
// Adds to d_x, d_a and to the gradient of B, c and β; d_post becomes d_u.
fn feedback_adjoint(first: u32, sample: u32, slot: u32, t: u32) {
  for (var l = 0u; l < DEPTH; l++) {
    if (TOLD[l] == TOLD_ACTIVITY) { activity_adjoint(l); }
    if (TOLD[l] == TOLD_MIXED) {
      post_adjoint(l, first, sample);
      team_barrier();
      weights_adjoint(l, first, sample);
      if (SIGNAL_SLOPE != 0.0) { signal_adjoint(l); }
    }
  }
  team_barrier();
}

// A layer that was told its own activity.
fn activity_adjoint(l: u32) {
  let n = UNITS[l];
  let blocks = fours(UNITS[l]);
  for (var k = lane; k < BATCH * blocks; k += LANES) {
    let i = k % blocks * 4u;
    let record = k / blocks * RECORD;
    let d_post = adjoint4(record + LEFT + NEURON_AT[l] + four(i, n));
    add_adjoints(record + UNITS_AT[l], i, n, d_post);
  }
}

// d_β, d_x, and d_u in the place of d_post.
fn post_adjoint(l: u32, first: u32, sample: u32) {
  let n = UNITS[l];
  let at = LEFT + NEURON_AT[l];
  let x_at = UNITS_AT[l];
  let blocks = fours(UNITS[l]);
  let beta = parameter(BETA_AT[l]);
  let c = C_AT[l] / 4u;
  let rows = B_AT[l] / 4u;
  var d_beta = 0.0;
  for (var k = lane; k < BATCH * blocks; k += LANES) {
    let quad = k % blocks;
    let i = quad * 4u;
    let record = k / blocks * RECORD;
    let neurons = four(i, n);
    let target_ = (sample + k / blocks) * OUTPUTS;
    let d_post = adjoint4(record + at + neurons);
    let f = feedback_of(c + quad, rows + quad, blocks, first + record, target_);
    let x = activity4(first + record + x_at + neurons);
    d_beta += dot(present(i, n), d_post * (f - x));
    add_adjoints(record + x_at, i, n, (1.0 - beta) * d_post);
    set_adjoints(record + at, i, n, beta * d_post * slopes(f));
  }
  d_beta = team_sum(d_beta);
  if (speaks()) { add_gradient(BETA_AT[l], d_beta); }
}

// d_c and d_B, four rows a lane.
fn weights_adjoint(l: u32, first: u32, sample: u32) {
  let n = UNITS[l];
  let blocks = fours(UNITS[l]);
  for (var i = 4u * lane; i < n; i += 4u * LANES) {
    let d_u = LEFT + NEURON_AT[l] + four(i, n);
    let there = present(i, n);
    var d_c = vec4f();
    for (var b = 0u; b < BATCH; b++) { d_c += adjoint4(d_u + b * RECORD); }
    add_gradient_quad((C_AT[l] + i) / 4u, there * d_c);
    for (var o = 0u; o < OUTPUTS; o++) {
      var d_b = vec4f();
      for (var b = 0u; b < BATCH; b++) {
        let s = signal_of(first + b * RECORD, (sample + b) * OUTPUTS, o);
        d_b += adjoint4(d_u + b * RECORD) * s;
      }
      add_gradient_quad((B_AT[l] + i) / 4u + o * blocks, there * d_b);
    }
  }
}

// d_s into d_a: a sample and four outputs a lane, of some of the neurons where lanes are more. The
// sum is told to the lane that may come to them again as a layer's activity.
fn signal_adjoint(l: u32) {
  for (var first_block = 0u; first_block < SIGNAL_BLOCKS; first_block += LANES) {
    let mine = min(first_block + lane / SIGNAL_LANES, SIGNAL_BLOCKS - 1u);
    let d = signal_part(l, mine);
    let block = first_block + lane;
    let told_by = min(block, SIGNAL_BLOCKS - 1u) % LANES * SIGNAL_LANES;
    let d_s = sum_of_lanes(d, told_by, 1u, SIGNAL_LANES);
    if (block < SIGNAL_BLOCKS) {
      let answer = block / OUTPUT_BLOCKS * RECORD + ANSWER;
      add_adjoints(answer, block % OUTPUT_BLOCKS * 4u, OUTPUTS, SIGNAL_SLOPE * d_s);
    }
  }
}

// This lane's part of the d_s of a block: a sample and four outputs.
fn signal_part(l: u32, block: u32) -> vec4f {
  let n = UNITS[l];
  let columns = B_AT[l] / 4u + four(block % OUTPUT_BLOCKS * 4u, OUTPUTS) * fours(UNITS[l]);
  let d_u = block / OUTPUT_BLOCKS * RECORD + LEFT + NEURON_AT[l];
  var d = vec4f();
  for (var i = lane % SIGNAL_LANES * 4u; i < n; i += 4u * SIGNAL_LANES) {
    let d_i = adjoint4(d_u + four(i, n));
    d.x += dot(parameters[columns.x + i / 4u], d_i);
    if (OUTPUTS > 1u) {
      d.y += dot(parameters[columns.y + i / 4u], d_i);
      d.z += dot(parameters[columns.z + i / 4u], d_i);
      d.w += dot(parameters[columns.w + i / 4u], d_i);
    }
  }
  return d;
}
