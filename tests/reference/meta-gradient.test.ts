import { describe, expect, test } from 'vitest';
import {
  type ReferenceGradient,
  referenceGradient,
  referenceLoss,
  type ReferenceOptions,
} from '../../src/reference/meta-gradient.js';
import type { Episodes } from '../../src/tasks/episodes.js';
import { relativeError } from './central-differences.js';
import { randomProblem, solve } from './random-problem.js';

const sizes = [2, 5, 3, 2];

describe('a meta-batch', () => {
  test('its gradient is the mean over its tasks', () => {
    const { gradient, taskGradients } = solve(
      randomProblem({ spec: { sizes }, tasks: 3, steps: 2 }),
    );
    expect(taskGradients).toHaveLength(3);
    expect(
      relativeError(
        gradient,
        gradient.map(
          (_, i) => (taskGradients[0]![i]! + taskGradients[1]![i]! + taskGradients[2]![i]!) / 3,
        ),
      ),
    ).toBeLessThan(1e-12);
  });

  test('a task lives the same alone as beside others', () => {
    const problem = randomProblem({ spec: { sizes }, tasks: 3, steps: 2, batch: 2, queries: 3 });
    const { episodes } = problem;
    const last = (a: Float32Array) => a.slice((a.length / 3) * 2);
    const alone = solve({
      ...problem,
      episodes: {
        ...episodes,
        tasks: 1,
        supportX: last(episodes.supportX as Float32Array),
        supportY: last(episodes.supportY),
        queryX: last(episodes.queryX as Float32Array),
        queryY: last(episodes.queryY),
      },
    });
    expect(alone.gradient).toEqual(solve(problem).taskGradients[2]);
  });

  test('a task draws the same weights alone as beside others', () => {
    const spec = {
      sizes,
      rule: 'pool',
      activation: 'tanh',
      weights: 'drawn',
      feedbackWeights: 'drawn',
      noise: 0.1,
    } as const;
    const problem = randomProblem({ spec, tasks: 3, steps: 2 });
    const { episodes } = problem;
    const last = (a: Float32Array) => a.slice((a.length / 3) * 2);
    const alone = {
      ...episodes,
      tasks: 1,
      origin: { ...episodes.origin!, first: episodes.origin!.first + 2 },
      supportX: last(episodes.supportX as Float32Array),
      supportY: last(episodes.supportY),
      queryX: last(episodes.queryX as Float32Array),
      queryY: last(episodes.queryY),
    };
    expect(solve({ ...problem, episodes: alone }).finalWeights[0]).toEqual(
      solve(problem).finalWeights[2],
    );
    expect(solve(problem).finalWeights[1]).not.toEqual(solve(problem).finalWeights[2]);
  });

  test('an image index stands for its pixels / 255', () => {
    const problem = randomProblem({ spec: { sizes }, images: 5, steps: 3 });
    const { episodes, bank } = problem;
    const grey = (indices: Episodes['supportX']) =>
      Float64Array.from(
        [...indices].flatMap(i => [bank!.pixels[2 * i]! / 255, bank!.pixels[2 * i + 1]! / 255]),
      );
    const { system, layout, parameters } = problem;
    const written = referenceGradient(system, layout, parameters, {
      ...episodes,
      supportX: grey(episodes.supportX),
      queryX: grey(episodes.queryX),
    });
    expect(solve(problem).gradient).toEqual(written.gradient);
  });
});

describe('the query set', () => {
  const problem = randomProblem({
    spec: { sizes, loss: 'cross-entropy' },
    tasks: 2,
    steps: 5,
    queries: 6,
  });

  test('moments weigh by their weights', () => {
    const weights = [0.3, 0.5, 1.5];
    const together = solve(problem, { moments: [0, 2, 5], weights });
    const alone = [0, 2, 5].map(t => solve(problem, { moments: [t] }));
    const mixed = (of: (g: ReferenceGradient) => number) =>
      alone.reduce((sum, g, k) => sum + weights[k]! * of(g), 0);
    expect(together.loss).toBeCloseTo(
      mixed(g => g.loss),
      12,
    );
    expect(
      relativeError(
        together.gradient,
        together.gradient.map((_, i) => mixed(g => g.gradient[i]!)),
      ),
    ).toBeLessThan(1e-12);
  });

  test('by default only the last moment weighs', () => {
    expect(solve(problem, { moments: [0, 2, 4] }).gradient).toEqual(
      solve(problem, { moments: [4] }).gradient,
    );
  });

  test('losses and accuracies are those of the predictions, by task and moment', () => {
    const { losses, accuracies, predictions } = solve(problem, { moments: [0, 5] });
    const { queryY } = problem.episodes;
    // (tasks, moments, queries, 2): with two classes the loss is log(1 + exp(wrong − right)).
    const margins = Array.from({ length: 2 * 2 * 6 }, (_, row) => {
      const right = queryY[(Math.floor(row / 12) * 6 + (row % 6)) * 2] === 1 ? 0 : 1;
      return predictions[row * 2 + right]! - predictions[row * 2 + 1 - right]!;
    });
    const mean = (of: (margin: number) => number) =>
      [0, 1, 2, 3].map(k => margins.slice(k * 6, k * 6 + 6).reduce((sum, m) => sum + of(m) / 6, 0));
    expect(
      relativeError(losses, Float64Array.from(mean(m => Math.log1p(Math.exp(-m))))),
    ).toBeLessThan(1e-12);
    expect(relativeError(accuracies!, Float64Array.from(mean(m => (m > 0 ? 1 : 0))))).toBeLessThan(
      1e-12,
    );
  });

  test('a tie between outputs is no right answer', () => {
    const { layout, parameters, episodes, system } = randomProblem({
      spec: { sizes: [1, 3], loss: 'cross-entropy' },
      queries: 3,
    });
    const queryY = Float32Array.of(1, 0, 0, 1, 0, 0, 0, 0, 1);
    const { accuracies } = referenceLoss(system, layout, parameters.fill(0), {
      ...episodes,
      queryY,
    });
    expect(accuracies).toEqual(Float64Array.of(0));
  });

  test('regression has no accuracy', () => {
    expect(solve(randomProblem({ spec: { sizes } }))).not.toHaveProperty('accuracies');
  });

  test('one-hot targets under a squared error have one', () => {
    const { accuracies, losses } = solve(
      randomProblem({ spec: { sizes }, targets: 'one-hot', tasks: 2 }),
    );
    expect(accuracies).toHaveLength(losses.length);
  });
});

