import { errorAt, printable } from './place.js';

const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const NAME = /[A-Za-z_]\w*/y;
const MARK = /[-+*/^(),]/y;

/** A piece of a text, and where it begins. */
export interface Token {
  readonly kind: 'number' | 'name' | 'mark' | 'end';
  readonly text: string;
  readonly at: number;
}

/** The token that begins at a character or behind the spaces there. */
export function tokenAt(text: string, from: number, where: string): Token {
  const at = from + /^\s*/.exec(text.slice(from))![0].length;
  if (at === text.length) return { kind: 'end', text: '', at };
  for (const [kind, pattern] of [
    ['number', NUMBER],
    ['name', NAME],
    ['mark', MARK],
  ] as const) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) return { kind, text: found[0], at };
  }
  throw errorAt(text, at, where, {
    expected: 'numbers, names, + - * / ^ and brackets',
    got: `the character ${printable(text[at]!)}`,
    ...(Object.hasOwn(INSTEAD, text[at]!) && { hint: `write ${INSTEAD[text[at]!]}` }),
  });
}

/** What people write where the language has another sign. */
const INSTEAD: Readonly<Record<string, string>> = {
  '×': '*',
  '·': '*',
  '⋅': '*',
  '−': '-',
  '–': '-',
  '²': '^2',
  '³': '^3',
  '[': '(',
  ']': ')',
  '{': '(',
  '}': ')',
  '=': 'only what stands right of the =',
};

/** A token as errors call it. */
export const wordsOf = ({ kind, text }: Token) => (kind === 'end' ? 'the end' : `\`${text}\``);

/** What somebody who wrote that token may have meant. */
export function hintFor({ kind, text, at }: Token, all: string): string | undefined {
  if (kind === 'mark' && text === '*' && all[at - 1] === '*') return 'a power is written ^';
  if ((kind === 'name' || text === '(') && /[\w.)]\s*$/.test(all.slice(0, at)))
    return 'a product is written with *';
  return undefined;
}
