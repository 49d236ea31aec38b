// Inputs that are numbers.
import package::shape::{CHUNK, INPUTS, SAMPLES};

// (tasks, SAMPLES, INPUTS)
@group(0) @binding(2) var<storage, read> inputs: array<f32, CHUNK * SAMPLES * INPUTS>;

// Where the input of a sample of a task of the chunk begins (its row in the activities does not
// matter).
fn input_at(task: u32, sample: u32, row: u32) -> u32 { return (task * SAMPLES + sample) * INPUTS; }

// x_j.
fn input(at: u32, j: u32) -> f32 { return inputs[at + j]; }

// x_j … x_{j + 3}, j a multiple of 4; 0 beyond the edge.
fn four(at: u32, j: u32) -> vec4f {
  var x = vec4f(input(at, j), 0.0, 0.0, 0.0);
  if (j + 1u < INPUTS) { x.y = input(at, j + 1u); }
  if (j + 2u < INPUTS) { x.z = input(at, j + 2u); }
  if (j + 3u < INPUTS) { x.w = input(at, j + 3u); }
  return x;
}
