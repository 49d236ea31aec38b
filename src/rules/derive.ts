import { builder, type Builder } from './simplify.js';
import type { FunctionName, Operation, Tree } from './tree.js';

/**
 * The derivative of a tree by one of its names, simplified. At corners: that of abs and relu is 0
 * at 0, that of sign 0 everywhere, that of min and max the first one's where both are equal; all
 * others are what calculus says, also where that is not finite.
 */
export function derivative(tree: Tree, name: string): Tree {
  const make = builder();
  const zero = make.number(0);
  const known = new Map<Tree, Tree>();
  const of = (part: Tree): Tree => {
    const before = known.get(part);
    if (before) return before;
    const result = derived(part);
    known.set(part, result);
    return result;
  };
  const derived = (part: Tree): Tree => {
    if (part.kind === 'number') return make.number(0);
    if (part.kind === 'name') return make.number(part.name === name ? 1 : 0);
    const { of: operation, to } = part;
    const partials = PARTIALS[operation](make, part, to[0]!, to[1]!);
    return to
      .map((operand, k) => ({ slope: of(operand), partial: partials[k]! }))
      .filter(({ slope }) => slope !== zero)
      .map(({ slope, partial }) => make.apply('*', partial(), slope))
      .reduce((sum, term) => make.apply('+', sum, term), zero);
  };
  return of(make.simplify(tree));
}

/**
 * Partial derivatives of f = `of`(a, b), those by a and by b, each asked for once it is needed.
 */
type Partials = (make: Builder, f: Tree, a: Tree, b: Tree) => readonly (() => Tree)[];

/** One function's slope at a, which may be said by f = f(a). */
const slope =
  (of: (make: Builder, f: Tree, a: Tree) => Tree): Partials =>
  (make, f, a) => [() => of(make, f, a)];

/** 1 where z > 0, else 0. */
const step = (make: Builder, z: Tree) => make.apply('relu', make.apply('sign', z));

const PARTIALS = {
  '+': make => [() => make.number(1), () => make.number(1)],
  '-': make => [() => make.number(1), () => make.number(-1)],
  '*': (_, __, a, b) => [() => b, () => a],
  '/': (make, _, a, b) => [
    () => make.apply('/', make.number(1), b),
    () => make.apply('negate', make.apply('/', a, make.apply('^', b, make.number(2)))),
  ],
  '^': (make, f, a, b) => [
    () => make.apply('*', b, make.apply('^', a, make.apply('-', b, make.number(1)))),
    // at a = 0, where f is 0 for all b > 0, the logarithm of a tiny number stands for −∞
    () => make.apply('*', f, make.apply('log', make.apply('max', a, make.number(TINY)))),
  ],
  negate: make => [() => make.number(-1)],
  exp: slope((_, f) => f),
  log: slope((make, _, a) => make.apply('/', make.number(1), a)),
  sqrt: slope((make, f) => make.apply('/', make.number(1), make.apply('*', make.number(2), f))),
  abs: slope((make, _, a) => make.apply('sign', a)),
  sign: slope(make => make.number(0)),
  tanh: slope((make, f) => make.apply('-', make.number(1), make.apply('^', f, make.number(2)))),
  sigmoid: slope((make, f) => make.apply('*', f, make.apply('-', make.number(1), f))),
  relu: slope((make, _, a) => step(make, a)),
  softplus: slope((make, _, a) => make.apply('sigmoid', make.apply('*', make.number(10), a))),
  min: (make, _, a, b) => chosen(make, make.apply('-', a, b)),
  max: (make, _, a, b) => chosen(make, make.apply('-', b, a)),
} as const satisfies Record<Operation | FunctionName, Partials>;

/** The second is chosen where it is `better` by more than 0. */
const chosen = (make: Builder, better: Tree) => [
  () => make.apply('-', make.number(1), step(make, better)),
  () => step(make, better),
];

/** The least that float32 holds to its full precision, or nearly. */
const TINY = 1e-37;
