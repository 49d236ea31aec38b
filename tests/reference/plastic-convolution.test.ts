import { describe, expect, test } from 'vitest';
import { drawn } from '../../src/parameters/draws.js';
import { gradientErrors } from '../../src/reference/central-differences.js';
import { chanceOf } from '../../src/reference/chance.js';
import { referenceMetrics } from '../../src/reference/metrics.js';
import { randomRule } from '../../src/reference/random-rule.js';
import { rules } from '../../src/reference/rules.js';
import { DECLARED, type HandwrittenSpec } from '../../src/rules/handwritten.js';
import type { RuleSpec } from '../../src/rules/rule.js';
import {
  defineSystem,
  ERROR_PATHS,
  FEEDBACK_RULES,
  type LayerSpec,
  type Shape,
  SLOTS,
  type SystemSpec,
} from '../../src/systems/system.js';
import { random } from '../../src/tasks/random.js';
import { relativeError, relativeErrors } from './central-differences.js';
import { type Problem, type ProblemSpec, randomProblem, solve } from './random-problem.js';
import { transposed, view } from './views.js';
import { LIMIT, worstError } from './worst-error.js';

const conv = (channels: number, kernel: number, more: object = {}): LayerSpec => ({
  conv: { channels, kernel, ...more },
});
/** Overlapping patches, padding, a stride, and images that are not square. */
const two = [conv(3, 2, { stride: 2, padding: 1 }), conv(2, 2)];
const image: Shape = [2, 4, 3];
const living = (
  more: Partial<SystemSpec>,
  layers: readonly LayerSpec[] = [...two, { dense: 2 }],
): SystemSpec => ({ image, layers, rule: 'gradient', activation: 'tanh', ...more });
const life = { steps: 2, batch: 2, queries: 2 } satisfies Partial<ProblemSpec>;

