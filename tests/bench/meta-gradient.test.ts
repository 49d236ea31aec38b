import { afterEach, beforeEach, describe, expect, test, vi, type MockInstance } from 'vitest';
import { countCalls, peakBytes } from '../../src/bench/calls.js';
import { benchGradient, optionsFor } from '../../src/bench/meta-gradient.js';
import { flpWorkload, poolWorkload, type Workload } from '../../src/bench/workloads.js';
import { run } from '../../src/cli/bench.js';
import { layoutOf } from '../../src/parameters/layout.js';
import { referenceGradient } from '../../src/reference/meta-gradient.js';
import { defineSystem } from '../../src/systems/system.js';
import { fileMemory, tuningFile } from '../../src/cli/tuned.js';
import { rememberedTuning } from '../../src/learner/tune.js';
import { newFolder } from '../cli/command.js';
import { useGpu } from '../kernels/open.js';

const under = useGpu();
const small = { tasks: 3, steps: 4, width: 5, batch: 1 };

/** Loss and gradient norms in float64. */
function reference({ system: spec, parameters, episodes }: Workload) {
  const system = defineSystem(spec);
  const layout = layoutOf(system);
  const { loss, gradient } = referenceGradient(system, layout, parameters, episodes);
  return {
    loss,
    gradNorm: Object.fromEntries(
      layout.tensors.map(({ name, offset, size }) => [
        name,
        Math.sqrt(gradient.subarray(offset, offset + size).reduce((sum, v) => sum + v * v, 0)),
      ]),
    ),
  };
}

// What `node spec.mjs` of the peers prints as the loss, in float64.
test.each([
  [small, 5.558737163303229],
  [{ tasks: 2, steps: 3, width: 4, batch: 2 }, 0.7850556117276316],
])('the workload %j is the one that the peers are given', (sizes, loss) => {
  expect(reference(flpWorkload(sizes)).loss).toBeCloseTo(loss, 12);
});
test('the workload pool is the one that the peers are given', () => {
  expect(reference(poolWorkload({ tasks: 1, steps: 2 })).loss).toBeCloseTo(3.9214487064260033, 12);
});

test.each(['store', 'checkpoint', 'reverse'] as const)(
  'loss and gradient norms equal the float64 reference with adjoint %s',
  async adjoint => {
    const workload = flpWorkload({ ...small, tasks: 6, batch: 2 });
    const { line, times } = await benchGradient(under.gpu, workload, { repeats: 2, adjoint });
    const { loss, gradNorm } = reference(workload);
    expect(Math.abs(line.loss - loss) / loss).toBeLessThan(1e-5);
    expect(Object.keys(line.gradNorm).sort()).toEqual([
      'B1',
      'B2',
      'B3',
      'W1',
      'W2',
      'W3',
      'alpha1',
      'alpha2',
      'alpha3',
      'b1',
      'b2',
      'b3',
      'beta',
      'c1',
      'c2',
      'c3',
    ]);
    for (const [name, norm] of Object.entries(gradNorm))
      expect(Math.abs(line.gradNorm[name]! - norm) / norm, name).toBeLessThan(1e-4);
    expect(times).toHaveLength(2);
  },
);

test("the pool's loss and θ equal the float64 reference, and θ is told term by term", async () => {
  const workload = poolWorkload({ tasks: 2, steps: 3 }, [12, 7, 5]);
  const { line, plan, peakBytes } = await benchGradient(under.gpu, workload, {
    repeats: 1,
    adjoint: 'store',
  });
  const { loss, gradNorm } = reference(workload);
  const { theta, ...terms } = line.gradNorm;
  expect(Math.abs(line.loss - loss) / loss).toBeLessThan(1e-5);
  expect(Math.abs(theta! - gradNorm['theta']!) / gradNorm['theta']!).toBeLessThan(1e-4);
  expect(Object.keys(terms)).toEqual(Array.from({ length: 10 }, (_, r) => `theta${r}`));
  expect(peakBytes).toBe(plan.totalBytes);
  expect(Math.hypot(...Object.values(terms))).toBeCloseTo(theta!, 5);
});

