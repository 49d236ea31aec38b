import { afterEach, describe, expect, test, vi } from 'vitest';
import { makePlan } from '../../src/gpu/plan.js';
import type { Metrics } from '../../src/systems/metrics.js';
import { referenceMetrics } from '../../src/reference/metrics.js';
import { defineSystem, ORIGINS, type SystemSpec } from '../../src/systems/system.js';
import { SOFTWARE } from '../gpu/machine.js';
import { type ProblemSpec, randomProblem } from '../reference/random-problem.js';
import { learnerFor, type Options } from './agree.js';
import { useGpu } from './open.js';

const under = useGpu();
afterEach(() => {
  vi.restoreAllMocks();
});

type Name = Exclude<keyof Metrics, 'layers'>;
const NAMES: readonly Name[] = [
  'weightAngle',
  'errorAngle',
  'updateAngle',
  'orthonormality',
  'weightNorm',
  'feedbackNorm',
  'errorNorm',
];

/**
 * Metrics by the kernels and by the reference, and how many numbers disagree: an angle by more than
 * 0.02°, anything else by more than 1e-4 of it, or NaN in only one.
 */
async function compare(spec: ProblemSpec, moments: readonly number[], options: Options = {}) {
  const problem = randomProblem({ seed: 2, ...spec });
  const { system, layout, parameters, episodes, bank } = problem;
  const learner = await learnerFor(under.gpu, spec, problem, options);
  try {
    const adaptation = await learner.adapt(episodes, { moments, metrics: true });
    const got = adaptation.metrics!;
    const want = referenceMetrics(system, layout, parameters, episodes, { moments, bank });
    expect(got.layers).toEqual(want.layers);
    const wrong = Object.fromEntries(
      NAMES.map(name => [
        name,
        [...want[name]].flatMap((w, i) => {
          const g = got[name].data[i]!;
          const near = Number.isNaN(w)
            ? Number.isNaN(g)
            : Math.abs(g - w) <= (name.endsWith('Angle') ? 0.02 : 1e-4 * Math.abs(w));
          return near ? [] : [`${i}: got ${g}, wanted ${w}`];
        }),
      ]).filter(([, list]) => list!.length),
    );
    for (const name of NAMES) expect(got[name].data.length).toBe(want[name].length);
    return { got, want, wrong, adaptation };
  } finally {
    learner.destroy();
  }
}

const known = (numbers: ArrayLike<number>) =>
  Array.from(numbers).filter(v => !Number.isNaN(v)).length;
const SIZES = [3, 6, 5, 4, 2];

