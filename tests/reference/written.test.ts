import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { referenceGradient, referenceLoss } from '../../src/reference/meta-gradient.js';
import type { RuleSpec } from '../../src/rules/rule.js';
import type { SystemSpec } from '../../src/systems/system.js';
import { relativeError } from './central-differences.js';
import { type ProblemSpec, randomProblem } from './random-problem.js';
import { LIMIT, worstError } from './worst-error.js';

/** A rule of the oracle, its coefficients beginning where they stay finite over a lifetime. */
function ofOracle(name: string): RuleSpec {
  const file = new URL(`../oracle/rule-${name}.json`, import.meta.url);
  const { rule } = JSON.parse(readFileSync(file, 'utf8')) as { rule: RuleSpec };
  const starts = STARTS[name] ?? {};
  return {
    ...rule,
    coefficients: Object.fromEntries(
      Object.entries(rule.coefficients!).map(([coefficient, said]) => [
        coefficient,
        { ...said, start: { uniform: starts[coefficient] ?? [-0.05, 0.08] } },
      ]),
    ),
  };
}
const STARTS: Readonly<Record<string, Readonly<Record<string, [number, number]>>>> = {
  bcm: { eta: [0.05, 0.2], k: [0.1, 0.3] },
  covariance: { k: [0.1, 0.3] },
  'differentiable-plasticity': { a: [-0.5, 0.5], eta: [0.2, 0.4] },
  eligibility: { eta: [0.02, 0.08], decay: [0.3, 0.6] },
  'hebb-abcd': { eta: [0.1, 0.4], A: [-0.2, 0.2] },
  metaplastic: { alpha: [0.02, 0.12], k: [0.1, 0.3], wear: [0.05, 0.2] },
  nonlinear: { eta: [0.05, 0.1], gain: [0.5, 2] },
  'soft-bound': { bound: [1, 2] },
};
const NAMES = readdirSync(new URL('../oracle/', import.meta.url)).flatMap(
  file => /^rule-(.*)\.json$/.exec(file)?.[1] ?? [],
);

const sizes = [3, 5, 4, 2];
/** A network whose slopes have no corners, so that differences are exact. */
const smooth = { sizes, activation: 'tanh', feedbackActivation: 'linear' } as const;
const smoothOf = (rule: RuleSpec) =>
  JSON.stringify(rule).includes('post') ? smooth : { sizes, activation: 'tanh' as const };

/** States of both kinds, coefficients of all, that read each other. */
const STATES: RuleSpec = {
  name: 'states',
  dw: 'a * (h - decay * w) * (1 + tanh(m - m_pre)) + eta * x * pre',
  synapse: {
    h: { d: 'gain * e * pre - decay * h + 0.1 * v', start: 0.1 },
    v: { d: 'layered * (h - w) * m_pre', start: -0.2 },
  },
  neuron: {
    m: { d: 'k * (x - m) + 0.1 * s', start: 0.3 },
    s: { d: 'k * (x^2 - s * m)', start: 0.5 },
  },
  coefficients: {
    a: { per: 'synapse', start: { uniform: [-0.3, 0.3] } },
    gain: { per: 'neuron', start: { uniform: [0.5, 1] } },
    layered: { per: 'layer', start: { uniform: [0.1, 0.3] } },
    eta: { per: 'network', start: 0.05 },
    decay: { per: 'network', start: 0.2 },
    k: { per: 'network', start: 0.3 },
  },
};
const states = { sizes, activation: 'tanh', rule: STATES } satisfies SystemSpec;

