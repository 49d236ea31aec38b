// Collect: the weighted sum of the tasks' gradients, a quad of parameters a lane, tasks in their order, so that it does not depend on the chunks. With the last
// chunk it becomes the mean over the tasks counted, and the gradient of the penalty L1 · Σ|θ| of the pool's coefficients is added (Shervani-Tabar &
// Rosenbaum 2023, Algorithm 1; that of |0| is 0).
// Behind the gradient: the number of tasks counted, the worst drift of a task, the penalty, and of every workgroup the squares of its part of the gradient.
import package::shape::{COLLECTING, COLLECTORS, GRADIENT, L1, MOMENTS, OUTCOME, OUTCOME_DRIFT, OUTCOME_WEIGHT, PARAMETERS, TASKS, TEAMS, THETA_END, THETA_START, TOTAL};
import package::memory::{gradients, outcomes, parameter, parameters, pass_};
import package::norm::finite;

@group(0) @binding(10) var<storage, read_write> total: array<f32, TOTAL>;    // (PARAMETERS, three numbers, COLLECTORS)

const COUNTED = PARAMETERS;
const DRIFT = PARAMETERS + 1u;
const PENALTY = PARAMETERS + 2u;
const SQUARES = PARAMETERS + 3u;

var<workgroup> partial: array<f32, COLLECTING>;

// The sum over the workgroup's lanes, in a fixed order, the same for every lane. Once in a kernel: lanes do not wait until others have read. One barrier,
// because on a software adapter it costs as much as hundreds of additions, the more the more lanes.
fn sum_of_lanes(lane: u32, value: f32) -> f32 {
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
  return sqrt(sum_of_lanes(lane, squares));
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

// The sum of quad q of the gradient over the chunk's tasks, and those before; with the last chunk the mean, and the penalty's gradient.
fn collected(q: u32, counted: f32) -> vec4f {
  let k = 4u * q;
  let so_far = pass_.first_task + pass_.tasks;
  var g = vec4f();
  if (pass_.first_task > 0u) { g = vec4f(total[k], total[k + 1u], total[k + 2u], total[k + 3u]); }
  var at = q * TEAMS;    // in the gradients (groups, GRADIENT / 4, TEAMS); no division on the way
  var team = 0u;
  for (var task = pass_.first_task; task < so_far; task++) {
    let weight = outcome_of(task, OUTCOME_WEIGHT);
    if (weight > 0.0) { g += weight * gradients[at + team]; }    // the gradient of a task that weighs 0 may be NaN
    team++;
    if (team == TEAMS) {
      team = 0u;
      at += GRADIENT / 4u * TEAMS;
    }
  }
  if (so_far < TASKS) { return g; }
  g /= max(counted, 1.0);
  if (k >= THETA_START && k < THETA_END) { g += L1 * sign(parameters[q]); }
  return g;
}

@compute @workgroup_size(COLLECTING)
fn main(@builtin(workgroup_id) group_id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = group_id.x * COLLECTING + lane;
  let so_far = pass_.first_task + pass_.tasks;
  var counted = 0.0;
  for (var task = 0u; task < so_far; task++) { counted += select(0.0, 1.0, outcome_of(task, OUTCOME_WEIGHT) > 0.0); }

  var square = 0.0;
  for (var q = first; q < PARAMETERS / 4u; q += COLLECTORS * COLLECTING) {
    let g = collected(q, counted);
    square += dot(g, g);
    for (var r = 0u; r < 4u; r++) { total[4u * q + r] = g[r]; }
  }
  if (first == 0u) {
    var far = 0.0;
    for (var task = 0u; task < so_far; task++) { far = max(far, drift_of(task)); }
    var penalty = 0.0;
    for (var i = THETA_START; i < THETA_END; i++) { penalty += L1 * abs(parameter(i)); }
    total[COUNTED] = counted;
    total[DRIFT] = far;
    total[PENALTY] = penalty;
  }
  let squares = sum_of_lanes(lane, square);
  if (lane == 0u) { total[SQUARES + group_id.x] = squares; }
}
