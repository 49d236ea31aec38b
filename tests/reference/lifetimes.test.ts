import { describe, expect, test } from 'vitest';
import { drawn, drawsOf } from '../../src/parameters/draws.js';
import type { SystemSpec } from '../../src/systems/system.js';
import { relativeError } from './central-differences.js';
import { type ProblemSpec, randomProblem, solve } from './random-problem.js';
import { view } from './views.js';

/** What lifetimes draw, told by its counters: the kernels must draw the very same numbers. */
const sizes = [2, 5, 3, 2];
const seed = 1,
  firstTask = 3; // of randomProblem

/** A life in which plasticity changes nothing. */
const idle = { sizes, rule: 'pool', terms: [0], activation: 'tanh' } as const;
function live(
  spec: SystemSpec,
  life: Omit<ProblemSpec, 'spec'> = {},
  set: Record<string, number> = {},
) {
  const problem = randomProblem({ spec, tasks: 2, steps: 3, batch: 2, ...life });
  const { layout, parameters } = problem;
  for (const [name, value] of Object.entries({ theta: 0, ...set }))
    if (layout.get(name)) view(layout, parameters, name).fill(value);
  return { ...problem, ...solve(problem) };
}

const drawnMatrix = (
  purpose: 'weights' | 'noise',
  task: number,
  from: number,
  size: number,
  limit: number,
) =>
  Float64Array.from(
    { length: size },
    (_, i) => limit * drawn(purpose, seed, firstTask + task, from + i),
  );

describe('drawn weights', () => {
  // W1 (5, 2), W2 (3, 5), W3 (2, 3), then B2 (5, 3), B3 (3, 2).
  test('W lie one layer after another within ±√(6 / (rows + columns))', () => {
    const { finalWeights } = live({ ...idle, weights: 'drawn' });
    for (const task of [0, 1]) {
      expect(finalWeights[task]![0]).toEqual(drawnMatrix('weights', task, 0, 10, Math.sqrt(6 / 7)));
      expect(finalWeights[task]![1]).toEqual(
        drawnMatrix('weights', task, 10, 15, Math.sqrt(6 / 8)),
      );
      expect(finalWeights[task]![2]).toEqual(drawnMatrix('weights', task, 25, 6, Math.sqrt(6 / 5)));
    }
  });

  test('B of layers that carry on their error lie behind', () => {
    const { finalFeedback } = live({ ...idle, feedbackWeights: 'drawn' });
    for (const task of [0, 1]) {
      expect(finalFeedback[task]).toEqual([
        new Float64Array(0),
        drawnMatrix('weights', task, 31, 15, Math.sqrt(6 / 8)),
        drawnMatrix('weights', task, 46, 6, Math.sqrt(6 / 5)),
      ]);
    }
  });

  test('above an encoder, counting begins with the lifetime', () => {
    const { finalFeedback } = live({ ...idle, frozen: [1], feedbackWeights: 'drawn' });
    expect(finalFeedback[0]).toEqual([
      new Float64Array(0),
      new Float64Array(0),
      drawnMatrix('weights', 0, 15 + 6, 6, Math.sqrt(6 / 5)),
    ]);
  });

  test('B drawn for every step are those of the step', () => {
    const spec = { ...idle, feedbackWeights: 'drawn-every-step' } as const;
    const total = 52;
    expect(drawsOf(randomProblem({ spec }).system).B.total).toBe(total);
    for (const steps of [1, 3])
      expect(live(spec, { steps }).finalFeedback[0]![1]).toEqual(
        drawnMatrix('weights', 0, 31 + (steps - 1) * total, 15, Math.sqrt(6 / 8)),
      );
  });

  test('constant B are √(2 / (rows + columns))', () => {
    const { finalFeedback } = live({
      ...idle,
      feedback: 'sign-symmetric',
      feedbackWeights: 'constant',
    });
    expect(finalFeedback[0]).toEqual([
      new Float64Array(0),
      new Float64Array(15).fill(Math.sqrt(2 / 8)),
      new Float64Array(6).fill(Math.sqrt(2 / 5)),
    ]);
  });
});

