import { describe, expect, test } from 'vitest';
import { derivative } from '../../src/rules/derive.js';
import { textOf } from '../../src/rules/text.js';
import { isFiniteAt, NAMES, randomTree, randomValues, treeOf, valueOf } from './trees.js';

const derived = (text: string) => textOf(derivative(treeOf(text), 'a'));

describe('the derivative by a of', () => {
  test.each([
    ['3', '0'],
    ['b', '0'],
    ['a', '1'],
    ['a * b - a / c', 'b - 1 / c'],
    ['b / a', '-b / a^2'],
    ['a^3', '3 * a^2'],
    ['a^-2', '-2 / a^3'],
    ['a^b', 'b * a^(b - 1)'],
    ['b^a', 'b^a * log(max(b, 1e-37))'],
    ['exp(-a^2)', '-2 * a * exp(-a^2)'],
    ['log(a)', '1 / a'],
    ['sqrt(a)', '0.5 / sqrt(a)'],
    ['abs(a)', 'sign(a)'],
    ['sign(a)', '0'],
    ['tanh(a)', '1 - tanh(a)^2'],
    ['sigmoid(a)', 'sigmoid(a) * (1 - sigmoid(a))'],
    ['relu(a)', 'relu(sign(a))'],
    ['softplus(a)', 'sigmoid(10 * a)'],
    ['max(a, b)', '1 - relu(sign(b - a))'],
    ['min(b, a)', 'relu(sign(b - a))'],
    ['alpha * (post * pre - post^2 * a)', '-alpha * post^2'],
  ])('%s is %s', (text, expected) => {
    expect(derived(text)).toBe(expected);
  });

  test.each([
    ['abs', 'abs(a)', { a: 0 }, 0],
    ['relu', 'relu(a)', { a: 0 }, 0],
    ['sign', 'sign(a)', { a: 0 }, 0],
    ['max, of the first', 'max(a, b)', { a: 1, b: 1 }, 1],
    ['max, of the second', 'max(b, a)', { a: 1, b: 1 }, 0],
    ['min, of the first', 'min(a, b)', { a: 1, b: 1 }, 1],
    ['min, of the second', 'min(b, a)', { a: 1, b: 1 }, 0],
    ['a power of 0 by its exponent', 'b^a', { a: 2, b: 0 }, 0],
    ['a whole power of a negative base', 'a^3', { a: -2 }, 12],
  ])('at a corner, %s', (_, text, at, expected) => {
    expect(valueOf(derivative(treeOf(text), 'a'), at) + 0).toBe(expected);
  });

  test('a random tree is its central difference, by every name', () => {
    const step = 1e-6;
    let compared = 0;
    let infinite = 0;
    for (let seed = 0; seed < 3000; seed++) {
      const tree = randomTree(seed);
      const at = randomValues(seed);
      if (!isFiniteAt(tree, at)) continue;
      for (const name of NAMES) {
        const value = (move: number) => valueOf(tree, { ...at, [name]: at[name]! + move * step });
        // where the function has a corner, or is so steep that a difference has no digits, there is
        // none to compare with: two differences disagree
        const [wide, narrow] = [2, 1].map(k => (value(k) - value(-k)) / (2 * k * step));
        const size = Math.max(1, Math.abs(wide!));
        const noise = (1e-15 * Math.abs(value(0))) / step;
        if (!(Math.abs(wide! - narrow!) < 1e-5 * size) || !(noise < 1e-6 * size) || size > 1e6)
          continue;
        const exact = valueOf(derivative(tree, name), at);
        // such as that of sqrt(relu(c)) where c < 0
        if (!Number.isFinite(exact)) {
          infinite++;
          continue;
        }
        compared++;
        expect(Math.abs(exact - narrow!) / size, `${textOf(tree)} by ${name}`).toBeLessThan(1e-4);
      }
    }
    expect(compared).toBeGreaterThan(4000);
    expect(infinite).toBeLessThan(compared / 50);
  });
});
