import { VALUES } from './evaluate.js';
import { added, atom, fits, inverse, multiplied, ONLY, raised, type Quotient } from './quotient.js';
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

const isWhole = (x: number) => Number.isInteger(x) && Math.abs(x) <= 2 ** 20;
type Sum = Extract<Tree, { kind: 'apply' }> & { readonly of: '+' | '-' | 'negate' };
export const isSum = (tree: Tree): tree is Sum =>
  tree.kind === 'apply' && (tree.of === '+' || tree.of === '-' || tree.of === 'negate');

export function builder(): Builder {
  const { name, node, idOf, ...share } = sharing();
  const number = (value: number) => share.number(value === 0 ? 0 : value);
  const zero = number(0);
  const one = number(1);

  const times = (a: Quotient, b: Quotient) => multiplied(a, b, number);
  const products = new Map<Tree, Quotient>();
  const productOf = (tree: Tree): Quotient => {
    const before = products.get(tree);
    if (before) return before;
    const found = factorsOf(tree);
    products.set(tree, found);
    return found;
  };
  const factorsOf = (tree: Tree): Quotient => {
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
  const quotientOf = (a: Tree, b: Tree): Quotient => {
    const under = inverse(productOf(b));
    return under ? times(productOf(a), under) : atom(node('/', a, b));
  };
  const powerOf = (a: Tree, b: Tree): Quotient => {
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
  const product = ({ number: value, divisor, over, under }: Quotient): Tree => {
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
  const keyOf = ({ divisor, over, under }: Quotient) => {
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
  const gathered = (tree: Tree): Quotient =>
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
