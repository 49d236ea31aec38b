import { describe, expect, test, vi } from 'vitest';
import type { Lived } from '../../src/learner/learner.js';
import type { RuleSpec } from '../../src/rules/rule.js';
import type { SystemSpec } from '../../src/systems/system.js';
import type { Episodes } from '../../src/tasks/episodes.js';
import { learnerFor, type Options } from '../kernels/agree.js';
import { useGpu } from '../kernels/open.js';
import { refusal } from '../refusal.js';
import { randomProblem } from '../reference/random-problem.js';

const under = useGpu();
const shape = { tasks: 5, steps: 20, batch: 1, queries: 2, seed: 3 };
const sizes = [3, 6, 5, 2];

/** Inner steps `from` … `to` − 1 of the episodes. */
function part(episodes: Episodes, from: number, to: number): Episodes {
  const { tasks, steps, batch } = episodes;
  const cut = <A extends Float32Array | Uint32Array>(all: A): A => {
    const width = all.length / (tasks * steps * batch);
    const at = (task: number, step: number) => (task * steps + step) * batch * width;
    const parts = Array.from({ length: tasks }, (_, i) => [
      ...all.subarray(at(i, from), at(i, to)),
    ]);
    return new (all.constructor as new (numbers: number[]) => A)(parts.flat());
  };
  const [supportX, supportY] = [cut(episodes.supportX), cut(episodes.supportY)];
  return { ...episodes, steps: to - from, supportX, supportY };
}

/** What twenty steps come to, at once and as ten, three and seven more. */
async function lives(system: SystemSpec, options: Options = {}) {
  const problem = randomProblem({ spec: system, ...shape });
  const learner = await learnerFor(under.gpu, { spec: system }, problem, options);
  const { episodes } = problem;
  const whole = await learner.adapt(episodes);
  let from: Lived | undefined;
  for (const [first, last] of [
    [0, 10],
    [10, 13],
    [13, 20],
  ] as const)
    from = await learner.adapt(part(episodes, first, last), { from: structuredClone(from) });
  learner.destroy();
  return { whole, inParts: from };
}

/** States of synapses and of neurons, which go on as weights do. */
const stateful: RuleSpec = {
  dw: 'eta * h * (x - m) - 0.01 * w',
  synapse: { h: { d: 'eta * (pre * x - h)', start: 0.1 } },
  neuron: { m: { d: 'k * (x - m)' } },
  coefficients: { eta: { per: 'neuron', start: 0.2 }, k: { per: 'network', start: 0.3 } },
};

const chained = { sizes, feedback: 'chained', rule: 'gradient' } as const;
const systems: readonly [string, SystemSpec, Options?][] = [
  ['of feedback and local plasticity', { sizes }],
  ['of feedback and local plasticity, one at a time', { sizes }, { plan: { lanes: 4, teams: 2 } }],
  ['behind a frozen encoder', { sizes, frozen: [1] }],
  ['with momentum and a frozen layer', { sizes, rule: 'gradient', momentum: true, frozen: [2] }],
  [
    'whose biases change too, with momentum',
    { sizes, rule: 'gradient', momentum: true, plasticBias: true },
  ],
  ['from drawn weights', { preset: 'feedback-alignment', sizes }],
  ['with feedback drawn every step', { preset: 'brsf', sizes }],
  ['with noise on the weights', { ...chained, noise: 0.01 }],
  [
    'that align every third step, by noise sent into each layer',
    { ...chained, feedbackRule: 'weight-mirror', mirror: 'noise', alignEvery: 3 },
  ],
  ['with states, behind a frozen encoder', { sizes, rule: stateful, frozen: [1] }],
  [
    'of Kolen-Pollack with momentum and noise',
    { ...chained, feedbackRule: 'kolen-pollack', momentum: true, noise: 0.01 },
  ],
];

describe('ten steps, three and seven more are twenty, to the bit', () => {
  test.each(systems)('for lifetimes %s', async (_, system, options) => {
    const { whole, inParts } = await lives(system, options);
    expect(whole.losses.data.every(Number.isFinite)).toBe(true);
    expect(inParts).toEqual(whole);
  });
});

/** So little that the lifetimes are lived in several chunks. */
const CHUNKED: Options = { budget: { memory: 20e3 } };

test('chunks take up each their own lifetimes', async () => {
  const { whole, inParts } = await lives({ sizes }, CHUNKED);
  expect(inParts).toEqual(whole);
});

describe('lifetimes to go on with', () => {
  const problem = randomProblem({ spec: { sizes }, ...shape });
  const { episodes } = problem;
  const use = async (given: (lived: Lived) => object, more: Episodes = episodes) => {
    const learner = await learnerFor(under.gpu, { spec: { sizes } }, problem);
    const lived = await learner.adapt(episodes);
    const said = await refusal(() => learner.adapt(more, { from: given(lived) as Lived }));
    learner.destroy();
    return said;
  };

  test('are refused if they are of another system', async () => {
    expect(await use(lived => ({ ...lived, system: { ...lived.system, rule: 'hebb' } }))).toBe(
      'learner.adapt.from: expected lifetimes of this learner\'s system, whose rule is "oja", got "hebb"; go on with a learner of the same system',
    );
  });

  test('are refused if they are of another number of tasks', async () => {
    const { episodes: fewer } = randomProblem({ spec: { sizes }, ...shape, tasks: 4 });
    expect(await use(lived => lived, fewer)).toBe(
      'learner.adapt.from.finalWeights: expected lifetimes of 4 tasks, as many as the episodes have, got 5',
    );
  });

  test.each<[string, (lived: Lived) => object, string]>([
    ['nothing', () => ({}), 'learner.adapt.from.system: expected a system, got nothing'],
    [
      'a missing tensor',
      lived => ({
        ...lived,
        finalWeights: lived.finalWeights.map(({ W2, W3 }) => ({ W2: W2!, W3: W3! })),
      }),
      'learner.adapt.from.finalWeights[0]: expected the tensors W1, W2, W3, got ["W2","W3"]',
    ],
    [
      'a tensor of another shape',
      lived => ({
        ...lived,
        finalWeights: lived.finalWeights.map(task => ({ ...task, W1: task['W2'] })),
      }),
      'learner.adapt.from.finalWeights[0].W1: expected 18 numbers (6 × 3), got a tensor of shape [5,6]',
    ],
    [
      'more steps than can be counted',
      lived => ({ ...lived, steps: 2 ** 32 - 20 }),
      'learner.adapt.from.steps: expected at most 4294967295 inner steps in a lifetime, got 4294967276 and 20 more',
    ],
  ])('are refused with %s', async (_, given, message) => {
    expect(await use(given)).toBe(message);
  });
});

test('a signal stops lifetimes before the next chunk, and later calls are as if it had not', async () => {
  const problem = randomProblem({ spec: { sizes }, ...shape });
  const learner = await learnerFor(under.gpu, { spec: { sizes } }, problem, CHUNKED);
  const { episodes } = problem;
  const whole = await learner.adapt(episodes);
  const stopping = new AbortController();
  const { submit } = GPUQueue.prototype;
  const submitted = vi.spyOn(GPUQueue.prototype, 'submit').mockImplementation(function (
    this: GPUQueue,
    commands,
  ) {
    stopping.abort(new Error('enough'));
    return submit.call(this, commands);
  });
  const stopped = learner.adapt(episodes, { signal: stopping.signal });
  await expect(stopped).rejects.toThrow('enough');
  expect(submitted).toHaveBeenCalledTimes(1);
  submitted.mockRestore();
  expect(await learner.adapt(episodes)).toEqual(whole);
  learner.destroy();
});
