import type { System } from '../systems/system.js';
import { fours } from './places.js';

/** How many lanes of a grid share each layer's rows, four each, and how many its columns. */
export interface GridLayout {
  readonly rowLanes: readonly number[];
  readonly columnLanes: readonly number[];
}

/** Of every layer inside the lifetime (`shaders/sweeps/grid.wgsl`). */
export function gridLayout({ layers, encoderLayers }: System, lanes: number): GridLayout {
  const rowLanes = layers
    .slice(encoderLayers)
    .map(({ fanOut }) => Math.min(lanes, powerOfTwo(fours(fanOut))));
  return { rowLanes, columnLanes: rowLanes.map(rows => lanes / rows) };
}

/** The least power of two that is not less than n; and all up to n. */
export const powerOfTwo = (n: number): number => 2 ** Math.ceil(Math.log2(n));
export const powersOfTwo = (most: number): number[] =>
  Array.from({ length: Math.floor(Math.log2(most)) + 1 }, (_, k) => 2 ** k);
