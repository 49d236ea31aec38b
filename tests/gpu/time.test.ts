import { describe, expect, test } from 'vitest';
import { recordDispatches, type Dispatch } from '../../src/bench/calls.js';
import { makePlan, type Plan } from '../../src/gpu/plan.js';
import { secondsOfSteps } from '../../src/gpu/time.js';
import type { Learner } from '../../src/learner/learner.js';
import { learnerFor, type Options } from '../kernels/agree.js';
import { RULE_PRESETS } from '../../src/rules/presets.js';
import { useGpu } from '../kernels/open.js';
import { type ProblemSpec, randomProblem } from '../reference/random-problem.js';

const under = useGpu();

/**
 * Seconds that a dispatch takes on cores that nobody else uses: the CPU's time, which other work on
 * the machine does not change, divided among the cores that its workgroups keep busy.
 */
async function secondsOf({ again }: Dispatch, busy: number): Promise<number> {
  const { device } = under.gpu;
  const took = async (times: number) => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (let k = 0; k < times; k++) again(pass);
    pass.end();
    const commands = encoder.finish();
    const before = process.cpuUsage();
    device.queue.submit([commands]);
    await device.queue.onSubmittedWorkDone();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6 / times;
  };
  const once = await took(1);
  return (await took(Math.max(1, Math.min(100, Math.ceil(0.05 / once))))) / busy;
}

type Asked = Options & { readonly metrics?: boolean };

/** A plan, and what the longest of its dispatches takes, in seconds. */
async function longest(
  spec: ProblemSpec,
  { metrics = false, ...options }: Asked,
): Promise<{ plan: Plan; seconds: number }> {
  const { gpu } = under;
  const problem = randomProblem({ ...spec, seed: 2 });
  const { episodes } = problem;
  const learner = await learnerFor(gpu, spec, problem, { budget: LONG, ...options });
  const live = (l: Learner) =>
    options.adjoint
      ? l.gradient(episodes)
      : l.adapt(episodes, { moments: options.moments, metrics });
  try {
    await live(learner);
    const made = await recordDispatches(() => live(learner));
    const plan = options.adjoint
      ? learner.plan
      : makePlan({ ...learner.plan, adjoint: 'none', metrics }, gpu.machine, LONG);
    const busy = Math.min(Math.ceil(plan.tasks / plan.teams), gpu.machine.cores);
    const seconds: number[] = [];
    for (const dispatch of made) seconds.push(await secondsOf(dispatch, busy));
    return { plan, seconds: Math.max(...seconds) };
  } finally {
    learner.destroy();
  }
}

/** So much time that nothing is cut. */
const LONG = { memory: 2 ** 31, dispatchSeconds: 1e9 };
const tiny = { sizes: [1, 4, 1] };
const middling = { sizes: [1, 32, 32, 1] };
const smooth = { ...middling, activation: 'tanh' } as const;
/** Of which a synapse's operations are what takes time. */
const LENGTHY = {
  dw: `1e-6 * (${[1, 2, 3, 4, 5, 6, 7, 8].map(k => `tanh(pre * x + ${k} * w) * exp(-${k} * x^2)`).join(' + ')})`,
};

