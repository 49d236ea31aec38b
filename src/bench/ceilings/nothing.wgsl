// Next to nothing: one lane adds to one number, so that each dispatch waits for the one before.
@group(0) @binding(0) var<storage, read_write> results: array<f32>;

@compute @workgroup_size(1)
fn main() { results[0] += 1.0; }
