import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Adjoint, PlanChoices } from '../../src/gpu/options.js';
import { BLOCK } from '../../src/gpu/plan.js';
import { QUERY_BLOCK } from '../../src/gpu/segments.js';
import type { Learner } from '../../src/learner/learner.js';
import { gradientOf, learnerFor, parametersOf, type Options } from '../kernels/agree.js';
import { useGpu } from '../kernels/open.js';
import { relativeError } from '../reference/central-differences.js';
import { type ProblemSpec, randomProblem } from '../reference/random-problem.js';

const under = useGpu();

const plain: ProblemSpec = {
  spec: { sizes: [2, 5, 3, 2] },
  tasks: 14,
  steps: 7,
  batch: 2,
  seed: 2,
};
const encoded: ProblemSpec = { ...plain, spec: { sizes: [3, 6, 5, 2], frozen: [1] }, images: 5 };
const deep: ProblemSpec = { ...plain, spec: { sizes: [3, 6, 5, 4, 2], frozen: [1, 2] } };

async function withLearner<T>(
  spec: ProblemSpec,
  options: Options,
  use: (learner: Learner, episodes: ReturnType<typeof randomProblem>['episodes']) => Promise<T>,
): Promise<T> {
  const problem = randomProblem(spec);
  const learner = await learnerFor(under.gpu, spec, problem, options);
  try {
    return await use(learner, problem.episodes);
  } finally {
    learner.destroy();
  }
}

/** All that a meta-batch says, to the bit, and what the meta-parameters are after a meta-step. */
const answer = (spec: ProblemSpec, options: Options, choices: PlanChoices) =>
  withLearner(
    spec,
    { ...options, plan: { lanes: 1, teams: 4, ...choices } },
    async (learner, episodes) => {
      const gradient = await gradientOf(learner, episodes);
      const step = await learner.step(episodes);
      const adaptation = await learner.adapt(episodes, { moments: [0, 3, 7] });
      return {
        parts: [learner.plan.chunks, learner.plan.segments.length],
        bits: {
          step,
          gradient,
          parameters: await parametersOf(learner),
          adaptation,
        },
      };
    },
  );

interface Way {
  readonly name: string;
  readonly spec: ProblemSpec;
  readonly options: Options;
  readonly choices: PlanChoices;
}
const store: Way = { name: 'store', spec: plain, options: { adjoint: 'store' }, choices: {} };
const checkpoint = (interval: number): Way => ({
  name: `checkpoint every ${interval}`,
  spec: plain,
  options: { adjoint: 'checkpoint' },
  choices: { interval },
});
const reverse: Way = { name: 'reverse', spec: plain, options: { adjoint: 'reverse' }, choices: {} };
const encoder: Way = {
  name: 'store, encoded',
  spec: encoded,
  options: { moments: [0, 3, 7], momentWeights: [1, 2, 3] },
  choices: {},
};
const lanes: Way = {
  name: 'checkpoint, 4 lanes',
  spec: plain,
  options: { adjoint: 'checkpoint', clipPerTask: 0.5 },
  choices: { interval: 3, lanes: 4, teams: 2 },
};
/** A rule as text, with states of synapses and of neurons. */
const stateful: Way = {
  name: 'checkpoint, states',
  spec: {
    ...plain,
    spec: {
      sizes: [2, 5, 3, 2],
      activation: 'tanh',
      rule: {
        dw: 'eta * h * (x - m) - 0.01 * w',
        synapse: { h: { d: 'eta * (pre * x - h)', start: 0.1 } },
        neuron: { m: { d: 'k * (x - m)' } },
        coefficients: { eta: { per: 'neuron', start: 0.2 }, k: { per: 'network', start: 0.3 } },
      },
    },
  },
  options: { adjoint: 'checkpoint', moments: [0, 3, 7], momentWeights: [1, 2, 3] },
  choices: { interval: 3 },
};
const inGrid = (adjoint: Adjoint): Way => ({
  name: `${adjoint}, 4 lanes in a grid`,
  spec: plain,
  options: { adjoint, moments: [0, 3, 7], momentWeights: [1, 2, 3] },
  choices: { interval: 3, lanes: 4, teams: 2, grid: true },
});

