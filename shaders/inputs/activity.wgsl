// Inputs of an encoder's later layers: the activity of the layer below, in the same row.
import package::shape::{ACTIVITY, ROW, TEAMS};
import package::layer::BELOW;
import package::memory::activities;

fn input_at(task: u32, sample: u32, row: u32) -> u32 {
  return (task / TEAMS * ACTIVITY + row * ROW + BELOW) * TEAMS + task % TEAMS;
}

fn input(at: u32, j: u32) -> f32 { return activities[at + j * TEAMS]; }
