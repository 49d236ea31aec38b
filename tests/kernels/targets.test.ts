import { describe, expect, test } from 'vitest';
import { referenceLoss } from '../../src/reference/meta-gradient.js';
import { SLOTS, type SystemSpec } from '../../src/systems/system.js';
import { Learner } from '../../src/learner/learner.js';
import { random } from '../../src/tasks/random.js';
import { type Problem, randomProblem, solve, TARGETS } from '../reference/random-problem.js';
import { relativeError } from '../reference/central-differences.js';
import { inOrder } from '../../src/parameters/layout.js';
import { beyond, errorsOf, learnerFor, parametersOf, writeAll } from './agree.js';
import { useGpu } from './open.js';

const under = useGpu();
const kinds = Object.keys(TARGETS) as (keyof typeof TARGETS)[];
const shape = { tasks: 2, steps: 2, batch: 2, queries: 3 };

/** How the loss that `of` reports changes along the direction, a unit of length on. */
async function slopeAlong(
  direction: Float64Array,
  parameters: Float64Array,
  h: number,
  of: (parameters: Float64Array) => Promise<{ readonly loss: number }>,
): Promise<number> {
  const at = (side: number) => parameters.map((p, i) => p + side * h * direction[i]!);
  return ((await of(at(1))).loss - (await of(at(-1))).loss) / (2 * h);
}

const systems: readonly Omit<SystemSpec, 'sizes' | 'loss'>[] = [
  { rule: 'gradient', activation: 'tanh' },
  { signal: 'error', activation: 'tanh', feedbackActivation: 'linear' },
];
describe.each(systems)('$rule $signal: with targets of every kind', system => {
  test.each(SLOTS.loss)(
    'the gradient on the adapter is the reference’s, and that of the reported %s',
    async loss => {
      const spec: SystemSpec = { sizes: [3, 5, 4], loss, ...system };
      const problems = kinds.map(targets => randomProblem({ spec, ...shape, targets }));
      const learner = await learnerFor(under.gpu, { spec }, problems[0]!);
      for (const [i, problem] of problems.entries()) {
        const { layout, parameters, episodes } = problem;
        const reported = async (p: Float64Array) => {
          writeAll(learner, p);
          return learner.gradient(episodes);
        };
        const want = solve(problem);
        const got = await reported(parameters);
        const gradient = Float64Array.from(inOrder(layout, got.gradient));
        const errors = {
          loss: relativeError(Float64Array.of(got.loss), Float64Array.of(want.loss)),
          ...errorsOf(layout, gradient, want.gradient),
        };
        expect({ kind: kinds[i], ...beyond(1e-4, errors) }).toEqual({ kind: kinds[i] });

        const length = Math.hypot(...gradient);
        const uphill = gradient.map(g => g / length);
        const slope = await slopeAlong(uphill, parameters, 1e-2 / Math.max(1, length), reported);
        expect(Math.abs(slope / length - 1), kinds[i]).toBeLessThan(1e-2);
      }
      learner.destroy();
    },
  );
});

test('queries that are masked by zeros have no loss and no gradient', async () => {
  const spec: SystemSpec = { sizes: [3, 5, 4], loss: 'cross-entropy', rule: 'gradient' };
  const problem = randomProblem({ spec, ...shape });
  const learner = await learnerFor(under.gpu, { spec }, problem);
  const queryY = problem.episodes.queryY.map(() => 0);
  const { loss, gradientNorm, accuracy } = await learner.gradient({ ...problem.episodes, queryY });
  expect({ loss, gradientNorm, accuracy }).toEqual({ loss: 0, gradientNorm: 0, accuracy: 0 });
  learner.destroy();
});

test('inputs below 0 have the slope of the formula under softplus, where the pool asks for the error there', async () => {
  const spec: SystemSpec = { sizes: [3, 5, 4], rule: 'pool', activation: 'softplus' };
  const drawn = randomProblem({ spec, ...shape });
  const r = random(3, 0);
  const supportX = Float32Array.from(drawn.episodes.supportX, () => r.uniform() - 0.5);
  const problem: Problem = { ...drawn, episodes: { ...drawn.episodes, supportX } };
  // Updates grow with the inputs, and rates are for small ones.
  const theta = problem.layout.get('theta')!;
  for (let i = 0; i < theta.size; i++) problem.parameters[theta.offset + i]! *= 1e-3;
  const parameters = problem.parameters.map(Math.fround);
  const learner = await learnerFor(under.gpu, { spec }, { ...problem, parameters });
  const want = solve({ ...problem, parameters });
  expect(want.loss).toBeLessThan(100);
  const { loss, gradient } = await learner.gradient(problem.episodes);
  const got = Float64Array.from(inOrder(problem.layout, gradient));
  const errors = errorsOf(problem.layout, got, want.gradient);
  expect({ loss, ...beyond(1e-4, errors) }).toEqual({ loss: expect.closeTo(want.loss, 4) });
  learner.destroy();
});

describe('accuracy', () => {
  const spec: SystemSpec = { sizes: [2, 3], loss: 'cross-entropy', rule: 'gradient', bias: true };
  const episodes = {
    tasks: 1,
    steps: 1,
    batch: 1,
    supportX: Float32Array.of(0, 0),
    supportY: Float32Array.of(0, 0, 0),
  };
  const ask = async (x: number[][], y: number[][], spec: SystemSpec, b: number[]) => {
    const queries = x.length;
    const learner = await Learner.create(under.gpu, {
      system: spec,
      episode: { ...episodes, queries },
      tasks: 1,
      onNotice: () => {},
    });
    const given = { ...episodes, queries };
    const all = {
      ...given,
      queryX: Float32Array.from(x.flat()),
      queryY: Float32Array.from(y.flat()),
    };
    // x_L = (x_0, x_1, 0) + b
    learner.write('W1', [1, 0, 0, 1, 0, 0]);
    learner.write('b1', b);
    const got = (await learner.adapt(all, { moments: [0] })).accuracies?.data;
    const { system, layout } = learner;
    const parameters = await parametersOf(learner);
    learner.destroy();
    const want = referenceLoss(system, layout, parameters, all, { moments: [0] }).accuracies;
    return [got, want].map(accuracies => accuracies?.[0]);
  };

  test('counts ties as wrong, and so an answer to a row masked by zeros', async () => {
    const x = [
      [5, 1],
      [1, 5],
      [5, 5],
      [5, 5],
      [5, 1],
    ];
    const y = [
      [1, 0, 0],
      [1, 0, 0],
      [1, 0, 0],
      [1, 1, 0],
      [0, 0, 0],
    ];
    expect(await ask(x, y, spec, [0, 0, 0])).toEqual([expect.closeTo(2 / 5, 6), 2 / 5]);
  });

  test('counts answers that are no number as wrong', async () => {
    const x = [
      [3e38, 3e38],
      [3, 1],
    ];
    const y = [
      [1, 0, 0],
      [1, 0, 0],
    ];
    // float64 goes further than float32, and finds both right
    expect(await ask(x, y, spec, [3e38, 0, 0])).toEqual([0.5, 1]);
  });

  test('is there under a squared error where targets are one-hot, and else is not', async () => {
    const squared: SystemSpec = { ...spec, loss: 'squared-error' };
    expect(await ask([[5, 1]], [[1, 0, 0]], squared, [0, 0, 0])).toEqual([1, 1]);
    expect(await ask([[5, 1]], [[0.5, 0, 0]], squared, [0, 0, 0])).toEqual([undefined, undefined]);
  });
});
