import type { Tensors } from '../../src/tensor.js';
import { describe, expect, test } from 'vitest';
import { MetaplasticError } from '../../src/errors.js';
import { Learner, type LearnerOptions, type LearnerState } from '../../src/learner/learner.js';
import { adam, ratesOf } from '../../src/learner/optimiser.js';
import { random } from '../../src/tasks/random.js';
import { parseConfig } from '../../src/config/config.js';
import { learnerOf } from '../../src/runs/train.js';
import { openWorld } from '../../src/config/worlds.js';
import { sineTasks } from '../../src/tasks/sine.js';
import { mutate } from '../fuzz/mutate.js';
import { useGpu } from '../kernels/open.js';

const under = useGpu();
const source = sineTasks({ steps: 3, queries: 3 });
const TASKS = 4;
const base: LearnerOptions = {
  system: { preset: 'maml', sizes: [1, 4, 1] },
  episode: source,
  tasks: TASKS,
};
const episodes = source.episodes(0, 0, TASKS);
const fresh = (options: object = {}) => Learner.create(under.gpu, { ...base, ...options });

async function refusal(attempt: () => unknown): Promise<string> {
  try {
    await attempt();
  } catch (error) {
    if (!(error instanceof MetaplasticError)) return `raw: ${String(error)}`;
    return error.message;
  }
  return 'accepted';
}

describe('Learner.create refuses, by the name that the user wrote,', () => {
  test.each<[object, string]>([
    [
      { optimiser: { kind: 'adam', rates: { W: NaN } } },
      'learner.optimiser.rates.W: expected a number from 0 to 1000000, got NaN',
    ],
    [
      { optimiser: { kind: 'adam', rates: { W: -1e-3 } } },
      'learner.optimiser.rates.W: expected a number from 0 to 1000000, got -0.001',
    ],
    [
      { optimiser: { kind: 'adam', rates: { W: Infinity } } },
      'learner.optimiser.rates.W: expected a number from 0 to 1000000, got Infinity',
    ],
    [
      { optimiser: { kind: 'adam', rates: { W: 1e39 } } },
      'learner.optimiser.rates.W: expected a number from 0 to 1000000, no larger than float32 holds (3.4e38), got 1e+39',
    ],
    [
      { optimiser: { kind: 'adam', rates: { W: '0.1' } } },
      'learner.optimiser.rates.W: expected a number from 0 to 1000000, got "0.1"',
    ],
    [
      { optimiser: { kind: 'adam', rates: { w: 1 } } },
      'learner.optimiser.rates.w: unknown key (did you mean W?); known: W, B, alpha, beta, theta, eta, rule, alignment',
    ],
    [
      { optimiser: { kind: 'adam', rates: { alpha: 1 } } },
      'learner.optimiser.rates.alpha: expected 0, because the system has no meta-parameters of this group, got 1; it has W, eta',
    ],
    [
      { optimiser: { kind: 'adam', clip: -1 } },
      'learner.optimiser.clip: expected a number ≥ 1e-20, got -1',
    ],
    [
      { optimiser: { kind: 'adam', clip: 0 } },
      'learner.optimiser.clip: expected a number ≥ 1e-20, got 0',
    ],
    [
      { optimiser: { kind: 'adam', clip: Infinity } },
      'learner.optimiser.clip: expected a number ≥ 1e-20, got Infinity',
    ],
    [{ clipPerTask: -1 }, 'learner.clipPerTask: expected a number ≥ 1e-20, got -1'],
    [{ clipPerTask: NaN }, 'learner.clipPerTask: expected a number ≥ 1e-20, got NaN'],
    [{ l1: -1 }, 'learner.l1: expected a number ≥ 0, got -1'],
    [{ initial: { eta: NaN } }, 'learner.initial.eta: expected a number ≥ 0, got NaN'],
    [{ initial: { eta: -0.01 } }, 'learner.initial.eta: expected a number ≥ 0, got -0.01'],
    [
      { initial: { weights: 'kaimming' } },
      'learner.initial.weights: unknown choice "kaimming" (did you mean kaiming?); known: kaiming, xavier',
    ],
    [{ seed: -1 }, 'learner.seed: expected a whole number from 0 to 2³² − 1, got -1'],
    [
      { onDivergence: 'ignore' },
      'learner.onDivergence: unknown choice "ignore"; known: skip, error',
    ],
    [{ budget: { memory: NaN } }, 'learner.budget.memory: expected a number ≥ 1, got NaN'],
    [
      { budget: { dispatchSeconds: 0 } },
      'learner.budget.dispatchSeconds: expected a number > 0, got 0',
    ],
    [
      { adjoint: 'stored' },
      'learner.adjoint: unknown choice "stored" (did you mean store?); known: store, checkpoint, reverse',
    ],
    [{ tasks: 2.5 }, 'learner.tasks: expected a whole number ≥ 1, got 2.5'],
    [
      { episode: { steps: 0, batch: 1, queries: 1 } },
      'learner.episode.steps: expected a whole number ≥ 1, got 0',
    ],
    [
      { moments: [4] },
      'learner.moments: expected inner steps up to 3, the length of a lifetime, got 4',
    ],
    [
      { system: { sizes: [1, 4, 1], activaton: 'tanh' } },
      'system.activaton: unknown key (did you mean activation?); known: preset, sizes, image, layers, loss, rule, feedback',
    ],
    [
      { system: { sizes: [1, 4, 1], multiplier: 1e39 } },
      'system.multiplier: expected a finite number, or a list of finite numbers with one for each layer',
    ],
    [
      { system: { sizes: [1, 4, 1], noise: 1e39 } },
      'system.noise: expected a number from 0 to 1000000',
    ],
    [
      { episode: undefined },
      'learner.episode: expected an object with the keys steps, batch, queries',
    ],
  ])('%j', async (options, message) => {
    expect((await refusal(() => fresh(options))).slice(0, message.length)).toBe(message);
  });

  test('an option that it does not know', async () => {
    expect(await refusal(() => fresh({ clipPerTasks: 5 }))).toContain(
      'learner.clipPerTasks: unknown key (did you mean clipPerTask?); known: ',
    );
  });
  test('a GPU that is none, and no options', async () => {
    expect(await refusal(() => Learner.create(undefined as never, base))).toBe(
      'Learner.create: expected a GPU, from openGpu, openNodeGpu or useDevice, got nothing',
    );
    expect(await refusal(() => Learner.create(under.gpu, undefined as never))).toContain(
      'learner: expected an object with the keys system, episode, ',
    );
  });
  test('a bank with too few pixels', async () => {
    const bank = {
      count: 2,
      width: 1,
      height: 1,
      classes: 1,
      pixels: new Uint8Array(1),
      labels: new Uint16Array(2),
    };
    expect(await refusal(() => fresh({ episode: { steps: 1, batch: 1, queries: 1, bank } }))).toBe(
      'learner.episode.bank.pixels: expected count × height × width = 2 × 1 × 1 = 2 bytes, got 1',
    );
  });
  test.each([[[1, 1e9, 1]], [[1, 16384, 16384, 1]], [[784, 60_000, 60_000, 10]]])(
    'a network of sizes %j within a second of the CPU, before anything is made',
    async sizes => {
      const start = process.cpuUsage();
      expect(await refusal(() => fresh({ system: { sizes } }))).toMatch(/^plan: .*MiB/);
      const { user, system } = process.cpuUsage(start);
      expect((user + system) / 1e6).toBeLessThan(1);
    },
  );
});