describe('metrics agree with the reference', () => {
  const gradient = { rule: 'gradient', activation: 'tanh' } as const;
  const sized = (spec: Omit<SystemSpec, 'sizes'>): SystemSpec => ({ sizes: SIZES, ...spec });
  const cases: [string, SystemSpec, Partial<ProblemSpec>, Options?][] = [
    ['backprop', sized({ ...gradient }), {}],
    ...(['chained', 'direct', 'sign-symmetric'] as const).flatMap(feedback =>
      ORIGINS.feedbackWeights.map((feedbackWeights): [string, SystemSpec, Partial<ProblemSpec>] => [
        `${feedback}, B ${feedbackWeights}`,
        sized({ ...gradient, feedback, feedbackWeights }),
        {},
      ]),
    ),
    [
      'direct, as many hidden neurons as outputs',
      { ...gradient, sizes: [3, 2, 2, 2], feedback: 'direct' },
      {},
    ],
    ['feedback and local plasticity', sized({}), {}],
    [
      'feedback and local plasticity, clamped output',
      sized({ loss: 'cross-entropy', feedbackTo: 'output' }),
      {},
    ],
    [
      'the pool, drawn weights',
      sized({
        rule: 'pool',
        loss: 'cross-entropy',
        activation: 'softplus',
        weights: 'drawn',
        feedbackWeights: 'drawn',
      }),
      {},
    ],
    [
      'feedback weights that learn',
      sized({
        ...gradient,
        feedback: 'chained',
        feedbackRule: 'kolen-pollack',
        loss: 'cross-entropy',
      }),
      {},
    ],
    [
      'momentum, and feedback weights that learn from a mirror',
      sized({
        ...gradient,
        momentum: true,
        feedback: 'chained',
        feedbackRule: 'information-alignment',
        mirror: 'noise',
        bias: true,
      }),
      {},
    ],
    [
      'weighted classes',
      sized({ ...gradient, feedback: 'chained', loss: 'cross-entropy' }),
      { targets: 'weights' },
    ],
    [
      'the error of the mean',
      sized({ ...gradient, feedback: 'direct', loss: 'mean-squared-error' }),
      {},
    ],
    [
      'sigmoid and biases',
      sized({ ...gradient, activation: 'sigmoid', bias: true, feedback: 'chained' }),
      {},
    ],
    ['frozen layers', sized({ ...gradient, feedback: 'chained', frozen: [2, 4] }), {}],
    ['an encoder', sized({ ...gradient, feedback: 'chained', frozen: [1] }), {}],
    [
      'an encoder of two layers on images, and a frozen layer',
      sized({ frozen: [1, 2, 4], alpha: 'layer' }),
      { images: 5 },
    ],
    ['one layer', { ...gradient, sizes: [4, 3], feedback: 'chained' }, {}],
    [
      'layers wider than a team',
      { ...gradient, sizes: [2, 65, 3], feedback: 'chained' },
      {},
      { plan: { lanes: 8 } },
    ],
    [
      'a lane a task',
      sized({ ...gradient, feedback: 'chained' }),
      { tasks: 5 },
      { plan: { lanes: 1, teams: 2 } },
    ],
    [
      'many lanes',
      sized({ ...gradient, feedback: 'direct' }),
      { tasks: 3 },
      { plan: { lanes: 32, teams: 2 } },
    ],
    ['one query', sized({ ...gradient, feedback: 'chained' }), { queries: 1 }],
    [
      'convolutions that pool and leave a rest, by feedback of their own',
      {
        ...gradient,
        feedback: 'chained',
        image: [2, 6, 5],
        layers: [
          { conv: { channels: 3, kernel: 2, stride: 1, padding: 1, pool: 'max', poolSize: 2 } },
          { conv: { channels: 5, kernel: 2 } },
          { dense: 3 },
        ],
      },
      {},
    ],
    [
      'convolutions by direct feedback, with zeros around',
      {
        ...gradient,
        feedback: 'direct',
        image: [1, 5, 4],
        layers: [
          { conv: { channels: 3, kernel: 3, stride: 2, padding: 1 } },
          { conv: { channels: 2, kernel: 2, padding: 1, pool: 'average', poolSize: 2 } },
          { dense: 3 },
        ],
      },
      {},
      { plan: { lanes: 1, teams: 2 } },
    ],
    [
      'convolutions that are told what to be, behind one that is frozen',
      {
        image: [1, 7, 6],
        layers: [
          { conv: { channels: 2, kernel: 2 } },
          { conv: { channels: 3, kernel: 3, stride: 2, padding: 1 } },
          { dense: 2 },
        ],
        frozen: [1],
        alpha: 'layer',
      },
      {},
    ],
  ];
  test.each(cases)('%s', async (_, spec, wish, options) => {
    const { wrong, want } = await compare(
      { spec, tasks: 3, steps: 5, batch: 2, ...wish },
      [0, 2, 5],
      options,
    );
    expect(wrong).toEqual({});
    const { layers } = defineSystem(spec);
    const dense = want.layers.filter(l => !layers[l - 1]!.conv).length / want.layers.length;
    expect(known(want.weightNorm)).toBe(want.weightNorm.length);
    expect(known(want.orthonormality)).toBe(dense * want.orthonormality.length);
  });

  test.each([[[5]], [[0]], [[1, 2]], [[0, 1, 2, 3, 4, 5]]])('at the moments %j', async moments => {
    expect(
      (
        await compare(
          { spec: sized({ ...gradient, feedback: 'chained' }), tasks: 2, steps: 5 },
          moments,
        )
      ).wrong,
    ).toEqual({});
  });
});