describe('through a plastic convolution the gradient of the reference equals central differences', () => {
  const descents: [string, Partial<SystemSpec>][] = [
    ...ERROR_PATHS.map((feedback): [string, Partial<SystemSpec>] => [
      `${feedback} feedback`,
      { feedback },
    ]),
    ...SLOTS.activation.map((activation): [string, Partial<SystemSpec>] => [
      `chained feedback and ${activation}`,
      { feedback: 'chained', activation },
    ]),
    ['rates of synapses', { eta: 'synapse' }],
    ['rates of channels', { eta: 'neuron' }],
    ['momentum', { momentum: true }],
    ['weight decay and means', { weightDecay: true, reduction: 'mean' }],
    ['noise', { noise: 0.05 }],
    ['biases that change', { plasticBias: true, eta: 'synapse', momentum: true }],
    ['no biases', { bias: false }],
    ['drawn weights', { weights: 'drawn', feedback: 'chained', feedbackWeights: 'drawn' }],
    ['feedback drawn every step', { feedback: 'chained', feedbackWeights: 'drawn-every-step' }],
    ['constant feedback', { feedback: 'sign-symmetric', feedbackWeights: 'constant' }],
    ['drawn direct feedback', { feedback: 'direct', feedbackWeights: 'drawn' }],
    ['a frozen convolution behind it', { feedback: 'chained', frozen: [2] }],
    ['an encoder convolution below it', { feedback: 'chained', frozen: [1] }],
    ['cross-entropy', { feedback: 'chained', loss: 'cross-entropy' }],
  ];
  test.each(descents)('with %s', (_, more) => {
    expect(worstError({ spec: living(more), ...life })).toBeLessThan(LIMIT);
  });

  const alignments = SLOTS.feedbackRule
    .filter(feedbackRule => feedbackRule !== 'fixed')
    .flatMap(feedbackRule => [
      { feedbackRule, mirror: 'activity' as const },
      { feedbackRule, mirror: 'noise' as const },
    ]);
  test.each(alignments)('with $feedbackRule of $mirror', choices => {
    const spec = living({ feedback: 'chained', bias: true, ...choices });
    expect(worstError({ spec, ...life }, { silent: ['B1'] })).toBeLessThan(LIMIT);
  });

  test('with every primitive, drawn feedback, noise, and an encoder convolution below', () => {
    const spec = living({
      feedback: 'chained',
      feedbackRule: 'kolen-pollack',
      primitives: [...new Set(Object.values(FEEDBACK_RULES).flat())],
      feedbackWeights: 'drawn',
      noise: 0.05,
      frozen: [1],
      momentum: true,
      reduction: 'mean',
    });
    expect(worstError({ spec, ...life, steps: 3 })).toBeLessThan(LIMIT);
  });

  const told: [string, Partial<SystemSpec>][] = [
    ['oja, told errors', { rule: 'oja' }],
    ['oja, told targets', { rule: 'oja', loss: 'cross-entropy', reduction: 'mean' }],
    ['hebb of relu', { rule: 'hebb', activation: 'relu', alpha: 'neuron' }],
    ['oja of biases', { rule: 'oja', plasticBias: true }],
    ['feedback to the output alone', { rule: 'oja', feedbackTo: 'output' }],
    ['oja with weights drawn, and noise', { rule: 'oja', weights: 'drawn', noise: 0.05 }],
    ['oja behind an encoder convolution', { rule: 'oja', frozen: [1] }],
  ];
  test.each(told)('under direct-rectified feedback with %s', (_, more) => {
    expect(worstError({ spec: living(more), ...life })).toBeLessThan(LIMIT);
  });

  const pools = (['max', 'average'] as const).flatMap(pool =>
    [
      { feedback: 'backprop' as const },
      { feedback: 'chained' as const },
      { feedback: 'direct' as const },
      { rule: 'oja' as const },
      { feedback: 'chained' as const, feedbackRule: 'information-alignment' as const },
    ].map(more => ({ pool, ...more })),
  );
  test.each(pools)('with a pool %o between', ({ pool, ...more }) => {
    // A rest at the border, which nothing is told.
    const layers = [conv(2, 2, { padding: 1, pool }), conv(2, 2), { dense: 2 }];
    const silent = 'feedbackRule' in more ? ['B1'] : [];
    const spec = living(more, layers);
    // of seed 1 a neuron that is told something by oja is silent
    expect(worstError({ spec, ...life, seed: 3 }, { silent })).toBeLessThan(LIMIT);
  });

  test.each([{ frozen: [] }, { frozen: [2] }, { frozen: [1] }])(
    'with a pool below a dense layer, and %o frozen',
    ({ frozen }) => {
      const layers = [conv(2, 2, { padding: 1, pool: 'max' }), { dense: 3 }, { dense: 2 }];
      for (const more of [{ feedback: 'chained' }, { rule: 'oja' }] as const)
        expect(worstError({ spec: living({ ...more, frozen }, layers), ...life })).toBeLessThan(
          LIMIT,
        );
    },
  );

  const coefficients = {
    a: { per: 'synapse', start: { uniform: [0.05, 0.1] } },
    n: { per: 'neuron', start: { uniform: [0.05, 0.1] } },
    k: { per: 'network', start: 0.1 },
  } as const;
  const stateful = { h: { d: 'k * (pre * x - h)', start: 0.1 } };
  const texts: [string, RuleSpec][] = [
    ['reads post', { dw: 'a * tanh(post) * pre - n * w', coefficients }],
    ['reads nothing that it is told', { dw: 'a * x * pre - n * x^2 * w', coefficients }],
    ['reads errors, and has a product', { dw: '-a * e * pre', coefficients }],
    ['reads the error below', { dw: '-a * e * (pre + 0.5 * e_pre) - n * w', coefficients }],
    [
      'has states of synapses, told what to be',
      { dw: 'a * post * h - n * w', synapse: stateful, coefficients },
    ],
    ['has states of synapses, told errors', { dw: '-a * e * h', synapse: stateful, coefficients }],
    [
      'has states of neurons',
      {
        dw: 'a * pre * x * (x - m) + n * m_pre * x',
        neuron: { m: { d: 'k * (x^2 - m)', start: 0.2 } },
        coefficients,
      },
    ],
    [
      'has states of both, and reads errors on both sides',
      {
        dw: '-a * e * (h + m_pre * e_pre) - n * m * w',
        synapse: stateful,
        neuron: { m: { d: 'k * (x^2 - m)', start: 0.2 } },
        coefficients,
      },
    ],
  ];
  const used = ({ dw, synapse = {}, neuron = {} }: RuleSpec) =>
    [dw, ...Object.values({ ...synapse, ...neuron }).map(({ d }) => d)].join(' ');
  test.each(texts)('under a rule as text that %s', (_, rule) => {
    const read = Object.entries(coefficients).filter(([name]) =>
      new RegExp(`\\b${name}\\b`).test(used(rule)),
    );
    const spec: Partial<SystemSpec> = {
      rule: { ...rule, coefficients: Object.fromEntries(read) },
    };
    expect(worstError({ spec: living(spec), ...life })).toBeLessThan(LIMIT);
    expect(worstError({ spec: living({ ...spec, frozen: [1] }), ...life })).toBeLessThan(LIMIT);
  });

  // A random rule may read what changes nothing: what nothing depends on is 0 both ways.
  test.each([0, 3, 4, 5, 8, 9, 13, 17, 22])('under random rule %d', seed => {
    const spec = living({ rule: randomRule(seed), frozen: seed % 2 ? [1] : [] });
    const { errors, silent } = gradientErrors(randomProblem({ spec, ...life }));
    const heard = Object.entries(errors).filter(([name]) => !silent.includes(name));
    expect(heard.length).toBeGreaterThan(3);
    for (const [name, error] of heard) expect(error, name).toBeLessThan(LIMIT);
  });

  test('under a rule that reads the error of what an encoder has pooled', () => {
    const layers = [conv(2, 2, { padding: 1, pool: 'max' }), conv(2, 2), { dense: 2 }];
    const rule: RuleSpec = { dw: '-0.1 * e * (pre + 0.5 * e_pre)' };
    expect(
      worstError({ spec: living({ rule, frozen: [1] }, layers), ...life, seed: 3 }),
    ).toBeLessThan(LIMIT);
  });
});

