import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/config.js';
import { checkRates, rateOfEach, ratesOf } from '../../src/learner/optimiser.js';
import { checkOptions } from '../../src/learner/options.js';
import { initialParameters } from '../../src/parameters/initial.js';
import { layoutOf } from '../../src/parameters/layout.js';
import { penaltiesOf } from '../../src/parameters/penalties.js';
import { referenceGradient, referenceLoss } from '../../src/reference/meta-gradient.js';
import { defineRule } from '../../src/rules/define.js';
import type { RuleSpec } from '../../src/rules/rule.js';
import { defineSystem, type SystemSpec } from '../../src/systems/system.js';
import { randomProblem } from '../reference/random-problem.js';
import { refusal } from '../refusal.js';

const sizes = [3, 5, 4, 2];
const HEBB: RuleSpec = {
  name: 'mine',
  dw: 'a * x * pre + b * pre + c * x + d * w',
  coefficients: {
    a: { per: 'synapse', start: { normal: 0.5 }, l1: 0.1 },
    b: { per: 'neuron', start: { uniform: [1, 2] }, rate: 0.2 },
    c: { per: 'layer', start: 0.25, rate: 0 },
    d: { per: 'network', start: -0.5, l1: 0.2 },
  },
};
const OJA: RuleSpec = {
  name: 'mine',
  dw: 'alpha * (post * pre - post^2 * w)',
  coefficients: { alpha: { per: 'synapse' } },
};
const ERROR: RuleSpec = {
  name: 'mine',
  dw: '-eta * e * pre',
  coefficients: { eta: { per: 'layer' } },
};
const system = (rule: RuleSpec, more: Partial<SystemSpec> = {}) =>
  defineSystem({ sizes, rule, ...more });

describe('a system with a written rule', () => {
  test('has direct-rectified feedback if it reads post, and the target at a clamped output', () => {
    const { feedback, layers } = system(OJA, { loss: 'cross-entropy' });
    expect(feedback).toBe('direct-rectified');
    expect(layers.map(l => l.told)).toEqual(['mixed', 'mixed', 'target']);
  });

  test('has a chained error path if it reads e, and other paths by choice', () => {
    expect(system(ERROR).feedback).toBe('chained');
    for (const feedback of ['direct', 'sign-symmetric', 'backprop'] as const)
      expect(system(ERROR, { feedback }).feedback).toBe(feedback);
    expect(system(ERROR).layers.map(l => l.told)).toEqual(['error', 'error', 'error']);
  });

  test('carries the error below the first layer only if it reads e_pre', () => {
    expect(system(ERROR).layers.map(l => l.carries)).toEqual([false, true, true]);
    const both = { ...ERROR, dw: '-eta * e * e_pre' };
    expect(system(both).layers.map(l => l.carries)).toEqual([true, true, true]);
    expect(layoutOf(system(both)).get('B1')!.shape).toEqual([3, 5]);
  });

  test('has no feedback and no B if it reads neither', () => {
    const { feedback, layers } = system(HEBB);
    expect(feedback).toBe('none');
    expect(new Set(layers.map(l => l.told))).toEqual(new Set(['nothing']));
    expect(layoutOf(system(HEBB)).tensors.filter(t => t.group === 'B')).toEqual([]);
  });

  test('may be made of a rule that was defined before, and is the same system', () => {
    const before = defineRule(HEBB);
    const again = defineSystem({ sizes, rule: before });
    expect(JSON.stringify(again)).toBe(JSON.stringify(system(HEBB)));
  });

  test.each<[string, RuleSpec, Partial<SystemSpec>, string]>([
    [
      'an error path to one that reads post',
      OJA,
      { feedback: 'chained' },
      'system.feedback: expected direct-rectified for the rule mine, which reads post, got chained; chained goes with the rules gradient, pool',
    ],
    [
      'direct-rectified feedback to one that reads an error',
      ERROR,
      { feedback: 'direct-rectified' },
      'system.feedback: expected chained, direct, sign-symmetric, backprop for the rule mine, which reads e or e_pre, got direct-rectified; direct-rectified goes with the rules oja, hebb',
    ],
    [
      'feedback to one that reads neither',
      HEBB,
      { feedback: 'backprop' },
      'system.feedback: expected none for the rule mine, which reads neither post nor an error, got backprop; backprop goes with the rules gradient, pool',
    ],
    [
      'no feedback to one that reads post',
      OJA,
      { feedback: 'none' },
      'system.feedback: expected direct-rectified for the rule mine, which reads post, got none; none is for written rules that read neither post nor an error',
    ],
    [
      'plastic biases',
      OJA,
      { plasticBias: true },
      'system.plasticBias: expected a rule under which an input of 1 means something: gradient, oja or hebb, got true with mine; a written rule changes weights alone: leave it out',
    ],
    [
      'momentum',
      ERROR,
      { momentum: true },
      'system.momentum: expected the rule gradient, got mine; leave it out',
    ],
    [
      'weight decay',
      ERROR,
      { weightDecay: true },
      'system.weightDecay: expected the rule gradient, got mine; leave it out',
    ],
    [
      'terms of the pool',
      ERROR,
      { terms: [0] },
      'system.terms: expected the rule pool, got mine; leave it out',
    ],
    [
      'a resolution of η',
      ERROR,
      { eta: 'layer' },
      'system.eta: expected none of alpha, eta, theta for the rule mine, which is written, got eta; leave it out: `per` of each of its coefficients says how finely that is resolved',
    ],
    [
      'kolen-pollack',
      ERROR,
      { feedbackRule: 'kolen-pollack' },
      'system.feedbackRule: expected the rule gradient for kolen-pollack, got mine',
    ],
    [
      'a signal without direct-rectified feedback',
      HEBB,
      { signal: 'target' },
      'system.signal: expected only with direct-rectified feedback, got it with none; leave it out',
    ],
    [
      'drawn feedback weights without feedback',
      HEBB,
      { feedbackWeights: 'drawn' },
      'system.feedbackWeights: expected inherited for the feedback none, got drawn',
    ],
    [
      'a feedback rule without B',
      HEBB,
      { feedbackRule: 'weight-mirror' },
      'system.feedbackRule: expected feedback weights B of the shape of Wᵀ (feedback chained) for weight-mirror, got the feedback none',
    ],
  ])('refuses %s', async (_, rule, more, message) => {
    expect(await refusal(() => system(rule, more))).toBe(message);
  });

  test('names the text of a rule that is none behind its own key', async () => {
    expect(await refusal(() => system({ dw: 'eta * prr' }))).toContain('system.rule.dw');
  });

  test('takes another feedback rule with errors', () => {
    const { layers } = system(ERROR, { feedbackRule: 'symmetric-alignment' });
    expect(layers.every(l => l.aligned)).toBe(true);
  });
});

