// Where a task's numbers lie. Every array of a chunk is laid out (groups, size, TEAMS): the TEAMS
// tasks of a workgroup interleave, so that lanes which work on neighbouring tasks touch
// neighbouring addresses. With TEAMS = 1 it is plain (tasks, size). Arrays have their true size,
// not a runtime size: the bounds check that WebGPU adds to every access is then against a constant.
//
// Weights, coefficients of synapses and their gradients are quads, four numbers at once
// (src/gpu/places.ts): of W four rows of a column, because what a kernel does with a weight it does
// with its neuron. Beyond the last row a quad is filled up with synapses that are 0 and stay 0, as
// does their gradient.
//
// Activities are rows: first a record of every sample of the support stream, RECORD numbers that
// begin with its activities x_0 … x_L and go on with what later stages leave (src/gpu/record.ts),
// then the activities of every query, ROW numbers. The adjoint of a record has the same layout, in
// the scratch.
import package::shape::{
  ACTIVITY, ANSWER, CHUNK, DEPTH, FAST, FAST_AT, FAST_STEP, GRADIENT, LANES, OUTCOME, OUTPUTS,
  PADDED, PARAMETERS, QUERY_AT, QUERY_ROW, RECORD, ROW, SAMPLES, SCRATCH, SETTINGS, TASKS, TEAMS,
  UNITS_AT, WEIGHT_AT, X_AT
};

// One dispatch: inner steps first_step … last_step − 1 of the chunk's `tasks` tasks, the first of
// which is `first_task` of the meta-batch, and on the way the queries first_query … last_query − 1
// at the moments first_moment … last_moment − 1 (src/gpu/segments.ts);
// the meta-batch is the tasks from `origin` of the stream of `seed`. Inner steps count from where
// this episode begins; lifetimes that go on have lived `age` steps before.
struct Pass {
  first_step: u32, last_step: u32, first_moment: u32, last_moment: u32, first_query: u32,
  last_query: u32, first_task: u32, tasks: u32, seed: u32, origin: u32, age: u32
}

const TARGETS = SAMPLES * OUTPUTS + SETTINGS;

@group(0) @binding(0) var<uniform> pass_: Pass;
// in their places
@group(0) @binding(1) var<storage, read> parameters: array<vec4f, PARAMETERS / 4u>;
// (tasks, SAMPLES, OUTPUTS), behind each task's its SETTINGS
@group(0) @binding(4) var<storage, read> targets: array<f32, CHUNK * TARGETS>;
// (groups, ACTIVITY, TEAMS)
@group(0) @binding(5) var<storage, read_write> activities: array<f32, PADDED * ACTIVITY>;
// (groups, FAST / 4, TEAMS)
@group(0) @binding(6) var<storage, read_write> fast_weights: array<vec4f, PADDED * FAST / 4u>;
// (groups, GRADIENT / 4, TEAMS)
@group(0) @binding(7) var<storage, read_write> gradients: array<vec4f, PADDED * GRADIENT / 4u>;
// (groups, SCRATCH, TEAMS)
@group(0) @binding(8) var<storage, read_write> scratches: array<f32, PADDED * SCRATCH>;
// (tasks of the meta-batch, OUTCOME)
@group(0) @binding(9) var<storage, read_write> outcomes: array<f32, TASKS * OUTCOME>;

var<private> lane: u32;    // 0 … LANES − 1 within the team
var<private> team: u32;    // 0 … TEAMS − 1 within the workgroup
var<private> group: u32;
// within the chunk; teams beyond the last task work on padding and read the last task's data
var<private> task: u32;

// Where the task's first number (or quad) lies in each array; number k follows k TEAMS behind.
var<private> first_activity: u32;
var<private> first_weight: u32;
var<private> first_gradient: u32;
var<private> first_scratch: u32;

fn take_place(group_id: u32, invocation: u32) {
  lane = invocation % LANES;
  team = invocation / LANES;
  group = group_id;
  task = min(group * TEAMS + team, pass_.tasks - 1u);
  first_activity = group * ACTIVITY * TEAMS + team;
  first_weight = group * (FAST / 4u) * TEAMS + team;
  first_gradient = group * (GRADIENT / 4u) * TEAMS + team;
  first_scratch = group * SCRATCH * TEAMS + team;
}

// Inner steps that a lifetime has lived before inner step t: random numbers and alignment go by it.
fn lived(t: u32) -> u32 { return pass_.age + t; }

// Is this lane the one that writes the team's single results?
fn speaks() -> bool { return lane == 0u && group * TEAMS + team < pass_.tasks; }

// Where row r of a task begins: records first, then queries.
fn row_start(row: u32) -> u32 {
  return select(QUERY_AT + (row - QUERY_ROW) * ROW, row * RECORD, row < QUERY_ROW);
}

fn parameter(k: u32) -> f32 { return parameters[k / 4u][k % 4u]; }

