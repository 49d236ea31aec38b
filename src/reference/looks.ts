import type { Layer } from '../systems/system.js';
import { add, addOuter, times, timesTransposed } from './algebra.js';
import { forEachPixelSeen } from './convolution.js';

/**
 * A convolution is a dense layer that looks at patches: a sample is one look for each of its
 * positions, and a synapse is seen once in every look. A dense layer looks once, at everything.
 * What is not there, as errors that nobody tells, is as empty in every look.
 */

/** What a layer sees of an image x_{l-1} in each look (positions)(fanIn), 0 beyond the border. */
export function patches({ conv, fanIn, positions }: Layer, image: Float64Array): Float64Array[] {
  if (!conv) return [image];
  const seen = Array.from({ length: positions }, () => new Float64Array(image.length && fanIn));
  if (image.length)
    forEachPixelSeen(conv, (position, j, pixel) => {
      seen[position]![j] = image[pixel]!;
    });
  return seen;
}

/** Its adjoint: from that of the patches adds to `dImage`, where a pixel may be in several. */
export function patchesAdjoint(
  { conv }: Layer,
  dPatches: readonly Float64Array[],
  dImage: Float64Array,
): void {
  if (!conv) add(dImage, dPatches[0]!);
  else if (dImage.length)
    forEachPixelSeen(conv, (position, j, pixel) => {
      dImage[pixel]! += dPatches[position]![j]!;
    });
}

/** The numbers of a layer's neurons at each position (positions)(fanOut). */
export function atPositions({ conv, fanOut, positions }: Layer, units: Float64Array) {
  if (!conv) return [units];
  return Array.from({ length: positions }, (_, position) =>
    Float64Array.from(
      { length: units.length && fanOut },
      (__, o) => units[o * positions + position]!,
    ),
  );
}

/** Its adjoint: from that of the positions adds to `dUnits`. */
export function atPositionsAdjoint(
  { conv, positions }: Layer,
  dAtPositions: readonly Float64Array[],
  dUnits: Float64Array,
): void {
  if (!conv) add(dUnits, dAtPositions[0]!);
  else
    dAtPositions.forEach((channels, position) =>
      channels.forEach((d, o) => {
        dUnits[o * positions + position]! += d;
      }),
    );
}

/**
 * What the neurons of a layer send down through a matrix M (fanIn, fanOut): M e of every look, put
 * back where its patch was taken from and added up, as so many numbers of x_{l-1}.
 */
export function wayDown(
  layer: Layer,
  M: Float64Array,
  e: readonly Float64Array[],
  numbers: number,
): Float64Array {
  const up = new Float64Array(numbers);
  patchesAdjoint(
    layer,
    e.map(of => times(M, of)),
    up,
  );
  return up;
}

/** Its adjoint: from dup adds to dM and to those of e. */
export function wayDownAdjoint(
  layer: Layer,
  M: Float64Array,
  e: readonly Float64Array[],
  dUp: Float64Array,
  dM: Float64Array,
  dE: readonly Float64Array[],
): void {
  patches(layer, dUp).forEach((d, look) => {
    addOuter(dM, d, e[look]!);
    add(dE[look]!, timesTransposed(M, d));
  });
}

/**
 * Feedback weights as a matrix that stands where Wᵀ would (fanIn, fanOut); a convolution's are
 * (channels below, channels, kernel, kernel).
 */
export function asMatrix(layer: Layer, B: Float64Array): Float64Array {
  const matrix = new Float64Array(B.length);
  forEachFeedback(layer, (at, place) => {
    matrix[at] = B[place]!;
  });
  return matrix;
}

/** The matrix as feedback weights: what `asMatrix` was given, and its adjoint. */
export function asFeedback(layer: Layer, matrix: Float64Array): Float64Array {
  const B = new Float64Array(matrix.length);
  forEachFeedback(layer, (at, place) => {
    B[place] = matrix[at]!;
  });
  return B;
}

/** Calls `visit` with the place of every feedback weight in the matrix, and in its tensor. */
function forEachFeedback(
  { conv, fanIn, fanOut }: Layer,
  visit: (at: number, place: number) => void,
): void {
  const area = conv ? conv.kernel ** 2 : 1;
  for (let j = 0; j < fanIn; j++) {
    const below = Math.floor(j / area);
    for (let i = 0; i < fanOut; i++)
      visit(j * fanOut + i, (below * fanOut + i) * area + (j % area));
  }
}
