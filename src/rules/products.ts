import type { Coefficient, Product, State } from './rule.js';
import { builder, isSum, type Builder } from './simplify.js';
import { namesOf, type Tree } from './tree.js';

/** What a rule declares, as far as it says on which side of a synapse a name stands. */
interface Declared {
  readonly coefficients: readonly Coefficient[];
  readonly synapse: readonly State[];
  readonly neuron: readonly State[];
}

/** A number times bases with whole exponents. */
interface Term {
  readonly number: number;
  readonly factors: ReadonlyMap<Tree, number>;
}

/** A sum of more terms is not looked into. */
const MOST_TERMS = 256;

/**
 * How an update is made of products of what a neuron has and what its input has (`rank`), and
 * whether it is the one product that the built-in rules are made of.
 */
export function factored(
  dw: Tree,
  declared: Declared,
): { readonly product?: Product; readonly rank?: number } {
  const make = builder();
  const terms = expanded(make, make.simplify(dw));
  if (!terms) return {};
  const common = declared.coefficients
    .map(({ name }) => make.name(name))
    .filter(
      name => terms.length > 0 && terms.every(({ factors }) => (factors.get(name) ?? 0) >= 1),
    );
  const rest = terms.map(term => common.reduce(without, term));
  const weight = make.name('w');
  const rank = rankOf(rest, weight, sides(declared));
  const product = productOf(make, rest, weight, common, declared);
  return { ...(product && { product }), ...(rank !== undefined && { rank }) };
}

/** A simplified tree as a sum of products; undefined of too many. */
function expanded(make: Builder, tree: Tree): readonly Term[] | undefined {
  const terms = new Map<string, Term>();
  const ids = new Map<Tree, number>();
  const idOf = (base: Tree) => ids.get(base) ?? ids.set(base, ids.size).get(base)!;
  const keyOf = (factors: ReadonlyMap<Tree, number>) =>
    [...factors]
      .map(([base, count]) => `${idOf(base)}^${count}`)
      .sort()
      .join();
  let isShort = true;
  const spread = (part: Tree, sign: number): Term[] => {
    if (!isShort) return [];
    if (isSum(part)) {
      const [a, b] = part.to;
      const first = spread(a!, part.of === 'negate' ? -sign : sign);
      return b ? [...first, ...spread(b, part.of === '-' ? -sign : sign)] : first;
    }
    const { number, of } = make.factors(part);
    const plain = new Map([...of].filter(([base, count]) => !isSum(base) || count < 0));
    let all: Term[] = [{ number: sign * number, factors: plain }];
    for (const [base, count] of of) {
      if (plain.has(base)) continue;
      const inner = spread(base, 1);
      for (let k = 0; k < count && isShort; k++) {
        isShort &&= all.length * inner.length <= MOST_TERMS;
        if (isShort) all = all.flatMap(term => inner.map(other => times(term, other)));
      }
    }
    return all;
  };
  for (const term of spread(tree, 1)) {
    const key = keyOf(term.factors);
    const number = (terms.get(key)?.number ?? 0) + term.number;
    terms.set(key, { ...term, number });
  }
  return isShort ? [...terms.values()].filter(({ number }) => number !== 0) : undefined;
}

function times(a: Term, b: Term): Term {
  const factors = new Map(a.factors);
  for (const [base, count] of b.factors) factors.set(base, (factors.get(base) ?? 0) + count);
  return { number: a.number * b.number, factors };
}

function without({ number, factors }: Term, base: Tree): Term {
  const rest = new Map(factors);
  const count = rest.get(base)! - 1;
  if (count === 0) rest.delete(base);
  else rest.set(base, count);
  return { number, factors: rest };
}

/** Who knows a name: the neuron above, the one below, both, or the synapse alone. */
type Side = 'above' | 'below' | 'both' | 'synapse';

function sides({ coefficients, neuron }: Declared): (name: string) => Side {
  const known = new Map<string, Side>([
    ['x', 'above'],
    ['post', 'above'],
    ['e', 'above'],
    ['pre', 'below'],
    ['e_pre', 'below'],
  ]);
  for (const { name } of neuron) known.set(name, 'above').set(`${name}_pre`, 'below');
  for (const { name, per } of coefficients)
    known.set(name, per === 'synapse' ? 'synapse' : per === 'neuron' ? 'above' : 'both');
  return name => known.get(name) ?? 'synapse';
}

