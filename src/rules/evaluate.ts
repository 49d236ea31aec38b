import type { Operation, Tree } from './tree.js';

/** log(1 + exp(10 z)) / 10, where exp never overflows. */
const softplus = (z: number) => Math.max(z, 0) + Math.log1p(Math.exp(-10 * Math.abs(z))) / 10;

/** What every operator and function makes of numbers, in float64. */
export const VALUES: Readonly<Record<Operation, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '^': (a, b) => a ** b,
  negate: a => -a,
  exp: a => Math.exp(a),
  log: a => Math.log(a),
  sqrt: a => Math.sqrt(a),
  abs: a => Math.abs(a),
  sign: a => Math.sign(a),
  tanh: a => Math.tanh(a),
  sigmoid: a => 1 / (1 + Math.exp(-a)),
  relu: a => Math.max(a, 0),
  softplus,
  min: (a, b) => Math.min(a, b),
  max: (a, b) => Math.max(a, b),
};

/**
 * An exponent that is not written as a number may be any number a moment later: of a negative base
 * the power is NaN, as it is on a GPU.
 */
const learnedPower = (a: number, b: number) => (a < 0 ? NaN : a ** b);

/**
 * A function that computes a tree in float64 from the values of its names, `slotOf` a name being
 * where its value lies. It is composed of closures: pages may forbid code that is made from text.
 */
export function evaluator(
  tree: Tree,
  slotOf: (name: string) => number,
): (values: Float64Array) => number {
  if (tree.kind === 'number') {
    const { value } = tree;
    return () => value;
  }
  if (tree.kind === 'name') {
    const slot = slotOf(tree.name);
    return values => values[slot]!;
  }
  const [first, second] = tree.to.map(part => evaluator(part, slotOf));
  const isLearned = tree.of === '^' && tree.to[1]!.kind !== 'number';
  const apply = isLearned ? learnedPower : VALUES[tree.of];
  return second
    ? values => apply(first!(values), second(values))
    : values => apply(first!(values), 0);
}