describe('the gradient of the reference equals central differences under written rules', () => {
  test.each(NAMES)('of the oracle: %s', name => {
    const rule = ofOracle(name);
    expect(worstError({ spec: { ...smoothOf(rule), rule }, tasks: 2 })).toBeLessThan(LIMIT);
  });

  const spec = (more: Partial<SystemSpec>) => ({ spec: { ...states, ...more } });
  test.each<[string, ProblemSpec]>([
    ['with states of synapses and neurons', spec({})],
    ['with one sample a step', { ...spec({}), batch: 1 }],
    ['with three samples a step', { ...spec({}), batch: 3 }],
    ['with updates that are means over the batch', spec({ reduction: 'mean' })],
    ['with multipliers', spec({ multiplier: [2, -0.5, 0.25] })],
    ['with a frozen layer inside', spec({ frozen: [2] })],
    ['with a frozen output', spec({ frozen: [3] })],
    ['with an encoder', spec({ frozen: [1] })],
    ['with an encoder of two layers', spec({ frozen: [1, 2] })],
    ['with noise', spec({ noise: 0.01 })],
    ['with drawn W', spec({ weights: 'drawn' })],
    ['with drawn B', spec({ feedbackWeights: 'drawn' })],
    ['with B drawn for every step', spec({ feedbackWeights: 'drawn-every-step' })],
    ['with errors that come down by Wᵀ', spec({ feedback: 'backprop' })],
    ['with errors straight from the output', spec({ feedback: 'direct' })],
    ['with signs of Wᵀ', spec({ feedback: 'sign-symmetric' })],
    ['without biases', spec({ bias: false })],
    ['with softmax answers', spec({ loss: 'cross-entropy' })],
    ['with errors of the mean squared error', spec({ loss: 'mean-squared-error' })],
    ['with the smallest network', { spec: { ...states, sizes: [1, 1] } }],
    ['at odd sizes', { spec: { ...states, sizes: [1, 7, 1, 3] } }],
  ])('%s', (_, problem) => {
    expect(worstError(problem)).toBeLessThan(LIMIT);
  });

  test('at several moments of a lifetime', () => {
    const asked = { moments: [0, 2, 3], weights: [0.3, 0.5, 1.5] };
    expect(worstError(spec({}), asked)).toBeLessThan(LIMIT);
  });

  test('while a feedback rule moves B', () => {
    const moved = spec({ feedbackRule: 'symmetric-alignment', bias: true });
    expect(worstError(moved, { silent: ['B1'] })).toBeLessThan(LIMIT);
  });

  test('and its penalties', () => {
    const { eta, ...others } = STATES.coefficients!;
    const rule = { ...STATES, coefficients: { ...others, eta: { ...eta!, l1: 0.3 } } };
    expect(worstError(spec({ rule }))).toBeLessThan(LIMIT);
  });
});

/** Built-in rules, and the same as text: what the coefficients of the one are in the other. */
const TWINS = {
  oja: {
    dw: 'alpha * (post * pre - post^2 * w)',
    coefficients: { alpha: { per: 'synapse' } },
  },
  hebb: { dw: 'alpha * post * pre', coefficients: { alpha: { per: 'synapse' } } },
  gradient: { dw: '-eta * e * pre', coefficients: { eta: { per: 'layer' } } },
  pool: {
    dw: '-t0*e*pre - t1*x*e_pre - t2*e*e_pre - t3*w - t4*e_pre',
    coefficients: Object.fromEntries([0, 1, 2, 3, 4].map(r => [`t${r}`, { per: 'network' }])),
  },
} as const satisfies Record<string, RuleSpec>;

describe('a built-in rule written as text gives the numbers of the built-in one', () => {
  const own = {
    oja: { activation: 'tanh' },
    hebb: { activation: 'sigmoid', loss: 'cross-entropy' },
    gradient: { feedback: 'chained', activation: 'softplus', loss: 'cross-entropy' },
    pool: { terms: [0, 1, 2, 3, 4], feedback: 'chained', activation: 'tanh', bias: true },
  } as const satisfies Record<string, Partial<SystemSpec>>;
  const ways: Partial<SystemSpec>[] = [
    {},
    { firstOrder: true },
    { multiplier: [2, -0.5, 0.25], reduction: 'mean' },
    { frozen: [2] },
    { frozen: [1], noise: 0.01 },
    { weights: 'drawn' },
  ];
  const cases = (Object.keys(TWINS) as (keyof typeof TWINS)[]).flatMap(rule =>
    ways.map(way => [rule, way] as const),
  );
  test.each(cases)('%s with %j', (rule, way) => {
    const more = { sizes, ...own[rule], ...way } as SystemSpec;
    const shape = { tasks: 2, steps: 4, batch: 2, seed: 3 };
    const builtIn = randomProblem({ ...shape, spec: { ...more, rule } });
    const { terms: _, ...kept } = more;
    const written = randomProblem({ ...shape, spec: { ...kept, rule: TWINS[rule] } });
    /** Where each number of the written system's layout lies in that of the built-in one. */
    const place = written.layout.tensors.flatMap(({ name, size }) => {
      const [, coefficient, layer = ''] = /^rule\.(\w+?)(?:\.(\d+))?$/.exec(name) ?? [];
      const isTheta = coefficient?.startsWith('t');
      const twin = isTheta ? 'theta' : coefficient ? `${coefficient}${layer}` : name;
      const start =
        builtIn.layout.get(twin)!.offset + (isTheta ? Number(coefficient!.slice(1)) : 0);
      return Array.from({ length: size }, (_number, i) => start + i);
    });
    const parameters = Float64Array.from(place, k => builtIn.parameters[k]!);
    const wanted = referenceGradient(
      builtIn.system,
      builtIn.layout,
      builtIn.parameters,
      builtIn.episodes,
    );
    const got = referenceGradient(written.system, written.layout, parameters, builtIn.episodes);
    expect(Math.abs(got.loss - wanted.loss) / wanted.loss).toBeLessThan(1e-12);
    const gradient = Float64Array.from(place, k => wanted.gradient[k]!);
    expect(relativeError(got.gradient, gradient)).toBeLessThan(1e-12);
  });
});