describe('what a system does not have is NaN', () => {
  const at = async (spec: SystemSpec) => {
    const { got, wrong } = await compare({ spec, steps: 2 }, [0, 2]);
    const depth = got.layers.length;
    expect(wrong).toEqual({});
    return {
      has: (name: Name) =>
        Array.from({ length: 2 }, (_, k) =>
          Array.from(got[name].data.subarray(k * depth, (k + 1) * depth), v => !Number.isNaN(v)),
        ),
      layers: got.layers,
    };
  };
  const both = (row: boolean[]) => [row, row];

  test('an encoder has no metrics, a frozen layer and the first moment no update, backprop no B, the lowest layer carries nothing', async () => {
    const { has, layers } = await at({
      sizes: SIZES,
      rule: 'gradient',
      activation: 'tanh',
      frozen: [1, 3],
    });
    expect(layers).toEqual([2, 3, 4]);
    expect(has('updateAngle')).toEqual([
      [false, false, false],
      [true, false, true],
    ]);
    expect(has('feedbackNorm')).toEqual(both([false, false, false]));
    expect(has('weightAngle')).toEqual(both([false, true, true]));
    expect(has('errorAngle')).toEqual(both([true, true, true]));
  });

  test('a direct path carries the error of the output layer alone, whatever the shape', async () => {
    const { has } = await at({
      sizes: [3, 2, 2, 2],
      rule: 'pool',
      loss: 'cross-entropy',
      activation: 'softplus',
      feedback: 'direct',
    });
    expect(has('weightAngle')).toEqual(both([false, false, true]));
    expect(has('feedbackNorm')).toEqual(both([true, true, true]));
  });

  test('direct-rectified feedback carries no errors, but has B', async () => {
    const { has } = await at({ sizes: [3, 5, 4, 2], activation: 'tanh', feedbackTo: 'output' });
    for (const name of ['weightAngle', 'errorAngle', 'errorNorm'] as const)
      expect(has(name)).toEqual(both([false, false, false]));
    expect(has('feedbackNorm')).toEqual(both([false, false, true]));
  });
});

describe('angles are exact at their ends, where a cosine in float32 is not', () => {
  test('backprop has error and weight angles 0', async () => {
    const { got } = await compare(
      { spec: { sizes: SIZES, rule: 'gradient', activation: 'tanh' }, tasks: 2, steps: 3 },
      [0, 3],
    );
    for (const name of ['errorAngle', 'weightAngle'] as const)
      expect([...new Set(got[name].data)].filter(v => !Number.isNaN(v))).toEqual([0]);
  });

  test('one step of the gradient rule whose batch is the query set goes straight down', async () => {
    const spec: ProblemSpec = {
      spec: { sizes: SIZES, rule: 'gradient', activation: 'tanh', multiplier: 4 },
      batch: 4,
      queries: 4,
    };
    const problem = randomProblem({ ...spec, seed: 2 });
    const learner = await learnerFor(under.gpu, spec, problem);
    const { supportX, supportY } = problem.episodes;
    const { metrics } = await learner.adapt(
      { ...problem.episodes, queryX: supportX, queryY: supportY },
      { moments: [0, 1], metrics: true },
    );
    learner.destroy();
    const angles = metrics!.updateAngle.data.subarray(4);
    expect(angles.length).toBe(4);
    angles.forEach(angle => expect(angle).toBeLessThan(1e-3));
  });
});