test('rates are the published ones where they are left out, and 0 where others are given', async () => {
  const [published, some] = await Promise.all([
    fresh(),
    fresh({ optimiser: { kind: 'adam', rates: { eta: 1e-3 } } }),
  ]);
  expect(ratesOf(published.system, published.layout, undefined)).toMatchObject({
    W: 1e-3,
    eta: 1e-4,
    alpha: 0,
  });
  const [a, b] = [await published.read('W1'), await some.read('W1')];
  for (const learner of [published, some]) await learner.step(episodes);
  expect(await published.read('W1')).not.toEqual(a);
  expect(await some.read('W1')).toEqual(b);
  for (const learner of [published, some]) learner.destroy();
});

/** The same tensors, all of one number. */
const filled = (tensors: Tensors, value: number): Tensors =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { data, shape }]) => [
      name,
      { data: data.map(() => value), shape },
    ]),
  );

describe('a learner in use', () => {
  let made: Promise<Learner> | undefined;
  const learner = () => (made ??= fresh());

  test.each<[string, (l: Learner) => unknown, string]>([
    ['step()', l => l.step(undefined as never), 'learner.step: expected an object with the keys'],
    ['gradient()', l => l.gradient(null as never), 'learner.gradient: expected an object with'],
    ['adapt()', l => l.adapt({} as never), 'learner.adapt.tasks: expected a whole number ≥ 1'],
    [
      'a schedule that gives NaN',
      async () => (await fresh({ optimiser: adam({ schedule: () => NaN }) })).step(episodes),
      'learner.optimiser.schedule: expected a number ≥ 0, got NaN',
    ],
    [
      'a schedule beyond float32',
      async () => {
        const optimiser = adam({ rates: { W: 10 }, schedule: () => 3e38 });
        return (await fresh({ optimiser })).step(episodes);
      },
      'learner.optimiser.schedule: expected a factor that leaves the rate of W1 within float32, got 3e+38',
    ],
    [
      'moments that are no list',
      l => l.adapt(episodes, { moments: 3 as never }),
      'learner.adapt.moments: expected a list of inner steps ≥ 0, got 3',
    ],
    [
      'a misspelt option of adapt',
      l => l.adapt(episodes, { moments: [3], metric: true } as never),
      'learner.adapt.metric: unknown key (did you mean metrics?); known: moments, metrics, from',
    ],
    ['restore({})', l => l.restore({} as never), 'learner.restore.parameters: expected an object'],
    ['read()', l => l.read(undefined as never), 'learner: unknown meta-parameter nothing'],
    [
      'read(constructor)',
      l => l.read('constructor'),
      'learner: unknown meta-parameter "constructor"',
    ],
    ['write(W1)', l => l.write('W1', undefined as never), 'learner.write(W1): expected 4 numbers'],
  ])('refuses %s', async (_, call, message) => {
    const said = await refusal(async () => call(await learner()));
    expect(said.slice(0, message.length)).toBe(message);
  });

  test.each<[string, (state: LearnerState) => object, string]>([
    [
      'NaN updates',
      () => ({ updates: NaN }),
      'learner.restore.updates: expected a whole number ≥ 0',
    ],
    ['−1 updates', () => ({ updates: -1 }), 'learner.restore.updates: expected a whole number ≥ 0'],
    [
      'negative second moments',
      s => ({ moment2: filled(s.moment2, -1) }),
      'learner.restore.moment2: expected numbers ≥ 0, means of squares, got -1 in W1 at 0',
    ],
    [
      'moments that are not finite',
      s => ({ moment1: filled(s.moment1, Infinity) }),
      'learner.restore.moment1.W1: expected finite numbers, got Infinity at 0',
    ],
  ])('restores no %s, and stays as it was', async (_, spoil, message) => {
    const l = await learner();
    const state = await l.state();
    const said = await refusal(() => l.restore({ ...state, ...spoil(state) }));
    expect(said.slice(0, message.length)).toBe(message);
    expect(await l.state()).toEqual(state);
  });

  test('takes moments, options and settings as they were when the call was made', async () => {
    const l = await learner();
    const moments = [0, 3];
    const lived = l.adapt(episodes, { moments });
    moments.length = 0;
    expect((await lived).losses.shape).toEqual([TASKS, 2]);
  });

  test('answers whatever it is given with a value or one clear error', async () => {
    const l = await learner();
    const right = JSON.parse(
      JSON.stringify(episodes, (_, x: unknown) =>
        ArrayBuffer.isView(x) ? [...(x as Float32Array)] : x,
      ),
    ) as object;
    /** Lists as the arrays that they stand for. */
    const typed = (x: any) =>
      x && typeof x === 'object'
        ? Object.fromEntries(
            Object.entries(x).map(([key, value]) => [
              key,
              Array.isArray(value) && value.every(v => typeof v === 'number')
                ? Float32Array.from(value)
                : value,
            ]),
          )
        : x;
    const calls = [
      (x: any) => l.gradient(typed(x)),
      (x: any) => l.step(typed(x)),
      (x: any) => l.restore(typed(x)),
      (x: any) => l.write('W1', x),
      (x: any) => l.write(x),
      (x: any) => l.read(x),
    ];
    const bad: unknown[] = [];
    for (let k = 0; k < 150; k++) {
      const given = mutate(right, random(28, k));
      const said = await refusal(() => calls[k % calls.length]!(given));
      if (said.startsWith('raw: ') || said.length > 1200) bad.push([k, said]);
    }
    expect(bad).toEqual([]);
  });
});

describe('a run that could not be evaluated is refused before it is trained', () => {
  const config = (tasks: number, budget = {}) =>
    parseConfig(
      {
        name: 'x',
        task: { kind: 'sine', steps: 3, queries: 3 },
        system: { sizes: [1, 4, 1] },
        meta: { tasks: 1, steps: 1 },
        evaluation: { tasks, at: [0, 3] },
        budget,
      },
      'x',
    );
  const opened = async (tasks: number, budget?: object) => {
    const given = config(tasks, budget);
    const world = await openWorld(given, () => Promise.reject(new Error('no data')));
    return refusal(async () => (await learnerOf(under.gpu, given, world)).destroy());
  };
  test.each<[string, number, object, RegExp]>([
    [
      'on this machine',
      1e9,
      {},
      /^evaluation\.tasks: expected at most \d+, for each takes \d+ bytes/,
    ],
    [
      'within the budget',
      1e5,
      { memory: 1e6 },
      /^evaluation\.tasks: plan: \d+ task\(s\) need .* missing/,
    ],
  ])('%s', async (_, tasks, budget, message) => {
    expect(await opened(tasks, budget)).toMatch(message);
  });
});
