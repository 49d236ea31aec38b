import { describe, expect, test } from 'vitest';
import { MetaplasticError } from '../../src/errors.js';
import { create, globals } from 'webgpu';
import { recordDispatches } from '../../src/bench/calls.js';
import { learnerFor } from '../../src/bench/meta-gradient.js';
import { kernelWork, lifetimeWork } from '../../src/bench/work.js';
import {
  convolutionWorkload,
  encoderWorkload,
  flpWorkload,
  poolWorkload,
  type Workload,
} from '../../src/bench/workloads.js';
import { openGpu } from '../../src/gpu/device.js';
import type { Adjoint } from '../../src/gpu/options.js';
import { makePlan } from '../../src/gpu/plan.js';
import { workOf } from '../../src/learner/learner.js';
import { defineSystem } from '../../src/systems/system.js';
import { SOFTWARE } from '../gpu/machine.js';

function planOf(
  { system, episodes: { tasks, steps, batch, queries } }: Workload,
  adjoint: Adjoint = 'store',
) {
  return makePlan(
    workOf(defineSystem(system), { system, episode: { steps, batch, queries }, tasks, adjoint }),
    { ...SOFTWARE, cores: 8 },
  );
}

const flp = (tasks = 1, steps = 20, width = 64) => flpWorkload({ tasks, steps, width, batch: 1 });

describe('the work of FLP, 1-3-2, 2 samples, counted by hand', () => {
  // 3 + 6 = 9 synapses; B is (3, 2) and (2, 2), 10 entries.
  const workload: Workload = {
    ...flp(1, 1),
    system: { sizes: [1, 3, 2] },
    episodes: { ...flp(1, 1).episodes, batch: 2, queries: 4 },
  };
  const work = lifetimeWork(planOf(workload));

  test('a step: W x, B s, and W + a (post preᵀ − κ W), which reads W and α and writes W', () => {
    expect(work.step).toEqual({
      flops: 2 * 2 * 9 + 2 * 2 * 10 + (4 + 5) * 9,
      bytes: 4 * (9 + 10 + 3 * 9),
    });
  });
  test('a query: W x of 4 samples, which reads W once', () => {
    expect(work.query).toEqual({ flops: 2 * 4 * 9, bytes: 4 * 9 });
  });
  test("a query's adjoint: d_W of both layers, d_x of one", () => {
    expect(work['query.adjoint']).toEqual({ flops: 2 * 4 * 9 + 2 * 4 * 6, bytes: 4 * (2 * 9 + 6) });
  });
  test('birth only moves: parameters in, weights out', () => {
    expect(work.birth).toEqual({ flops: 0, bytes: 4 * 2 * 9 });
  });
});

test('a plastic bias is counted as a synapse whose input is nobody’s', () => {
  const plain = flp(1, 1);
  const system = { sizes: [1, 3, 2], plasticBias: true };
  const episodes = { ...plain.episodes, batch: 2, queries: 4 };
  const work = lifetimeWork(planOf({ ...plain, system, episodes }));
  // 9 synapses and 5 biases
  expect(work.birth.bytes).toBe(4 * 2 * 14);
  expect(work.step).toEqual({
    flops: 2 * 2 * 14 + 2 * 2 * 10 + (4 + 5) * 14,
    bytes: 4 * (14 + 10 + 3 * 14),
  });
  expect(work['query.adjoint']).toEqual({ flops: 2 * 4 * 14 + 2 * 4 * 6, bytes: 4 * (2 * 14 + 6) });
});

describe('the work of an equation, 1-3-2, 2 samples, counted by hand', () => {
  const plain = flp(1, 1);
  const rule = {
    dw: 'a * h * w^3',
    synapse: { h: { d: 'pre * x - h' } },
    coefficients: { a: { per: 'synapse' as const } },
  };
  const system = { sizes: [1, 3, 2], rule };
  const episodes = { ...plain.episodes, batch: 2, queries: 4 };
  const work = lifetimeWork(planOf({ ...plain, system, episodes }));
  const below = lifetimeWork(planOf({ ...plain, system: { sizes: [1, 1], rule }, episodes }));

  test('a step: both changes of every synapse and their sums; W, h and a are read, W and h written', () => {
    // a · h · ((w · w) · w) and pre · x − h are 6 operations, 2 more add them up in the batch
    expect(work.step).toEqual({
      flops: 2 * 2 * 9 + (2 * (6 + 2) + 4) * 9,
      bytes: 4 * (9 + 5 * 9),
    });
  });
  test('birth writes states as well', () => {
    expect(work.birth).toEqual({ flops: 0, bytes: 4 * 3 * 9 });
  });
  test('its adjoint reads W, h and a, and reads and writes what flows to them', () => {
    // one synapse, and d_W += d_z x of both samples
    expect(below['step.adjoint'].bytes).toBe(4 * (2 + 3 * 3));
    // 12 operations make what flows to w, h, a, x and pre, 5 more add it up
    expect(below['step.adjoint'].flops).toBe(2 * 2 + 2 * (12 + 5) + 2);
  });
  test('undoing an update makes the change again', () => {
    const undoable = { dw: 'a * pre * x - a * w * abs(x)', coefficients: rule.coefficients };
    const of = (way: Adjoint) =>
      lifetimeWork(planOf({ ...plain, system: { ...system, rule: undoable }, episodes }, way));
    expect(of('reverse')['step.adjoint'].flops).toBeGreaterThan(of('store')['step.adjoint'].flops);
  });
});

