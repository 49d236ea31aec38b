// Inputs of an encoder's later layers: the activity of the layer below, in the same row.
import package::shape::{ACTIVITY, TEAMS};
import package::layer::{BELOW, FAN_IN};
import package::memory::{activities, row_start};

fn input_at(task: u32, sample: u32, row: u32) -> u32 {
  return (task / TEAMS * ACTIVITY + row_start(row) + BELOW) * TEAMS + task % TEAMS;
}

// x_j.
fn input(at: u32, j: u32) -> f32 { return activities[at + j * TEAMS]; }

// x_j … x_{j + 3}, j a multiple of 4; 0 beyond the edge.
fn four(at: u32, j: u32) -> vec4f {
  var x = vec4f(input(at, j), 0.0, 0.0, 0.0);
  if (j + 1u < FAN_IN) { x.y = input(at, j + 1u); }
  if (j + 2u < FAN_IN) { x.z = input(at, j + 2u); }
  if (j + 3u < FAN_IN) { x.w = input(at, j + 3u); }
  return x;
}