test('coefficients lie between learning rates and alignment, in the order of their declaration', () => {
  const { tensors, groupStart } = layoutOf(system(HEBB, { frozen: [2] }));
  expect(
    tensors.filter(t => t.group === 'rule').map(({ name, shape }) => [name, ...shape]),
  ).toEqual([
    ['rule.a.1', 5, 3],
    ['rule.a.3', 2, 4],
    ['rule.b.1', 5, 1],
    ['rule.b.3', 2, 1],
    ['rule.c.1', 1, 1],
    ['rule.c.3', 1, 1],
    ['rule.d', 1, 1],
  ]);
  expect(groupStart.toSorted((a, b) => a - b)).toEqual(groupStart);
});

test('coefficients begin where the rule says, each tensor by its own draws', () => {
  const spec = system(HEBB, { sizes: [60, 60, 60] });
  const begun = initialParameters(spec, layoutOf(spec), 1);
  const numbers = (name: string) => [...begun[name]!.data];
  const [a, b] = [numbers('rule.a.1'), numbers('rule.b.1')];
  const spread = Math.sqrt(a.reduce((sum, x) => sum + x * x, 0) / a.length);
  expect(spread).toBeGreaterThan(0.48);
  expect(spread).toBeLessThan(0.52);
  expect(numbers('rule.a.2')).not.toEqual(a);
  expect(Math.min(...b)).toBeGreaterThanOrEqual(1);
  expect(Math.min(...b)).toBeLessThan(1.2);
  expect(Math.max(...b)).toBeLessThanOrEqual(2);
  expect(Math.max(...b)).toBeGreaterThan(1.8);
  expect(numbers('rule.c.2')).toEqual([0.25]);
  expect(numbers('rule.d')).toEqual([-0.5]);
});

describe('rates of a written rule', () => {
  const mine = system(HEBB);
  const layout = layoutOf(mine);
  const of = (given?: Record<string, number>) => {
    const rates = ratesOf(mine, layout, given);
    checkRates(rates, layout, 'rates');
    const each = rateOfEach(layout, rates);
    const rate = (name: string) => each[layout.tensors.findIndex(t => t.name === name)];
    return ['rule.a.1', 'rule.b.2', 'rule.c.1', 'rule.d'].map(rate);
  };
  test('are those that it says, and 1e-3 for others', () => {
    expect(of()).toEqual([1e-3, 0.2, 0, 1e-3]);
  });
  test('are those that it says, and 0 for others, where only other groups are given', () => {
    expect(of({ W: 0.1 })).toEqual([0, 0.2, 0, 0]);
  });
  test('are that of the group where it is given', () => {
    expect(of({ rule: 0.3 })).toEqual([0.3, 0.3, 0.3, 0.3]);
  });
  test('are that of a name in all layers, or in one, before that of the group', () => {
    expect(of({ rule: 0.3, 'rule.b': 0.4, 'rule.a.1': 0.5, 'rule.a': 0.6 })).toEqual([
      0.5, 0.4, 0.3, 0.3,
    ]);
  });
  test('stay what they are when a configuration is parsed again', () => {
    for (const rates of [undefined, { W: 0.1 }, { rule: 0.3, 'rule.b': 0.4 }]) {
      const once = ratesOf(mine, layout, rates);
      expect(ratesOf(mine, layout, once)).toEqual(once);
    }
  });
  test('are refused for a name that the rule has not', async () => {
    expect(await refusal(() => of({ 'rule.z': 0.1 }))).toContain(
      'rates.rule.z: unknown meta-parameter',
    );
  });
});

