import type { Tree } from './tree.js';

/**
 * A product and what it is divided by: number / divisor · Π over / Π under, each base with its
 * whole exponent ≥ 1. A base may stand on both sides: 0 / 0 is not 1.
 */
export interface Quotient {
  readonly number: number;
  readonly divisor: number;
  readonly over: ReadonlyMap<Tree, number>;
  readonly under: ReadonlyMap<Tree, number>;
}
const NONE: ReadonlyMap<Tree, number> = new Map();

/** The number 1. */
export const ONLY = { number: 1, divisor: 1, over: NONE, under: NONE } as const;

/** A number that float32 holds without loss of range, so that a constant may be folded to it. */
export const fits = (x: number) => x === 0 || (Math.abs(x) > 1e-37 && Math.abs(x) < 1e38);

const isPowerOfTwo = (x: number) => Number.isInteger(Math.log2(x));

/** A tree as the only factor. */
export const atom = (tree: Tree): Quotient => ({ ...ONLY, over: new Map([[tree, 1]]) });

/** Bases of two products, with the sums of their exponents. */
export function added(
  a: ReadonlyMap<Tree, number>,
  b: ReadonlyMap<Tree, number>,
): ReadonlyMap<Tree, number> {
  if (b.size === 0) return a;
  const all = new Map(a);
  for (const [base, count] of b) all.set(base, (all.get(base) ?? 0) + count);
  return all;
}

/** a · b; `numberOf` makes a number a tree. */
export function multiplied(a: Quotient, b: Quotient, numberOf: (value: number) => Tree): Quotient {
  const top = a.number * b.number;
  const bottom = a.divisor * b.divisor;
  const over = added(a.over, b.over);
  const under = added(a.under, b.under);
  if (fits(top) && fits(bottom)) return reduced({ number: top, divisor: bottom, over, under });
  // beyond float32: the second number stays a factor of its own
  const kept = new Map([[numberOf(b.number / b.divisor), 1]]);
  return { ...a, over: added(over, kept), under };
}

/** The same with fewer numbers, as far as that is exact. */
function reduced(given: Quotient): Quotient {
  const p = cancelled(given);
  const ratio = p.number / p.divisor;
  const isExact = Number.isInteger(ratio) || isPowerOfTwo(p.divisor);
  return isExact && fits(ratio) ? { ...p, number: ratio, divisor: 1 } : p;
}

/** What stands oftener below: at 0 neither is finite. */
function cancelled(p: Quotient): Quotient {
  const isOver = ([base, count]: readonly [Tree, number]) => count < (p.under.get(base) ?? 0);
  const both = [...p.over].filter(isOver);
  if (both.length === 0) return p;
  const under = new Map(p.under);
  for (const [base, count] of both) under.set(base, under.get(base)! - count);
  return { ...p, over: new Map([...p.over].filter(one => !isOver(one))), under };
}

/** 1 / p; undefined of 0. */
export function inverse(p: Quotient): Quotient | undefined {
  if (p.number === 0) return undefined;
  const sign = Math.sign(p.number);
  return reduced({
    number: sign * p.divisor,
    divisor: sign * p.number,
    over: p.under,
    under: p.over,
  });
}

/** p to a whole exponent ≥ 1; undefined if its numbers are then beyond float32. */
export function raised(p: Quotient, exponent: number): Quotient | undefined {
  const top = p.number ** exponent;
  const bottom = p.divisor ** exponent;
  const all = (of: ReadonlyMap<Tree, number>) =>
    new Map([...of].map(([base, count]) => [base, count * exponent]));
  return fits(top) && fits(bottom) && (top !== 0 || p.number === 0)
    ? { number: top, divisor: bottom, over: all(p.over), under: all(p.under) }
    : undefined;
}
