// Collect: the weighted sum of the tasks' gradients, so that it does not depend on the chunks: a
// quad of parameters a lane, tasks in their order; or, on a GPU, where a lane alone would wait long
// for each task's numbers, SLICES lanes a quad, each a BLOCK of tasks at a time, blocks in their
// order. With the last chunk it becomes the mean over the tasks counted, and the gradient of each
// penalty λ · Σ|θ| of coefficients is added (Shervani-Tabar & Rosenbaum 2023, Algorithm 1; that of
// |0| is 0). Behind the gradient: the number of tasks counted, the worst drift
// of a task, the penalty, and of every workgroup the squares of its part of the gradient.
import package::shape::{
  BLOCK, COLLECTING, COLLECTORS, GRADIENT, MOMENTS, OUTCOME, OUTCOME_DRIFT, OUTCOME_WEIGHT,
  PARAMETERS, PENALTIES, PENALTY_FROM, PENALTY_TO, PENALTY_WEIGHT, SLICES, TASKS, TEAMS, TOTAL
};
import package::memory::{gradients, outcomes, parameter, parameters, pass_};
import package::finite::finite;

// (PARAMETERS, three numbers, COLLECTORS)
@group(0) @binding(10) var<storage, read_write> total: array<f32, TOTAL>;

const COUNTED = PARAMETERS;
const DRIFT = PARAMETERS + 1u;
const PENALTY = PARAMETERS + 2u;
const SQUARES = PARAMETERS + 3u;

// Quads of a workgroup: slice s of quad k is lane s WIDE + k.
const WIDE = COLLECTING / SLICES;

var<workgroup> partial: array<f32, COLLECTING>;
var<workgroup> blocks: array<vec4f, COLLECTING>;

// The sum over the workgroup's lanes, in a fixed order, the same for every lane. Once in a kernel:
// lanes do not wait until others have read. One barrier, because on a software adapter it costs as
// much as hundreds of additions, the more the more lanes.
fn sum_of_workgroup(lane: u32, value: f32) -> f32 {
  partial[lane] = value;
  workgroupBarrier();
  var sum = 0.0;
  for (var k = 0u; k < COLLECTING; k++) { sum += partial[k]; }
  return sum;
}

// Norm of the mean gradient.
fn mean_norm(lane: u32) -> f32 {
  var squares = 0.0;
  for (var k = lane; k < COLLECTORS; k += COLLECTING) { squares += total[SQUARES + k]; }
  return sqrt(sum_of_workgroup(lane, squares));
}

fn outcome_of(task: u32, k: u32) -> f32 { return outcomes[task * OUTCOME + k]; }

// Drift of a task whose losses are finite: if it is not finite itself, it is as far as can be.
fn drift_of(task: u32) -> f32 {
  for (var k = 0u; k < MOMENTS; k++) {
    if (!finite(outcome_of(task, k))) { return 0.0; }
  }
  let drift = outcome_of(task, OUTCOME_DRIFT);
  return select(3e38, drift, finite(drift));
}

// Where the next task's numbers lie in the gradients (groups, GRADIENT / 4, TEAMS): of its group
// and of its team.
var<private> group_at: u32;
var<private> team: u32;

// A task's part in the quad, and a step to the next. The gradient of a task that weighs 0 may be
// NaN.
fn part_of(task: u32, end: u32) -> vec4f {
  if (task >= end) { return vec4f(0.0); }
  let weight = outcome_of(task, OUTCOME_WEIGHT);
  let part = select(vec4f(0.0), weight * gradients[group_at + team], weight > 0.0);
  team++;
  if (team == TEAMS) {
    team = 0u;
    group_at += GRADIENT / 4u * TEAMS;
  }
  return part;
}

// `sum`, and a slice's parts of quad q in the tasks from `begin` on, in their order; those of four
// tasks are fetched at once.
fn added(sum_before: vec4f, q: u32, begin: u32, end: u32) -> vec4f {
  let first = begin - pass_.first_task;
  group_at = (first / TEAMS * (GRADIENT / 4u) + q) * TEAMS;
  team = first % TEAMS;
  var sum = sum_before;
  for (var task = begin; task < end; task += 4u) {
    let part0 = part_of(task, end);
    let part1 = part_of(task + 1u, end);
    let part2 = part_of(task + 2u, end);
    let part3 = part_of(task + 3u, end);
    sum += part0;
    sum += part1;
    sum += part2;
    sum += part3;
  }
  return sum;
}

// The sum of quad q over the chunk's tasks, and those before, for its first slice; with the last
// chunk the mean, and the penalty's gradient.
fn collected(q: u32, lane: u32, counted: f32) -> vec4f {
  let k = 4u * q;
  let so_far = pass_.first_task + pass_.tasks;
  var g = vec4f();
  if (pass_.first_task > 0u) { g = vec4f(total[k], total[k + 1u], total[k + 2u], total[k + 3u]); }
  if (SLICES == 1u) {
    g = added(g, q, pass_.first_task, so_far);
  } else {
    for (var round = pass_.first_task; round < so_far; round += SLICES * BLOCK) {
      let begin = round + lane / WIDE * BLOCK;
      blocks[lane] = added(vec4f(0.0), q, begin, min(begin + BLOCK, so_far));
      workgroupBarrier();
      for (var s = 0u; s < SLICES; s++) { g += blocks[s * WIDE + lane % WIDE]; }
      workgroupBarrier();
    }
  }
  if (so_far < TASKS) { return g; }
  g /= max(counted, 1.0);
  for (var p = 0u; p < PENALTIES; p++) {
    if (k >= PENALTY_FROM[p] && k < PENALTY_TO[p]) { g += PENALTY_WEIGHT[p] * sign(parameters[q]); }
  }
  return g;
}

@compute @workgroup_size(COLLECTING)
fn main(@builtin(workgroup_id) group_id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let so_far = pass_.first_task + pass_.tasks;
  var counted = 0.0;
  var far = 0.0;
  for (var task = lane; task < so_far; task += COLLECTING) {
    counted += select(0.0, 1.0, outcome_of(task, OUTCOME_WEIGHT) > 0.0);
    if (group_id.x == 0u) { far = max(far, drift_of(task)); }
  }
  blocks[lane] = vec4f(counted, far, 0.0, 0.0);
  workgroupBarrier();
  counted = 0.0;
  for (var k = 0u; k < COLLECTING; k++) {
    counted += blocks[k][0u];
    far = max(far, blocks[k][1u]);
  }
  workgroupBarrier();

  var square = 0.0;
  for (var first = group_id.x * WIDE; first < PARAMETERS / 4u; first += COLLECTORS * WIDE) {
    let q = first + lane % WIDE;
    let g = collected(min(q, PARAMETERS / 4u - 1u), lane, counted);
    if (lane < WIDE && q < PARAMETERS / 4u) {
      square += dot(g, g);
      for (var r = 0u; r < 4u; r++) { total[4u * q + r] = g[r]; }
    }
  }
  if (group_id.x == 0u && lane == 0u) {
    var penalty = 0.0;
    for (var p = 0u; p < PENALTIES; p++) {
      for (var i = PENALTY_FROM[p]; i < PENALTY_TO[p]; i++) {
        penalty += PENALTY_WEIGHT[p] * abs(parameter(i));
      }
    }
    total[COUNTED] = counted;
    total[DRIFT] = far;
    total[PENALTY] = penalty;
  }
  let squares = sum_of_workgroup(lane, square);
  if (lane == 0u) { total[SQUARES + group_id.x] = squares; }
}
