import type { System } from '../systems/system.js';
import { fours } from './places.js';

/**
 * Which synapses a lane works on, and in how many turns (`shaders/own.wgsl`, `shaders/divisions/`).
 * Tables have an entry for each layer inside the lifetime.
 */
export interface OwnLayout {
  /**
   * Lanes that share a layer's rows, four each, and that share its columns, where they lie in a
   * grid.
   */
  readonly rowLanes: readonly number[];
  readonly columnLanes: readonly number[];
  /**
   * Turns in which a lane comes to all its columns, and columns in each: the whole row at once,
   * unless they lie in a grid. The same for products, which are made in tiles where they are many.
   */
  readonly columnTurns: readonly number[];
  readonly columns: readonly number[];
  readonly productTurns: readonly number[];
  readonly productColumns: readonly number[];
  /** Turns in which it comes to all its columns four at a time. */
  readonly tileTurns: readonly number[];
  /** Where a lane holds its synapses of a layer, and how many quads in all. */
  readonly heldAt: readonly number[];
  readonly held: number;
}

export function ownLayout(
  { sizes, encoderLayers }: System,
  lanes: number,
  {
    grid,
    holds,
    batched,
  }: { readonly grid: boolean; readonly holds: boolean; readonly batched: boolean },
): OwnLayout {
  const inside = sizes.slice(encoderLayers);
  const pre = inside.slice(0, -1);
  const rowLanes = inside.slice(1).map(n => (grid ? Math.min(lanes, powerOfTwo(fours(n))) : lanes));
  const columnLanes = rowLanes.map(rows => lanes / rows);
  const tileTurns = pre.map((n, l) => Math.ceil(fours(n) / columnLanes[l]!));
  const tiles = pre.map(n => Math.min(4, n));
  const once = pre.map(() => 1);
  const heldAt = tiles.map((_, l) =>
    tiles.slice(0, l).reduce((sum, n, k) => sum + n * tileTurns[k]!, 0),
  );
  return {
    rowLanes,
    columnLanes,
    tileTurns,
    columnTurns: grid ? tileTurns : once,
    columns: grid ? tiles : pre,
    productTurns: grid || batched ? tileTurns : once,
    productColumns: grid || batched ? tiles : pre,
    heldAt,
    held: holds ? heldAt.at(-1)! + tiles.at(-1)! * tileTurns.at(-1)! : 0,
  };
}

/** The least power of two that is not less than n; and all up to n. */
export const powerOfTwo = (n: number): number => 2 ** Math.ceil(Math.log2(n));
export const powersOfTwo = (most: number): number[] =>
  Array.from({ length: Math.floor(Math.log2(most)) + 1 }, (_, k) => 2 ** k);
