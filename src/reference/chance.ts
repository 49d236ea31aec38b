import { MetaplasticError } from '../errors.js';
import { drawn, drawsOf, type PURPOSES } from '../parameters/draws.js';
import { feedbackShape } from '../parameters/layout.js';
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
  const entries = (kind: 'W' | 'B', k: number) => {
    const [rows, columns] =
      kind === 'W' ? [layers[k]!.fanOut, layers[k]!.fanIn] : feedbackShape(system, layers[k]!);
    return rows * columns;
  };
  const start = (kind: 'W' | 'B', k: number, t: number) =>
    t * tables[kind].total + tables[kind].at[k - encoderLayers]!;
  const total = (from: readonly number[]) => from.reduce((sum, n) => sum + n, 0);
  return {
    weights: (kind, k, t) =>
      draw('weights', entries(kind, k), start(kind, k, t), tables[kind].limit[k - encoderLayers]!),
    noise: (kind, k, t) => draw('noise', entries(kind, k), start(kind, k, t), Math.sqrt(3)),
    mirror: (k, t, b) =>
      draw(
        'mirror',
        sizes[k]!,
        (t * batch + b) * total(sizes.slice(encoderLayers)) + total(sizes.slice(encoderLayers, k)),
        1,
      ),
  };
}
