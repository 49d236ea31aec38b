import { type Tree } from './tree.js';

/** How tightly a tree holds together: what is looser than its place asks for stands in brackets. */
const SUM = 1;
const PRODUCT = 2;
const SIGN = 3;
const POWER = 4;
const WHOLE = 5;

function holdOf(tree: Tree): number {
  if (tree.kind === 'number') return tree.value < 0 ? SIGN : WHOLE;
  if (tree.kind === 'name') return WHOLE;
  if (tree.of === '+' || tree.of === '-') return SUM;
  if (tree.of === '*' || tree.of === '/') return PRODUCT;
  if (tree.of === 'negate') return SIGN;
  return tree.of === '^' ? POWER : WHOLE;
}

/** A tree as text, with no more brackets than it needs to be read as the same tree again. */
export function textOf(tree: Tree): string {
  if (tree.kind === 'number') return `${tree.value}`;
  if (tree.kind === 'name') return tree.name;
  const at = (part: Tree, least: number) =>
    holdOf(part) < least ? `(${textOf(part)})` : textOf(part);
  const [a, b] = tree.to;
  if (tree.of === '+' || tree.of === '-') return `${at(a!, SUM)} ${tree.of} ${at(b!, PRODUCT)}`;
  if (tree.of === '*' || tree.of === '/') return `${at(a!, PRODUCT)} ${tree.of} ${at(b!, SIGN)}`;
  // a bracket, because −2 is read as a number
  if (tree.of === 'negate') return a!.kind === 'number' ? `-(${textOf(a!)})` : `-${at(a!, SIGN)}`;
  if (tree.of === '^') return `${at(a!, WHOLE)}^${at(b!, SIGN)}`;
  return `${tree.of}(${tree.to.map(textOf).join(', ')})`;
}