test('a lifetime is birth, its steps and its queries', () => {
  const { episode, birth, step, query } = lifetimeWork(planOf(flp(3, 7)));
  expect(episode).toEqual({
    flops: birth.flops + 7 * step.flops + query.flops,
    bytes: birth.bytes + 7 * step.bytes + query.bytes,
  });
});

test('work grows with the tasks and, per step, not with T', () => {
  const one = lifetimeWork(planOf(flp(1)));
  const eight = lifetimeWork(planOf(flp(8)));
  const long = lifetimeWork(planOf(flp(1, 40)));
  for (const key of Object.keys(one) as (keyof typeof one)[])
    expect(eight[key], key).toEqual({ flops: 8 * one[key].flops, bytes: 8 * one[key].bytes });
  expect(long.step).toEqual(one.step);
});

test('checkpoints make the updates again, undoing them costs operations and a write', () => {
  const [store, checkpoint, reverse] = (['store', 'checkpoint', 'reverse'] as const).map(adjoint =>
    lifetimeWork(planOf(flp(), adjoint)),
  );
  expect(checkpoint!['episode.adjoint'].flops).toBeGreaterThan(store!['episode.adjoint'].flops);
  expect(checkpoint!['step.adjoint']).toEqual(store!['step.adjoint']);
  expect(reverse!['step.adjoint'].flops).toBeGreaterThan(store!['step.adjoint'].flops);
  expect(reverse!['step.adjoint'].bytes).toBeGreaterThan(store!['step.adjoint'].bytes);
});

test('the adjoint of a lifetime is a few times its forward pass, in every workload', () => {
  for (const workload of [
    flp(),
    poolWorkload({ tasks: 1, steps: 4 }),
    encoderWorkload({ tasks: 1, steps: 4 }),
    convolutionWorkload({ tasks: 1, steps: 4 }),
  ]) {
    const { episode, 'episode.adjoint': adjoint } = lifetimeWork(planOf(workload));
    expect(adjoint.flops / episode.flops, workload.name).toBeGreaterThan(1.5);
    expect(adjoint.flops / episode.flops, workload.name).toBeLessThan(5);
  }
});

// Dawn's null backend dispatches without computing: only labels are looked at.
// held, because Dawn that is collected too early brings the process down
const dawn = create(['backend=null']);
test.each(
  [
    flp(2, 3, 4),
    poolWorkload({ tasks: 2, steps: 3 }, [12, 7, 5]),
    encoderWorkload({ tasks: 2, steps: 3 }),
    convolutionWorkload({ tasks: 2, steps: 3 }),
  ].map(workload => [workload.name, workload] as const),
)('every kernel that a meta-step of %s dispatches is counted', async (_, workload) => {
  Object.assign(globalThis, globals);
  const learner = await learnerFor(await openGpu(dawn), workload, { adjoint: 'store' });
  const made = await recordDispatches(async () => {
    // what a backend that computes nothing leaves may or may not be an outcome
    await learner.step(workload.episodes).catch((error: unknown) => {
      if (!(error instanceof MetaplasticError)) throw error;
    });
  });
  // … or be taken for a drift, so that the meta-step is made again
  const { dispatches } = learner.plan;
  expect([dispatches, 2 * dispatches]).toContain(made.length);
  for (const { label } of made)
    expect(kernelWork(learner.plan, label)?.bytes, label).toBeGreaterThan(0);
  learner.destroy();
});

describe('the work of a kernel', () => {
  test('of an encoder is its product over all rows of all tasks, and the same for each half of its adjoint', () => {
    const plan = planOf(encoderWorkload({ tasks: 3, steps: 4 }));
    const rows = 4 + 20;
    expect(kernelWork(plan, 'encode 1')).toEqual({
      flops: 3 * 2 * rows * 784 * 128,
      bytes: 4 * 3 * (784 * 128 + rows * (784 + 128)),
    });
    expect(kernelWork(plan, 'encode.adjoint weights 2')).toEqual(kernelWork(plan, 'encode 2'));
    expect(kernelWork(plan, 'encode.adjoint below 2')).toEqual(kernelWork(plan, 'encode 2'));
  });
  test('that nobody has counted is undefined', () => {
    expect(kernelWork(planOf(flp()), 'dream')).toBeUndefined();
    expect(kernelWork(planOf(flp()), 'dream 1')).toBeUndefined();
  });
});
