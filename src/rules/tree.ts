/**
 * An expression of a rule as a tree (docs/rules.md): numbers, names, and operators or functions
 * applied to trees. `softplus` is that of the networks: log(1 + exp(10 z)) / 10.
 */
export type Tree =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'apply'; readonly of: Operation; readonly to: readonly Tree[] };

/** Two trees each, but `negate`, which has one. */
export const OPERATORS = ['+', '-', '*', '/', '^', 'negate'] as const;

/** How many trees each function is applied to. */
export const FUNCTIONS = {
  exp: 1,
  log: 1,
  sqrt: 1,
  abs: 1,
  sign: 1,
  tanh: 1,
  sigmoid: 1,
  relu: 1,
  softplus: 1,
  min: 2,
  max: 2,
} as const;

export type FunctionName = keyof typeof FUNCTIONS;
export type Operation = (typeof OPERATORS)[number] | FunctionName;

/** The names in a tree, each once, in the order in which they are read. */
export function namesOf(tree: Tree, found: Set<string> = new Set()): Set<string> {
  if (tree.kind === 'name') found.add(tree.name);
  if (tree.kind === 'apply') tree.to.forEach(part => namesOf(part, found));
  return found;
}