describe('noise', () => {
  test('of unit variance is added to plastic weights after every step, and to no others', () => {
    const { finalWeights, layout, parameters } = live(
      { ...idle, frozen: [2], noise: 0.1 },
      { steps: 2 },
    );
    const [W1, W2, W3] = [1, 2, 3].map(l => view(layout, parameters, `W${l}`)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    // 31 weights and 21 feedback weights a step.
    const noise = (from: number, size: number) =>
      [0, 52].map(step => drawnMatrix('noise', 1, from + step, size, 0.1 * Math.sqrt(3)));
    const sum = (W: Float64Array, added: Float64Array[]) =>
      W.map((w, i) => w + added.reduce((total, a) => total + a[i]!, 0));
    expect(relativeError(finalWeights[1]![0]!, sum(W1, noise(0, 10)))).toBeLessThan(1e-14);
    expect(finalWeights[1]![1]).toEqual(W2.slice());
    expect(relativeError(finalWeights[1]![2]!, sum(W3, noise(25, 6)))).toBeLessThan(1e-14);
  });

  test('is added to the feedback weights instead, where they follow W', () => {
    const spec = {
      sizes,
      rule: 'gradient',
      feedback: 'chained',
      feedbackRule: 'kolen-pollack',
      eta: 'network',
      noise: 0.1,
      frozen: [3],
    } as const;
    const { finalWeights, finalFeedback, layout, parameters } = live(
      spec,
      { steps: 1 },
      { eta: 0, etaB: 0 },
    );
    expect(finalWeights[0]![1]).toEqual(view(layout, parameters, 'W2').slice());
    // B1 (2, 5), then B2 (5, 3) behind W.
    const noise = drawnMatrix('noise', 0, 31 + 10, 15, 0.1 * Math.sqrt(3));
    expect(
      relativeError(
        finalFeedback[0]![1]!,
        view(layout, parameters, 'B2').map((b, i) => b + noise[i]!),
      ),
    ).toBeLessThan(1e-14);
    expect(finalFeedback[0]![2]).toEqual(view(layout, parameters, 'B3').slice());
  });

  // x_1 lies behind the 2 of x_0, of 2 + 5 + 3 + 2 numbers a sample; it is the first where layer 1
  // is an encoder.
  test.each([
    { frozen: [], perSample: 12, offset: 2 },
    { frozen: [1], perSample: 10, offset: 0 },
  ])(
    'of a mirror phase goes into each layer alone, another for every sample of every step (frozen: $frozen)',
    ({ frozen, perSample, offset }) => {
      const spec = {
        sizes,
        frozen,
        rule: 'gradient',
        feedback: 'chained',
        feedbackRule: 'weight-mirror',
        primitives: ['amp'],
        mirror: 'noise',
        eta: 'network',
        bias: true,
      } as const;
      const { finalFeedback, layout, parameters } = live(
        spec,
        { steps: 2, batch: 3 },
        { eta: 0, etaB: 0.5, k: 1 },
      );
      // Amp is Σ x (W x)ᵀ, without b.
      const W = view(layout, parameters, 'W2');
      const expected = view(layout, parameters, 'B2').slice();
      for (let sample = 0; sample < 6; sample++) {
        const x = Float64Array.from({ length: 5 }, (_, j) =>
          drawn('mirror', seed, firstTask + 1, sample * perSample + offset + j),
        );
        expected.forEach((_, ij) => {
          expected[ij]! +=
            0.5 * x[Math.floor(ij / 3)]! * x.reduce((z, xj, j) => z + W[(ij % 3) * 5 + j]! * xj, 0);
        });
      }
      expect(relativeError(finalFeedback[1]![1]!, expected)).toBeLessThan(1e-13);
    },
  );
});

describe('episodes of no known origin', () => {
  const withoutOrigin = (spec: SystemSpec) => () => {
    const {
      episodes: { origin: _, ...episodes },
      ...problem
    } = randomProblem({ spec });
    return solve({ ...problem, episodes });
  };
  const aligning = {
    sizes,
    rule: 'gradient',
    feedback: 'chained',
    feedbackRule: 'weight-mirror',
  } as const;
  test.each<SystemSpec>([
    { sizes, weights: 'drawn' },
    { ...idle, feedbackWeights: 'drawn' },
    { ...idle, feedbackWeights: 'drawn-every-step' },
    { sizes, noise: 0.1 },
    { ...aligning, mirror: 'noise' },
  ])('are refused by %j, which draws', spec => {
    expect(withoutOrigin(spec)).toThrow(
      'episodes.origin: expected the seed and the first task of the stream, because these lifetimes draw random numbers, got none; give the episodes an origin { seed, first }',
    );
  });

  test.each<SystemSpec>([{ sizes }, aligning, { ...idle, feedbackWeights: 'constant' }])(
    'are fine for %j, which does not',
    spec => {
      expect(withoutOrigin(spec)).not.toThrow();
    },
  );
});
