import { expect, test } from 'vitest';
import { solve } from '../../src/reference/random-problem.js';
import { interference } from '../../src/evaluation/interference.js';
import type { SystemSpec } from '../../src/systems/system.js';
import type { Episodes } from '../../src/tasks/episodes.js';
import { learnerFor, writeAll } from '../kernels/agree.js';
import { useGpu } from '../kernels/open.js';
import { randomProblem } from '../reference/random-problem.js';

const under = useGpu();

test('in a linear layer that descends, an update from a changes the error on b by −η e_a (x_a · x_b): nothing, where they are orthogonal', async () => {
  const spec: SystemSpec = { sizes: [3, 2], rule: 'gradient', bias: false, eta: 'network' };
  const problem = randomProblem({ spec, tasks: 2, steps: 4 });
  const { layout, episodes } = problem;
  const x = [
    [1, 0, 0],
    [0, 2, 0],
    [1, 1, 0],
    [0, 0, 0.5],
  ];
  const eta = 0.1;
  const W = [
    [0.5, -0.2, 0.1],
    [0.3, 0.4, -0.6],
  ];
  const y = [
    [
      [1, 0],
      [0, 1],
      [0.5, 0.5],
      [-1, 2],
    ],
    [
      [0, 1],
      [1, 1],
      [-0.5, 0],
      [1, 0],
    ],
  ];
  const learner = await learnerFor(under.gpu, { spec }, problem);
  writeAll(
    learner,
    Float32Array.from({ length: layout.size }, (_, i) => (i < 6 ? W.flat()[i]! : eta)),
  );
  const lifetimes: Episodes = {
    ...episodes,
    queryX: Float32Array.from([x, x].flat(2)),
    queryY: Float32Array.from(y.flat(2)),
  };
  const made = await interference(learner, lifetimes, 0);
  const [losses, changes] = [made.losses.data, made.changes.data];
  learner.destroy();

  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, v, i) => sum + v * b[i]!, 0);
  y.forEach((targets, task) => {
    const e = x.map((input, q) => W.map((row, i) => dot(row, input) - targets[q]![i]!));
    const loss = (error: readonly number[]) => dot(error, error) / 2;
    x.forEach((_, b) => expect(losses[task * 4 + b]).toBeCloseTo(loss(e[b]!), 6));
    x.forEach((xa, a) =>
      x.forEach((xb, b) => {
        const want =
          loss(e[b]!.map((error, i) => error - eta * e[a]![i]! * dot(xa, xb))) - loss(e[b]!);
        const got = changes[(task * 4 + a) * 4 + b]!;
        expect(got, `${a} on ${b}`).toBeCloseTo(want, 6);
        if (dot(xa, xb) === 0) expect(got).toBe(0);
        if (a === b) expect(got).toBeLessThan(0);
      }),
    );
  });
});

test('lifetimes live their first steps, then one from the example: as the reference does, with weights and noise of their own', async () => {
  const spec: SystemSpec = {
    sizes: [3, 5, 2],
    rule: 'pool',
    loss: 'cross-entropy',
    weights: 'drawn',
    feedbackWeights: 'drawn',
    noise: 0.05,
    activation: 'tanh',
  };
  const tasks = 3;
  const queries = 3;
  const batch = 2;
  const after = 2;
  const problem = randomProblem({ spec, tasks, steps: 4, batch, queries, images: 6 });
  const { episodes } = problem;
  const learner = await learnerFor(under.gpu, { spec }, problem);
  const made = await interference(learner, episodes, after);
  const [losses, changes] = [made.losses.data, made.changes.data];
  learner.destroy();
  const slices = (of: Float32Array | Uint32Array, each: number, from: number, to: number) =>
    Array.from({ length: tasks }, (_, i) => [...of.subarray(i * each + from, i * each + to)]);
  for (let a = 0; a < queries; a++)
    for (let b = 0; b < queries; b++) {
      const alone = (of: Float32Array | Uint32Array, width: number, q: number) =>
        slices(of, queries * width, q * width, (q + 1) * width);
      const ending = (
        support: Float32Array | Uint32Array,
        query: Float32Array | Uint32Array,
        width: number,
      ) =>
        slices(support, 4 * batch * width, 0, after * batch * width)
          .map((prefix, i) => [
            ...prefix,
            ...alone(query, width, a)[i]!,
            ...alone(query, width, a)[i]!,
          ])
          .flat();
      const { losses: want } = solve(
        {
          ...problem,
          episodes: {
            ...episodes,
            steps: after + 1,
            queries: 1,
            supportX: Uint32Array.from(ending(episodes.supportX, episodes.queryX, 1)),
            supportY: Float32Array.from(ending(episodes.supportY, episodes.queryY, 2)),
            queryX: Uint32Array.from(alone(episodes.queryX, 1, b).flat()),
            queryY: Float32Array.from(alone(episodes.queryY, 2, b).flat()),
          },
        },
        { moments: [after, after + 1] },
      );
      for (let task = 0; task < tasks; task++) {
        expect(losses[task * queries + b]).toBeCloseTo(want[2 * task]!, 5);
        expect(changes[(task * queries + a) * queries + b]).toBeCloseTo(
          want[2 * task + 1]! - want[2 * task]!,
          5,
        );
      }
    }
  expect(Math.max(...changes.map(Math.abs))).toBeGreaterThan(1e-3);
});

test('more steps than the lifetimes have are refused', async () => {
  const spec: SystemSpec = { sizes: [2, 2] };
  const problem = randomProblem({ spec, steps: 2 });
  const learner = await learnerFor(under.gpu, { spec }, problem);
  for (const after of [3, -1, 0.5])
    await expect(interference(learner, problem.episodes, after)).rejects.toThrow(
      `interference.after: expected a whole number of inner steps, 0 … 2, got ${after}`,
    );
  learner.destroy();
});