describe('a plastic convolution has the numbers of a dense layer', () => {
  const lives = { tasks: 2, steps: 3, batch: 2 };
  const ways: Partial<SystemSpec>[] = [
    { feedback: 'backprop', momentum: true, weightDecay: true },
    { feedback: 'chained', plasticBias: true, noise: 0.05 },
    { feedback: 'direct', reduction: 'mean' },
    { feedback: 'sign-symmetric', weights: 'drawn', feedbackWeights: 'drawn' },
    { feedback: 'chained', feedbackRule: 'information-alignment', mirror: 'noise' },
    { feedback: 'chained', feedbackRule: 'kolen-pollack' },
    { feedback: 'backprop', firstOrder: true },
    { rule: 'oja', loss: 'cross-entropy' },
    { rule: { dw: '-0.1 * e * (pre + e_pre)' } },
    { rule: { dw: '0.1 * x * (pre - m_pre)', neuron: { m: { d: '0.1 * x' } } } },
  ];
  const same = (a: Problem, b: Problem) => {
    const [ours, theirs] = [solve(a), solve(b)];
    expect(Math.abs(ours.loss / theirs.loss - 1)).toBeLessThan(1e-13);
    for (const [k, W] of theirs.finalWeights[1]!.entries())
      expect(relativeError(ours.finalWeights[1]![k]!, W)).toBeLessThan(1e-13);
    return [ours, theirs] as const;
  };

  test.each(ways)('of 1 × 1 kernels on 1 × 1 images, under %o', more => {
    const layers = [conv(5, 1), conv(4, 1), { dense: 3 }, { dense: 2 }];
    const spec = { rule: 'gradient', activation: 'tanh', ...more } as const;
    const [a, b] = [
      randomProblem({ spec: { image: [3, 1, 1], layers, ...spec }, ...lives }),
      randomProblem({ spec: { sizes: [3, 5, 4, 3, 2], ...spec }, ...lives }),
    ];
    const [ours, theirs] = same(a, b);
    expect(relativeError(ours.gradient, theirs.gradient)).toBeLessThan(1e-12);
    expect(ours.finalFeedback[0]!.map(B => B.length)).toEqual(
      theirs.finalFeedback[0]!.map(B => B.length),
    );
  });

  const covering = { image: [2, 3, 3], layers: [conv(5, 3), { dense: 3 }, { dense: 2 }] } as const;
  const dense = { sizes: [18, 5, 3, 2] };
  const withoutDraws = ways.filter(({ weights, noise, mirror }) => !weights && !noise && !mirror);
  test.each([
    ...withoutDraws,
    ...(['information-alignment', 'activation-alignment'] as const).map(feedbackRule => ({
      feedback: 'chained' as const,
      feedbackRule,
    })),
  ])('of a kernel that covers the image, under %o', more => {
    const spec = { rule: 'gradient', activation: 'tanh', ...more } as const;
    const a = randomProblem({ spec: { ...covering, ...spec }, ...lives });
    const b = randomProblem({ spec: { ...dense, ...spec }, ...lives });
    if (a.layout.get('B1')?.shape.length === 4) {
      // (channels below, channels, kernel, kernel), where the dense layer has (inputs, neurons)
      const [ours, theirs] = [a, b].map(of => view(of.layout, of.parameters, 'B1')) as [
        Float64Array,
        Float64Array,
      ];
      for (let below = 0; below < 2; below++)
        for (let at = 0; at < 9; at++)
          for (let i = 0; i < 5; i++)
            ours[(below * 5 + i) * 9 + at] = theirs[(below * 9 + at) * 5 + i]!;
    }
    const [ours, theirs] = same(a, b);
    const errors = relativeErrors(a.layout, ours.gradient, theirs.gradient);
    for (const { name } of a.layout.tensors)
      if (name !== 'B1' || a.layout.get('B1')!.shape.length === 2)
        expect(errors[name], name).toBeLessThan(1e-12);
  });

  test('of as many samples as it has positions: their mean, if it is told nothing', () => {
    const rule: RuleSpec = {
      dw: '0.3 * x * pre - 0.1 * x^2 * w + 0.1 * h',
      synapse: { h: { d: '0.2 * (x * pre - h)', start: 0.1 } },
    };
    const spec = { rule, reduction: 'mean', activation: 'tanh' } as const;
    const looks = randomProblem({
      spec: { image: [2, 2, 3], layers: [conv(3, 1), { dense: 2 }], ...spec },
      steps: 3,
    });
    const samples = randomProblem({ spec: { sizes: [2, 3, 2], ...spec }, steps: 3, batch: 6 });
    for (const name of ['W1', 'b1'])
      view(samples.layout, samples.parameters, name).set(
        view(looks.layout, looks.parameters, name),
      );
    const pixels = looks.episodes.supportX as Float32Array;
    const rows = samples.episodes.supportX as Float32Array;
    for (let t = 0; t < 3; t++)
      for (let position = 0; position < 6; position++)
        for (let c = 0; c < 2; c++)
          rows[(t * 6 + position) * 2 + c] = pixels[(t * 2 + c) * 6 + position]!;
    const [a, b] = [solve(looks), solve(samples)];
    expect(relativeError(a.finalWeights[0]![0]!, b.finalWeights[0]![0]!)).toBeLessThan(1e-14);
    expect(relativeError(a.finalSynapse[0]!.h![0]!, b.finalSynapse[0]!.h![0]!)).toBeLessThan(1e-14);
    expect(a.finalWeights[0]![0]).not.toEqual(view(looks.layout, looks.parameters, 'W1').slice());
  });

  test.each([1, 2])('learns the same of an image shifted by its stride of %d', stride => {
    const spec: SystemSpec = {
      image: [2, 10, 9],
      layers: [conv(3, 3, { stride, padding: 1 }), { dense: 2 }],
      rule: { dw: '0.5 * x * pre - 0.2 * x^2 * w' },
      activation: 'tanh',
      bias: false,
    };
    const [still, shifted] = [0, stride].map(by => {
      const problem = randomProblem({ spec, steps: 3 });
      const x = problem.episodes.supportX as Float32Array;
      const { uniform } = random(5, 0);
      x.fill(0);
      // a patch far from the border, so that nothing is cut off
      for (let image = 0; image < 3 * 2; image++)
        for (let row = 4; row < 6; row++)
          for (let column = 4; column < 6; column++)
            x[(image * 10 + row + by) * 9 + column + by] = uniform();
      return solve(problem).finalWeights[0]![0]!;
    });
    expect(relativeError(shifted!, still!)).toBeLessThan(1e-14);
  });
});

