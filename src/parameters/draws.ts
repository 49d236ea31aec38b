import { fansOf, feedbackMatrix, feedbackShape, weightShape } from './layout.js';
import type { System } from '../systems/system.js';
import { hash } from '../tasks/random.js';

/** What random numbers of a lifetime are for: each has its own seed, made of the episodes' seed. */
export const PURPOSES = { weights: 0x77656967, noise: 0x6e6f6973, mirror: 0x6d697272 } as const;

/**
 * Number `counter` of task `task` of the seed's stream, uniform in −1 … 1 (24 bits, exact in
 * float32): the same numbers as shaders/random.wgsl, so that a lifetime's weights are the same
 * wherever and in whatever chunk it is lived. `counter` counts modulo 2³².
 */
export function drawn(
  purpose: keyof typeof PURPOSES,
  seed: number,
  task: number,
  counter: number,
): number {
  return (hash((seed ^ PURPOSES[purpose]) >>> 0, task >>> 0, counter >>> 0) >>> 8) / 2 ** 23 - 1;
}

/**
 * Numbers of one kind for every layer inside the lifetime: where a layer's begin, and half the
 * width of their range.
 */
export interface Draws {
  readonly at: readonly number[];
  readonly limit: readonly number[];
  /** How many there are in all: those of inner step t begin t · total further on. */
  readonly total: number;
}

/**
 * W of every layer inside the lifetime, then B of every layer that carries on its error, W_l and
 * B_l row-major and uniform within ± √(6 / (fan-in + fan-out)) (Glorot & Bengio 2010). B of
 * `constant` is √(2 / (fan-in + fan-out)) everywhere, which is their standard deviation.
 *
 * What a neuron of a convolution sees is drawn in the order (row, column, channel below): W_l
 * (channels, kernel, kernel, channels below), B_l (kernel, kernel, channels below, channels). So
 * are rows for every number of maps: (row, column, channel).
 */
export function drawsOf(system: System): { readonly W: Draws; readonly B: Draws } {
  const inside = system.layers.slice(system.encoderLayers);
  const table = {
    W: { at: [] as number[], limit: [] as number[] },
    B: { at: [] as number[], limit: [] as number[] },
  };
  let total = 0;
  const add = (kind: 'W' | 'B', shape: readonly number[], count: number) => {
    const [rows, columns] = fansOf({ shape });
    table[kind].at.push(total);
    table[kind].limit.push(Math.sqrt(6 / (rows + columns)));
    total += count;
  };
  for (const layer of inside) add('W', weightShape(layer), layer.fanOut * layer.fanIn);
  for (const layer of inside) {
    const [rows, columns] = feedbackMatrix(system, layer);
    add('B', feedbackShape(system, layer), layer.carries ? rows * columns : 0);
  }
  return { W: { ...table.W, total }, B: { ...table.B, total } };
}
