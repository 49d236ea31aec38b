import { describe, expect, test } from 'vitest';
import { angle, referenceMetrics } from '../../src/reference/metrics.js';
import type { SystemSpec } from '../../src/systems/system.js';
import type { Metrics } from '../../src/systems/metrics.js';
import { type Problem, type ProblemSpec, randomProblem } from './random-problem.js';
import { transposed, view } from './views.js';

const look = ({ system, layout, parameters, episodes }: Problem, moments: readonly number[]) =>
  referenceMetrics(system, layout, parameters, episodes, { moments });
const descent = {
  sizes: [4, 7, 6, 3],
  rule: 'gradient',
  activation: 'tanh',
} as const satisfies SystemSpec;
const posed = (spec: SystemSpec, wish: Omit<ProblemSpec, 'spec'> = {}) =>
  randomProblem({ spec, tasks: 2, steps: 3, batch: 2, seed: 3, ...wish });
/** The numbers that are there. */
const there = (metric: Float64Array) => [...metric].filter(v => !Number.isNaN(v));
const EXACT = 1e-6;

describe('an angle', () => {
  test.each([
    [[1, 0], [0, 2], 90],
    [[3, 3], [-1, -1], 180],
    [[1, 0], [1, 1], 45],
    [[0.1, 0.2], [0.2, 0.4], 0],
    [[1, 0], [1, 1e-9], (1e-9 * 180) / Math.PI],
  ])('between %j and %j is %d°', (a, b, degrees) => {
    expect(angle(Float64Array.from(a), Float64Array.from(b)) - degrees).toBeCloseTo(0, 12);
  });

  test('with a vector of no length is none', () =>
    expect(angle(Float64Array.of(0, 0), Float64Array.of(1, 0))).toBeNaN());
});

describe('feedback', () => {
  test('by backprop has error and weight angles 0', () => {
    const { errorAngle, weightAngle } = look(posed(descent), [0, 2, 3]);
    // the first layer carries nothing
    expect([there(errorAngle).length, there(weightAngle).length]).toEqual([2 * 3 * 3, 2 * 3 * 2]);
    for (const value of [...there(errorAngle), ...there(weightAngle)])
      expect(value).toBeLessThan(EXACT);
  });

  test('by B = Wᵀ has both angles 0, and the norms of W', () => {
    const problem = posed({ ...descent, feedback: 'chained' });
    const { layout, parameters, system } = problem;
    for (const l of system.layers.filter(({ carries }) => carries))
      view(layout, parameters, `B${l.index}`).set(
        transposed(view(layout, parameters, `W${l.index}`), l.fanIn),
      );
    const { errorAngle, weightAngle, feedbackNorm, weightNorm } = look(problem, [0]);
    for (const value of [...there(errorAngle), ...there(weightAngle)])
      expect(value).toBeLessThan(EXACT);
    expect(there(feedbackNorm).length).toBe(4);
    feedbackNorm.forEach((norm, i) => {
      if (!Number.isNaN(norm)) expect(norm).toBeCloseTo(weightNorm[i]!, 12);
    });
  });

  test('by B = −Wᵀ has weight angle 180, and error angle 180 below one such layer, 0 below two', () => {
    const problem = posed({ ...descent, feedback: 'chained' });
    const { layout, parameters, system } = problem;
    for (const l of system.layers.filter(({ carries }) => carries))
      view(layout, parameters, `B${l.index}`).set(
        transposed(view(layout, parameters, `W${l.index}`), l.fanIn).map(w => -w),
      );
    const { errorAngle, weightAngle } = look(problem, [0]);
    for (const value of there(weightAngle)) expect(180 - value).toBeLessThan(EXACT);
    [0, 180, 0].forEach((degrees, k) =>
      expect(Math.abs(errorAngle[k]! - degrees)).toBeLessThan(EXACT),
    );
  });

  test('by drawn B is at about a right angle with W, and its errors with those of backprop', () => {
    const { weightAngle, errorAngle } = look(
      posed(
        {
          sizes: [3, 60, 60, 40],
          rule: 'gradient',
          activation: 'linear',
          feedback: 'chained',
          feedbackWeights: 'drawn',
          weights: 'drawn',
        },
        { tasks: 8 },
      ),
      [0],
    );
    for (const value of there(weightAngle)) expect(Math.abs(value - 90)).toBeLessThan(5);
    const hidden = [...errorAngle].filter((_, i) => i % 3 < 2);
    const mean = hidden.reduce((sum, v) => sum + v, 0) / hidden.length;
    expect(Math.abs(mean - 90)).toBeLessThan(5);
    errorAngle.forEach((value, i) => {
      if (i % 3 === 2) expect(value).toBe(0);
    });
  });

  test('that is sign-symmetric, or direct to a network of one hidden layer, is at an angle to the right thing', () => {
    const signed = look(
      posed({
        sizes: [3, 60, 40],
        rule: 'gradient',
        activation: 'tanh',
        feedback: 'sign-symmetric',
        feedbackWeights: 'constant',
        weights: 'drawn',
      }),
      [0],
    );
    // ∠(sign(w), w) of uniform w: cos = E|w| / √E w² = √3 / 2.
    for (const value of there(signed.weightAngle)) expect(Math.abs(value - 30)).toBeLessThan(2);
    const problem = posed({
      sizes: [4, 5, 3],
      rule: 'gradient',
      activation: 'tanh',
      feedback: 'direct',
    });
    const { layout, parameters } = problem;
    view(layout, parameters, 'B2').set(transposed(view(layout, parameters, 'W2'), 5));
    for (const value of there(look(problem, [0]).weightAngle)) expect(value).toBeLessThan(EXACT);
  });
});

