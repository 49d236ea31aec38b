// A task's scratch lies in storage.
import package::shape::{PADDED, SCRATCH, TEAMS};
import package::memory::first_scratch;

// (groups, SCRATCH, TEAMS)
@group(0) @binding(8) var<storage, read_write> scratches: array<f32, PADDED * SCRATCH>;

fn scratch(k: u32) -> f32 { return scratches[first_scratch + k * TEAMS]; }
fn set_scratch(k: u32, value: f32) { scratches[first_scratch + k * TEAMS] = value; }
