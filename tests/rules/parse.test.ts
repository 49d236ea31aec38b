import { describe, expect, test } from 'vitest';
import { parse } from '../../src/rules/parse.js';
import { textOf } from '../../src/rules/text.js';
import type { Tree } from '../../src/rules/tree.js';
import { refusal } from '../refusal.js';
import { randomTree, treeOf } from './trees.js';

/** A tree with every bracket. */
function full(tree: Tree): string {
  if (tree.kind === 'number') return `${tree.value}`;
  if (tree.kind === 'name') return tree.name;
  const parts = tree.to.map(full);
  if (tree.of === 'negate') return `(-${parts[0]})`;
  return /\w/.test(tree.of) ? `${tree.of}(${parts.join()})` : `(${parts.join(tree.of)})`;
}

describe('an expression is read as', () => {
  test.each([
    ['a + b * c', '(a+(b*c))'],
    ['a - b - c', '((a-b)-c)'],
    ['a - b + c', '((a-b)+c)'],
    ['a / b * c', '((a/b)*c)'],
    ['a / b / c', '((a/b)/c)'],
    ['a ^ b ^ c', '(a^(b^c))'],
    ['a * b ^ c * d', '((a*(b^c))*d)'],
    ['-a ^ 2', '(-(a^2))'],
    ['-2 ^ 2', '(-(2^2))'],
    ['-2 ^ 2 * a', '((-(2^2))*a)'],
    ['-2 * a', '(-2*a)'],
    ['-a * b', '((-a)*b)'],
    ['a * -b', '(a*(-b))'],
    ['a - -b', '(a-(-b))'],
    ['a - -2', '(a--2)'],
    ['-(2)', '(-2)'],
    ['2 ^ -1', '(2^-1)'],
    ['2 ^ -a ^ b', '(2^(-(a^b)))'],
    ['(a + b) * c', '((a+b)*c)'],
    ['max(a, b + c)', 'max(a,(b+c))'],
    ['tanh ( a ) * 2', '(tanh(a)*2)'],
    ['1 + .5 + 1e-3 + 2.5E+2 + 1.', '((((1+0.5)+0.001)+250)+1)'],
    [' \n a\t+\nb ', '(a+b)'],
    ['_a1 + B', '(_a1+B)'],
    ['-0 + a', '(0+a)'],
  ])('%j: %s', (text, tree) => {
    expect(full(treeOf(text))).toBe(tree);
  });

  test('keeps the column of every node', () => {
    const { tree, at } = parse(' a + tanh(b) * 2', 'rule.dw');
    const columns = [...at].map(([node, column]) => [full(node), column]);
    expect(columns).toEqual([
      ['a', 1],
      ['b', 10],
      ['tanh(b)', 5],
      ['2', 15],
      ['(tanh(b)*2)', 13],
      ['(a+(tanh(b)*2))', 3],
    ]);
    expect(at.has(tree)).toBe(true);
  });
});

const EXPECTED = 'expected a number, a name, a function or (';
const FUNCTIONS =
  'known: exp, log, sqrt, abs, sign, tanh, sigmoid, relu, softplus, min, max; a product is written with *';

