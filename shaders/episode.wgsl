// Episode: a lifetime of every task of the chunk, T inner steps of forward, feedback and plasticity, and the queries on the way.
// One dispatch does the steps first_step … last_step − 1 of the pass; state between dispatches lies in activities and fast weights.
import package::shape::{BATCH, MOMENTS, MOMENT_AT, ROWS_PER_STEP, WORKGROUP};
import package::memory::{pass_, take_place};
import package::birth::birth;
import package::feedback::feedback;
import package::forward::forward;
import package::perception::perceive;
import package::plasticity::plasticity;
import package::query::query;
import package::slots::slot_of;

fn query_at(t: u32) {
  for (var k = 0u; k < MOMENTS; k++) {
    if (MOMENT_AT[k] == t) { query(k, slot_of(t)); }
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group_id: vec3u, @builtin(local_invocation_index) invocation: u32) {
  take_place(group_id.x, invocation);
  if (pass_.first_step == 0u) {
    birth();
    query_at(0u);
  }
  for (var t = pass_.first_step; t < pass_.last_step; t++) {
    let row = t * ROWS_PER_STEP;
    perceive(row, t * BATCH, BATCH);
    forward(row, BATCH, slot_of(t));
    feedback(row, t * BATCH);
    plasticity(row, slot_of(t), slot_of(t + 1u));
    query_at(t + 1u);
  }
}
