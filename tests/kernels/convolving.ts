/** Networks and circumstances of the grids of plastic convolutions. */

import type { LayerSpec, SystemSpec } from '../../src/systems/system.js';
import { each, type Parts } from './systems.js';

export const conv = (
  channels: number,
  kernel: number,
  stride: number,
  padding: number,
  pool?: 'max' | 'average',
  poolSize?: number,
): LayerSpec => ({
  conv: { channels, kernel, stride, padding, ...(pool && { pool, poolSize }) },
});
export const dense = (n: number): LayerSpec => ({ dense: n });

/** Networks whose convolutions live: kernels 1, 2, 3, 5, strides 1, 2, 3, paddings 0, 1, 2. */
const network: readonly Pick<SystemSpec, 'image' | 'layers' | 'frozen'>[] = [
  { image: [1, 5, 4], layers: [conv(3, 3, 1, 1), dense(3)] },
  { image: [3, 6, 5], layers: [conv(5, 2, 1, 0, 'max', 2), dense(4), dense(2)] },
  { image: [1, 7, 8], layers: [conv(5, 5, 3, 2), conv(2, 1, 1, 0), dense(3)], frozen: [2] },
  { image: [3, 5, 6], layers: [conv(1, 1, 2, 1), conv(6, 2, 1, 0, 'average', 2), dense(2)] },
  { image: [1, 7, 6], layers: [conv(4, 3, 1, 1, 'max', 2), conv(3, 3, 1, 1), dense(5), dense(3)] },
  { image: [1, 8, 7], layers: [conv(3, 2, 2, 0), conv(5, 3, 1, 2), dense(3)], frozen: [1] },
];

export const around = {
  network,
  lanes: [
    { lanes: 1, teams: 2 },
    { lanes: 4, teams: 1 },
    { lanes: 32, teams: 1, grid: true },
  ],
  adjoint: [{ adjoint: 'store' }, { adjoint: 'checkpoint', interval: 2 }, { adjoint: 'reverse' }],
  tasks: each('tasks', [1, 3]),
  steps: each('steps', [1, 5]),
  batch: each('batch', [1, 3]),
  asked: each('asked', ['at last', 'on the way']),
};

export const common = {
  loss: each('loss', ['cross-entropy', 'squared-error']),
  bias: each('bias', [true, false]),
} satisfies Parts;