test('the most bytes at once are those of buffers not yet destroyed, and what was returned comes back', async () => {
  const { device } = under.gpu;
  const buffer = (size: number) => device.createBuffer({ size, usage: GPUBufferUsage.STORAGE });
  const { peak, result } = await peakBytes(async () => {
    const a = buffer(64);
    const b = buffer(32);
    a.destroy();
    a.destroy();
    buffer(16).destroy();
    b.destroy();
    return 'done';
  });
  expect([peak, result]).toEqual([96, 'done']);
});

test('dispatches, submits and new buffers are counted as they are made', async () => {
  const { device } = under.gpu;
  const counts = await countCalls(async () => {
    for (const size of [4, 8, 16])
      device.createBuffer({ size, usage: GPUBufferUsage.STORAGE }).destroy();
    device.queue.submit([device.createCommandEncoder().finish()]);
  });
  expect(counts).toEqual({ dispatches: 0, submits: 1, newBuffers: 3 });
  device.queue.submit([]);
  expect(counts.submits).toBe(1);
});

test('a meta-gradient of one chunk submits once, dispatches as often as its plan says, and makes no buffer', async () => {
  const { line, plan, peakBytes } = await benchGradient(under.gpu, flpWorkload(small), {
    repeats: 1,
    adjoint: 'store',
  });
  expect(peakBytes).toBe(plan.totalBytes);
  expect(line).toMatchObject({ submits: 1, newBuffers: 0, dispatches: plan.dispatches - 1 }); // all but Adam's
});

