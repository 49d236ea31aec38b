import { describe, expect, test, vi } from 'vitest';
import { DivergenceError } from '../../src/errors.js';
import { openNodeGpu } from '../../src/node/open.js';
import type { Checkpoint } from '../../src/runs/checkpoint.js';
import { parseConfig } from '../../src/config/config.js';
import {
  learnerOf,
  toWriteDown,
  train,
  usableHere,
  withPlan,
  type TrainOptions,
} from '../../src/runs/train.js';
import { openWorld } from '../../src/config/worlds.js';
import { TINY } from '../cli/command.js';
import { SOFTWARE } from '../gpu/machine.js';

const config = parseConfig(TINY, 'tiny');

/** Meta-trains on an adapter of its own; `loseAt` destroys the device after that meta-step. */
async function run(
  loseAt?: number,
  from?: Checkpoint,
  stopping?: AbortController,
): Promise<{ kept: Checkpoint[]; error?: string }> {
  const gpu = await openNodeGpu();
  const world = await openWorld(config, async () => new Uint8Array());
  const learner = await learnerOf(gpu, config, world);
  if (from) learner.restore(from.state);
  const kept: Checkpoint[] = [];
  const error = await train({
    config,
    learner,
    tasks: world.train,
    ...(from && { from: { metaStep: from.metaStep, seconds: 0 } }),
    signal: stopping?.signal,
    onStep: ({ metaStep }) => {
      if (metaStep === 3) stopping?.abort(new Error('enough'));
      if (metaStep === loseAt) gpu.device.destroy();
    },
    onCheckpoint: checkpoint => {
      kept.push(checkpoint);
    },
  }).then(
    () => undefined,
    (e: Error) => e.message,
  );
  gpu.destroy();
  return { kept, error };
}

test('a run whose device is lost stops with a clear error, and goes on from its last checkpoint to the same numbers', async () => {
  const whole = await run();
  const lost = await run(5);
  expect(lost.error).toMatch(/^meta-step 6: .*device was lost.*resume from the last checkpoint/);
  expect(lost.kept.map(c => c.metaStep)).toEqual([2, 4]);
  const resumed = await run(undefined, lost.kept.at(-1));
  expect(resumed.kept.at(-1)).toEqual(whole.kept.at(-1));
});

test('a run that is stopped rejects with the reason, and keeps the meta-step that was being made', async () => {
  const stopping = new AbortController();
  const { kept, error } = await run(undefined, undefined, stopping);
  expect(error).toBe('enough');
  expect(kept.map(c => c.metaStep)).toEqual([2, 3]);
  const whole = await run();
  expect((await run(undefined, kept.at(-1))).kept.at(-1)).toEqual(whole.kept.at(-1));
});

test('a run keeps the plan that it began with on a machine with another number of cores', async () => {
  const world = await openWorld(config, async () => new Uint8Array());
  const [one, two] = [1, 2].map(cores => ({ machine: { ...SOFTWARE, cores } }));
  const begun = withPlan(two!, config, world);
  expect(withPlan(one!, config, world).plan).not.toEqual(begun.plan);
  expect(withPlan(one!, begun, world).plan).toEqual(begun.plan);
  expect(parseConfig(JSON.parse(JSON.stringify(begun)), 'config.json')).toEqual(begun);
});

test('a machine that cannot keep the plan of a run says so, and has one of its own', async () => {
  const world = await openWorld(config, async () => new Uint8Array());
  const begun = withPlan(
    { machine: SOFTWARE },
    { ...config, plan: { lanes: 16, teams: 16 } },
    world,
  );
  const said: string[] = [];
  const small = { machine: { ...SOFTWARE, maxInvocations: 128 } };
  expect(usableHere(small, begun, world, notice => said.push(notice))).toEqual(
    withPlan(small, config, world),
  );
  expect(said).toEqual([
    expect.stringMatching(
      /^this machine cannot keep the run's plan \(plan\.lanes: expected .+, got 16 × 16\); it computes one of its own, and numbers are the same only up to rounding$/,
    ),
  ]);
  expect(() => withPlan(small, begun, world)).toThrow('plan.lanes');
  expect(toWriteDown(begun, withPlan(small, config, world))).toBe(begun);
  expect(toWriteDown(config, begun)).toBe(begun);
});

describe('a meta-step that fails ends a run', () => {
  /** Meta-trains a learner whose first meta-step fails so. */
  async function failing(error: Error, more: Partial<TrainOptions> = {}): Promise<unknown> {
    const gpu = await openNodeGpu();
    const world = await openWorld(config, async () => new Uint8Array());
    const learner = await learnerOf(gpu, config, world);
    vi.spyOn(learner, 'step').mockRejectedValue(error);
    const told: Pick<TrainOptions, 'onStep' | 'onCheckpoint'> = {
      onStep() {},
      onCheckpoint() {},
    };
    const ended = train({ config, learner, tasks: world.train, ...told, ...more }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    const thrown = await ended;
    learner.destroy();
    gpu.destroy();
    return thrown;
  }
  const parts = { where: 'learner.step', task: 3, tensor: 'W1', hint: 'lower it' };
  const diverged = new DivergenceError({ ...parts, problem: 'lifetime 3 diverged' });
  const strict = { ...config, meta: { ...config.meta, onDivergence: 'error' as const } };

  test('with an error of the same class and parts, which names the meta-step', async () => {
    const thrown = await failing(diverged, { config: strict });
    expect(thrown).toBeInstanceOf(DivergenceError);
    expect(thrown).toMatchObject({ ...parts, where: 'meta-step 1', metaStep: 1, cause: diverged });
    expect((thrown as Error).message).toBe(
      'meta-step 1: learner.step: lifetime 3 diverged; lower it',
    );
  });

  test('with the very error that is none of the library', async () => {
    const bug = new TypeError('undefined is not a function');
    expect(await failing(bug)).toBe(bug);
  });

  test('with what the tasks throw that are drawn meanwhile, and nothing is unhandled', async () => {
    const unhandled: unknown[] = [];
    const hear = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', hear);
    const { train: tasks } = await openWorld(config, async () => new Uint8Array());
    let drawn = 0;
    const source = {
      ...tasks,
      episodes(...which: Parameters<typeof tasks.episodes>) {
        if (drawn++) throw new RangeError('no more tasks');
        return tasks.episodes(...which);
      },
    };
    expect(await failing(diverged, { tasks: source })).toEqual(new RangeError('no more tasks'));
    await new Promise(done => setTimeout(done));
    process.off('unhandledRejection', hear);
    expect(unhandled).toEqual([]);
  });
});
