// Episode: a lifetime of every task of the chunk, T inner steps of forward, feedback and plasticity
// (of W, and of B where it is aligned), and the queries on the way.
// One dispatch does the steps and the queries of the pass; state between dispatches lies in
// activities and fast weights.
import package::shape::{BATCH, RECORD, RECORDS_PER_STEP, WORKGROUP};
import package::memory::{lived, pass_, take_place};
import package::birth::birth;
import package::feedback::feedback;
import package::feedback_rule::{align, reflect};
import package::forward::forward;
import package::loss::answer;
import package::perception::perceive;
import package::plasticity::plasticity;
import package::query::{is_moment, query};
import package::rule::prepare;
import package::slots::slot_of;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group_id: vec3u, @builtin(local_invocation_index) invocation: u32) {
  take_place(group_id.x, invocation);
  if (lived(pass_.first_step) == 0u && pass_.first_query == 0u) { birth(); }
  // Queries have one place in the code, the pass's end among the turns: compilers take their time
  // for each place anew.
  var moment = pass_.first_moment;
  for (var t = pass_.first_step; ; t++) {
    if (is_moment(moment, t)) {
      query(moment, slot_of(t));
      moment++;
    }
    if (t == pass_.last_step) { break; }
    let first = t * RECORDS_PER_STEP * RECORD;
    perceive(first, RECORD, t * BATCH, BATCH);
    forward(first, RECORD, BATCH, slot_of(t));
    answer(first);
    feedback(first, t * BATCH, slot_of(t), t);
    prepare(first, slot_of(t));
    reflect(first, slot_of(t), t);
    align(first, slot_of(t), slot_of(t + 1u), t);
    plasticity(first, slot_of(t), slot_of(t + 1u), t);
  }
}