test('what is below a pool has no error that a neuron above could see', () => {
  const below: number[] = [];
  const { drive, ...reference } = rules.gradient;
  const rule: HandwrittenSpec = {
    name: 'watching',
    from: 'error',
    wgsl: DECLARED.join(' '),
    reference: {
      ...reference,
      drive(local) {
        below.push(local.errorBelow.length);
        return drive(local);
      },
    },
  };
  const layers = [conv(4, 2, { pool: 'max' }), conv(2, 1), { dense: 3 }, { dense: 2 }];
  solve(randomProblem({ spec: { image: [1, 3, 3], layers, rule } }));
  // Layer by layer: of the image, of what is pooled, of 2 × 1 × 1 neurons, and of 3.
  expect([...new Set(below)]).toEqual([0, 2, 3]);
});

describe('chance has the channels of maps last', () => {
  const system = defineSystem(
    living({
      feedback: 'chained',
      feedbackRule: 'weight-mirror',
      weights: 'drawn',
      feedbackWeights: 'drawn',
      mirror: 'noise',
      noise: 0.1,
    }),
  );
  const chance = chanceOf(system, { origin: { seed: 7, first: 2 }, batch: 1 }, 1);
  const number = (purpose: 'weights' | 'noise' | 'mirror', counter: number) =>
    drawn(purpose, 7, 3, counter);
  // W of 3 × 2 × 2 × 2, of 2 × 3 × 2 × 2, and of 2 × 4 numbers, then B of the same.
  const before = 24 + 24 + 8;

  test('in weights, and in noise on them', () => {
    const limit = Math.sqrt(6 / (3 * 4 + 2 * 4));
    const [W, noise] = [chance.weights('W', 0, 0), chance.noise('W', 0, 2)];
    for (let o = 0; o < 3; o++)
      for (let c = 0; c < 2; c++)
        for (let at = 0; at < 4; at++) {
          const place = (o * 2 + c) * 4 + at;
          const counter = (o * 4 + at) * 2 + c;
          expect(W[place]).toBe(limit * number('weights', counter));
          expect(noise[place]).toBe(Math.sqrt(3) * number('noise', 2 * 2 * before + counter));
        }
  });

  test('in feedback weights of a convolution, whose neurons above come after', () => {
    const B = chance.weights('B', 1, 0);
    const limit = Math.sqrt(6 / (2 * 4 + 3 * 4));
    for (let below = 0; below < 3; below++)
      for (let above = 0; above < 2; above++)
        for (let at = 0; at < 4; at++)
          expect(B[(below * 2 + above) * 4 + at]).toBe(
            limit * number('weights', before + 24 + (at * 3 + below) * 2 + above),
          );
  });

  test('in weights and feedback of a dense layer above maps', () => {
    const wider = defineSystem({
      image: [1, 3, 2],
      layers: [conv(3, 1, { stride: 2 }), { dense: 2 }],
      rule: 'gradient',
      feedback: 'chained',
      weights: 'drawn',
      feedbackWeights: 'drawn',
    });
    const of = chanceOf(wider, { origin: { seed: 7, first: 2 }, batch: 1 }, 1);
    const [W, B] = [of.weights('W', 1, 0), of.weights('B', 1, 0)];
    const limit = Math.sqrt(6 / (2 + 6));
    for (let i = 0; i < 2; i++)
      for (let row = 0; row < 2; row++)
        for (let c = 0; c < 3; c++) {
          expect(W[i * 6 + c * 2 + row]).toBe(limit * number('weights', 3 + i * 6 + row * 3 + c));
          expect(B[(c * 2 + row) * 2 + i]).toBe(
            limit * number('weights', 3 + 12 + (row * 3 + c) * 2 + i),
          );
        }
  });

  test('in what mirrors show', () => {
    const numbers = 24 + 18 + 4 + 2;
    const shown = chance.mirror(1, 2, 0);
    const [channels, height, width] = system.layers[0]!.conv!.output;
    expect([channels, height, width]).toEqual([3, 3, 2]);
    for (let c = 0; c < channels; c++)
      for (let at = 0; at < height * width; at++)
        expect(shown[c * height * width + at]).toBe(
          number('mirror', 2 * numbers + 24 + at * channels + c),
        );
  });
});

