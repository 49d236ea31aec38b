/**
 * The least and the greatest of numbers, however many: a call takes some 120,000 arguments, so that
 * data are never spread into `Math.min` and `Math.max`. As there: NaN if one is NaN, and ∞ or −∞ of
 * none.
 */
export function least(values: Iterable<number>): number {
  let extreme = Infinity;
  for (const value of values) extreme = Math.min(extreme, value);
  return extreme;
}

export function greatest(values: Iterable<number>): number {
  let extreme = -Infinity;
  for (const value of values) extreme = Math.max(extreme, value);
  return extreme;
}

/** The upper one of two in the middle, where NaN counts as the `worst` that there is. */
export function medianOf(values: readonly number[], worst: number): number {
  const ordered = values.map(x => (Number.isNaN(x) ? worst : x)).sort((a, b) => a - b);
  return ordered[ordered.length >> 1]!;
}