describe('penalties', () => {
  const mine = system(HEBB);
  const layout = layoutOf(mine);

  test('are one for each coefficient that has an l1, over all its layers', () => {
    const [a, d] = penaltiesOf(mine, layout, 0);
    const first = layout.get('rule.a.1')!;
    const last = layout.get('rule.a.3')!;
    expect(a).toEqual({ from: first.offset, to: last.offset + last.size, weight: 0.1 });
    const { offset } = layout.get('rule.d')!;
    expect(d).toEqual({ from: offset, to: offset + 1, weight: 0.2 });
  });

  test('add to the loss what they are', () => {
    const without = structuredClone(HEBB) as { coefficients: Record<string, { l1?: number }> };
    for (const coefficient of Object.values(without.coefficients)) delete coefficient.l1;
    const [with_, none] = [HEBB, without as RuleSpec].map(rule =>
      randomProblem({ spec: { sizes, rule } }),
    );
    const loss = ({ system: s, layout: l, parameters, episodes }: typeof with_ & object) =>
      referenceLoss(s, l, parameters, episodes).loss;
    const [a, d] = penaltiesOf(mine, layout, 0);
    const sum = (from: number, to: number) =>
      with_!.parameters.subarray(from, to).reduce((total, x) => total + Math.abs(x), 0);
    const penalty = 0.1 * sum(a!.from, a!.to) + 0.2 * sum(d!.from, d!.to);
    expect(loss(with_!) - loss(none!)).toBeCloseTo(penalty, 12);
    const { taskGradients, gradient } = referenceGradient(
      with_!.system,
      layout,
      with_!.parameters,
      with_!.episodes,
    );
    const added = gradient[d!.from]! - taskGradients[0]![d!.from]!;
    expect(added).toBeCloseTo(0.2 * Math.sign(with_!.parameters[d!.from]!), 12);
  });

  test('of the pool are refused with a written rule', async () => {
    const options = {
      system: mine,
      episode: { steps: 1, batch: 1, queries: 1 },
      tasks: 1,
      l1: 0.1,
    };
    expect(await refusal(() => checkOptions(options))).toBe(
      'learner.l1: expected 0 for the rule mine, got 0.1; it is a penalty on the coefficients of the rule pool: a rule of your own says l1 of each of its coefficients',
    );
  });
});

describe('a configuration with a written rule', () => {
  const json = (rule: unknown) => ({
    name: 'run',
    task: { kind: 'sine', steps: 5, batch: 1, queries: 4 },
    system: { sizes: [1, 8, 1], rule },
    meta: { tasks: 2, steps: 3 },
    evaluation: { tasks: 2, at: [0, 5] },
  });

  test('keeps the rule as it is written', () => {
    expect(parseConfig(json(HEBB), 'run.json').system.rule).toEqual(HEBB);
  });

  test('is JSON, also if the rule was defined before, and parses to itself', () => {
    const config = parseConfig(json(defineRule(HEBB)), 'run.json');
    const again = parseConfig(JSON.parse(JSON.stringify(config)), 'run.json');
    expect(again).toEqual(config);
    expect(defineRule(again.system.rule as RuleSpec)).toEqual(defineRule(HEBB));
  });

  test('names the key of a rule that is none', async () => {
    expect(await refusal(() => parseConfig(json({ dw: '1 +' }), 'run.json'))).toContain(
      'run.json: system.rule.dw',
    );
  });

  test('cannot name a file where nobody reads files', async () => {
    expect(await refusal(() => parseConfig(json('mine.rule.json'), 'run.json'))).toBe(
      'run.json: system.rule: expected a rule itself: a file beside a configuration is what the command line reads, got "mine.rule.json"',
    );
  });
});

test.each([
  ['with a spec that is none', { spec: 'nonsense' }],
  ['with no spec', { spec: null }],
  ['with a spec beside what it says itself', { dw: 'pre * x', spec: { dw: 'post * pre' } }],
])('a rule %s is refused, and never another', (_, rule) => {
  expect(() => defineSystem({ sizes: [1, 1], rule: rule as never })).toThrow(/^system\.rule/);
});