describe('metrics of a plastic convolution', () => {
  const look = ({ system, layout, parameters, episodes }: Problem, moments: readonly number[]) =>
    referenceMetrics(system, layout, parameters, episodes, { moments });
  const posed = (more: Partial<SystemSpec>) =>
    randomProblem({ spec: living({ loss: 'mean-squared-error', ...more }), steps: 1, batch: 3 });

  test('by B = Wᵀ both angles are 0, and norms are those of W', () => {
    const problem = posed({ feedback: 'chained' });
    const B = view(problem.layout, problem.parameters, 'B2');
    const W = view(problem.layout, problem.parameters, 'W2');
    for (let below = 0; below < 3; below++)
      for (let above = 0; above < 2; above++)
        for (let at = 0; at < 4; at++)
          B[(below * 2 + above) * 4 + at] = W[(above * 3 + below) * 4 + at]!;
    view(problem.layout, problem.parameters, 'B3').set(
      transposed(view(problem.layout, problem.parameters, 'W3'), 4),
    );
    const { weightAngle, errorAngle, weightNorm, feedbackNorm } = look(problem, [0]);
    for (const angle of [weightAngle[1], weightAngle[2], ...errorAngle])
      expect(angle).toBeLessThan(1e-6);
    expect(feedbackNorm[1]).toBeCloseTo(weightNorm[1]!, 12);
    expect(weightAngle[0]).toBeNaN();
    expect(feedbackNorm[0]).toBeNaN();
    const byBackprop = look(posed({}), [0]);
    for (const angle of byBackprop.errorAngle) expect(angle).toBeLessThan(1e-6);
  });

  test('one step of descent on the queries goes the way of their gradient', () => {
    const problem = posed({});
    const { episodes } = problem;
    const asked = {
      ...episodes,
      queries: 3,
      queryX: episodes.supportX,
      queryY: episodes.supportY,
    };
    const { parameters, layout } = problem;
    for (const l of [1, 2, 3]) view(layout, parameters, `eta${l}`).fill(0.01);
    const { updateAngle } = look({ ...problem, episodes: asked }, [0, 1]);
    for (const angle of updateAngle.subarray(3)) expect(angle).toBeLessThan(1e-5);
  });

  test('kernels have no orthonormality, and the layer above has', () => {
    const { orthonormality } = look(posed({}), [1]);
    expect([...orthonormality].map(Number.isNaN)).toEqual([true, true, false]);
  });
});
