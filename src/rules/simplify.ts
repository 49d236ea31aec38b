import { VALUES } from './evaluate.js';
import { sharing } from './shared.js';
import type { Operation, Tree } from './tree.js';

/**
 * Makes trees that are simple and shared: constants folded, neutral elements gone, like terms and
 * factors collected, signs in front; trees that are alike are one object. Every rewriting is exact
 * in real numbers wherever the tree is finite, and the same tree always comes out the same.
 */
export interface Builder {
  readonly number: (value: number) => Tree;
  readonly name: (name: string) => Tree;
  /** Of trees that this builder made. */
  readonly apply: (of: Operation, ...to: readonly Tree[]) => Tree;
  /** A tree from elsewhere. */
  readonly simplify: (tree: Tree) => Tree;
  /** The factors of a tree that this builder made. */
  readonly factors: (tree: Tree) => Factors;
}

/** A tree as a number times bases with whole exponents, which are < 0 of what it is divided by. */
export interface Factors {
  readonly number: number;
  readonly of: ReadonlyMap<Tree, number>;
}

/** A tree that means the same and is simple. */
export const simplified = (tree: Tree): Tree => builder().simplify(tree);

/**
 * A product: number / divisor · Π over / Π under, each base with its whole exponent ≥ 1. A base may
 * stand on both sides: 0 / 0 is not 1.
 */
interface Product {
  readonly number: number;
  readonly divisor: number;
  readonly over: ReadonlyMap<Tree, number>;
  readonly under: ReadonlyMap<Tree, number>;
}
const NONE: ReadonlyMap<Tree, number> = new Map();
const ONLY = { number: 1, divisor: 1, over: NONE, under: NONE } as const;

/** A number that float32 holds without loss of range, so that a constant may be folded to it. */
const fits = (x: number) => x === 0 || (Math.abs(x) > 1e-37 && Math.abs(x) < 1e38);
const isWhole = (x: number) => Number.isInteger(x) && Math.abs(x) <= 2 ** 20;
type Sum = Extract<Tree, { kind: 'apply' }> & { readonly of: '+' | '-' | 'negate' };
export const isSum = (tree: Tree): tree is Sum =>
  tree.kind === 'apply' && (tree.of === '+' || tree.of === '-' || tree.of === 'negate');
const isPowerOfTwo = (x: number) => Number.isInteger(Math.log2(x));

