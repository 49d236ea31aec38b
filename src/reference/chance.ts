import { MetaplasticError } from '../errors.js';
import { drawn, drawsOf, type PURPOSES } from '../parameters/draws.js';
import { feedbackShape, weightShape } from '../parameters/layout.js';
import { mapsAt, placesInFile, placesOfMaps } from '../parameters/maps.js';
import type { System } from '../systems/system.js';
import type { ReferenceEpisodes } from './episode.js';

/**
 * The random numbers of one lifetime, for system.layers[k] and inner step t. They are constants for
 * the gradient.
 */
export interface Chance {
  /**
   * Weights (W) or feedback weights (B), uniform within ±√(6 / (rows + columns)) (Glorot & Bengio
   * 2010).
   */
  weights(kind: 'W' | 'B', k: number, t: number): Float64Array;
  /** Noise of mean 0 and variance 1 on every one of them: U(−√3, √3). */
  noise(kind: 'W' | 'B', k: number, t: number): Float64Array;
  /** Mirror phase: what sample b of the batch sends into the layer (n_{l-1}), U(−1, 1). */
  mirror(k: number, t: number, b: number): Float64Array;
}

/**
 * The chance of task number `task` of these episodes. Throws only when something is drawn from
 * episodes of no known origin.
 */
export function chanceOf(
  system: System,
  { origin, batch }: Pick<ReferenceEpisodes, 'origin' | 'batch'>,
  task: number,
): Chance {
  const draw = (purpose: keyof typeof PURPOSES, count: number, start: number, limit: number) => {
    if (!origin)
      throw new MetaplasticError({
        where: 'episodes.origin',
        expected:
          'the seed and the first task of the stream, because these lifetimes draw random numbers',
        got: 'none',
        hint: 'give the episodes an origin { seed, first }',
      });
    return Float64Array.from(
      { length: count },
      (_, i) => limit * drawn(purpose, origin.seed, origin.first + task, start + i),
    );
  };
  const { encoderLayers, layers, sizes } = system;
  const tables = drawsOf(system);
  /** Numbers of a tensor, drawn in the order of kernels, in that of files. */
  const drawTensor = (
    purpose: keyof typeof PURPOSES,
    kind: 'W' | 'B',
    k: number,
    t: number,
    limit: number,
  ) => {
    const layer = layers[k]!;
    const shape = kind === 'W' ? weightShape(layer) : feedbackShape(system, layer);
    const numbers = draw(
      purpose,
      shape.reduce((a, b) => a * b, 1),
      start(kind, k, t),
      limit,
    );
    return placed(numbers, placesInFile(system, { name: `${kind}${layer.index}`, shape }));
  };
  const start = (kind: 'W' | 'B', k: number, t: number) =>
    t * tables[kind].total + tables[kind].at[k - encoderLayers]!;
  const total = (from: readonly number[]) => from.reduce((sum, n) => sum + n, 0);
  return {
    weights: (kind, k, t) =>
      drawTensor('weights', kind, k, t, tables[kind].limit[k - encoderLayers]!),
    noise: (kind, k, t) => drawTensor('noise', kind, k, t, Math.sqrt(3)),
    mirror: (k, t, b) => {
      const maps = mapsAt(system, k);
      const numbers = draw(
        'mirror',
        sizes[k]!,
        (t * batch + b) * total(sizes.slice(encoderLayers)) + total(sizes.slice(encoderLayers, k)),
        1,
      );
      return placed(numbers, maps && placesOfMaps(maps));
    },
  };
}

/** Number i, at places[i]. */
function placed(numbers: Float64Array, places: Uint32Array | undefined): Float64Array {
  if (!places) return numbers;
  const inFile = new Float64Array(numbers.length);
  places.forEach((place, i) => {
    inFile[place] = numbers[i]!;
  });
  return inFile;
}