const wholes = new Map<Way, ReturnType<typeof answer>>();
/** The answer of one chunk and one segment. */
function whole(way: Way): ReturnType<typeof answer> {
  if (!wholes.has(way))
    wholes.set(
      way,
      answer(way.spec, way.options, { ...way.choices, tasksPerChunk: 14, stepsPerSegment: 7 }),
    );
  return wholes.get(way)!;
}

test.each([
  store,
  checkpoint(1),
  checkpoint(2),
  checkpoint(3),
  checkpoint(7),
  checkpoint(9),
  reverse,
  encoder,
  stateful,
  lanes,
  inGrid('checkpoint'),
  inGrid('reverse'),
])(
  'adjoint $name: one segment, seven, and three of unequal length give the same bits',
  async way => {
    const { parts, bits } = await whole(way);
    expect(parts).toEqual([1, 1]);
    expect(bits.step.fellBack).toBe(false);
    for (const [stepsPerSegment, segments] of [
      [1, 7],
      [3, 3],
    ] as const) {
      const cut = await answer(way.spec, way.options, {
        ...way.choices,
        tasksPerChunk: 14,
        stepsPerSegment,
      });
      expect(cut.parts).toEqual([1, segments]);
      expect(cut.bits).toEqual(bits);
    }
  },
);

const asking = (way: Way): Way => ({
  ...way,
  spec: { ...way.spec, tasks: 3, queries: 2 * QUERY_BLOCK + 6 },
  options: { ...way.options, moments: [0, 3, 7], momentWeights: [1, 2, 3] },
});

test.each([
  store,
  checkpoint(3),
  reverse,
  encoder,
  { ...inGrid('store'), name: 'store, 4 lanes that hold their synapses' },
])(
  'adjoint $name: queries of a moment in three dispatches, and in one, give the same bits',
  async way => {
    const { spec, options, choices } = asking(way);
    const lived = (dispatchSeconds: number, stepsPerSegment: number) =>
      answer(
        spec,
        { ...options, budget: { dispatchSeconds } },
        { ...choices, tasksPerChunk: 3, stepsPerSegment },
      );
    const { parts, bits } = await lived(1e9, 7);
    expect(parts).toEqual([1, 1]);
    const cut = await lived(1e-12, 5);
    // steps up to 3, 5 and 7, and thrice three blocks of queries
    expect(cut.parts).toEqual([1, 3 + 3 * 3]);
    expect(cut.bits).toEqual(bits);
  },
);

test.each([store, lanes, reverse, encoder, stateful])(
  'adjoint $name: one chunk, seven, and one task at a time give the same bits',
  async way => {
    const { bits } = await whole(way);
    for (const [tasksPerChunk, chunks] of [
      [2, 7],
      [1, 14],
    ] as const) {
      const cut = await answer(way.spec, way.options, { ...way.choices, tasksPerChunk });
      expect(cut.parts[0]).toBe(chunks);
      expect(cut.bits).toEqual(bits);
    }
  },
);

test('chunks of unequal size, no multiple of the tasks that share a workgroup, and segments give the same bits', async () => {
  const cut = await answer(encoded, encoder.options, { tasksPerChunk: 5, stepsPerSegment: 4 });
  expect(cut.parts).toEqual([3, 2]);
  expect(cut.bits).toEqual((await whole(encoder)).bits);
});

