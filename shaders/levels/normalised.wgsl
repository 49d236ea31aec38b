// Levels of pixels j … j + 3 by the mean and the deviation of their channel, and 0 beyond the last:
//   (level − mean) / std.
import package::shape::{INPUTS, LEVEL_MEAN, LEVEL_STD, PLANE};

fn levels_of(stored: vec4f, j: u32) -> vec4f {
  return vec4f(
    level_of(stored.x, j), level_of(stored.y, j + 1u),
    level_of(stored.z, j + 2u), level_of(stored.w, j + 3u)
  );
}

fn level_of(stored: f32, j: u32) -> f32 {
  if (j >= INPUTS) { return 0.0; }
  let channel = j / PLANE;
  return (stored - LEVEL_MEAN[channel]) / LEVEL_STD[channel];
}
