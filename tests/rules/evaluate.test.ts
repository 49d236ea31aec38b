import { describe, expect, test } from 'vitest';
import { evaluator } from '../../src/rules/evaluate.js';
import { treeOf, valueOf } from './trees.js';

describe('the value of', () => {
  test.each([
    ['a + 2 * b', 8],
    ['a - b - 1', -2],
    ['b / a', 1.5],
    ['-a^2', -4],
    ['a^b', 8],
    ['a^-1', 0.5],
    ['exp(a)', Math.exp(2)],
    ['log(a)', Math.log(2)],
    ['sqrt(a)', Math.SQRT2],
    ['abs(-a)', 2],
    ['sign(-a) + sign(0)', -1],
    ['tanh(a)', Math.tanh(2)],
    ['sigmoid(a)', 1 / (1 + Math.exp(-2))],
    ['relu(a) + relu(-a)', 2],
    ['softplus(a / 10)', Math.log(1 + Math.exp(2)) / 10],
    ['min(a, b) + 10 * max(a, b)', 32],
  ])('%s', (text, expected) => {
    expect(valueOf(treeOf(text), { a: 2, b: 3 })).toBeCloseTo(expected, 14);
  });
  test.each([
    ['sigmoid(a)', -1000, 0],
    ['sigmoid(a)', 1000, 1],
    ['tanh(a)', 1000, 1],
    ['softplus(a)', 1000, 1000],
    ['softplus(a)', -1000, 0],
  ])('%s at %d overflows nowhere', (text, a, expected) => {
    expect(valueOf(treeOf(text), { a })).toBe(expected);
  });
  test('a power of a negative base is NaN, unless its exponent is written as a whole number', () => {
    expect(valueOf(treeOf('a^3'), { a: -2 })).toBe(-8);
    expect(valueOf(treeOf('a^b'), { a: -2, b: 3 })).toBeNaN();
  });
  test('a name is what lies in its slot', () => {
    const value = evaluator(treeOf('a - b'), name => (name === 'a' ? 3 : 1));
    expect(value(Float64Array.of(0, 1, 2, 5))).toBe(4);
  });
});
