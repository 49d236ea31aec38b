// A task's scratch lies in workgroup memory, near its lanes: nothing of it outlives a dispatch, and
// it begins with 0.
import package::shape::{SCRATCH, TEAMS};
import package::memory::team;

var<workgroup> scratches: array<f32, SCRATCH * TEAMS>;    // (SCRATCH, TEAMS)

fn scratch(k: u32) -> f32 { return scratches[k * TEAMS + team]; }
fn set_scratch(k: u32, value: f32) { scratches[k * TEAMS + team] = value; }