describe('an update', () => {
  const small = posed(descent, { steps: 1, batch: 4, queries: 4 });
  const { supportX, supportY } = small.episodes;
  const straight: Problem = {
    ...small,
    episodes: { ...small.episodes, queryX: supportX, queryY: supportY },
  };

  test('of the gradient rule by backprop, whose batch is the query set, goes straight down', () => {
    const { updateAngle } = look(straight, [0, 1]);
    const first = Array.from(updateAngle).filter((_, i) => i % 6 < 3);
    expect(first.every(Number.isNaN)).toBe(true);
    expect(there(updateAngle).length).toBe(2 * 3);
    for (const value of there(updateAngle)) expect(value).toBeLessThan(EXACT);
  });

  test('with a negative rate goes straight up', () => {
    const { updateAngle } = look(
      {
        ...straight,
        parameters: straight.parameters.map((p, i) =>
          small.layout.tensors.some(
            t => t.group === 'eta' && i >= t.offset && i < t.offset + t.size,
          )
            ? -p
            : p,
        ),
      },
      [0, 1],
    );
    for (const value of there(updateAngle)) expect(180 - value).toBeLessThan(EXACT);
  });

  test('is measured from the moment before, whatever lies between', () => {
    const long = posed(descent, { steps: 5 });
    const all = look(long, [0, 3, 5]);
    const late = look(long, [3, 5]);
    const moment = (metrics: Metrics<Float64Array>, of: number, k: number) =>
      [...metrics.updateAngle.subarray(k * 3, k * 3 + 3)].slice(0, of);
    expect(moment(late, 3, 1)).toEqual(moment(all, 3, 2));
  });
});

describe('the orthonormality error', () => {
  test('is 0 of a linear layer whose rows are orthonormal', () => {
    const problem = posed(
      { sizes: [3, 2], rule: 'gradient', activation: 'linear', bias: false },
      { tasks: 1 },
    );
    view(problem.layout, problem.parameters, 'W1').set([0.6, 0.8, 0, 0, 0, -1]);
    expect(look(problem, [0]).orthonormality[0]).toBeCloseTo(0, 12);
  });

  test('of W twice as large is (2 − 8)² times ‖z‖² of the rows that were', () => {
    const problem = posed(
      { sizes: [2, 2], rule: 'gradient', activation: 'linear', bias: false },
      { tasks: 1, queries: 1 },
    );
    const { queryX } = problem.episodes;
    view(problem.layout, problem.parameters, 'W1').set([2, 0, 0, 2]);
    expect(look(problem, [0]).orthonormality[0]).toBeCloseTo(
      36 * (queryX[0]! ** 2 + queryX[1]! ** 2),
      9,
    );
  });

  test('sums over the queries, and puts the activation on the output too', () => {
    const problem = posed(
      { sizes: [1, 1], rule: 'gradient', activation: 'relu', bias: true },
      { tasks: 1, queries: 2 },
    );
    view(problem.layout, problem.parameters, 'W1').set([2]);
    view(problem.layout, problem.parameters, 'b1').set([1]);
    // z = 3 and −3; 3 − 4 · 3 = −9, and −3 − 0
    const episodes = { ...problem.episodes, queryX: Float32Array.of(1, -2) };
    expect(look({ ...problem, episodes }, [0]).orthonormality[0]).toBeCloseTo(81 + 9, 9);
  });
});

test('errors are averaged over the queries before their norm is taken: those of opposite answers vanish', () => {
  const problem = posed({ ...descent, bias: false }, { tasks: 1, queries: 2 });
  const { queryX, queryY } = problem.episodes;
  const opposite = {
    ...problem.episodes,
    queryX: Float32Array.from([...queryX.subarray(0, 4), ...queryX.subarray(0, 4).map(x => -x)]),
    queryY: Float32Array.from([...queryY.subarray(0, 3), ...queryY.subarray(0, 3).map(y => -y)]),
  };
  for (const value of look({ ...problem, episodes: opposite }, [0]).errorNorm)
    expect(value).toBeLessThan(1e-12);
  for (const value of look(problem, [0]).errorNorm) expect(value).toBeGreaterThan(1e-2);
});
