// Where a task's numbers lie. Every array of a chunk is laid out (groups, size, TEAMS): the TEAMS tasks of a workgroup interleave,
// so that lanes which work on neighbouring tasks touch neighbouring addresses. With TEAMS = 1 it is plain (tasks, size). Arrays have
// their true size, not a runtime size: the bounds check that WebGPU adds to every access is then against a constant.
//
// Activities are rows: first a record of every sample of the support stream, RECORD numbers that begin with its activities x_0 … x_L and go on with what
// later stages leave (src/gpu/record.ts), then the activities of every query, ROW numbers. The adjoint of a record has the same layout, in the scratch.
import package::shape::{ACTIVITY, CHUNK, FAST, GRADIENT, LANES, OUTCOME, OUTPUTS, PADDED, PARAMETERS, QUERY_AT, QUERY_ROW, RECORD, ROW, SAMPLES, SCRATCH, SETTINGS, TASKS, TEAMS};

// One dispatch: inner steps first_step … last_step − 1 of the chunk's `tasks` tasks, the first of which is `first_task` of the meta-batch;
// the meta-batch is the tasks from `origin` of the stream of `seed`.
struct Pass { first_step: u32, last_step: u32, first_task: u32, tasks: u32, seed: u32, origin: u32 }

const TARGETS = SAMPLES * OUTPUTS + SETTINGS;

@group(0) @binding(0) var<uniform> pass_: Pass;
@group(0) @binding(1) var<storage, read> parameters: array<f32, PARAMETERS>;            // the layout of src/inner/layout.ts
@group(0) @binding(4) var<storage, read> targets: array<f32, CHUNK * TARGETS>;               // (tasks, SAMPLES, OUTPUTS), behind each task's its SETTINGS
@group(0) @binding(5) var<storage, read_write> activities: array<f32, PADDED * ACTIVITY>;      // (groups, ACTIVITY, TEAMS)
@group(0) @binding(6) var<storage, read_write> fast_weights: array<f32, PADDED * FAST>;    // (groups, FAST, TEAMS)
@group(0) @binding(7) var<storage, read_write> gradients: array<f32, PADDED * GRADIENT>;       // (groups, GRADIENT, TEAMS)
@group(0) @binding(8) var<storage, read_write> scratches: array<f32, PADDED * SCRATCH>;       // (groups, SCRATCH, TEAMS)
@group(0) @binding(9) var<storage, read_write> outcomes: array<f32, TASKS * OUTCOME>;        // (tasks of the meta-batch, OUTCOME)

var<private> lane: u32;    // 0 … LANES − 1 within the team
var<private> team: u32;    // 0 … TEAMS − 1 within the workgroup
var<private> group: u32;
var<private> task: u32;    // within the chunk; teams beyond the last task work on padding and read the last task's data

fn take_place(group_id: u32, invocation: u32) {
  lane = invocation % LANES;
  team = invocation / LANES;
  group = group_id;
  task = min(group * TEAMS + team, pass_.tasks - 1u);
}

// Is this lane the one that writes the team's single results?
fn speaks() -> bool { return lane == 0u && group * TEAMS + team < pass_.tasks; }

// Where row r of a task begins: records first, then queries.
fn row_start(row: u32) -> u32 { return select(QUERY_AT + (row - QUERY_ROW) * ROW, row * RECORD, row < QUERY_ROW); }

fn activity(k: u32) -> f32 { return activities[(group * ACTIVITY + k) * TEAMS + team]; }
fn set_activity(k: u32, value: f32) { activities[(group * ACTIVITY + k) * TEAMS + team] = value; }

fn weight(k: u32) -> f32 { return fast_weights[(group * FAST + k) * TEAMS + team]; }
fn set_weight(k: u32, value: f32) { fast_weights[(group * FAST + k) * TEAMS + team] = value; }

fn gradient(k: u32) -> f32 { return gradients[(group * GRADIENT + k) * TEAMS + team]; }
fn set_gradient(k: u32, value: f32) { gradients[(group * GRADIENT + k) * TEAMS + team] = value; }
fn add_gradient(k: u32, value: f32) { set_gradient(k, gradient(k) + value); }

// The adjoint of the rows at work, k as in their records or query rows.
fn adjoint(k: u32) -> f32 { return scratches[(group * SCRATCH + k) * TEAMS + team]; }
fn set_adjoint(k: u32, value: f32) { scratches[(group * SCRATCH + k) * TEAMS + team] = value; }
fn add_adjoint(k: u32, value: f32) { set_adjoint(k, adjoint(k) + value); }

// Four at once. Loops over synapses take four rows of a matrix, or four columns, so that what those have in common is read once, a loop's own cost is
// paid once, and four loads are on their way together. Beyond the last of n the last stands again: it is computed, and written, the same once more.
// Only sums over the four must leave it out.
fn four(i: u32, n: u32) -> vec4u { return min(vec4u(i, i + 1u, i + 2u, i + 3u), vec4u(n - 1u)); }
fn present(i: u32, n: u32) -> vec4f { return select(vec4f(0.0), vec4f(1.0), vec4u(i, i + 1u, i + 2u, i + 3u) < vec4u(n)); }

fn parameter4(k: vec4u) -> vec4f { return vec4f(parameters[k.x], parameters[k.y], parameters[k.z], parameters[k.w]); }

fn activity4(k: vec4u) -> vec4f { return vec4f(activity(k.x), activity(k.y), activity(k.z), activity(k.w)); }
fn set_activity4(k: vec4u, value: vec4f) {
  set_activity(k.x, value.x);
  set_activity(k.y, value.y);
  set_activity(k.z, value.z);
  set_activity(k.w, value.w);
}

fn weight4(k: vec4u) -> vec4f { return vec4f(weight(k.x), weight(k.y), weight(k.z), weight(k.w)); }
fn set_weight4(k: vec4u, value: vec4f) {
  set_weight(k.x, value.x);
  set_weight(k.y, value.y);
  set_weight(k.z, value.z);
  set_weight(k.w, value.w);
}

fn gradient4(k: vec4u) -> vec4f { return vec4f(gradient(k.x), gradient(k.y), gradient(k.z), gradient(k.w)); }
fn set_gradient4(k: vec4u, value: vec4f) {
  set_gradient(k.x, value.x);
  set_gradient(k.y, value.y);
  set_gradient(k.z, value.z);
  set_gradient(k.w, value.w);
}
fn add_gradient4(k: vec4u, value: vec4f) { set_gradient4(k, gradient4(k) + value); }

fn adjoint4(k: vec4u) -> vec4f { return vec4f(adjoint(k.x), adjoint(k.y), adjoint(k.z), adjoint(k.w)); }
fn set_adjoint4(k: vec4u, value: vec4f) {
  set_adjoint(k.x, value.x);
  set_adjoint(k.y, value.y);
  set_adjoint(k.z, value.z);
  set_adjoint(k.w, value.w);
}
fn add_adjoint4(k: vec4u, value: vec4f) { set_adjoint4(k, adjoint4(k) + value); }

// The target of a sample of this task; k counts within the task's (SAMPLES, OUTPUTS).
fn wanted(k: u32) -> f32 { return targets[task * TARGETS + k]; }

// What is reported of this task: query loss at every moment, accuracy at every moment, gradient norm, weight in the mean, drift.
fn set_outcome(k: u32, value: f32) { outcomes[(pass_.first_task + task) * OUTCOME + k] = value; }
