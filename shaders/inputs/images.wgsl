// Inputs that are images: the episode holds image numbers, the pixels live once on the GPU.
import package::levels::levels_of;
import package::shape::{CHUNK, IMAGES, INPUTS, SAMPLES};

// (tasks, SAMPLES) image numbers
@group(0) @binding(2) var<storage, read> inputs: array<u32, CHUNK * SAMPLES>;
// (images, ⌈INPUTS / 4⌉) words of four 8-bit grey levels
@group(0) @binding(3) var<storage, read> bank: array<u32, IMAGES * ((INPUTS + 3u) / 4u)>;

// Where the image of a sample of a task of the chunk begins (its row in the activities does not
// matter).
fn input_at(task: u32, sample: u32, row: u32) -> u32 {
  return inputs[task * SAMPLES + sample] * ((INPUTS + 3u) / 4u);
}

// Levels of the pixels j … j + 3, j a multiple of 4.
fn four(at: u32, j: u32) -> vec4f { return levels_of(unpack4x8unorm(bank[at + j / 4u]), j); }

// Level of pixel j.
fn input(at: u32, j: u32) -> f32 { return four(at, j / 4u * 4u)[j % 4u]; }
