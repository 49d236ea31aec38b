import { adam } from '../../src/learner/optimiser.js';
import { inOrder } from '../../src/parameters/layout.js';
import { describe, expect, test } from 'vitest';
import { Learner, type MetaGradient } from '../../src/learner/learner.js';
import { meanGradient } from '../../src/reference/adam.js';
import type { Episodes } from '../../src/tasks/episodes.js';
import { beyond, learnerFor, type Options } from '../kernels/agree.js';
import { useGpu } from '../kernels/open.js';
import { relativeErrors } from '../reference/central-differences.js';
import {
  type Problem,
  type ProblemSpec,
  randomProblem,
  solve,
} from '../reference/random-problem.js';

const under = useGpu();
const spec: ProblemSpec = { spec: { sizes: [2, 5, 3, 2] }, tasks: 5, steps: 4, batch: 2 };
const problem = randomProblem({ ...spec, seed: 2 });
const { layout, episodes } = problem;
const fresh = (options: Options = {}) => learnerFor(under.gpu, spec, problem, options);

/**
 * The same episodes, but the first inputs of these tasks are enormous: their lifetimes explode in
 * float32.
 */
function exploding(...tasks: number[]): Episodes {
  const supportX = Float32Array.from(episodes.supportX);
  const perTask = supportX.length / episodes.tasks;
  for (const task of tasks) supportX.fill(1e20, task * perTask, task * perTask + 2);
  return { ...episodes, supportX };
}

const { taskGradients, losses } = solve(problem);
const without = (...tasks: number[]) =>
  meanGradient(
    taskGradients,
    losses.map((loss, i) => (tasks.includes(i) ? NaN : loss)),
  );
const errorsOf = ({ gradient }: MetaGradient, want: Float64Array) =>
  relativeErrors(layout, Float64Array.from(inOrder(layout, gradient)), want);

describe('a lifetime that explodes is left out of the mean and counted', () => {
  test.each<[string, Options]>([
    ['store', { adjoint: 'store' }],
    ['checkpoint', { adjoint: 'checkpoint' }],
    ['reverse', { adjoint: 'reverse' }],
    ['store, four lanes', { plan: { lanes: 4, teams: 2 } }],
    ['store, one task at a time', { plan: { tasksPerChunk: 1 } }],
  ])('adjoint %s', async (_, options) => {
    const learner = await fresh(options);
    const made = await learner.gradient(exploding(1, 4));
    const { loss, counted, diverged, gradientNorm, taskLosses, fellBack } = made;
    const want = without(1, 4).gradient;
    expect({ counted, diverged, fellBack }).toEqual({ counted: 3, diverged: 2, fellBack: false });
    expect([...taskLosses].map(Number.isFinite)).toEqual([true, false, true, true, false]);
    expect(loss).toBeCloseTo((losses[0]! + losses[2]! + losses[3]!) / 3, 5);
    expect(gradientNorm).toBeCloseTo(Math.hypot(...want), 5);
    expect(beyond(1e-5, errorsOf(made, want))).toEqual({});
    learner.destroy();
  });

  test('also the first, in whose place the sum begins', async () => {
    const learner = await fresh();
    const made = await learner.gradient(exploding(0));
    expect(made.diverged).toBe(1);
    expect(beyond(1e-5, errorsOf(made, without(0).gradient))).toEqual({});
    learner.destroy();
  });

  test('also if only its gradient overflows', async () => {
    // With α = 0 nothing changes in the lifetime, so the loss is small; but the gradient of α is
    // d_W · post · pre.
    const still: Problem = {
      ...problem,
      parameters: problem.parameters.map((p, i) =>
        i >= layout.groupStart[2]! && i < layout.groupStart[3]! ? 0 : p,
      ),
    };
    const learner = await learnerFor(under.gpu, spec, still);
    const supportX = Float32Array.from(episodes.supportX);
    supportX.fill(1e18, 0, 2);
    const made = await learner.gradient({ ...episodes, supportX });
    const { taskLosses, counted, diverged } = made;
    expect([...taskLosses].every(Number.isFinite)).toBe(true);
    expect({ counted, diverged }).toEqual({ counted: 4, diverged: 1 });
    const errors = errorsOf(
      made,
      meanGradient(solve(still).taskGradients, [NaN, 0, 0, 0, 0]).gradient,
    );
    for (const name of ['W1', 'W2', 'W3', 'b1', 'b2', 'b3', 'alpha1', 'alpha2', 'alpha3'])
      expect(errors[name]).toBeLessThan(1e-5);
    learner.destroy();
  });

  test('also beside a clip of the others', async () => {
    const norms = taskGradients.map(g => Math.hypot(...g));
    const clipPerTask = norms[2]! * 0.9;
    const learner = await fresh({ clipPerTask });
    const made = await learner.gradient(exploding(1));
    expect(
      beyond(
        1e-5,
        errorsOf(made, meanGradient(taskGradients, [0, NaN, 0, 0, 0], clipPerTask).gradient),
      ),
    ).toEqual({});
    learner.destroy();
  });

  test('and the next meta-batch is as if it had not been', async () => {
    const learner = await fresh();
    const other = await fresh();
    await learner.gradient(exploding(1));
    expect(await learner.step(episodes)).toEqual(await other.step(episodes));
    for (const l of [learner, other]) l.destroy();
  });

  test('and when it only adapts, its losses say so and the others are as without it', async () => {
    const learner = await fresh();
    const lived = await learner.adapt(exploding(1));
    const { data: got } = lived.losses;
    expect(lived.diverged).toEqual([false, true, false, false, false]);
    expect([...got].map(Number.isFinite)).toEqual([true, false, true, true, true]);
    for (const task of [0, 2, 3, 4]) expect(got[task]).toBeCloseTo(losses[task]!, 5);
    learner.destroy();
  });
});

