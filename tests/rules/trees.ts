import { FUNCTIONS, type FunctionName, type Tree } from '../../src/rules/tree.js';
import { evaluator } from '../../src/rules/evaluate.js';
import { parse } from '../../src/rules/parse.js';
import { random } from '../../src/tasks/random.js';

export const treeOf = (text: string): Tree => parse(text, 'rule.dw').tree;

export const NAMES = ['a', 'b', 'c'] as const;

/** A tree's value where its names have these values. */
export function valueOf(tree: Tree, at: Readonly<Record<string, number>>): number {
  const names = Object.keys(at);
  return evaluator(tree, name => names.indexOf(name))(Float64Array.from(Object.values(at)));
}

/** A random tree of the names a, b, c with every operator and function, finite or not. */
export function randomTree(seed: number, depth = 4): Tree {
  const draw = random(seed, 1);
  const one = <T>(items: readonly T[]): T => items[draw.below(items.length)]!;
  const binary = ['+', '-', '*', '/', '^', '*', '+', '-'] as const;
  const functions = Object.keys(FUNCTIONS) as FunctionName[];
  const tree = (left: number): Tree => {
    const kind = left === 0 ? draw.below(3) : 3 + draw.below(8);
    if (kind < 2) return { kind: 'name', name: one(NAMES) };
    if (kind === 2)
      return { kind: 'number', value: one([0, 1, 2, 3, -1, -2, 0.5, -0.25, 1.7, 1e-3, 10]) };
    const next = () => tree(left - 1 - draw.below(left));
    if (kind < 7) return { kind: 'apply', of: one(binary), to: [next(), next()] };
    // a sign before a plain number is read as the number's own
    if (kind === 7) {
      const to = next();
      return to.kind === 'number' ? to : { kind: 'apply', of: 'negate', to: [to] };
    }
    const of = one(functions);
    return { kind: 'apply', of, to: FUNCTIONS[of] === 1 ? [next()] : [next(), next()] };
  };
  return tree(depth);
}

/** Values of the names for a seed, positive and away from each other. */
export function randomValues(seed: number): Readonly<Record<string, number>> {
  const draw = random(seed, 2);
  return { a: 0.3 + draw.uniform(), b: 1.4 + draw.uniform(), c: -1.3 + draw.uniform() };
}

/** |a − b| as a share of what they are, or of 1 where they are small. */
export const difference = (a: number, b: number) =>
  Object.is(a, b) ? 0 : Math.abs(a - b) / Math.max(1, Math.abs(b));

/** Is a tree finite, and all that it is made of? */
export const isFiniteAt = (tree: Tree, at: Readonly<Record<string, number>>): boolean =>
  Math.abs(valueOf(tree, at)) < 1e30 &&
  (tree.kind !== 'apply' || tree.to.every(part => isFiniteAt(part, at)));
