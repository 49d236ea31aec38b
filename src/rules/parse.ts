import { MetaplasticError, type ErrorParts } from '../errors.js';
import { isNumber, LEAST, unknownName } from '../options.js';
import { errorAt } from './place.js';
import { hintFor, tokenAt, wordsOf, type Token } from './token.js';
import { FUNCTIONS, type FunctionName, type Operation, type Tree } from './tree.js';

/** How long a text may be, how deep its brackets, signs and powers, how many nodes its tree. */
export const MOST_CHARACTERS = 2_000;
export const DEEPEST = 64;
export const MOST_NODES = 300;

/** A text's tree, and the column of every node of it: of a name, a number, an operator. */
export interface Parsed {
  readonly text: string;
  readonly tree: Tree;
  readonly at: ReadonlyMap<Tree, number>;
}

/** How tightly each operator holds what is on its left. A sign holds less than `^`. */
const HOLDS = { '+': 1, '-': 1, '*': 2, '/': 2, '^': 4 } as const;
const SIGN_HOLDS = 3;
type Binary = keyof typeof HOLDS;

/**
 * Reads an expression by operator precedence (Pratt 1973). Throws a MetaplasticError that shows the
 * place. The parsers on npm that fit (jsep and its kind) keep no positions of nodes, and their
 * operators are a table that is global to the page.
 */
export function parse(text: string, where: string): Parsed {
  if (text.length > MOST_CHARACTERS)
    throw new MetaplasticError({
      where,
      expected: `at most ${MOST_CHARACTERS} characters`,
      got: `${text.length}`,
    });
  const at = new Map<Tree, number>();
  let depth = 0;
  let token = tokenAt(text, 0, where);

  const refuse = (parts: Omit<ErrorParts, 'where'>, column = token.at): never => {
    throw errorAt(text, column, where, parts);
  };
  const next = () => {
    const read = token;
    token = tokenAt(text, read.at + read.text.length, where);
    return read;
  };
  const is = (mark: string) => token.kind === 'mark' && token.text === mark;
  const unexpected = (expected: string, hint?: string) =>
    refuse({ expected, got: wordsOf(token), ...(hint && { hint }) });

  const node = (tree: Tree, column: number): Tree => {
    at.set(tree, column);
    if (at.size > MOST_NODES)
      refuse({ expected: `at most ${MOST_NODES} numbers, names and operators`, got: 'more' });
    return tree;
  };
  const apply = (of: Operation, to: readonly Tree[], column: number) =>
    node({ kind: 'apply', of, to }, column);

  /** What is read inside of a bracket, a sign or a power. */
  const inside = <T>(read: () => T, column: number): T => {
    if (++depth > DEEPEST)
      refuse(
        { expected: `at most ${DEEPEST} brackets, signs or powers in one another`, got: 'more' },
        column,
      );
    const result = read();
    depth--;
    return result;
  };

  const numberOf = (read: Token, sign: number): Tree => {
    const value = Number(read.text);
    // A smaller one than the least would be 0 on some GPUs.
    if (!isNumber(value) || (value !== 0 && value < LEAST))
      refuse(
        { expected: 'a number that float32 holds (1.2e-38 … 3.4e38)', got: read.text },
        read.at,
      );
    return node({ kind: 'number', value: value === 0 ? 0 : sign * value }, read.at);
  };

  /** A sign; before a number it is the number's own, unless that is raised to a power. */
  const signed = (): Tree => {
    const sign = next();
    if (token.kind === 'number') {
      const read = next();
      if (!is('^')) return numberOf(read, -1);
      const base = numberOf(read, 1);
      return apply('negate', [inside(() => operators(base, SIGN_HOLDS), sign.at)], sign.at);
    }
    return apply('negate', [inside(() => expression(SIGN_HOLDS), sign.at)], sign.at);
  };

  const bracket = (): Tree => {
    const open = next();
    const tree = inside(() => expression(0), open.at);
    if (!is(')')) unexpected('an operator or )', hintFor(token, text));
    next();
    return tree;
  };

  const call = (read: Token): Tree => {
    const name = read.text;
    if (!Object.hasOwn(FUNCTIONS, name)) {
      const { hint, ...unknown } = unknownName(
        'function',
        `\`${name}\``,
        Object.keys(FUNCTIONS),
        name,
      );
      refuse({ ...unknown, hint: `${hint}; a product is written with *` }, read.at);
    }
    const count = FUNCTIONS[name as FunctionName];
    const open = next();
    const to = inside(() => listOf(name, count), open.at);
    return apply(name as FunctionName, to, read.at);
  };
  const listOf = (name: string, count: number): Tree[] => {
    const all: Tree[] = [];
    const takes = `${count} ${count === 1 ? 'expression' : 'expressions'} in ${name}(…)`;
    while (all.length < count) {
      if (is(')')) unexpected(all.length === 0 ? takes : `${takes}, so another`);
      all.push(expression(0));
      const last = all.length === count;
      if (last && is(',')) refuse({ expected: takes, got: 'more' });
      if (!is(last ? ')' : ',')) {
        if (!last && is(')')) unexpected(`${takes}, so a comma and another`);
        unexpected(`an operator or ${last ? ')' : 'a comma'}`, hintFor(token, text));
      }
      next();
    }
    return all;
  };

  const operand = (): Tree => {
    if (is('-')) return signed();
    if (is('(')) return bracket();
    if (token.kind === 'number') return numberOf(next(), 1);
    if (token.kind !== 'name') return unexpected(OPERAND, hintFor(token, text));
    const read = next();
    if (is('(')) return call(read);
    if (Object.hasOwn(FUNCTIONS, read.text)) unexpected(`( after the function ${read.text}`);
    return node({ kind: 'name', name: read.text }, read.at);
  };

  const operators = (first: Tree, least: number): Tree => {
    let left = first;
    while (token.kind === 'mark' && Object.hasOwn(HOLDS, token.text)) {
      const of = token.text as Binary;
      if (HOLDS[of] < least) break;
      const { at: column } = next();
      // a power takes all powers on its right, any other only what holds tighter than itself
      const right =
        of === '^' ? inside(() => expression(SIGN_HOLDS), column) : expression(HOLDS[of] + 1);
      left = apply(of, [left, right], column);
    }
    return left;
  };
  const expression = (least: number): Tree => operators(operand(), least);

  const tree = expression(0);
  if (token.kind !== 'end') unexpected('an operator or the end', hintFor(token, text));
  return { text, tree, at };
}

const OPERAND = 'a number, a name, a function or (';
