// How layers look at a sample where some are convolutions: layer l + 1 looks from every position at
// a patch of maps. These lie row by row, a pixel's channels beside each other, with as many zeros
// around them as the layer asks for, so that what a patch has of a row lies in one piece. A dense
// layer is a convolution that sees all from its one position.
import package::shape::{
  CHANNELS, DEPTH, FAN_OUT, KERNEL, LOOKS_HIGH, LOOKS_WIDE, LOOK_SHARE, MAP_HEIGHT,
  MAP_WIDTH, PADDING, SHARE, STRIDE
};
import package::memory::fours;

// How often layer l + 1 looks at so many samples.
fn looks(l: u32, samples: u32) -> u32 { return samples * positions(l); }

// And at one sample.
fn positions(l: u32) -> u32 { return LOOKS_HIGH[l] * LOOKS_WIDE[l]; }

// SHARE of a look in an update of layer l + 1.
fn share(l: u32) -> f32 { return SHARE * LOOK_SHARE[l]; }

// Numbers of a row of x_l with the zeros at its ends.
fn row_size(l: u32) -> u32 { return (MAP_WIDTH[l] + 2u * PADDING[l]) * CHANNELS[l]; }

// Where what a look sees begins, counted from the first sample's x_l; and its neurons, counted from
// the first sample's. Samples lie `stride` apart.
fn seen_from(l: u32, look: u32, stride: u32) -> u32 {
  let across = look % LOOKS_WIDE[l];
  let down = look / LOOKS_WIDE[l];
  let corner = down % LOOKS_HIGH[l] * row_size(l) + across * CHANNELS[l];
  return down / LOOKS_HIGH[l] * stride + corner * STRIDE[l];
}
fn neurons_from(l: u32, look: u32, stride: u32) -> u32 {
  return look / positions(l) * stride + look % positions(l) * FAN_OUT[l];
}
fn seen_from4(l: u32, looks: vec4u, stride: u32) -> vec4u {
  return vec4u(
    seen_from(l, looks.x, stride), seen_from(l, looks.y, stride),
    seen_from(l, looks.z, stride), seen_from(l, looks.w, stride)
  );
}
fn neurons_from4(l: u32, looks: vec4u, stride: u32) -> vec4u {
  return vec4u(
    neurons_from(l, looks.x, stride), neurons_from(l, looks.y, stride),
    neurons_from(l, looks.z, stride), neurons_from(l, looks.w, stride)
  );
}

// How far behind the first input that a neuron of layer l + 1 sees input j lies: inputs are counted
// by row, column and channel of the patch.
fn reach(l: u32, j: u32) -> u32 {
  let piece = KERNEL[l] * CHANNELS[l];
  return j + j / piece * (row_size(l) - piece);
}
fn reach4(l: u32, j: vec4u) -> vec4u {
  let piece = KERNEL[l] * CHANNELS[l];
  return j + j / piece * (row_size(l) - piece);
}

// Row and column of the pixel that input j in a look is of, with the zeros around.
fn pixel_seen(l: u32, look: u32, j: u32) -> vec2u {
  let position = look % positions(l);
  let s = j / CHANNELS[l];
  return STRIDE[l] * vec2u(position / LOOKS_WIDE[l], position % LOOKS_WIDE[l]) +
    vec2u(s / KERNEL[l], s % KERNEL[l]);
}

// Is input j in a look there? It may lie in the zeros around, which nobody writes: x_l is 0 there
// because buffers begin at 0, and so is its adjoint because nobody tells it.
fn sees(l: u32, look: u32, j: u32) -> bool {
  let at = pixel_seen(l, look, j) - PADDING[l];
  return at.x < MAP_HEIGHT[l] && at.y < MAP_WIDTH[l];
}

// Up to four channels of a pixel of x_l: where they begin in it, where the pixel ends, which of the
// numbers of x_l the first is, and the pixel's place with the zeros around.
struct Cells { at: u32, end: u32, number: u32, row: u32, column: u32, channel: u32 }
fn cell_blocks(l: u32) -> u32 { return MAP_HEIGHT[l] * MAP_WIDTH[l] * fours(CHANNELS[l]); }
fn cells_of(l: u32, block: u32) -> Cells {
  let blocks = fours(CHANNELS[l]);
  let channel = block % blocks * 4u;
  let pixel = block / blocks;
  let row = pixel / MAP_WIDTH[l] + PADDING[l];
  let column = pixel % MAP_WIDTH[l] + PADDING[l];
  let at = row * row_size(l) + column * CHANNELS[l];
  return Cells(
    at + channel, at + CHANNELS[l], pixel * CHANNELS[l] + channel, row, column, channel
  );
}

// Number k of x_l alone, counted by row, column and channel.
fn cell_of(l: u32, k: u32) -> Cells {
  let cells = cells_of(l, k / CHANNELS[l] * fours(CHANNELS[l]));
  let channel = k % CHANNELS[l];
  let at = cells.at + channel;
  return Cells(at, at + 1u, k, cells.row, cells.column, channel);
}

// Where states of neurons lie among those of x_l, each pixel's in whole quads: of cells, of input j
// of layer l + 1 in a look; and among those of x_{l+1} of the first neuron of a look.
fn state_of_pixel(l: u32, row: u32, column: u32) -> u32 {
  let pixel = row * (MAP_WIDTH[l] + 2u * PADDING[l]) + column;
  return pixel * fours(CHANNELS[l]) * 4u;
}
fn states_of(l: u32, cells: Cells) -> u32 {
  return state_of_pixel(l, cells.row, cells.column) + cells.channel;
}
fn state_seen(l: u32, look: u32, j: u32) -> u32 {
  let pixel = pixel_seen(l, look, j);
  return state_of_pixel(l, pixel.x, pixel.y) + j % CHANNELS[l];
}
fn states_above(l: u32, look: u32) -> u32 {
  if (l + 1u == DEPTH) { return 0u; }
  let cell = cell_of(l + 1u, look % positions(l) * FAN_OUT[l]);
  return states_of(l + 1u, cell);
}

// Where number k of x_l lies in it, counted by row, column and channel; and where that of an input
// does, as data have it, by channel, row and column.
fn cell_at(l: u32, k: u32) -> u32 { return channel_at(l, k / CHANNELS[l], k % CHANNELS[l]); }
fn pixel_at(l: u32, k: u32) -> u32 {
  let pixels = MAP_HEIGHT[l] * MAP_WIDTH[l];
  return channel_at(l, k % pixels, k / pixels);
}
fn channel_at(l: u32, pixel: u32, channel: u32) -> u32 {
  let row = pixel / MAP_WIDTH[l] + PADDING[l];
  let column = pixel % MAP_WIDTH[l] + PADDING[l];
  return row * row_size(l) + column * CHANNELS[l] + channel;
}

// Who sees cells: in which look of a sample, if there is one that has them at place s of its patch,
// and as which of its inputs the first of them. What lies before the first position is far beyond
// the last, because numbers wrap around.
struct Sight { there: bool, look: u32, column: u32 }
fn sights(l: u32) -> u32 { return KERNEL[l] * KERNEL[l]; }
fn sight_of(l: u32, cells: Cells, s: u32) -> Sight {
  let down = cells.row - s / KERNEL[l];
  let across = cells.column - s % KERNEL[l];
  let step = STRIDE[l];
  let there = down % step == 0u && across % step == 0u && down / step < LOOKS_HIGH[l] &&
    across / step < LOOKS_WIDE[l];
  return Sight(
    there, down / step * LOOKS_WIDE[l] + across / step, s * CHANNELS[l] + cells.channel
  );
}
