import type { Layout } from '../../src/parameters/layout.js';
import { defineSystem, type SystemSpec } from '../../src/systems/system.js';
import type { Problem } from './random-problem.js';

/** The view of one tensor in a flat array of that layout. */
export function view(layout: Layout, flat: Float64Array, name: string): Float64Array {
  const { offset, size } = layout.get(name)!;
  return flat.subarray(offset, offset + size);
}

/** The same numbers under another system whose layout has the same sizes. */
export function withSpec(problem: Problem, spec: SystemSpec): Problem {
  return { ...problem, system: defineSystem(spec) };
}

/** Mᵀ of M with that many columns. */
export function transposed(M: Float64Array, columns: number): Float64Array {
  const rows = M.length / columns;
  return Float64Array.from(
    { length: M.length },
    (_, k) => M[(k % rows) * columns + Math.floor(k / rows)]!,
  );
}

/** The angle between two arrays, in degrees. */
export function angle(a: Float64Array, b: Float64Array): number {
  const dot = a.reduce((sum, ai, i) => sum + ai * b[i]!, 0);
  return (Math.acos(dot / (Math.hypot(...a) * Math.hypot(...b))) * 180) / Math.PI;
}
