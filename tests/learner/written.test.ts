import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/config.js';
import { openWorld } from '../../src/config/worlds.js';
import { Learner, type LearnerOptions } from '../../src/learner/learner.js';
import { adam } from '../../src/learner/optimiser.js';
import { tensorsOf } from '../../src/parameters/layout.js';
import { inFloat32 } from '../../src/reference/episode.js';
import type { RuleSpec } from '../../src/rules/rule.js';
import { learnerOf, train } from '../../src/runs/train.js';
import { useGpu } from '../kernels/open.js';
import { relativeErrors } from '../reference/central-differences.js';
import { randomProblem, solve } from '../reference/random-problem.js';

const under = useGpu();

const RULE: RuleSpec = {
  name: 'mine',
  dw: 'a * x * pre - b * h + c * (x - m) - d * w',
  synapse: { h: { d: 'd * (x * pre - h)' } },
  neuron: { m: { d: 'd * (x - m)' } },
  coefficients: {
    a: { per: 'synapse', start: 0.1, rate: 0.01, l1: 0.5 },
    b: { per: 'neuron', start: 0.2, rate: 0 },
    c: { per: 'layer', start: 0.1 },
    d: { per: 'network', start: 0.2, l1: 0.25 },
  },
};
const problem = randomProblem({
  spec: { sizes: [3, 5, 2], activation: 'tanh', rule: RULE },
  tasks: 3,
  steps: 4,
  batch: 2,
});
const { system, layout, parameters } = problem;
const episodes = inFloat32(problem.episodes);
const fresh = (more: Partial<LearnerOptions> = {}) =>
  Learner.create(under.gpu, { system, episode: episodes, tasks: episodes.tasks, ...more });

describe('a learner of a written rule', () => {
  test('moves its coefficients at the rates that the rule says', async () => {
    const learner = await fresh();
    const before = await learner.parameters();
    await learner.step(episodes);
    const after = await learner.parameters();
    const moved = (name: string) =>
      Math.max(...after[name]!.data.map((x, i) => Math.abs(x - before[name]!.data[i]!)));
    expect(moved('rule.a.1')).toBeCloseTo(0.01, 4);
    expect(moved('rule.b.2')).toBe(0);
    expect(moved('rule.c.1')).toBeCloseTo(1e-3, 5);
    expect(moved('rule.d')).toBeCloseTo(1e-3, 5);
    learner.destroy();
  });

  test('moves them at the rates that it is given instead', async () => {
    const rates = { rule: 0.02, 'rule.b': 0.03, 'rule.c.2': 0 };
    const learner = await fresh({ optimiser: adam({ rates }) });
    const before = await learner.parameters();
    await learner.step(episodes);
    const after = await learner.parameters();
    const moved = (name: string) =>
      Math.max(...after[name]!.data.map((x, i) => Math.abs(x - before[name]!.data[i]!)));
    expect(moved('rule.a.1')).toBeCloseTo(0.02, 4);
    expect(moved('rule.b.2')).toBeCloseTo(0.03, 4);
    expect(moved('rule.c.1')).toBeCloseTo(0.02, 4);
    expect(moved('rule.c.2')).toBe(0);
    expect(moved('W1')).toBe(0);
    learner.destroy();
  });

  test('adds the penalties of the rule to the loss and to the gradient', async () => {
    const learner = await fresh();
    learner.write(tensorsOf(layout, Float32Array.from(parameters)));
    const got = await learner.gradient(episodes);
    const wanted = solve(problem);
    const sum = (name: string) => {
      const { offset, size } = layout.get(name)!;
      return parameters.subarray(offset, offset + size).reduce((s, x) => s + Math.abs(x), 0);
    };
    const penalty = 0.5 * (sum('rule.a.1') + sum('rule.a.2')) + 0.25 * sum('rule.d');
    expect(got.penalty).toBeCloseTo(penalty, 5);
    expect(got.loss).toBeCloseTo(wanted.loss, 5);
    const gradient = new Float64Array(layout.size);
    for (const { name, offset } of layout.tensors) gradient.set(got.gradient[name]!.data, offset);
    for (const error of Object.values(relativeErrors(layout, gradient, wanted.gradient)))
      expect(error).toBeLessThan(1e-4);
    learner.destroy();
  });

  test('lives each setting of its coefficients as if it were the learned one', async () => {
    const learner = await fresh();
    learner.write(tensorsOf(layout, Float32Array.from(parameters)));
    const start = layout.get('rule.a.1')!.offset;
    const own = Float32Array.from(parameters.subarray(start));
    const twice = own.map(x => 2 * x);
    const settings = Float32Array.from([...own, ...twice, ...own]);
    const swept = await learner.adapt({ ...episodes, settings });
    const once = await learner.adapt(episodes);
    const changed = Float32Array.from(parameters);
    changed.set(twice, start);
    learner.write(tensorsOf(layout, changed));
    const doubled = await learner.adapt(episodes);
    const of = ({ losses }: typeof swept, task: number) => losses.data[task];
    expect([0, 1, 2].map(task => of(swept, task))).toEqual([
      of(once, 0),
      of(doubled, 1),
      of(once, 2),
    ]);
    expect(of(once, 1)).not.toBe(of(doubled, 1));
    learner.destroy();
  });
});

test('a run of a written rule logs those of its coefficients that are few', async () => {
  const config = parseConfig(
    {
      name: 'run',
      task: { kind: 'sine', steps: 3, batch: 1, queries: 4 },
      system: { sizes: [1, 40, 1], activation: 'tanh', rule: RULE },
      meta: { tasks: 2, steps: 2 },
      evaluation: { tasks: 2, at: [0, 3] },
    },
    'run.json',
  );
  const world = await openWorld(config, async () => new Uint8Array());
  const learner = await learnerOf(under.gpu, config, world);
  const logged: string[][] = [];
  await train({
    config,
    learner,
    tasks: world.train,
    onStep: ({ coefficients = {} }) => logged.push(Object.keys(coefficients)),
    onCheckpoint() {},
  });
  learner.destroy();
  const few = ['rule.b.2', 'rule.c.1', 'rule.c.2', 'rule.d'];
  expect(logged).toEqual([few, few]);
});