fn activity(k: u32) -> f32 { return activities[first_activity + k * TEAMS]; }
fn set_activity(k: u32, value: f32) { activities[first_activity + k * TEAMS] = value; }

fn weight(k: u32) -> f32 { return fast_weights[first_weight + k / 4u * TEAMS][k % 4u]; }

fn weight4(k: vec4u) -> vec4f { return vec4f(weight(k.x), weight(k.y), weight(k.z), weight(k.w)); }

fn add_gradient(k: u32, value: f32) { gradients[first_gradient + k / 4u * TEAMS][k % 4u] += value; }

// The adjoint of the rows at work, k as in their records or query rows.
fn adjoint(k: u32) -> f32 { return scratches[first_scratch + k * TEAMS]; }
fn set_adjoint(k: u32, value: f32) { scratches[first_scratch + k * TEAMS] = value; }
fn add_adjoint(k: u32, value: f32) { set_adjoint(k, adjoint(k) + value); }

// Quad q: numbers 4 q … 4 q + 3.
fn weight_quad(q: u32) -> vec4f { return fast_weights[first_weight + q * TEAMS]; }
fn weight_quad4(q: vec4u) -> mat4x4f {
  return mat4x4f(weight_quad(q.x), weight_quad(q.y), weight_quad(q.z), weight_quad(q.w));
}
fn set_weight_quad(q: u32, value: vec4f) { fast_weights[first_weight + q * TEAMS] = value; }

fn gradient_quad(q: u32) -> vec4f { return gradients[first_gradient + q * TEAMS]; }
fn set_gradient_quad(q: u32, value: vec4f) { gradients[first_gradient + q * TEAMS] = value; }
fn add_gradient_quad(q: u32, value: vec4f) { set_gradient_quad(q, gradient_quad(q) + value); }

// The quad of rows i … i + 3 of column 0 of W of layer l + 1, i a multiple of 4; that of column j
// lies j QUADS[l] behind. In `slot`, and in the gradient.
fn weight_rows(l: u32, slot: u32, i: u32) -> u32 {
  return (FAST_AT[l] + slot * FAST_STEP[l] + i) / 4u;
}
fn gradient_rows(l: u32, i: u32) -> u32 { return (WEIGHT_AT[l] + i) / 4u; }

// Where W_ij lies, from where W of its layer begins, whose columns are so many quads.
fn synapse(quads: u32, i: u32, j: u32) -> u32 { return 4u * quads * j + i; }

// Where x_l lies in a record, and what the neurons of layer l + 1 do: of the outputs what they
// answer.
fn answered_at(l: u32) -> u32 { return select(X_AT[l], ANSWER, l == DEPTH); }
fn neurons_at(l: u32) -> u32 { return select(UNITS_AT[l], ANSWER, l + 1u == DEPTH); }

// How many fours n numbers are.
fn fours(n: u32) -> u32 { return (n + 3u) / 4u; }

// Numbers i … i + 3 of n. What is read beyond the last is the last again; what is written to it is
// not written. Sums over the four must leave it out.
fn four(i: u32, n: u32) -> vec4u { return min(vec4u(i, i + 1u, i + 2u, i + 3u), vec4u(n - 1u)); }
fn present(i: u32, n: u32) -> vec4f {
  return select(vec4f(0.0), vec4f(1.0), vec4u(i, i + 1u, i + 2u, i + 3u) < vec4u(n));
}

fn activity4(k: vec4u) -> vec4f {
  return vec4f(activity(k.x), activity(k.y), activity(k.z), activity(k.w));
}
fn adjoint4(k: vec4u) -> vec4f {
  return vec4f(adjoint(k.x), adjoint(k.y), adjoint(k.z), adjoint(k.w));
}

fn set_activities(at: u32, i: u32, n: u32, value: vec4f) {
  set_activity(at + i, value.x);
  if (i + 1u < n) { set_activity(at + i + 1u, value.y); }
  if (i + 2u < n) { set_activity(at + i + 2u, value.z); }
  if (i + 3u < n) { set_activity(at + i + 3u, value.w); }
}
fn set_adjoints(at: u32, i: u32, n: u32, value: vec4f) {
  set_adjoint(at + i, value.x);
  if (i + 1u < n) { set_adjoint(at + i + 1u, value.y); }
  if (i + 2u < n) { set_adjoint(at + i + 2u, value.z); }
  if (i + 3u < n) { set_adjoint(at + i + 3u, value.w); }
}
fn add_adjoints(at: u32, i: u32, n: u32, value: vec4f) {
  set_adjoints(at, i, n, adjoint4(at + four(i, n)) + value);
}

// The target of a sample of this task; k counts within the task's (SAMPLES, OUTPUTS).
fn wanted(k: u32) -> f32 { return targets[task * TARGETS + k]; }

// What is reported of this task: query loss at every moment, accuracy at every moment, gradient
// norm, weight in the mean, drift.
fn set_outcome(k: u32, value: f32) { outcomes[(pass_.first_task + task) * OUTCOME + k] = value; }
