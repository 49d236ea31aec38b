import type { Convolution } from '../systems/system.js';

/**
 * The drive of the neurons of a convolution (docs/papers.md §1.4): neuron (o, y, x) sees the patch
 * whose first pixel lies at (s y − p, s x − p), of an image with zeros around it,
 *
 *     z[o, y, x] = b[o] + Σ_{c, u, v} W[o, c, u, v] · image[c, s y + u − p, s x + v − p]
 *
 * W (channels, channels below, kernel, kernel), b (channels) or NONE, image as `input`, z as
 * `units`, all row-major.
 */
export function convolve(
  conv: Convolution,
  W: Float64Array,
  b: Float64Array,
  image: Float64Array,
): Float64Array {
  const [, height, width] = conv.units;
  const z = new Float64Array(conv.channels * height * width);
  if (b.length)
    forEachUnit(conv, (o, unit) => {
      z[unit] = b[o]!;
    });
  forEachSynapse(conv, (unit, weight, pixel) => {
    z[unit]! += W[weight]! * image[pixel]!;
  });
  return z;
}

/**
 * Adjoint of the convolution: a weight is seen once at every place, a pixel by several neurons.
 *
 *     dW[o, c, u, v] += Σ_{y, x} dz[o, y, x] · image[c, s y + u − p, s x + v − p]
 *     db[o] += Σ_{y, x} dz[o, y, x]
 *     dimage[c, s y + u − p, s x + v − p] += Σ_o W[o, c, u, v] · dz[o, y, x]
 */
export function convolveAdjoint(
  conv: Convolution,
  W: Float64Array,
  image: Float64Array,
  dZ: Float64Array,
  dW: Float64Array,
  db: Float64Array,
  dImage: Float64Array,
): void {
  forEachSynapse(conv, (unit, weight, pixel) => {
    dW[weight]! += dZ[unit]! * image[pixel]!;
    dImage[pixel]! += W[weight]! * dZ[unit]!;
  });
  if (db.length)
    forEachUnit(conv, (o, unit) => {
      db[o]! += dZ[unit]!;
    });
}

/**
 * Pooling of the neurons' activities a (as `units`) over windows of q × q that do not overlap:
 *
 *     x[o, y, x] = max or mean over i, j < q of a[o, q y + i, q x + j]
 *
 * What is left at the border is dropped.
 */
export function pooled(conv: Convolution, a: Float64Array): Float64Array {
  const [channels, height, width] = conv.output;
  const x = new Float64Array(channels * height * width);
  forEachWindow(conv, (output, units) => {
    x[output] =
      conv.pool === 'max'
        ? a[largest(units, a)]!
        : units.reduce((sum, unit) => sum + a[unit]!, 0) / units.length;
  });
  return x;
}

/** Adjoint of the pooling: da. Of a tie in max, the first in row-major order has it all. */
export function pooledAdjoint(conv: Convolution, a: Float64Array, dX: Float64Array): Float64Array {
  const dA = new Float64Array(a.length);
  forEachWindow(conv, (output, units) => {
    if (conv.pool === 'max') dA[largest(units, a)] = dX[output]!;
    else for (const unit of units) dA[unit] = dX[output]! / units.length;
  });
  return dA;
}

/**
 * What the pooling of a makes of another map of neurons: of a max, what stands where that of a is.
 * It is the adjoint of its adjoint.
 */
export function pooledAs(conv: Convolution, a: Float64Array, other: Float64Array): Float64Array {
  if (conv.pool === 'average') return pooled(conv, other);
  const [channels, height, width] = conv.output;
  const x = new Float64Array(channels * height * width);
  forEachWindow(conv, (output, units) => {
    x[output] = other[largest(units, a)]!;
  });
  return x;
}

const largest = (units: readonly number[], a: Float64Array): number =>
  units.reduce((best, unit) => (a[unit]! > a[best]! ? unit : best));

/** Calls `visit` with the channel and the place of every neuron. */
function forEachUnit(
  { units: [channels, height, width] }: Convolution,
  visit: (o: number, unit: number) => void,
): void {
  for (let o = 0; o < channels; o++)
    for (let place = 0; place < height * width; place++) visit(o, o * height * width + place);
}

/** Calls `visit` for everything that a neuron sees: with its place, the weight's, the pixel's. */
function forEachSynapse(
  conv: Convolution,
  visit: (unit: number, weight: number, pixel: number) => void,
): void {
  const { channels, kernel, input, units } = conv;
  const positions = units[1] * units[2];
  const fanIn = input[0] * kernel ** 2;
  for (let o = 0; o < channels; o++)
    forEachPixelSeen(conv, (position, j, pixel) =>
      visit(o * positions + position, o * fanIn + j, pixel),
    );
}

/**
 * Calls `visit` for every pixel that is seen from every position: with the position (row, column),
 * the place in its patch (channel below, kernel row, kernel column), and the pixel's. What lies
 * beyond the border is left out.
 */
export function forEachPixelSeen(
  { kernel, stride, padding, input, units }: Convolution,
  visit: (position: number, j: number, pixel: number) => void,
): void {
  const [channelsBelow, heightBelow, widthBelow] = input;
  const [, height, width] = units;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channelsBelow; c++)
        for (let u = 0; u < kernel; u++)
          for (let v = 0; v < kernel; v++) {
            const row = stride * y + u - padding;
            const column = stride * x + v - padding;
            if (row < 0 || row >= heightBelow || column < 0 || column >= widthBelow) continue;
            visit(
              y * width + x,
              (c * kernel + u) * kernel + v,
              (c * heightBelow + row) * widthBelow + column,
            );
          }
}

/** Calls `visit` for every window: with the place of what is made of it, and those of its units. */
function forEachWindow(
  { poolSize: q, units, output }: Convolution,
  visit: (output: number, units: readonly number[]) => void,
): void {
  const [, rows, columns] = units;
  const [channels, height, width] = output;
  for (let o = 0; o < channels; o++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const window: number[] = [];
        for (let i = 0; i < q; i++)
          for (let j = 0; j < q; j++) window.push((o * rows + q * y + i) * columns + q * x + j);
        visit((o * height + y) * width + x, window);
      }
}