function sideOf(tree: Tree, sideOfName: (name: string) => Side): Side {
  const all = new Set([...namesOf(tree)].map(sideOfName));
  all.delete('both');
  if (all.size === 0) return 'both';
  return all.size === 1 ? [...all][0]! : 'synapse';
}

/**
 * How many products suffice: the rank of the matrix that has a row for all that is above, a
 * column for all that is below. A decay is none, if the neuron above knows it.
 */
function rankOf(
  terms: readonly Term[],
  weight: Tree,
  sideOfName: (name: string) => Side,
): number | undefined {
  const ids = new Map<Tree, number>();
  const idOf = (base: Tree) => ids.get(base) ?? ids.set(base, ids.size).get(base)!;
  const rows = new Map<string, Map<string, number>>();
  for (const { number, factors } of terms) {
    const sided = [...factors].map(([base, count]) => ({
      key: `${idOf(base)}^${count}`,
      side: base === weight && count === 1 ? ('weight' as const) : sideOf(base, sideOfName),
    }));
    const of = (...which: readonly string[]) =>
      sided
        .filter(({ side }) => which.includes(side))
        .map(({ key }) => key)
        .sort();
    if (of('synapse').length > 0) return undefined;
    if (of('weight').length > 0) {
      if (of('below').length > 0) return undefined;
      continue;
    }
    const above = of('above', 'both').join();
    const row = rows.get(above) ?? new Map<string, number>();
    rows.set(above, row.set(of('below').join(), number));
  }
  const columns = [...new Set([...rows.values()].flatMap(row => [...row.keys()]))];
  return matrixRank([...rows.values()].map(row => columns.map(column => row.get(column) ?? 0)));
}

/** By Gauss's elimination; numbers are as they are written, so a rest of rounding is a 0. */
function matrixRank(given: readonly (readonly number[])[]): number {
  let rows = given;
  const largest = given.flat().reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  let rank = 0;
  for (let column = 0; column < (given[0]?.length ?? 0); column++) {
    const candidates = rows.toSorted((a, b) => Math.abs(b[column]!) - Math.abs(a[column]!));
    const pivot = candidates[0];
    if (!pivot || Math.abs(pivot[column]!) <= 1e-12 * largest) continue;
    const others = candidates.slice(1).map(row => {
      const share = row[column]! / pivot[column]!;
      return row.map((value, k) => value - share * pivot[k]!);
    });
    rows = others;
    rank++;
  }
  return rank;
}

/**
 * What a neuron knows; and which of it may be the factor of a product, because it lies where
 * nothing else flows back to.
 */
const KNOWN = ['x', 'post', 'e'] as const;
const LEFT = ['post', 'e'] as const;

/** A factor on all of an update that float32 holds with room. */
const MOST = 1e30;

function productOf(
  make: Builder,
  terms: readonly Term[],
  weight: Tree,
  common: readonly Tree[],
  { synapse, neuron }: Declared,
): Product | undefined {
  if (common.length > 1 || synapse.length > 0 || neuron.length > 0) return undefined;
  const [factor] = [...common].map(name => (name as { readonly name: string }).name);
  const hasWeight = ({ factors }: Term) => factors.get(weight) === 1;
  const [main, ...more] = terms.filter(term => !hasWeight(term));
  if (!main || more.length > 0 || main.factors.size !== 2) return undefined;
  const is = (name: string) => main.factors.get(make.name(name)) === 1;
  const left = LEFT.find(is);
  const direction = main.number;
  if (!left || !is('pre') || !(Math.abs(direction) < MOST)) return undefined;
  const decays = terms.filter(hasWeight).map(term => without(term, weight));
  const read = new Set(
    decays.flatMap(({ factors }) => [...factors.keys()].flatMap(base => [...namesOf(base)])),
  );
  if (![...read].every(name => (KNOWN as readonly string[]).includes(name))) return undefined;
  const kappa = decays
    .map(({ number, factors }) => treeOf(make, -number / direction, factors))
    .reduce((sum, term) => make.apply('+', sum, term), make.number(0));
  return {
    direction,
    ...(factor !== undefined && { factor }),
    left,
    ...(decays.length > 0 && { kappa }),
  };
}

const treeOf = (make: Builder, number: number, factors: ReadonlyMap<Tree, number>): Tree =>
  [...factors].reduce(
    (all, [base, count]) => make.apply('*', all, make.apply('^', base, make.number(count))),
    make.number(number),
  );
