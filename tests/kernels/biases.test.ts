import { describe, expect, test } from 'vitest';
import type { Adjoint, PlanChoices } from '../../src/gpu/options.js';
import { GROUPS } from '../../src/parameters/layout.js';
import { defineSystem, type SystemSpec } from '../../src/systems/system.js';
import type { ProblemSpec } from '../reference/random-problem.js';
import { randomProblem } from '../reference/random-problem.js';
import { beyond, compare, learnerFor } from './agree.js';
import { useGpu } from './open.js';
import { each, rowsOf } from './systems.js';

const under = useGpu();

const descent = { rule: 'gradient', activation: 'tanh' } as const;

const AXES = {
  lanes: [
    { lanes: 1, teams: 2 },
    { lanes: 4, teams: 1 },
    { lanes: 32, teams: 1, grid: true },
  ],
  adjoint: [{ adjoint: 'store' }, { adjoint: 'checkpoint', interval: 2 }, { adjoint: 'reverse' }],
  sizes: each('sizes', [
    [1, 3, 2, 1],
    [3, 65, 3, 2],
  ]),
  batch: each('batch', [1, 3, 5]),
  frozen: each('frozen', [[], [1], [2]]),
  pieces: [{}, { tasksPerChunk: 2, stepsPerSegment: 1 }],
  learning: [
    { ...descent, eta: 'synapse', reduction: 'mean' },
    { ...descent, momentum: true, weightDecay: true, multiplier: [2, 0.5, -1] },
    { ...descent, feedback: 'direct', eta: 'neuron', noise: 0.01 },
    { rule: 'oja', alpha: 'synapse' },
    { rule: 'hebb', alpha: 'network' },
  ],
};

type Posed = SystemSpec & Omit<ProblemSpec, 'spec'> & PlanChoices & { readonly adjoint: Adjoint };

describe('kernels whose biases are plastic agree with the reference in loss, every gradient, and adaptation', () => {
  const named = rowsOf<Posed>(AXES).map(
    row => [JSON.stringify(row).replaceAll('"', ''), row] as const,
  );
  test.each(named)('%s', (_, { lanes, teams, grid, interval, adjoint, batch, ...rest }) => {
    const { tasksPerChunk, stepsPerSegment, ...system } = rest;
    return agrees(
      { spec: { ...system, plasticBias: true }, batch, tasks: 3, steps: 4 },
      { adjoint, plan: { lanes, teams, grid, interval, tasksPerChunk, stepsPerSegment } },
    );
  });

  test.each<[string, Partial<SystemSpec>]>([
    ['to first order', { ...descent, firstOrder: true, eta: 'synapse' }],
    ['from drawn weights, with momentum', { ...descent, weights: 'drawn', momentum: true }],
    [
      'while B follows W by Kolen-Pollack',
      { ...descent, feedback: 'chained', feedbackRule: 'kolen-pollack', bias: true },
    ],
  ])('%s', (_, spec) =>
    agrees({
      spec: { sizes: [2, 5, 3, 2], plasticBias: true, ...spec },
      batch: 2,
      tasks: 2,
      steps: 4,
    }),
  );

  async function agrees(spec: ProblemSpec, options: Parameters<typeof compare>[2] = {}) {
    const { errors, step } = await compare(under.gpu, spec, options);
    expect([step.counted, step.diverged, step.fellBack]).toEqual([spec.tasks, 0, false]);
    expect(beyond(1e-5, errors)).toEqual({});
  }
});

test('settings give each task rates of biases of its own', async () => {
  const spec: ProblemSpec = {
    spec: { sizes: [2, 3, 2], plasticBias: true, ...descent, eta: 'synapse' },
    tasks: 2,
    steps: 3,
  };
  const problem = randomProblem(spec);
  const { layout, parameters, episodes } = problem;
  const learner = await learnerFor(under.gpu, spec, problem);
  try {
    const first = layout.groupStart[GROUPS.indexOf('theta')]!;
    const own = Float32Array.from(parameters.subarray(first));
    const still = own.slice();
    const { offset, size } = layout.get('etaBias1')!;
    still.fill(0, offset - first, offset - first + size);
    const settings = Float32Array.of(...own, ...still);
    const { finalWeights } = await learner.adapt({ ...episodes, settings });
    const plain = (await learner.adapt(episodes)).finalWeights;
    const inherited = await learner.read('b1');
    expect(finalWeights[0]!['b1']).toEqual(plain[0]!['b1']);
    expect(finalWeights[1]!['b1']).toEqual(inherited);
    expect(plain[1]!['b1']).not.toEqual(inherited);
  } finally {
    learner.destroy();
  }
});

test('biases that are not plastic are no weights of a lifetime', async () => {
  const spec: ProblemSpec = { spec: { sizes: [2, 3, 2], ...descent } };
  const problem = randomProblem(spec);
  const learner = await learnerFor(under.gpu, spec, problem);
  try {
    const { finalWeights } = await learner.adapt(problem.episodes);
    expect(Object.keys(finalWeights[0]!)).toEqual(['W1', 'W2']);
  } finally {
    learner.destroy();
  }
});

test.each<[SystemSpec, string]>([
  [{ sizes: [2, 2], rule: 'pool', bias: true, plasticBias: true }, 'got true with pool'],
  [{ sizes: [2, 2], bias: false, plasticBias: true }, 'got true with bias false; set bias: true'],
])('%j is refused', (spec, told) => {
  expect(() => defineSystem(spec)).toThrow(told);
});