test('first order holds what neurons do constant, and neither states nor coefficients nor W', () => {
  const rule: RuleSpec = {
    dw: 'a * h + k * m * w',
    synapse: { h: { d: 'k * (w - h)', start: 0.2 } },
    neuron: { m: { d: 'k * (0.5 - m)', start: 0.1 } },
    coefficients: { a: { per: 'synapse', start: 0.1 }, k: { per: 'network', start: 0.2 } },
  };
  const spec = { sizes, activation: 'tanh', rule, firstOrder: true } satisfies SystemSpec;
  expect(worstError({ spec })).toBeLessThan(LIMIT);
  const seen = { ...spec, rule: { ...rule, dw: `${rule.dw} + k * pre * x` } };
  expect(worstError({ spec: seen })).toBeGreaterThan(1e-3);
  expect(worstError({ spec: { ...seen, firstOrder: false } })).toBeLessThan(LIMIT);
});

test('states of synapses stay away from frozen layers, those of neurons from none but an encoder', () => {
  const { system, layout, parameters, episodes } = randomProblem({
    spec: { ...states, sizes: [3, 5, 4, 3, 2], frozen: [1, 3] },
    steps: 3,
  });
  const { finalSynapse, finalNeuron, finalWeights } = referenceLoss(
    system,
    layout,
    parameters,
    episodes,
  );
  const lengths = (of: readonly Float64Array[]) => of.map(numbers => numbers.length);
  expect(lengths(finalSynapse[0]!['h']!)).toEqual([0, 4 * 5, 0, 2 * 3]);
  expect(lengths(finalNeuron[0]!['m']!)).toEqual([0, 5, 4, 3, 2]);
  for (const numbers of finalNeuron[0]!['m']!.slice(1)) expect(numbers).not.toContain(0.3);
  const { offset, size } = layout.get('W3')!;
  expect(finalWeights[0]![2]).toEqual(parameters.subarray(offset, offset + size));
});

test('dw is summed over the batch or its mean is taken, and changes of states are means always', () => {
  const rule: RuleSpec = {
    dw: '0 * w + k',
    synapse: { h: { d: 'k', start: 0 } },
    neuron: { m: { d: 'k + 0 * x', start: 0 } },
    coefficients: { k: { per: 'network', start: 0.25 } },
  };
  const lived = (reduction: 'sum' | 'mean') => {
    const { system, layout, episodes } = randomProblem({
      spec: { sizes: [1, 1], rule, reduction, bias: false },
      batch: 4,
    });
    const got = referenceLoss(system, layout, Float64Array.of(0, 0.25), episodes);
    return [
      got.finalWeights[0]![0]![0],
      got.finalSynapse[0]!['h']![0]![0],
      got.finalNeuron[0]!['m']![1]![0],
    ];
  };
  expect(lived('sum')).toEqual([1, 0.25, 0.25]);
  expect(lived('mean')).toEqual([0.25, 0.25, 0.25]);
});
