// A team of one lane: a task is one lane, nothing is shared, no barrier is needed.
fn team_barrier() {}
fn sum_of_lanes(value: vec4f, from_: u32, stride: u32, terms: u32) -> vec4f { return value; }
fn team_sum(value: f32) -> f32 { return value; }
fn team_max(value: f32) -> f32 { return value; }