describe('the command', () => {
  let log: MockInstance<typeof console.log>;
  beforeEach(() => {
    log = vi.spyOn(console, 'log').mockImplementation(() => {});
  });
  afterEach(() => log.mockRestore());
  const printed = () => log.mock.calls.map(([line]) => String(line)).join('\n');

  test('prints the one JSON line of the peers, key for key; a flag comes before a variable, a variable before the default', async () => {
    expect(
      await run(['flp-sine', '--json', '--tasks', '5', '--repeats', '2'], {
        WORKLOAD: 'flp',
        N: '9',
        T: '3',
        H: '4',
        BATCH: '2',
        STEPS: '8',
      }),
    ).toBe(0);
    expect(log).toHaveBeenCalledTimes(1);
    const line = JSON.parse(printed());
    expect(Object.keys(line)).toEqual([
      'name',
      'workload',
      'N',
      'T',
      'H',
      'batch',
      'steps',
      'median_ms',
      'min_ms',
      'first_ms',
      'tasksteps_per_s',
      'loss',
      'gradNorm',
      'dispatches',
      'submits',
      'newBuffers',
    ]);
    expect(line).toMatchObject({ workload: 'flp', N: 5, T: 3, H: 4, batch: 2, steps: 2 });
    expect(line.min_ms).toBeLessThanOrEqual(line.median_ms);
    expect(line.first_ms).toBeGreaterThan(0);
    expect(line.tasksteps_per_s).toBeGreaterThan(0);
  });

  test('prints a table that names the adapter, and says of a software adapter that its times say nothing about GPUs', async () => {
    expect(
      await run(
        [
          'flp-sine',
          '--tasks',
          '2',
          '--steps',
          '2',
          '--width',
          '3',
          '--repeats',
          '1',
          '--adjoint',
          'store',
          '--lanes',
          '4',
        ],
        {},
      ),
    ).toBe(0);
    expect(printed()).toMatch(/^adapter: /);
    expect(printed().includes('say nothing about GPUs')).toBe(under.gpu.adapter.software);
    expect(printed()).toMatch(/^plan .*adjoint store, 4 lane\(s\) a task/m);
    expect(printed()).toMatch(/^meta-gradient .*median/m);
  });

  test('takes what was tuned for the workload: found once, then remembered', async () => {
    vi.stubEnv('XDG_CACHE_HOME', newFolder());
    try {
      const args = [
        'flp-sine',
        '--tune',
        '--tasks',
        '2',
        '--steps',
        '2',
        '--width',
        '2',
        '--repeats',
        '1',
      ];
      const memory = fileMemory(tuningFile());
      const options = optionsFor(flpWorkload({ tasks: 2, steps: 2, width: 2, batch: 1 }), {});
      expect(rememberedTuning(under.gpu, options, memory)).toBeUndefined();
      await run(args, {});
      const {
        adjoint,
        plan: { lanes, teams },
      } = rememberedTuning(under.gpu, options, memory)!;
      const made = vi.spyOn(GPUDevice.prototype, 'createComputePipelineAsync');
      log.mockClear();
      await run(args, {});
      expect(printed()).toContain(
        `adjoint ${adjoint}, ${lanes} lane(s) a task, ${teams} task(s) a workgroup`,
      );
      expect(made.mock.calls.length).toBeLessThan(10); // of one learner
      made.mockRestore();
    } finally {
      vi.unstubAllEnvs();
    }
  }, 120_000);

  test.each<[string, string[], NodeJS.ProcessEnv, RegExp]>([
    [
      'an unknown workload',
      ['pol'],
      {},
      /^bench: unknown workload "pol" \(did you mean pool\?\); known: flp-sine, pool$/,
    ],
    [
      'two workloads',
      ['pool', 'flp-sine'],
      {},
      /^bench: expected no workload or one, got pool flp-sine; known/,
    ],
    ["a workload's option without one", ['--tasks', '3'], {}, /unknown option "--tasks"/],
    [
      "the report's option with a workload",
      ['pool', '--svg', 'x.svg'],
      {},
      /unknown option "--svg"/,
    ],
    [
      'a tuned choice beside a given one',
      ['flp-sine', '--tune', '--lanes', '2'],
      {},
      /^--tune: expected none of --adjoint, --lanes and --teams with it, got both; leave one out$/,
    ],
    [
      'an option that the workload does not have',
      ['pool', '--width', '3'],
      {},
      /^--width: expected a workload that has it, got pool; leave it out$/,
    ],
    [
      'a rule of one’s own in the pool',
      ['pool', '--rule', 'oja'],
      {},
      /^--rule: expected a workload whose rule may be another, got pool; leave it out$/,
    ],
    ['kernels of no rule', ['rule'], {}, /^bench rule: expected one FILE or PRESET, got 0/],
    [
      'a rule whose updates cannot be undone, undone',
      ['flp-sine', '--rule', 'bcm', '--adjoint', 'reverse', '--tasks', '1', '--width', '2'],
      {},
      /reverse/,
    ],
    [
      'the environment of flp for the pool',
      ['pool'],
      { WORKLOAD: 'flp' },
      /^bench: expected the variable WORKLOAD to be pool, .*got "flp"$/,
    ],
    [
      'another workload in the environment',
      ['flp-sine'],
      { WORKLOAD: 'pool' },
      /^bench: expected the variable WORKLOAD to be flp, .*got "pool"$/,
    ],
    [
      'no tasks',
      ['flp-sine', '--tasks', '0'],
      {},
      /^--tasks: expected a whole number ≥ 1, got "0"$/,
    ],
    [
      'half a step',
      ['flp-sine', '--steps', '2.5'],
      {},
      /^--steps: expected a whole number ≥ 1, got "2\.5"$/,
    ],
    [
      'a variable that is no number',
      ['flp-sine'],
      { H: 'wide' },
      /^variable H: expected a whole number ≥ 1, got "wide"$/,
    ],
    [
      'an unknown adjoint',
      ['flp-sine', '--adjoint', 'magic'],
      {},
      /^--adjoint: unknown choice "magic"; known: store, checkpoint, reverse$/,
    ],
    ['an unknown flag', ['flp-sine', '--task', '3'], {}, /unknown option "--task"/],
    [
      'lanes that are no power of two',
      ['flp-sine', '--lanes', '3', '--tasks', '1', '--width', '2'],
      {},
      /^plan\.lanes: expected a power of two/,
    ],
  ])('refuses %s', async (_, args, env, message) => {
    await expect(run(args, env)).rejects.toThrow(message);
    expect(log).not.toHaveBeenCalled();
  });
});