test('where every lifetime explodes, that is an error that names a tensor, and nothing changes but the count of meta-steps', async () => {
  const learner = await fresh();
  await learner.step(episodes);
  const before = await learner.state();
  const all = exploding(0, 1, 2, 3, 4);
  const parts = { name: 'DivergenceError', task: 4, tensor: expect.stringMatching(/^\w+$/) };
  await expect(learner.step(all)).rejects.toMatchObject({ where: 'learner.step', ...parts });
  await expect(learner.gradient(all)).rejects.toMatchObject({
    where: 'learner.gradient',
    ...parts,
  });
  await expect(learner.step(all)).rejects.toThrow(
    /^learner\.step: lifetime 4 of the meta-batch diverged: .* first not finite in the gradient of \w+ \(5 of 5 diverged\); the meta-parameters are unchanged; lower initial\.alpha/,
  );
  expect(await learner.state()).toEqual({ ...before, metaSteps: before.metaSteps + 2 });
  learner.destroy();
});

describe("onDivergence 'error'", () => {
  test('says which lifetime exploded, with its numbers, and leaves everything but the count of meta-steps', async () => {
    const learner = await fresh({ onDivergence: 'error' });
    await learner.step(episodes);
    const before = await learner.state();
    await expect(learner.step(exploding(3))).rejects.toThrow(
      /^learner\.step: lifetime 3 of the meta-batch diverged: loss (NaN|-?Infinity), gradient norm (NaN|Infinity), first not finite in the gradient of \w+ \(1 of 5 diverged\); the meta-parameters are unchanged; lower /,
    );
    expect(await learner.state()).toEqual({ ...before, metaSteps: before.metaSteps + 1 });
    learner.destroy();
  });

  test('changes nothing where no lifetime explodes', async () => {
    const strict = await fresh({ onDivergence: 'error' });
    const lenient = await fresh();
    expect(await strict.step(episodes)).toEqual(await lenient.step(episodes));
    expect(await strict.state()).toEqual(await lenient.state());
    for (const l of [strict, lenient]) l.destroy();
  });
});