export function builder(): Builder {
  const { name, node, idOf, ...share } = sharing();
  const number = (value: number) => share.number(value === 0 ? 0 : value);
  const zero = number(0);
  const one = number(1);

  const added = (a: ReadonlyMap<Tree, number>, b: ReadonlyMap<Tree, number>) => {
    if (b.size === 0) return a;
    const all = new Map(a);
    for (const [base, count] of b) all.set(base, (all.get(base) ?? 0) + count);
    return all;
  };
  const times = (a: Product, b: Product): Product => {
    const top = a.number * b.number;
    const bottom = a.divisor * b.divisor;
    const over = added(a.over, b.over);
    const under = added(a.under, b.under);
    if (fits(top) && fits(bottom)) return reduced({ number: top, divisor: bottom, over, under });
    // beyond float32: the second number stays a factor of its own
    const kept = new Map([[number(b.number / b.divisor), 1]]);
    return { ...a, over: added(over, kept), under };
  };
  const reduced = (given: Product): Product => {
    const p = cancelled(given);
    const ratio = p.number / p.divisor;
    const isExact = Number.isInteger(ratio) || isPowerOfTwo(p.divisor);
    return isExact && fits(ratio) ? { ...p, number: ratio, divisor: 1 } : p;
  };
  /** What stands oftener below: at 0 neither is finite. */
  const cancelled = (p: Product): Product => {
    const isOver = ([base, count]: readonly [Tree, number]) => count < (p.under.get(base) ?? 0);
    const both = [...p.over].filter(isOver);
    if (both.length === 0) return p;
    const under = new Map(p.under);
    for (const [base, count] of both) under.set(base, under.get(base)! - count);
    return { ...p, over: new Map([...p.over].filter(one => !isOver(one))), under };
  };
  const inverse = (p: Product): Product | undefined => {
    if (p.number === 0) return undefined;
    const sign = Math.sign(p.number);
    return reduced({
      number: sign * p.divisor,
      divisor: sign * p.number,
      over: p.under,
      under: p.over,
    });
  };
  const raised = (p: Product, exponent: number): Product | undefined => {
    const top = p.number ** exponent;
    const bottom = p.divisor ** exponent;
    const all = (of: ReadonlyMap<Tree, number>) =>
      new Map([...of].map(([base, count]) => [base, count * exponent]));
    return fits(top) && fits(bottom) && (top !== 0 || p.number === 0)
      ? { number: top, divisor: bottom, over: all(p.over), under: all(p.under) }
      : undefined;
  };

  const atom = (tree: Tree): Product => ({ ...ONLY, over: new Map([[tree, 1]]) });
  const products = new Map<Tree, Product>();
  const productOf = (tree: Tree): Product => {
    const before = products.get(tree);
    if (before) return before;
    const found = factorsOf(tree);
    products.set(tree, found);
    return found;
  };
  const factorsOf = (tree: Tree): Product => {
    if (tree.kind === 'number')
      return fits(tree.value) ? { ...ONLY, number: tree.value } : atom(tree);
    if (tree.kind === 'name') return atom(tree);
    const [a, b] = tree.to;
    if (tree.of === 'negate') return times({ ...ONLY, number: -1 }, productOf(a!));
    if (tree.of === '*') return times(productOf(a!), productOf(b!));
    if (tree.of === '/') return quotientOf(a!, b!);
    if (tree.of === '^') return powerOf(a!, b!);
    return atom(tree);
  };
  const quotientOf = (a: Tree, b: Tree): Product => {
    const under = inverse(productOf(b));
    return under ? times(productOf(a), under) : atom(node('/', a, b));
  };
  const powerOf = (a: Tree, b: Tree): Product => {
    if (b.kind !== 'number' || !isWhole(b.value) || b.value === 0) return atom(node('^', a, b));
    const up = raised(productOf(a), Math.abs(b.value));
    const result = up && b.value < 0 ? inverse(up) : up;
    return result ?? atom(node('^', a, b));
  };

  const power = (base: Tree, count: number) =>
    count === 1 ? base : node('^', base, number(count));
  const chain = (factors: readonly Tree[]) =>
    factors.length === 0 ? one : factors.reduce((all, factor) => node('*', all, factor));
  const opposite = (tree: Tree) =>
    isSum(tree) ? sum(collect(tree, -1, new Map())) : node('negate', tree);
  const product = ({ number: value, divisor, over, under }: Product): Tree => {
    if (value === 0) return zero;
    const isName = (base: Tree) => base.kind === 'name';
    const named = [...over].filter(([base]) => isName(base));
    const others = [...over].filter(([base]) => !isName(base));
    const top = [...named, ...others].map(([base, count]) => power(base, count));
    const bottom = [...under].map(([base, count]) => power(base, count));
    if (Math.abs(value) !== 1 || top.length === 0) top.unshift(number(value));
    else if (value < 0) top[0] = opposite(top[0]!);
    if (divisor !== 1) bottom.unshift(number(divisor));
    return bottom.length === 0 ? chain(top) : node('/', chain(top), chain(bottom));
  };

  /** The terms of a sum: what each is a multiple of, and its number. */
  type Terms = Map<string, { readonly rest: Tree; readonly count: number }>;
  /** The same for products whose factors differ in their order only. */
  const keyOf = ({ divisor, over, under }: Product) => {
    const sorted = (of: ReadonlyMap<Tree, number>) =>
      [...of].map(([base, count]) => `${idOf(base)}^${count}`).sort();
    return `${divisor} ${sorted(over)}/${sorted(under)}`;
  };
  const collect = (
    tree: Tree,
    sign: number,
    terms: Terms,
    simple = (part: Tree): Tree => part,
  ): Terms => {
    if (isSum(tree)) {
      const [a, b] = tree.to;
      collect(a!, tree.of === 'negate' ? -sign : sign, terms, simple);
      if (b) collect(b, tree.of === '-' ? -sign : sign, terms, simple);
      return terms;
    }
    const made = simple(tree);
    if (made !== tree && isSum(made)) return collect(made, sign, terms);
    const p = productOf(made);
    const key = keyOf(p);
    const { rest, count } = terms.get(key) ?? { rest: product({ ...p, number: 1 }), count: 0 };
    return terms.set(key, { rest, count: count + sign * p.number });
  };
  const sum = (terms: Terms): Tree => {
    const all = [...terms.values()].filter(({ count }) => count !== 0);
    if (all.length === 0) return zero;
    const multiple = (rest: Tree, count: number) =>
      product(times({ ...ONLY, number: count }, productOf(rest)));
    if (all.length === 1) return multiple(all[0]!.rest, all[0]!.count);
    const isNegative = all.every(({ count }) => count < 0);
    const begin = isNegative ? 0 : all.findIndex(({ count }) => count > 0);
    const first = multiple(all[begin]!.rest, Math.abs(all[begin]!.count));
    const total = all
      .filter((_, k) => k !== begin)
      .reduce((left, { rest, count }) => {
        const of = count > 0 || isNegative ? '+' : '-';
        return node(of, left, multiple(rest, Math.abs(count)));
      }, first);
    return isNegative ? node('negate', total) : total;
  };

  const apply = (of: Operation, ...to: readonly Tree[]): Tree => {
    const values = to.map(part => (part.kind === 'number' ? part.value : NaN));
    const folded = VALUES[of](values[0]!, values[1] ?? 0);
    if (to.every(part => part.kind === 'number') && folds(of, folded)) return number(folded);
    const [a, b] = to;
    const tree: Tree = { kind: 'apply', of, to };
    if (isSum(tree)) return sum(collect(tree, 1, new Map()));
    if (of === '*') return product(times(productOf(a!), productOf(b!)));
    if (of === '/') return product(quotientOf(a!, b!));
    if (of === '^') return raise(a!, b!);
    if ((of === 'min' || of === 'max') && a === b) return a!;
    return node(of, ...to);
  };
  /** A quotient such as 1/3 stays one, because a decimal number would be read less well. */
  const folds = (of: Operation, value: number) =>
    fits(value) && !(of === '/' && String(value).length > 8);
  const raise = (a: Tree, b: Tree): Tree => {
    if (b === zero || a === one) return one;
    if (b === one) return a;
    return product(powerOf(a, b));
  };

  const known = new Map<Tree, Tree>();
  const simplify = (tree: Tree): Tree => {
    const before = known.get(tree);
    if (before) return before;
    const simple = simplifiedAnew(tree);
    known.set(tree, simple);
    return simple;
  };
  const gathered = (tree: Tree): Product =>
    tree.kind === 'apply' && tree.of === '*'
      ? times(gathered(tree.to[0]!), gathered(tree.to[1]!))
      : productOf(simplify(tree));
  const simplifiedAnew = (tree: Tree): Tree => {
    if (tree.kind === 'number') return number(tree.value);
    if (tree.kind === 'name') return name(tree.name);
    if (isSum(tree)) return sum(collect(tree, 1, new Map(), simplify));
    return tree.of === '*' ? product(gathered(tree)) : apply(tree.of, ...tree.to.map(simplify));
  };
  const factors = (tree: Tree): Factors => {
    const { number: top, divisor, over, under } = productOf(tree);
    const below = [...under].map(([base, count]) => [base, -count] as const);
    return { number: top / divisor, of: added(over, new Map(below)) };
  };
  return { number, name, apply, simplify, factors };
}