test('as on a GPU, where several lanes add up a quad of the gradient, chunks of whole blocks give the same bits, and the same mean as one lane', async () => {
  const spec: ProblemSpec = { spec: { sizes: [2, 3, 2] }, tasks: 2 * BLOCK + 3, steps: 2, seed: 2 };
  const problem = randomProblem(spec);
  const { gpu } = under;
  const meanOf = async (software: boolean, plan: PlanChoices) => {
    const learner = await learnerFor(
      { ...gpu, machine: { ...gpu.machine, software } },
      spec,
      problem,
      { plan },
    );
    const gradient = await gradientOf(learner, problem.episodes);
    const { slices, chunks } = learner.plan;
    learner.destroy();
    return { gradient, slices, chunks };
  };
  const whole = await meanOf(false, {});
  const cut = await meanOf(false, { tasksPerChunk: BLOCK });
  const alone = await meanOf(true, {});
  expect([whole, cut, alone].map(({ slices, chunks }) => [slices, chunks])).toEqual([
    [16, 1],
    [16, 3],
    [1, 1],
  ]);
  expect(cut.gradient).toEqual(whole.gradient);
  expect(
    relativeError(Float64Array.from(whole.gradient), Float64Array.from(alone.gradient)),
  ).toBeLessThan(1e-6);
});

describe('a meta-step', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** Counts what really goes to WebGPU; every call goes through. */
  function watch() {
    const buffers = vi.spyOn(GPUDevice.prototype, 'createBuffer');
    const dispatches = vi.spyOn(GPUComputePassEncoder.prototype, 'dispatchWorkgroups');
    const submits = vi.spyOn(GPUQueue.prototype, 'submit');
    const groups = vi.spyOn(GPUDevice.prototype, 'createBindGroup');
    const pipelines = vi.spyOn(GPUDevice.prototype, 'createComputePipelineAsync');
    return {
      seen: () => ({
        dispatches: dispatches.mock.calls.length,
        submits: submits.mock.calls.length,
        made: [buffers, groups, pipelines].map(s => s.mock.calls.length),
      }),
      bytes: () => buffers.mock.calls.reduce((sum, [{ size }]) => sum + size, 0),
      forget: () => {
        for (const spy of [buffers, dispatches, submits, groups, pipelines]) spy.mockClear();
      },
    };
  }

  const plans: [string, ProblemSpec, Options][] = [
    ['one chunk, one segment', plain, {}],
    ['three chunks of two segments', plain, { plan: { tasksPerChunk: 5, stepsPerSegment: 4 } }],
    ['checkpoints', plain, { adjoint: 'checkpoint', plan: { tasksPerChunk: 7 } }],
    ['reverse', plain, { adjoint: 'reverse', plan: { stepsPerSegment: 2 } }],
    ['an encoder and images', encoded, { plan: { tasksPerChunk: 7, stepsPerSegment: 3 } }],
    [
      'an encoder of two layers, moments and four lanes',
      deep,
      { moments: [0, 7], momentWeights: [1, 1], plan: { lanes: 4 } },
    ],
  ];

  test.each(plans)(
    'of %s allocates what the plan says, dispatches as often as it says, submits once a chunk, and makes nothing anew',
    async (_, spec, options) => {
      const watched = watch();
      await withLearner(spec, options, async (learner, episodes) => {
        const { plan } = learner;
        expect(watched.bytes()).toBe(plan.totalBytes);
        expect(learner.allocatedBytes).toBe(plan.totalBytes);
        await learner.step(episodes);
        watched.forget();
        await learner.step(episodes);
        expect(watched.seen()).toEqual({
          dispatches: plan.dispatches,
          submits: plan.chunks,
          made: [0, 0, 0],
        });
        watched.forget();
        await learner.gradient(episodes, { read: false });
        expect(watched.seen()).toEqual({
          dispatches: plan.dispatches - 1,
          submits: plan.chunks,
          made: [0, 0, 0],
        }); // all but Adam's
        expect(learner.allocatedBytes).toBe(plan.totalBytes);
      });
    },
  );

  test('of 30 inner steps dispatches as often as one of 3', async () => {
    const watched = watch();
    const count = (steps: number) =>
      withLearner({ ...plain, steps }, {}, async (learner, episodes) => {
        watched.forget();
        await learner.step(episodes);
        return watched.seen().dispatches;
      });
    expect(await count(30)).toBe(await count(3));
  });

  test('adapt makes its buffers and pipelines once for a shape of episodes', async () => {
    await withLearner(plain, {}, async (learner, episodes) => {
      await learner.adapt(episodes);
      const watched = watch();
      await learner.adapt(episodes);
      expect(watched.seen().made).toEqual([0, 0, 0]);
    });
  });
});
