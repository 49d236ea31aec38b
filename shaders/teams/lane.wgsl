// A team of one lane: a task is one lane, nothing is shared, no barrier is needed.
fn team_barrier() {}
fn team_sum(value: f32) -> f32 { return value; }
fn team_max(value: f32) -> f32 { return value; }
