import { describe, expect, test } from 'vitest';
import { defineRule } from '../../src/rules/define.js';
import { RULE_PRESETS } from '../../src/rules/presets.js';
import type { Granularity, RuleSpec } from '../../src/rules/rule.js';
import { textOf } from '../../src/rules/text.js';
import { namesOf } from '../../src/rules/tree.js';
import { treeOf } from './trees.js';

/** A rule whose names that nothing else is are coefficients: of layers, or as `per` says. */
function ruleOf(dw: string, per: Readonly<Record<string, Granularity>> = {}) {
  const seen = ['w', 'pre', 'x', 'post', 'e', 'e_pre'];
  const names = [...namesOf(treeOf(dw))].filter(name => !seen.includes(name));
  const coefficients = Object.fromEntries(
    names.map(name => [name, { per: per[name] ?? 'layer', start: 0.1 }] as const),
  );
  return defineRule({ dw, coefficients });
}
const shown = (spec: ReturnType<typeof ruleOf>) => {
  const { kappa, ...product } = spec.product ?? {};
  return spec.product && { ...product, ...(kappa && { kappa: textOf(kappa) }) };
};

describe('an update that is one product:', () => {
  const oja = { direction: 1, factor: 'alpha', left: 'post', kappa: 'post^2' };
  const hebb = { direction: 1, factor: 'alpha', left: 'post' };
  const gradient = { direction: -1, factor: 'eta', left: 'e' };
  test.each([
    ['alpha * (post * pre - post^2 * w)', oja],
    ['alpha * post * pre - alpha * post^2 * w', oja],
    ['-w * post * alpha * post + pre * (post * alpha)', oja],
    ['post * (pre - post * w) * alpha', oja],
    ['alpha * post * pre', hebb],
    ['pre * alpha * post', hebb],
    ['-eta * e * pre', gradient],
    ['-(pre * e) * eta', gradient],
    ['-a * (e * pre + 0.1 * w)', { direction: -1, factor: 'a', left: 'e', kappa: '-0.1' }],
    [
      'post * pre - (abs(x) + x^2 / 2) * w',
      { direction: 1, left: 'post', kappa: 'abs(x) + 0.5 * x^2' },
    ],
  ])('%s', (dw, product) => {
    expect(shown(ruleOf(dw, { alpha: 'synapse' }))).toEqual(product);
  });
  test.each([
    ['two products', 'a * (post * pre + x * pre)'],
    ['a decay alone', '-a * w'],
    ['a function', 'a * tanh(post) * pre'],
    ['a square', 'a * post^2 * pre'],
    ['a quotient', 'a * post / pre'],
    ['two coefficients', 'a * b * post * pre'],
    ['a coefficient of the decay', 'a * post * pre - b * w'],
    ['a decay that the neuron does not know', 'a * (post * pre - pre * w)'],
    ['a square of the weight', 'a * (post * pre - w^2)'],
    ['two of the neuron', 'a * post * x'],
    ['an activity of its own', 'a * x * pre'],
    ['an error below', 'a * e * e_pre'],
    ['a factor beyond float32', '1e20 * (1e20 * post * pre)'],
  ])('but not %s', (_, dw) => {
    expect(ruleOf(dw).product).toBeUndefined();
  });
  test('but not with a state', () => {
    const neuron = { m: { d: 'x - m' } };
    expect(defineRule({ dw: 'post * pre', neuron }).product).toBeUndefined();
  });
});

describe('the rank of an update:', () => {
  test.each<[number | undefined, string]>([
    [1, 'alpha * (post * pre - post^2 * w)'],
    [1, 'a * tanh(b * post) * sigmoid(pre) * (1 + pre)'],
    [1, '(x - 1) * (pre - 2)'],
    [1, 'x * pre - x - 2 * pre + 2'],
    [2, 'x * pre - x - 2 * pre + 3'],
    [2, 'e * pre + x * e_pre'],
    [2, 'a * e * pre + b * x * e_pre + c * e * e_pre + d * x * pre'],
    [1, 'a'],
    [1, 'pre'],
    [0, '-a * x^2 * w'],
    [0, '0 * x'],
    [1, 'x / (1 + pre)'],
    [undefined, 'x * pre * w'],
    [undefined, 'pre * w'],
    [undefined, 'x * pre + w^2'],
    [undefined, 'tanh(x * pre)'],
    [undefined, 'x * pre / (1 + abs(w))'],
    [undefined, 's * x * pre + pre'],
    [1, 's * (x * pre + pre)'],
    [undefined, '(x + pre)^200'],
  ])('%s of %s', (rank, dw) => {
    expect(ruleOf(dw, { s: 'synapse', n: 'neuron' }).rank).toBe(rank);
  });
  test('1 of a covariance, whose states both neurons know', () => {
    const neuron = { m: { d: 'x - m' } };
    expect(defineRule({ dw: '(x - m) * (pre - m_pre)', neuron }).rank).toBe(1);
  });
  test('none where a state of synapses is read', () => {
    expect(defineRule({ dw: 'h', synapse: { h: { d: 'x * pre - h' } } }).rank).toBeUndefined();
  });
});

describe('an update can be undone', () => {
  test.each([
    [true, 'x * pre - x^2 * w'],
    [true, 'w * (w + 1) - w^2'],
    [true, 'tanh(x) * w / (1 + pre^2)'],
    [true, 'x * pre'],
    [false, 'w^2'],
    [false, 'abs(w)'],
    [false, 'sign(w) * x'],
    [false, 'max(w, x)'],
    [false, 'relu(sign(w))'],
    [false, '(1 - w) * (1 + w)'],
    [false, 'exp(w)'],
    [false, '1 / w'],
  ])('%s: %s', (undoable, dw) => {
    expect(ruleOf(dw).undoable).toBe(undoable);
  });
  test('false: with a state', () => {
    expect(defineRule({ dw: 'x', synapse: { h: { d: 'x' } } }).undoable).toBe(false);
    expect(defineRule({ dw: 'x', neuron: { m: { d: 'x' } } }).undoable).toBe(false);
  });
});

describe('of the published rules', () => {
  test.each([
    ['oja', 'post', true, 1, true],
    ['hebb-abcd', 'post', true, undefined, false],
    ['bcm', 'post', false, 1, false],
    ['covariance', 'post', false, 1, false],
    ['differentiable-plasticity', 'post', false, undefined, false],
    ['eligibility', 'error', false, undefined, false],
    ['taylor', 'error', true, 2, false],
    ['soft-bounds', 'post', false, undefined, false],
    ['metaplasticity', 'post', false, undefined, false],
    ['gradient', 'error', true, 1, true],
  ] as const)('%s is told %s', (name, from, undoable, rank, isProduct) => {
    const rule = defineRule(RULE_PRESETS[name].rule as RuleSpec);
    expect(rule.name).toBe(name);
    expect([rule.from, rule.undoable, rule.rank, rule.product !== undefined]).toEqual([
      from,
      undoable,
      rank,
      isProduct,
    ]);
  });
  test('none is forgotten here, and each says what it is and where it comes from', () => {
    expect(Object.keys(RULE_PRESETS)).toHaveLength(10);
    for (const { about, source } of Object.values(RULE_PRESETS))
      expect([about, source].every(text => text.length > 10)).toBe(true);
  });
});