describe('the estimated time of the longest dispatch is never below what it takes, nor ten times as much', () => {
  test.each<[string, ProblemSpec, Asked]>([
    ['a long lifetime', { spec: tiny, steps: 500, batch: 5, tasks: 2 }, { adjoint: 'store' }],
    ['a long lifetime lived forward', { spec: tiny, steps: 500, batch: 5, tasks: 2 }, {}],
    ['many queries', { spec: middling, steps: 1, queries: 1000 }, { adjoint: 'store' }],
    ['many queries lived forward', { spec: middling, steps: 1, queries: 1000, tasks: 8 }, {}],
    [
      'queries at many moments',
      { spec: tiny, steps: 100, queries: 50, tasks: 2 },
      { adjoint: 'store', moments: Array.from({ length: 51 }, (_, k) => 2 * k) },
    ],
    ['batches', { spec: middling, steps: 10, batch: 10, tasks: 8 }, { adjoint: 'store' }],
    ['updates undone', { spec: middling, steps: 50, tasks: 8 }, { adjoint: 'reverse' }],
    ['checkpoints', { spec: middling, steps: 50, tasks: 8 }, { adjoint: 'checkpoint' }],
    [
      'all terms of the pool',
      { spec: { ...middling, rule: 'pool' }, steps: 10, batch: 2, tasks: 8 },
      { adjoint: 'store' },
    ],
    [
      'a written rule with a state of synapses',
      {
        spec: { ...smooth, rule: RULE_PRESETS['differentiable-plasticity'].rule },
        steps: 50,
        tasks: 8,
      },
      { adjoint: 'store' },
    ],
    [
      'a written rule with a state of neurons, lived forward',
      { spec: { ...smooth, rule: RULE_PRESETS.bcm.rule }, steps: 50, batch: 2, tasks: 8 },
      {},
    ],
    [
      'a long equation',
      { spec: { ...smooth, rule: LENGTHY }, steps: 20, tasks: 8 },
      { adjoint: 'store' },
    ],
    [
      'feedback that learns',
      {
        spec: {
          ...middling,
          rule: 'gradient',
          feedback: 'chained',
          feedbackRule: 'weight-mirror',
          mirror: 'noise',
        },
        steps: 50,
        tasks: 8,
      },
      { adjoint: 'store' },
    ],
    [
      'many layers',
      { spec: { sizes: [1, 8, 8, 8, 8, 8, 1] }, steps: 50, tasks: 8 },
      { adjoint: 'store' },
    ],
    [
      'an encoder',
      { spec: { sizes: [100, 100, 5], frozen: [1] }, steps: 20, batch: 5, queries: 50, tasks: 8 },
      { adjoint: 'store' },
    ],
    ['metrics', { spec: middling, steps: 2, queries: 100, tasks: 8 }, { metrics: true }],
  ])('of %s', { timeout: 120_000 }, async (_, spec, options) => {
    const { plan, seconds } = await longest(spec, options);
    const ratio = plan.estimatedDispatchSeconds / seconds;
    expect(ratio).toBeGreaterThan(1);
    expect(ratio).toBeLessThan(10);
  });
});

test('of queries at a moment that take too long a plan makes several dispatches', async () => {
  const { plan: whole, seconds } = await longest(
    { spec: middling, steps: 1, queries: 1000 },
    { adjoint: 'store' },
  );
  const most = whole.estimatedDispatchSeconds / 3;
  const { plan: cut, seconds: least } = await longest(
    { spec: middling, steps: 1, queries: 1000 },
    { adjoint: 'store', budget: { ...LONG, dispatchSeconds: most } },
  );
  expect(cut.estimatedDispatchSeconds).toBeLessThanOrEqual(most);
  expect(least).toBeLessThan(seconds / 2);
});

test('a segment of checkpoints is given the time of the blocks that it may have to live again', () => {
  const seconds = { step: 1, query: 0, block: { steps: 10, seconds: 7 }, whole: 0 };
  expect([0, 1, 9, 10, 25].map(steps => secondsOfSteps(steps, seconds))).toEqual([
    0,
    1 + 7,
    9 + 7,
    10 + 14,
    25 + 21,
  ]);
});

test('metrics at every inner step take time in proportion to the steps', async () => {
  const seconds = async (steps: number) => {
    const long: ProblemSpec = { spec: tiny, steps, queries: 10, tasks: 2, seed: 2 };
    const problem = randomProblem(long);
    const learner = await learnerFor(under.gpu, { ...long, steps }, problem);
    const moments = Array.from({ length: steps + 1 }, (_, t) => t);
    const live = () => learner.adapt(problem.episodes, { moments, metrics: true });
    await live();
    const before = process.cpuUsage();
    for (let k = 0; k < 3; k++) await live();
    const { user, system } = process.cpuUsage(before);
    learner.destroy();
    return (user + system) / 3e6;
  };
  // eight times the steps; each took eight times as long when it looked through all moments
  expect((await seconds(400)) / (await seconds(50))).toBeLessThan(20);
});
