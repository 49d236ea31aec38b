import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { create, globals } from 'webgpu';
import { type Gpu, openGpu } from '../../src/gpu/device.js';
import { readMetrics } from '../../src/gpu/metrics.js';
import { quadsOf } from '../../src/learner/lifetimes.js';
import {
  BLOCK,
  DEFAULT_BUDGET,
  makePlan,
  outcomeSize,
  totalTail,
  type Plan,
} from '../../src/gpu/plan.js';
import { QUERY_BLOCK, type Segment } from '../../src/gpu/segments.js';
import { referenceMetrics } from '../../src/reference/metrics.js';
import type { RuleSpec } from '../../src/rules/rule.js';
import type { LayerSpec } from '../../src/systems/system.js';
import { relativeError } from '../reference/central-differences.js';
import {
  type Problem,
  type ProblemSpec,
  randomProblem,
  solve,
} from '../reference/random-problem.js';
import { beyond, errorsOf, learnerFor, type Options } from './agree.js';
import { lockstep, type Memory } from './lockstep.js';

const dawn = create(['backend=null']); // only to have the kernels made
let gpu: Gpu;
beforeAll(async () => {
  Object.assign(globalThis, globals);
  gpu = await openGpu(dawn);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** The WGSL of a learner's kernels, by label. */
async function kernelsOf(
  spec: ProblemSpec,
  problem: Problem,
  options: Options,
): Promise<{ plan: Plan; code: Map<string, string> }> {
  const made = vi.spyOn(GPUDevice.prototype, 'createShaderModule');
  const learner = await learnerFor(gpu, spec, problem, options);
  return {
    plan: learner.plan,
    code: new Map(made.mock.calls.map(([{ label, code }]) => [label!, code])),
  };
}

/** What a segment is in the uniform. */
const passOf = (segment: Segment): Record<string, bigint> => ({
  first_step: BigInt(segment.firstStep),
  last_step: BigInt(segment.lastStep),
  first_moment: BigInt(segment.firstMoment),
  last_moment: BigInt(segment.lastMoment),
  first_query: BigInt(segment.firstQuery),
  last_query: BigInt(segment.lastQuery),
});

/** The buffers of the only chunk, as src/learner/lifetimes.ts fills them. */
function memoryOf({ parameters, episodes }: Problem, plan: Plan): Memory {
  const { perTask, tasks, teams, steps } = plan;
  const padded = Math.ceil(tasks / teams) * teams;
  const zeros = (n: number) => new Array<number>(n).fill(0);
  const gather = (support: ArrayLike<number>, query: ArrayLike<number>) =>
    Array.from({ length: tasks }, (_, i) =>
      [support, query].flatMap(a =>
        Array.from(a).slice((i * a.length) / tasks, ((i + 1) * a.length) / tasks),
      ),
    ).flat();
  return {
    pass_: {
      ...passOf({
        firstStep: 0,
        lastStep: steps,
        firstMoment: 0,
        lastMoment: plan.moments.length,
        firstQuery: 0,
        lastQuery: plan.queries,
      }),
      first_task: 0n,
      tasks: BigInt(tasks),
      seed: BigInt(episodes.origin!.seed),
      origin: BigInt(episodes.origin!.first),
      age: 0n,
    },
    parameters: [...plan.places.pack(Float32Array.from(parameters))],
    inputs: gather(episodes.supportX, episodes.queryX),
    targets: gather(episodes.supportY, episodes.queryY),
    activities: zeros(padded * perTask.activity),
    fast_weights: zeros(padded * perTask.fast),
    gradients: zeros(padded * perTask.gradient),
    scratches: zeros(padded * perTask.scratch),
    outcomes: zeros(tasks * outcomeSize(plan.moments.length, perTask.metrics)),
    total: zeros(plan.places.size + totalTail(plan)),
  };
}

/** States of both kinds, and coefficients of all. */
const STATES: RuleSpec = {
  dw: 'a * (h - decay * w) * sqrt(1 + (m - m_pre)^2) - eta * e * pre + eta * x * e_pre',
  synapse: { h: { d: 'gain * e * pre - decay * h', start: 0.1 } },
  neuron: { m: { d: 'k * (x - m)', start: 0.3 } },
  coefficients: {
    a: { per: 'synapse', start: { uniform: [-0.1, 0.1] } },
    gain: { per: 'neuron', start: { uniform: [0.5, 1] } },
    eta: { per: 'layer', start: 0.03 },
    decay: { per: 'network', start: 0.2 },
    k: { per: 'network', start: 0.1 },
  },
};
/** What is no one product, and can be undone. */
const STATELESS: RuleSpec = {
  dw: 'eta * tanh(post) * (pre - w * x) + a * post',
  coefficients: {
    eta: { per: 'layer', start: 0.05 },
    a: { per: 'synapse', start: { uniform: [-0.1, 0.1] } },
  },
};

const POOLING: LayerSpec = {
  conv: { channels: 3, kernel: 2, stride: 1, padding: 1, pool: 'max', poolSize: 2 },
};
const STRIDING: LayerSpec = { conv: { channels: 3, kernel: 3, stride: 2, padding: 1 } };

describe('lanes that share a task never race, touch nothing beyond their buffers, and do what the reference does', () => {
  const cases: [string, ProblemSpec, Options][] = [
    [
      'two lanes, store',
      { spec: { sizes: [2, 5, 3, 2] }, steps: 2 },
      { adjoint: 'store', plan: { lanes: 2 } },
    ],
    [
      'four lanes, two tasks a workgroup and one of padding, checkpoint',
      {
        spec: { sizes: [2, 5, 3, 2], alpha: 'layer', loss: 'cross-entropy' },
        steps: 3,
        batch: 2,
        tasks: 3,
      },
      { adjoint: 'checkpoint', plan: { lanes: 4, teams: 2, interval: 2 } },
    ],
    [
      'eight lanes, reverse',
      { spec: { sizes: [3, 9, 2], alpha: 'neuron', rule: 'hebb' }, steps: 2, batch: 5 },
      { adjoint: 'reverse', plan: { lanes: 8 } },
    ],
    [
      'four lanes, moments, feedback to the output and a frozen layer',
      {
        spec: { sizes: [2, 5, 3, 2], feedbackTo: 'output', frozen: [2], alpha: 'network' },
        steps: 2,
      },
      { moments: [0, 1, 2], momentWeights: [1, 1, 1], plan: { lanes: 4 } },
    ],
    [
      'four lanes, more queries than the adjoint takes at once',
      { spec: { sizes: [1, 5, 2] }, steps: 1, queries: QUERY_BLOCK + 2 },
      { plan: { lanes: 4 } },
    ],
    [
      'four lanes, all terms of the pool',
      {
        spec: { sizes: [2, 5, 3, 2], rule: 'pool', loss: 'cross-entropy', bias: true },
        steps: 2,
        batch: 2,
      },
      { plan: { lanes: 4 } },
    ],
    [
      'four lanes, backprop with momentum',
      {
        spec: {
          sizes: [2, 5, 3, 2],
          rule: 'gradient',
          momentum: true,
          weightDecay: true,
          activation: 'tanh',
        },
        steps: 2,
        batch: 2,
      },
      { plan: { lanes: 4 } },
    ],
    [
      'four lanes, sign-symmetric',
      {
        spec: {
          sizes: [2, 5, 3, 2],
          rule: 'gradient',
          feedback: 'sign-symmetric',
          activation: 'tanh',
        },
        steps: 2,
      },
      { plan: { lanes: 4 } },
    ],
    [
      'four lanes, every primitive and Kolen-Pollack',
      {
        spec: {
          sizes: [2, 5, 3, 2],
          rule: 'gradient',
          feedback: 'chained',
          feedbackRule: 'kolen-pollack',
          primitives: ['decay', 'amp', 'null', 'sparse', 'self'],
          activation: 'tanh',
        },
        steps: 2,
        batch: 4,
      },
      { adjoint: 'checkpoint', plan: { lanes: 4, interval: 2 } },
    ],
    [
      'four lanes, mirror noise',
      {
        spec: {
          sizes: [2, 5, 3, 2],
          rule: 'gradient',
          feedback: 'chained',
          feedbackRule: 'weight-mirror',
          mirror: 'noise',
          activation: 'tanh',
        },
        steps: 2,
        batch: 2,
      },
      { plan: { lanes: 4 } },
    ],
    [
      'a grid of 32 lanes, in one row or column or several, which divide them evenly or not',
      { spec: { sizes: [1, 8, 36, 1] }, steps: 2, tasks: 1 },
      {
        adjoint: 'reverse',
        moments: [1, 2],
        momentWeights: [0.5, 1],
        plan: { lanes: 32, grid: true },
      },
    ],
    [
      'a grid of four lanes, with checkpoints',
      { spec: { sizes: [2, 13, 2], alpha: 'layer', rule: 'hebb' }, steps: 5 },
      { adjoint: 'checkpoint', plan: { lanes: 4, interval: 2, grid: true } },
    ],
    [
      'two teams of four lanes in grids, three samples a step and a task of padding',
      {
        spec: { sizes: [3, 13, 2], alpha: 'neuron', loss: 'cross-entropy' },
        steps: 2,
        batch: 3,
        tasks: 3,
      },
      { adjoint: 'reverse', plan: { lanes: 4, teams: 2, grid: true } },
    ],
    [
      'a grid of eight lanes, two samples a step, store',
      { spec: { sizes: [2, 9, 16, 2] }, steps: 2, batch: 2, tasks: 1 },
      { adjoint: 'store', plan: { lanes: 8, grid: true } },
    ],
    [
      'a grid of four, five samples a step, hebb, reverse',
      { spec: { sizes: [3, 9, 2], alpha: 'neuron', rule: 'hebb' }, steps: 2, batch: 5 },
      { adjoint: 'reverse', plan: { lanes: 4, grid: true } },
    ],
    [
      'a grid of four, all terms of the pool',
      {
        spec: { sizes: [2, 5, 3, 2], rule: 'pool', loss: 'cross-entropy', bias: true },
        steps: 2,
        batch: 2,
      },
      { plan: { lanes: 4, grid: true } },
    ],
    [
      'a grid of eight, backprop with momentum',
      {
        spec: {
          sizes: [2, 5, 9, 2],
          rule: 'gradient',
          momentum: true,
          weightDecay: true,
          activation: 'tanh',
        },
        steps: 2,
        batch: 2,
      },
      { plan: { lanes: 8, grid: true } },
    ],
    [
      'two grids of four, sign-symmetric, and a task of padding',
      {
        spec: {
          sizes: [2, 5, 3, 2],
          rule: 'gradient',
          feedback: 'sign-symmetric',
          activation: 'tanh',
        },
        steps: 2,
        tasks: 3,
      },
      { plan: { lanes: 4, teams: 2, grid: true } },
    ],
    [
      'a grid of four, every primitive and Kolen-Pollack',
      {
        spec: {
          sizes: [2, 5, 3, 2],
          rule: 'gradient',
          feedback: 'chained',
          feedbackRule: 'kolen-pollack',
          primitives: ['decay', 'amp', 'null', 'sparse', 'self'],
          activation: 'tanh',
        },
        steps: 2,
        batch: 4,
      },
      { adjoint: 'checkpoint', plan: { lanes: 4, interval: 2, grid: true } },
    ],
    [
      'four lanes, convolutions that pool, one on the other, told what to be',
      {
        spec: {
          image: [2, 4, 5],
          layers: [POOLING, { conv: { channels: 3, kernel: 2, padding: 1 } }, { dense: 2 }],
          loss: 'cross-entropy',
        },
        steps: 2,
        batch: 2,
      },
      { plan: { lanes: 4 } },
    ],
    [
      'a grid of four, convolutions under every primitive and Kolen-Pollack',
      {
        spec: {
          image: [1, 4, 4],
          layers: [STRIDING, { conv: { channels: 2, kernel: 2 } }, { dense: 2 }],
          rule: 'gradient',
          feedback: 'chained',
          feedbackRule: 'kolen-pollack',
          primitives: ['decay', 'amp', 'null', 'sparse', 'self'],
          activation: 'tanh',
        },
        steps: 2,
        batch: 2,
      },
      { adjoint: 'checkpoint', plan: { lanes: 4, interval: 2, grid: true } },
    ],
    [
      'four lanes, a convolution by a rule with states',
      {
        spec: {
          image: [1, 4, 3],
          layers: [STRIDING, { dense: 2 }],
          rule: STATES,
          feedback: 'chained',
          activation: 'tanh',
        },
        steps: 2,
        batch: 2,
      },
      { plan: { lanes: 4 } },
    ],
    [
      'a grid of four, mirror noise',
      {
        spec: {
          sizes: [2, 5, 3, 2],
          rule: 'gradient',
          feedback: 'chained',
          feedbackRule: 'weight-mirror',
          mirror: 'noise',
          activation: 'tanh',
        },
        steps: 2,
        batch: 2,
      },
      { plan: { lanes: 4, grid: true } },
    ],
    [
      'four lanes, plastic biases with momentum',
      {
        spec: {
          sizes: [2, 5, 3, 2],
          rule: 'gradient',
          plasticBias: true,
          eta: 'neuron',
          momentum: true,
          weightDecay: true,
          activation: 'tanh',
        },
        steps: 2,
        batch: 2,
      },
      { adjoint: 'checkpoint', plan: { lanes: 4, interval: 2 } },
    ],
    [
      'a grid of eight, plastic biases with a rate of their own, five samples a step',
      {
        spec: { sizes: [2, 5, 9, 2], rule: 'gradient', plasticBias: true, eta: 'synapse' },
        steps: 2,
        batch: 5,
      },
      { plan: { lanes: 8, grid: true } },
    ],
    [
      'two grids of four, plastic biases under oja, reverse, and a task of padding',
      {
        spec: { sizes: [3, 13, 2], plasticBias: true, alpha: 'neuron' },
        steps: 2,
        tasks: 3,
      },
      { adjoint: 'reverse', plan: { lanes: 4, teams: 2, grid: true } },
    ],
    [
      'four lanes, a rule as text with states',
      { spec: { sizes: [2, 5, 3, 2], activation: 'tanh', rule: STATES }, steps: 2, batch: 2 },
      { adjoint: 'checkpoint', plan: { lanes: 4, interval: 2 } },
    ],
    [
      'two grids of eight, a rule as text with states, one sample a step, and a task of padding',
      { spec: { sizes: [2, 5, 9, 2], activation: 'tanh', rule: STATES }, steps: 2, tasks: 3 },
      { plan: { lanes: 8, teams: 2, grid: true } },
    ],
    [
      'four lanes, a rule as text without states, reverse',
      { spec: { sizes: [2, 5, 3, 2], rule: STATELESS }, steps: 2, batch: 3 },
      { adjoint: 'reverse', plan: { lanes: 4 } },
    ],
    [
      'a grid of eight, a rule as text without states',
      { spec: { sizes: [2, 5, 9, 2], rule: STATELESS }, steps: 2, batch: 2 },
      { plan: { lanes: 8, grid: true } },
    ],
    [
      'sixteen lanes, target signal',
      { spec: { sizes: [2, 5, 3, 2], signal: 'target', activation: 'tanh' }, steps: 2, batch: 2 },
      { plan: { lanes: 16 } },
    ],
  ];
  test.each(cases)('%s', async (_, spec, options) => {
    const problem = randomProblem({ ...spec, seed: 2 });
    const { plan, code } = await kernelsOf(spec, problem, options);
    const memory = memoryOf(problem, plan);
    for (const shader of ['episode', 'episode.adjoint'])
      for (let group = 0; group < Math.ceil(plan.tasks / plan.teams); group++) {
        const { races, outside, barriers } = lockstep(code.get(shader)!, memory, group);
        expect({ shader, races, outside }).toEqual({ shader, races: [], outside: [] });
        expect(barriers).toBeGreaterThan(plan.steps * problem.system.layers.length);
      }

    const want = solve(problem, { moments: options.moments, weights: options.momentWeights });
    const moments = plan.moments.length;
    const losses = want.losses.map(
      (_loss, k) =>
        (memory['outcomes'] as number[])[
          Math.floor(k / moments) * outcomeSize(moments) + (k % moments)
        ]!,
    );
    const gradients = want.taskGradients.map((_t, task) =>
      plan.places.unpack(
        quadsOf(
          Float32Array.from(memory['gradients'] as number[]),
          plan.perTask.gradient,
          task,
          plan.teams,
        ),
      ),
    );
    const gradient = want.gradient.map((_g, k) =>
      gradients.reduce((sum, g) => sum + g[k]! / plan.tasks, 0),
    );
    expect(relativeError(losses, want.losses)).toBeLessThan(1e-9);
    expect(beyond(1e-6, errorsOf(plan.layout, gradient, want.gradient))).toEqual({});
  });

  test('four lanes behind an encoder', async () => {
    const spec: ProblemSpec = { spec: { sizes: [3, 4, 5, 2], frozen: [1] }, steps: 2, tasks: 1 };
    const problem = randomProblem({ ...spec, seed: 2 });
    const { plan, code } = await kernelsOf(spec, problem, { plan: { lanes: 4 } });
    const memory = memoryOf(problem, plan);
    for (const shader of ['episode', 'episode.adjoint'])
      expect(lockstep(code.get(shader)!, memory)).toMatchObject({ races: [], outside: [] });
  });

  test('while with a barrier deleted, most of them would', async () => {
    const spec: ProblemSpec = { spec: { sizes: [2, 5, 3, 2], alpha: 'layer' }, steps: 2, batch: 2 };
    const problem = randomProblem({ ...spec, seed: 2 });
    const { plan, code } = await kernelsOf(spec, problem, { plan: { lanes: 4 } });
    const memory = memoryOf(problem, plan);
    const seen: boolean[] = [];
    for (const shader of ['episode', 'episode.adjoint']) {
      const source = code.get(shader)!;
      for (const { 0: barrier, index } of source.matchAll(
        /team_barrier\(\);|workgroupBarrier\(\);/g,
      )) {
        const { races } = lockstep(
          source.slice(0, index) + source.slice(index + barrier.length),
          structuredClone(memory),
        );
        seen.push(races.length > 0);
      }
      lockstep(source, memory);
    }
    expect(seen.filter(Boolean).length).toBeGreaterThan(seen.length / 2);
  });
});

describe('lanes that look at the network from inside never race, and see what the reference sees', () => {
  const cases: [string, ProblemSpec, Options['plan']][] = [
    [
      'four lanes, chained',
      {
        spec: { sizes: [2, 5, 3, 2], rule: 'gradient', feedback: 'chained', activation: 'tanh' },
        steps: 3,
        batch: 2,
      },
      { lanes: 4 },
    ],
    [
      'two teams of eight, direct, B drawn every step, and a task of padding',
      {
        spec: {
          sizes: [2, 9, 3, 2],
          rule: 'gradient',
          feedback: 'direct',
          feedbackWeights: 'drawn-every-step',
          activation: 'tanh',
          frozen: [2],
        },
        steps: 3,
        tasks: 3,
      },
      { lanes: 8, teams: 2 },
    ],
    [
      'four lanes, plastic biases',
      {
        spec: { sizes: [2, 5, 3, 2], rule: 'gradient', plasticBias: true, activation: 'tanh' },
        steps: 3,
      },
      { lanes: 4 },
    ],
    [
      'four lanes, feedback and local plasticity',
      { spec: { sizes: [2, 5, 3, 2], activation: 'tanh', loss: 'cross-entropy' }, steps: 3 },
      { lanes: 4 },
    ],
  ];
  const NAMES = [
    'weightAngle',
    'errorAngle',
    'updateAngle',
    'orthonormality',
    'weightNorm',
    'feedbackNorm',
    'errorNorm',
  ] as const;
  const moments = [0, 2, 3];

  /** Lives the lifetimes segment after segment; `metrics` may be another shader. */
  async function look(
    spec: ProblemSpec,
    choices: Options['plan'],
    change: (source: string) => string = source => source,
  ) {
    const problem = randomProblem({ ...spec, seed: 2 });
    const made = vi.spyOn(GPUDevice.prototype, 'createShaderModule');
    const learner = await learnerFor(gpu, spec, problem, { plan: choices });
    await learner.adapt(problem.episodes, { moments, metrics: true });
    const code = new Map(made.mock.calls.map(([{ label, code: source }]) => [label!, source]));
    const plan = makePlan(
      { ...learner.plan, adjoint: 'none', moments, momentWeights: [0, 0, 0], metrics: true },
      gpu.machine,
      DEFAULT_BUDGET,
      choices,
    );
    const memory = memoryOf(problem, plan);
    const problems: string[] = [];
    for (let group = 0; group < Math.ceil(plan.tasks / plan.teams); group++)
      for (const segment of plan.segments) {
        Object.assign(memory['pass_']!, passOf(segment));
        for (const shader of ['episode', 'metrics']) {
          const { races, outside } = lockstep(
            shader === 'metrics' ? change(code.get(shader)!) : code.get(shader)!,
            memory,
            group,
          );
          problems.push(...races, ...outside);
        }
      }
    const stride = outcomeSize(3, plan.perTask.metrics);
    const reported = Float32Array.from(
      (memory['outcomes'] as number[]).filter((_, i) => i % stride >= outcomeSize(3)),
    );
    return {
      problems,
      source: code.get('metrics')!,
      got: readMetrics(problem.system, 3, reported),
      want: referenceMetrics(problem.system, problem.layout, problem.parameters, problem.episodes, {
        moments,
      }),
    };
  }

  test.each(cases)('%s', async (_, spec, choices) => {
    const { problems, got, want } = await look(spec, choices);
    expect(problems).toEqual([]);
    const off = NAMES.flatMap(name =>
      [...got[name].data].flatMap((v, i) =>
        (
          Number.isNaN(v)
            ? Number.isNaN(want[name][i])
            : Math.abs(v - want[name][i]!) <= 1e-6 * (1 + Math.abs(v))
        )
          ? []
          : [`${name} ${i}: got ${v}, wanted ${want[name][i]}`],
      ),
    );
    expect(off).toEqual([]);
  });

  test('and with any barrier of theirs deleted, they would', async () => {
    const [, spec, choices] = cases[0]!;
    const { source } = await look(spec, choices);
    const barriers = [...source.matchAll(/team_barrier\(\);/g)];
    expect(barriers.length).toBe(4);
    for (const { 0: barrier, index } of barriers)
      expect(
        (
          await look(
            spec,
            choices,
            whole => whole.slice(0, index) + whole.slice(index + barrier.length),
          )
        ).problems,
      ).not.toEqual([]);
  });
});

test('a write to one number of a quad is one to all of it, which others must not touch', () => {
  const program = (type: string, at: string) => `const LANES = 2u;
@group(0) @binding(0) var<storage, read_write> numbers: array<${type}>;
@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) { numbers${at} = 1.0; }`;
  const racesOf = (type: string, at: string) =>
    lockstep(program(type, at), { numbers: [0, 0, 0, 0, 0, 0, 0, 0] }).races;
  expect(racesOf('vec4f, 2', '[0u][lane]')).toEqual(['numbers: lines 4 and 4']);
  expect(racesOf('vec4f, 2', '[lane][0u]')).toEqual([]);
  expect(racesOf('f32, 8', '[lane]')).toEqual([]);
});

test('collect, which adds through workgroup memory, never races', async () => {
  const spec: ProblemSpec = { spec: { sizes: [2, 9, 9, 2] }, steps: 1, tasks: 16 * BLOCK + 3 };
  const problem = randomProblem({ ...spec, seed: 2 });
  const { plan, code } = await kernelsOf(spec, problem, {});
  const source = code.get('collect')!;
  const memory = memoryOf(problem, plan);
  memory['gradients'] = (memory['gradients'] as number[]).fill(2);
  memory['outcomes'] = (memory['outcomes'] as number[]).fill(1);
  expect(lockstep(source, memory)).toMatchObject({ races: [], outside: [] });
  // The first workgroup has a quad of parameters for every so many lanes, which share its blocks of
  // tasks, of which every task's gradient, and so their mean, is 2; and it counts the tasks, whose
  // drift is 1, and makes the penalty, 0.
  const {
    collecting,
    slices,
    places: { size },
    tasks,
  } = plan;
  const numbers = (4 * collecting) / slices;
  expect((memory['total'] as number[]).slice(0, size + 4)).toEqual([
    ...Array<number>(numbers).fill(2),
    ...Array<number>(size - numbers).fill(0),
    tasks,
    1,
    0,
    numbers * 2 ** 2,
  ]);
  for (const { 0: barrier, index } of source.matchAll(/workgroupBarrier\(\);/g)) {
    expect(
      lockstep(source.slice(0, index) + source.slice(index + barrier.length), memory).races,
    ).not.toEqual([]);
  }
});