describe('cut into chunks and segments', () => {
  const spec: ProblemSpec = {
    spec: {
      sizes: SIZES,
      rule: 'gradient',
      activation: 'tanh',
      feedback: 'chained',
      feedbackWeights: 'drawn',
    },
    tasks: 11,
    steps: 7,
    batch: 2,
  };
  const problem = randomProblem({ ...spec, seed: 2 });
  const adapt = async (options: Options, moments: readonly number[]) => {
    const passes = vi.spyOn(GPUComputePassEncoder.prototype, 'dispatchWorkgroups');
    const submits = vi.spyOn(GPUQueue.prototype, 'submit');
    const learner = await learnerFor(under.gpu, spec, problem, {
      plan: { lanes: 2, teams: 2 },
      ...options,
    });
    const adaptation = await learner.adapt(problem.episodes, { moments, metrics: true });
    const without = await learner.adapt(problem.episodes, { moments });
    learner.destroy();
    return {
      adaptation,
      without,
      dispatches: passes.mock.calls.length,
      submits: submits.mock.calls.length,
    };
  };

  test('metrics stay the same to the bit, and so does all else that adapt shows', async () => {
    const moments = [0, 3, 7];
    const whole = await adapt({}, moments);
    const cut = await adapt({ budget: { dispatchSeconds: 1e-9 } }, moments);
    expect(cut.submits).toBeGreaterThan(whole.submits);
    expect(cut.dispatches).toBeGreaterThan(whole.dispatches + 6);
    expect(cut.adaptation).toEqual(whole.adaptation);
    const { metrics, ...rest } = whole.adaptation;
    expect(metrics!.weightNorm.shape).toEqual([11, 3, 4]);
    expect(rest).toEqual(whole.without);
    expect((await compare(spec, moments, { budget: { dispatchSeconds: 1e-9 } })).wrong).toEqual({});
  });

  test('a plan with metrics has the memory and the dispatches that it says', async () => {
    const {
      system,
      episodes: { tasks, steps, batch, queries },
    } = problem;
    const learner = await learnerFor(under.gpu, spec, problem);
    const held = learner.allocatedBytes;
    for (const [n, moments] of [
      [0, [0, 3, 7]],
      [1, [7]],
      [2, [2, 3]],
    ] as const) {
      const plan = makePlan(
        {
          system,
          tasks,
          steps,
          batch,
          queries,
          adjoint: 'none',
          moments,
          momentWeights: moments.map(() => 0),
          images: 0,
          settings: 0,
          metrics: true,
        },
        under.gpu.machine,
      );
      const passes = vi.spyOn(GPUComputePassEncoder.prototype, 'dispatchWorkgroups');
      const before = learner.allocatedBytes;
      await learner.adapt(problem.episodes, { moments, metrics: true });
      expect(passes.mock.calls.length).toBe(plan.dispatches);
      passes.mockRestore();
      // What all plans of a learner share is held once.
      const shared = plan.bytes['meta-parameters']!;
      expect(learner.allocatedBytes - before, `plan ${n}`).toBe(plan.totalBytes - shared);
    }
    expect(learner.allocatedBytes).toBeGreaterThan(held);
    learner.destroy();
  });
});

test('metrics are asked of a forward-only plan', () => {
  const work = {
    system: defineSystem({ sizes: [1, 1] }),
    tasks: 1,
    steps: 3,
    batch: 1,
    queries: 1,
    moments: [3],
    momentWeights: [1],
    images: 0,
    settings: 0,
    metrics: true,
  } as const;
  expect(() => makePlan({ ...work, adjoint: 'store' }, SOFTWARE)).toThrow(
    'plan.metrics: expected false with an adjoint, got true with "store"',
  );
  const ends = (moments: number[], stepsPerSegment: number) =>
    makePlan(
      { ...work, steps: 7, moments, momentWeights: moments.map(() => 0), adjoint: 'none' },
      SOFTWARE,
      undefined,
      { stepsPerSegment },
    ).segments.map(({ lastStep, firstMoment, lastMoment }) => [lastStep, lastMoment - firstMoment]);
  expect([ends([0, 3, 7], 7), ends([2], 3), ends([3, 7], 3)]).toEqual([
    [
      [0, 1],
      [3, 1],
      [7, 1],
    ],
    [
      [2, 1],
      [3, 0],
      [6, 0],
      [7, 0],
    ],
    [
      [3, 1],
      [6, 0],
      [7, 1],
    ],
  ]);
});