describe("adjoint 'reverse' falls back where undoing an update is ill-conditioned", () => {
  // One linear synapse with β = 0 and b = 0: post = W x. With W = 2 and x = 1, κ = 4, and α = 1/4
  // makes 1 − α κ = 0: the update forgets W.
  const one: ProblemSpec = {
    spec: { sizes: [1, 1], feedbackActivation: 'linear' },
    tasks: 3,
    steps: 1,
  };
  function forgetful(alpha: number): Problem {
    const given = randomProblem({ ...one, seed: 3 });
    const parameters = given.parameters.slice();
    for (const [name, value] of [
      ['W1', 2],
      ['b1', 0],
      ['beta', 0],
      ['alpha1', alpha],
    ] as const)
      parameters[given.layout.get(name)!.offset] = value;
    return {
      ...given,
      parameters,
      episodes: { ...given.episodes, supportX: Float32Array.of(0.5, 1, -0.25) },
    };
  }

  test.each([
    ['wholly', 0.25, /drifted by .* of the weights/],
    ['nearly', 0.2499, /drifted by .* of the weights/],
  ])('%s, says so, and gives the gradient all the same', async (_, alpha, notice) => {
    const given = forgetful(alpha);
    const notices: string[] = [];
    const want = solve(given);
    const learner = await learnerFor(under.gpu, one, given, {
      adjoint: 'reverse',
      onNotice: n => notices.push(n),
    });
    const stored = await learnerFor(under.gpu, one, given, { adjoint: 'store' });
    const { fellBack, counted, loss, gradient } = await learner.gradient(given.episodes);
    expect({ fellBack, counted }).toEqual({ fellBack: true, counted: 3 });
    expect(notices).toEqual([expect.stringMatching(notice)]);
    expect(notices[0]).toContain("adjoint 'reverse'");
    const { loss: lossOfStored, gradient: ofStored } = await stored.gradient(given.episodes);
    expect({ loss, gradient }).toEqual({ loss: lossOfStored, gradient: ofStored });
    const learned = given.layout.tensors
      .filter(t => Math.hypot(...want.gradient.subarray(t.offset, t.offset + t.size)) > 0)
      .map(t => t.name);
    const errors = relativeErrors(
      given.layout,
      Float64Array.from(inOrder(given.layout, gradient)),
      want.gradient,
    );
    expect(beyond(1e-5, Object.fromEntries(learned.map(name => [name, errors[name]!])))).toEqual(
      {},
    );
    for (const l of [learner, stored]) l.destroy();
  });

  test('in a chunk that is not the last', async () => {
    const given = forgetful(0.25);
    const learner = await learnerFor(under.gpu, one, given, {
      adjoint: 'reverse',
      plan: { tasksPerChunk: 1 },
      onNotice: () => {},
    });
    expect((await learner.gradient(given.episodes)).fellBack).toBe(true);
    learner.destroy();
  });

  test('and goes on as checkpoints would, to the bit', async () => {
    const given = forgetful(0.2499);
    const options = { optimiser: adam({ rates: { W: 0.1, alpha: 0.001 } }), onNotice: () => {} };
    const [undone, kept] = [
      await learnerFor(under.gpu, one, given, { ...options, adjoint: 'reverse' }),
      await learnerFor(under.gpu, one, given, { ...options, adjoint: 'checkpoint' }),
    ];
    const [a, b] = [await undone.step(given.episodes), await kept.step(given.episodes)];
    expect(a).toEqual({ ...b, fellBack: true });
    expect(await undone.state()).toEqual(await kept.state());
    for (const l of [undone, kept]) l.destroy();
  });

  test('and with clips too', async () => {
    const given = forgetful(0.2499);
    const options = { optimiser: adam({ clip: 0.1 }), clipPerTask: 0.2, onNotice: () => {} };
    const [undone, kept] = [
      await learnerFor(under.gpu, one, given, { ...options, adjoint: 'reverse' }),
      await learnerFor(under.gpu, one, given, { ...options, adjoint: 'checkpoint' }),
    ];
    for (const l of [undone, kept]) await l.step(given.episodes);
    expect(await undone.state()).toEqual(await kept.state());
    for (const l of [undone, kept]) l.destroy();
  });

  test('but not for a lifetime that exploded anyway', async () => {
    const given = forgetful(0.01);
    const supportX = Float32Array.of(0.5, 1e25, 1);
    const notices: string[] = [];
    const learner = await learnerFor(under.gpu, one, given, {
      adjoint: 'reverse',
      onNotice: n => notices.push(n),
    });
    const { fellBack, diverged } = await learner.gradient({ ...given.episodes, supportX });
    expect({ fellBack, diverged, notices }).toEqual({ fellBack: false, diverged: 1, notices: [] });
    learner.destroy();
  });
});

// Functions of neurons are made of max, clamp and exp, which may take a NaN for any number.
test.each(['relu', 'tanh', 'sigmoid', 'softplus'] as const)(
  'a lifetime whose hidden neurons are NaN diverges though outputs do not change: %s',
  async activation => {
    const learner = await Learner.create(under.gpu, {
      system: {
        sizes: [1, 3, 2],
        activation,
        rule: 'gradient',
        feedback: 'backprop',
        frozen: [2],
      },
      initial: { eta: 1e36 },
      episode: { steps: 3, batch: 1, queries: 1 },
      tasks: 1,
    });
    const lifetimes = {
      tasks: 1,
      steps: 3,
      batch: 1,
      queries: 1,
      supportX: Float32Array.of(1, 0, 1), // W1 is infinite after the first, and ∞ · 0 is NaN
      supportY: new Float32Array(6).fill(1e9),
      queryX: Float32Array.of(1),
      queryY: new Float32Array(2),
    };
    const { finalWeights, diverged } = await learner.adapt(lifetimes);
    expect(finalWeights[0]!['W1']!.data.some(Number.isNaN)).toBe(true);
    expect(diverged).toEqual([true]);
    learner.destroy();
  },
);