describe('an L1 penalty on the coefficients of the pool', () => {
  const problem = randomProblem({
    spec: { sizes, rule: 'pool', theta: 'layer', terms: [0, 2], bias: true },
    tasks: 2,
    steps: 2,
  });
  const { layout, parameters } = problem;
  const { offset } = layout.get('theta1')!;
  parameters.set([0.1, -0.2, 0, 0.4, 0, -0.8], offset);
  const [without, penalised] = [solve(problem), solve(problem, { l1: 0.5 })];

  test('adds its share of their absolute values to the loss', () => {
    expect(penalised.loss - without.loss).toBeCloseTo(0.5 * 1.5, 12);
  });

  test('adds their signs to the gradient, and nothing where they are 0', () => {
    const expected = new Float64Array(layout.size);
    expected.set([0.5, -0.5, 0, 0.5, 0, -0.5], offset);
    penalised.gradient.forEach((g, i) =>
      expect(g - without.gradient[i]!).toBeCloseTo(expected[i]!, 12),
    );
  });

  test("is nobody's own: the tasks' gradients know nothing of it", () => {
    expect(penalised.taskGradients).toEqual(without.taskGradients);
  });
});

describe('a question that makes no sense is refused', () => {
  const { system, layout, parameters, episodes, bank } = randomProblem({
    spec: { sizes },
    steps: 3,
    images: 4,
  });
  const ask =
    (change: {
      parameters?: Float64Array;
      episodes?: Partial<Episodes>;
      options?: ReferenceOptions;
    }) =>
    () =>
      referenceGradient(
        system,
        layout,
        change.parameters ?? parameters,
        { ...episodes, ...change.episodes },
        { bank, ...change.options },
      );
  test.each<[string, Parameters<typeof ask>[0], string]>([
    [
      'too few parameters',
      { parameters: new Float64Array(3) },
      `parameters: expected ${layout.size} numbers, the size of the layout, got 3`,
    ],
    [
      'a moment after the end',
      { options: { moments: [0, 4] } },
      'options.moments: expected ascending whole numbers 0 … 3, the inner steps, got [0, 4]',
    ],
    [
      'moments out of order',
      { options: { moments: [2, 1] } },
      'options.moments: expected ascending whole numbers 0 … 3, the inner steps, got [2, 1]',
    ],
    [
      'no moment',
      { options: { moments: [] } },
      'options.moments: expected ascending whole numbers 0 … 3, the inner steps, got []',
    ],
    [
      'a weight too many',
      { options: { moments: [1], weights: [1, 1] } },
      'options.weights: expected one weight for each of 1 moments, got 2',
    ],
    [
      'images without a bank',
      { options: { bank: undefined } },
      'episodes.supportX: expected a bank for its image indices, got none; pass options.bank',
    ],
    [
      'images of another size',
      { options: { bank: { ...bank!, width: 3 } } },
      "options.bank: expected images of 2 pixels, the system's inputs, got 3 × 1",
    ],
    [
      'an image that is not there',
      { episodes: { supportX: Uint32Array.of(0, 9, 1) } },
      'episodes.supportX: expected image indices below 4, got 9 at 1',
    ],
    [
      'targets of another number of outputs',
      { episodes: { queryY: new Float32Array(4) } },
      'episodes.queryY: expected 4 samples × 2 = 8 entries, got 4',
    ],
  ])('%s', (_, change, message) => {
    expect(ask(change)).toThrow(message);
  });
});