describe('what is no expression is one error that points at the place:', () => {
  test.each([
    ['a + ', `${EXPECTED}, got the end`, 4],
    ['a * (b', 'expected an operator or ), got the end', 6],
    ['a * b)', 'expected an operator or the end, got `)`', 5],
    ['()', `${EXPECTED}, got \`)\``, 1],
    ['2x', 'expected an operator or the end, got `x`; a product is written with *', 1],
    ['a (b)', `unknown function \`a\`; ${FUNCTIONS}`, 0],
    ['a + 2 (b)', 'expected an operator or the end, got `(`; a product is written with *', 6],
    ['a ** 2', `${EXPECTED}, got \`*\`; a power is written ^`, 3],
    ['a + + b', `${EXPECTED}, got \`+\``, 4],
    ['sin(a)', `unknown function \`sin\` (did you mean sign?); ${FUNCTIONS}`, 0],
    ['constructor(a)', `unknown function \`constructor\`; ${FUNCTIONS}`, 0],
    ['max(a)', 'expected 2 expressions in max(…), so a comma and another, got `)`', 5],
    ['max(a, b, c)', 'expected 2 expressions in max(…), got more', 8],
    ['exp()', 'expected 1 expression in exp(…), got `)`', 4],
    ['exp(a', 'expected an operator or ), got the end', 5],
    ['max(a b)', 'expected an operator or a comma, got `b`; a product is written with *', 6],
    ['1 + exp', 'expected ( after the function exp, got the end', 7],
    ['a @ b', 'expected numbers, names, + - * / ^ and brackets, got the character @', 2],
    ['a × b', 'expected numbers, names, + - * / ^ and brackets, got the character ×; write *', 2],
    [
      'w = a',
      'expected numbers, names, + - * / ^ and brackets, got the character =; write only what stands right of the =',
      2,
    ],
    ['1.2.3', 'expected an operator or the end, got `.3`', 3],
    ['a, b', 'expected an operator or the end, got `,`', 1],
    ['a + 1e400', 'expected a number that float32 holds (1.2e-38 … 3.4e38), got 1e400', 4],
    ['a * 1e-38', 'expected a number that float32 holds (1.2e-38 … 3.4e38), got 1e-38', 4],
    ['  ', `${EXPECTED}, got the end`, 2],
  ])('%j', async (text, message, column) => {
    const said = await refusal(() => parse(text, 'rule.dw'));
    expect(said).toBe(`rule.dw: ${message}\n${text}\n${' '.repeat(column)}^`);
  });

  test('of a long text a piece around the place', async () => {
    const said = await refusal(() =>
      parse(`${'a + '.repeat(40)}b c${' + a'.repeat(40)}`, 'rule.dw'),
    );
    const [, text, caret] = said.split('\n');
    expect(text).toBe(`…${'a + '.repeat(40).slice(-46)}b c${' + a'.repeat(40).slice(0, 23)}…`);
    expect(text![caret!.indexOf('^')]).toBe('c');
  });

  test('signs that would move what stands below are shown as one', async () => {
    const said = await refusal(() => parse('a\t+\n\u202eb', 'rule.dw'));
    expect(said.split('\n').slice(1)).toEqual(['a + \ufffdb', '    ^']);
  });
});

describe('too much is one error:', () => {
  test('10,000 characters', async () => {
    expect(await refusal(() => parse('x'.repeat(10_000), 'rule.dw'))).toBe(
      'rule.dw: expected at most 2000 characters, got 10000',
    );
  });
  test('100,000 brackets', async () => {
    expect(await refusal(() => parse('('.repeat(100_000), 'rule.dw'))).toBe(
      'rule.dw: expected at most 2000 characters, got 100000',
    );
  });
  test.each([
    ['500 brackets', `${'('.repeat(500)}x${')'.repeat(500)}`],
    ['500 signs', `${'-'.repeat(500)}x`],
    ['500 powers', `${'x^'.repeat(500)}x`],
    ['300 functions', `${'exp('.repeat(300)}x${')'.repeat(300)}`],
  ])('%s in one another', async (_, text) => {
    expect(await refusal(() => parse(text, 'rule.dw'))).toMatch(
      /^rule.dw: expected at most 64 brackets, signs or powers in one another, got more\n/,
    );
  });
  test('100 brackets beside one another are not', () => {
    expect(treeOf(`${'(x)+'.repeat(99)}(x)`).kind).toBe('apply');
  });
  test('64 brackets are not', () => {
    expect(full(treeOf(`${'('.repeat(64)}x${')'.repeat(64)}`))).toBe('x');
  });
  test('more than 300 nodes', async () => {
    expect(treeOf(`${'x+'.repeat(149)}x`).kind).toBe('apply');
    expect(await refusal(() => parse(`${'x+'.repeat(151)}x`, 'rule.dw'))).toMatch(
      /^rule.dw: expected at most 300 numbers, names and operators, got more\n/,
    );
  });
});

describe('a tree as text', () => {
  test.each([
    'a + b * c',
    '(a + b) * c',
    'a - (b - c)',
    'a - b - c',
    'a / (b * c)',
    '-a * b',
    '-(a * b)',
    '-a^2',
    '(-a)^2',
    '(-2)^a',
    '-(2) * a',
    'a - -2',
    'a^b^c',
    '(a^b)^c',
    '2^-a',
    'max(a, b + c)^2',
  ])('%s has no bracket too many', text => {
    expect(textOf(treeOf(text))).toBe(text);
  });
  test('is read as the same tree again', () => {
    for (let seed = 0; seed < 2000; seed++) {
      const tree = randomTree(seed);
      expect(treeOf(textOf(tree))).toEqual(tree);
    }
  });
});
