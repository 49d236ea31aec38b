import { gradientOf } from '../kernels/agree.js';
import { expect, test } from 'vitest';
import { DeviceLostError } from '../../src/errors.js';
import { learnerFor } from '../../src/bench/meta-gradient.js';
import { flpWorkload } from '../../src/bench/workloads.js';
import { makePlan } from '../../src/gpu/plan.js';
import { workOf, type LearnerOptions } from '../../src/learner/learner.js';
import { rememberedTuning, tune, type Trial, type TuningMemory } from '../../src/learner/tune.js';
import { openNodeGpu } from '../../src/node/open.js';
import { defineSystem } from '../../src/systems/system.js';
import { useGpu } from '../kernels/open.js';

const under = useGpu();
const workload = flpWorkload({ tasks: 3, steps: 4, width: 2, batch: 1 });
const { system, episodes } = workload;
const options: LearnerOptions = { system, episode: episodes, tasks: 3, adjoint: 'checkpoint' };

function memoryOf(
  entries: Record<string, string> = {},
): TuningMemory & { entries: Record<string, string> } {
  return {
    entries,
    getItem: key => entries[key] ?? null,
    setItem: (key, value) => {
      entries[key] = value;
    },
  };
}

test('what is fastest is tried once each, remembered for this adapter and shape alone, and gives the same gradient', async () => {
  const memory = memoryOf();
  const trials: Trial[] = [];
  const { gpu } = under;
  const { own, best } = await tune(gpu, options, episodes, {
    memory,
    repeats: 1,
    onTrial: trial => trials.push(trial),
  });
  expect(
    new Set(trials.map(({ adjoint, plan: { lanes, teams } }) => `${adjoint} ${lanes} ${teams}`))
      .size,
  ).toBe(trials.length);
  expect(trials.map(t => t.adjoint)).toEqual(
    expect.arrayContaining(['store', 'checkpoint', 'reverse']),
  );
  expect(trials.map(t => t.plan.lanes)).toEqual(expect.arrayContaining([1, 2]));
  expect(best.seconds).toBeLessThanOrEqual(own.seconds!);

  const tuning = { adjoint: best.adjoint, plan: best.plan };
  expect(rememberedTuning(gpu, options, memory)).toEqual(tuning);
  expect(rememberedTuning(gpu, { ...options, adjoint: 'reverse', seed: 3 }, memory)).toEqual(
    tuning,
  ); // neither is shape
  expect(rememberedTuning(gpu, { ...options, tasks: 4 }, memory)).toBeUndefined();
  expect(
    rememberedTuning(gpu, { ...options, system: { ...system, rule: 'hebb' } }, memory),
  ).toBeUndefined();
  expect(
    rememberedTuning({ ...gpu, adapter: { ...gpu.adapter, device: 'another' } }, options, memory),
  ).toBeUndefined();

  const gradients = await Promise.all(
    [options, { ...options, ...tuning }].map(async o => {
      const learner = await learnerFor(gpu, workload, o);
      const gradient = await gradientOf(learner, episodes);
      learner.destroy();
      return gradient;
    }),
  );
  const [mine, tuned] = gradients as [Float32Array, Float32Array];
  expect(Math.hypot(...mine.map((g, k) => g - tuned[k]!)) / Math.hypot(...mine)).toBeLessThan(1e-5);
}, 120_000);

test("a GPU's lanes lie in a grid, and are asked what they did without", async () => {
  const gpu = {
    ...under.gpu,
    machine: { ...under.gpu.machine, software: false, maxInvocations: 2 },
  };
  const small = flpWorkload({ tasks: 1, steps: 2, width: 1, batch: 1 });
  const trials: Trial[] = [];
  const { own, best } = await tune(
    gpu,
    { system: small.system, episode: small.episodes, tasks: 1, adjoint: 'reverse' },
    small.episodes,
    { repeats: 1, onTrial: trial => trials.push(trial) },
  );
  expect(trials.map(({ plan: { grid } }) => grid).slice(-2)).toEqual([undefined, false]);
  expect([own.refused, best.refused]).toEqual([undefined, undefined]);
}, 120_000);

test('what was remembered wrongly, or for other limits, is as good as nothing', () => {
  const whatever = (value: string): TuningMemory => ({ getItem: () => value, setItem() {} });
  expect(
    rememberedTuning(under.gpu, options, whatever('{"adjoint":"store","plan":{"lanes":2}}')),
  ).toEqual({ adjoint: 'store', plan: { lanes: 2 } });
  for (const value of [
    '',
    'no JSON',
    '{}',
    '{"adjoint":"magic","plan":{}}',
    '{"adjoint":"store","plan":{"lanes":3}}',
    '{"adjoint":"store","plan":{"lanes":1048576}}',
  ]) {
    expect(rememberedTuning(under.gpu, options, whatever(value)), value).toBeUndefined();
  }
});

test('a choice that does not fit is refused with the reason, and another wins', async () => {
  const long = flpWorkload({ tasks: 1, steps: 60, width: 8, batch: 1 });
  const trials: Trial[] = [];
  const asked: LearnerOptions = { system: long.system, episode: long.episodes, tasks: 1 };
  const memory =
    // a byte too few for the adjoint store
    makePlan(workOf(defineSystem(long.system), asked), under.gpu.machine).totalBytes - 1;
  const { best } = await tune(
    under.gpu,
    { ...asked, adjoint: 'reverse', budget: { memory } },
    long.episodes,
    { repeats: 1, onTrial: trial => trials.push(trial) },
  );
  expect(trials.find(t => t.adjoint === 'store')?.refused).toMatch(/^plan: \d task\(s\) need/);
  expect(best.adjoint).not.toBe('store');
}, 120_000);

test('a device that is lost meanwhile ends it, and nothing is remembered', async () => {
  const gpu = await openNodeGpu();
  const memory = memoryOf();
  const onTrial = () => gpu.device.destroy();
  await expect(
    tune(gpu, options, episodes, { memory, repeats: 1, onTrial }),
  ).rejects.toBeInstanceOf(DeviceLostError);
  expect(memory.entries).toEqual({});
});

test('options that no learner can be made from are refused', async () => {
  await expect(tune(under.gpu, { ...options, plan: { lanes: 3 } }, episodes)).rejects.toThrow(
    /^tune: expected options that can be timed as they are, got: plan\.lanes: expected a power of two/,
  );
});

test('tuning that is stopped rejects with the reason, and remembers nothing', async () => {
  const memory = memoryOf();
  const stopping = new AbortController();
  const tuning = tune(under.gpu, options, episodes, {
    memory,
    repeats: 1,
    signal: stopping.signal,
    onTrial: () => stopping.abort(new Error('enough')),
  });
  await expect(tuning).rejects.toThrow('enough');
  expect(memory.entries).toEqual({});
});
