import { inOrder } from '../../src/parameters/layout.js';
import { describe, expect, test } from 'vitest';
import { Learner } from '../../src/learner/learner.js';
import { adam as optimiser, type GivenRates, type Rates } from '../../src/learner/optimiser.js';
import { adam, adamStart, meanGradient } from '../../src/reference/adam.js';
import { referenceGradient } from '../../src/reference/meta-gradient.js';
import { GROUPS } from '../../src/parameters/layout.js';
import { sineTasks } from '../../src/tasks/sine.js';
import {
  beyond,
  gradientOf,
  learnerFor,
  parametersOf,
  type Options,
  writeAll,
} from '../kernels/agree.js';
import { useGpu } from '../kernels/open.js';
import { refusal } from '../refusal.js';
import { relativeErrors } from '../reference/central-differences.js';
import {
  type Problem,
  type ProblemSpec,
  randomProblem,
  solve,
} from '../reference/random-problem.js';

const under = useGpu();
const spec: ProblemSpec = { spec: { sizes: [2, 5, 3, 2] }, tasks: 3, steps: 4, batch: 2 };
const problem = randomProblem({ ...spec, seed: 2 });
const fresh = (options: Options = {}) => learnerFor(under.gpu, spec, problem, options);
/** Another meta-batch of the same shape. */
const episodesOf = (seed: number) => randomProblem({ ...spec, seed }).episodes;

test('30 meta-steps on sine tasks lower the loss', async () => {
  const source = sineTasks({ steps: 10, queries: 10 });
  const tasks = 32;
  const learner = await Learner.create(under.gpu, {
    system: { sizes: [1, 16, 16, 1] },
    episode: source,
    tasks,
    optimiser: optimiser({ rates: { W: 5e-3, B: 5e-3, alpha: 1e-3, beta: 5e-3 } }),
    clipPerTask: 20,
    seed: 1,
  });
  const unseen = source.episodes(2, 0, tasks);
  const before = await learner.gradient(unseen);
  for (let m = 0; m < 30; m++) await learner.step(source.episodes(1, m * tasks, tasks));
  const after = await learner.gradient(unseen);
  expect(after.counted).toBe(tasks);
  expect(after.loss).toBeLessThan(0.8 * before.loss);
  learner.destroy();
});

describe('Adam on the GPU agrees with the reference over 3 meta-steps', () => {
  /**
   * The meta-parameters after three meta-steps in float64, the gradient of each from the reference.
   */
  function expected(
    { system, layout, parameters }: Problem,
    rates: GivenRates,
    {
      clip,
      clipPerTask,
      factors = [1, 1, 1],
    }: { clip?: number; clipPerTask?: number; factors?: number[] },
  ) {
    let p = parameters;
    let state = adamStart(layout.size);
    let shortened = 0;
    factors.forEach((factor, m) => {
      const { taskGradients } = referenceGradient(system, layout, p, episodesOf(m));
      const { gradient } = meanGradient(taskGradients, [0, 0, 0], clipPerTask);
      const rate = Object.fromEntries(GROUPS.map(g => [g, factor * rates[g]!])) as Rates;
      if (Math.hypot(...gradient) > (clip ?? Infinity)) shortened++;
      ({ parameters: p, state } = adam(p, gradient, state, layout, rate, clip));
    });
    return { parameters: p, shortened };
  }

  const rates = { W: 3e-2, B: 1e-2, alpha: 3e-3, beta: 2e-2 };
  /** How far the change in each tensor is off. */
  async function errors(
    { clip, ...options }: Options & { readonly clip?: number },
    factors = [1, 1, 1],
  ) {
    const schedule = (metaStep: number) => factors[metaStep]!;
    const learner = await fresh({ optimiser: optimiser({ rates, clip, schedule }), ...options });
    for (const m of factors.keys()) await learner.step(episodesOf(m));
    const got = Float64Array.from(await parametersOf(learner));
    const { layout, parameters } = problem;
    const want = expected(problem, rates, { ...options, clip, factors });
    learner.destroy();
    return {
      errors: relativeErrors(
        layout,
        got.map((v, i) => v - parameters[i]!),
        want.parameters.map((v, i) => v - parameters[i]!),
      ),
      shortened: want.shortened,
    };
  }

  test('with a rate for each group', async () => {
    expect(beyond(1e-4, (await errors({})).errors)).toEqual({});
  });

  test('with a clip on the norm of the mean', async () => {
    const { errors: clipped, shortened } = await errors({ clip: 0.5 });
    expect(shortened).toBeGreaterThan(0);
    expect(shortened).toBeLessThan(3);
    expect(beyond(1e-4, clipped)).toEqual({});
  });

  test('with a clip on the norm of each task', async () => {
    expect(beyond(1e-4, (await errors({ clipPerTask: 0.5 })).errors)).toEqual({});
  });

  test('with a schedule of rates', async () => {
    expect(beyond(1e-4, (await errors({}, [1, 0.5, 0.1])).errors)).toEqual({});
  });
});

test('a group or a meta-parameter with rate 0 stays as it is, and the others change', async () => {
  const rates = { W: 1e-3, B: 0, beta: 1e-3, W2: 0, c3: 1e-3 };
  const learner = await fresh({ optimiser: optimiser({ rates }) });
  await learner.step(problem.episodes);
  const after = await parametersOf(learner);
  const { layout, parameters } = problem;
  const changed = layout.tensors
    .filter(t =>
      after.subarray(t.offset, t.offset + t.size).some((v, i) => v !== parameters[t.offset + i]!),
    )
    .map(t => t.name);
  expect(changed).toEqual(['W1', 'W3', 'b1', 'b2', 'b3', 'c3', 'beta']);
  learner.destroy();
});

describe('clipPerTask', () => {
  const { taskGradients } = referenceGradient(
    problem.system,
    problem.layout,
    problem.parameters,
    problem.episodes,
  );
  const norms = taskGradients.map(g => Math.hypot(...g));
  const sorted = norms.toSorted((a, b) => a - b);

  test('shortens the gradient of the tasks beyond it, and of no other', async () => {
    const clipPerTask = (sorted[0]! + sorted[1]!) / 2;
    const learner = await fresh({ clipPerTask });
    const { gradientNorm, gradient } = await learner.gradient(problem.episodes);
    const want = meanGradient(taskGradients, [0, 0, 0], clipPerTask).gradient;
    expect(
      beyond(
        1e-5,
        relativeErrors(problem.layout, Float64Array.from(inOrder(problem.layout, gradient)), want),
      ),
    ).toEqual({});
    expect(gradientNorm).toBeCloseTo(Math.hypot(...want), 5);
    learner.destroy();
  });

  test('does not change the loss', async () => {
    const learner = await fresh({ clipPerTask: sorted[0]! / 2 });
    const free = await fresh();
    expect((await learner.gradient(problem.episodes)).taskLosses).toEqual(
      (await free.gradient(problem.episodes)).taskLosses,
    );
    for (const l of [learner, free]) l.destroy();
  });
});

test('the loss is the mean over tasks, and the median loss theirs in the middle', async () => {
  const learner = await fresh();
  const { loss, medianLoss, taskLosses } = await learner.gradient(problem.episodes);
  expect(loss).toBeCloseTo(taskLosses.reduce((a, b) => a + b, 0) / 3, 6);
  expect(medianLoss).toBe(taskLosses.toSorted()[1]);
  learner.destroy();
});

test('a gradient changes no meta-parameter', async () => {
  const learner = await fresh();
  await learner.gradient(problem.episodes);
  expect(await parametersOf(learner)).toEqual(Float32Array.from(problem.parameters));
  learner.destroy();
});

describe('state', () => {
  test('restored in another learner, goes on to the bit as if uninterrupted', async () => {
    const first = await fresh();
    const second = await fresh({ seed: 7 });
    for (const m of [0, 1]) await first.step(episodesOf(m));
    second.restore(structuredClone(await first.state()));
    for (const m of [2, 3])
      for (const learner of [first, second]) await learner.step(episodesOf(m));
    expect(await second.state()).toEqual(await first.state());
    expect((await first.state()).updates).toBe(4);
    for (const learner of [first, second]) learner.destroy();
  });

  test('of the wrong size is refused, and nothing of it restored', async () => {
    const learner = await fresh();
    const state = await learner.state();
    expect(
      await refusal(() =>
        learner.restore({
          ...state,
          parameters: state.moment1,
          moment1: { ...state.moment1, W2: { data: new Float32Array(3), shape: [3, 1] } },
        }),
      ),
    ).toMatch(
      /^learner.restore.moment1.W2: expected \d+ numbers .*, got a tensor of shape \[3,1\]$/,
    );
    expect(await learner.state()).toEqual(state);
    learner.destroy();
  });
});

describe('a meta-parameter', () => {
  test('is written and read by its name, and its neighbours stay', async () => {
    const learner = await fresh();
    const { offset, size, shape } = problem.layout.get('W2')!;
    const values = Float32Array.from({ length: size }, (_, i) => i / 8);
    learner.write('W2', values);
    expect(await learner.read('W2')).toEqual({ data: values, shape });
    const want = Float32Array.from(problem.parameters);
    want.set(values, offset);
    expect(await parametersOf(learner)).toEqual(want);
    learner.destroy();
  });

  test('that does not exist is refused with those that do', async () => {
    const learner = await fresh();
    const known = 'W1, W2, W3, b1, b2, b3, B1, B2, B3, c1, c2, c3, alpha1, alpha2, alpha3, beta';
    expect(await refusal(() => learner.read('W9'))).toBe(
      `learner: unknown meta-parameter "W9" (did you mean W1?); known: ${known}`,
    );
    expect(await refusal(() => learner.write('w1', []))).toBe(
      `learner: unknown meta-parameter "w1" (did you mean W1?); known: ${known}`,
    );
    learner.destroy();
  });

  test('of the wrong size, or not finite, is refused and nothing is written', async () => {
    const learner = await fresh();
    expect(await refusal(() => learner.write('W1', [1, 2]))).toBe(
      'learner.write(W1): expected 10 numbers (5 × 2), got 2',
    );
    expect(await refusal(() => learner.write('beta', [0.5, NaN, 0.5]))).toBe(
      'learner.write(beta): expected finite numbers, got NaN at 1',
    );
    expect(await refusal(() => learner.write({ beta: [0, 0, 0], W1: [1] }))).toBe(
      'learner.write(W1): expected 10 numbers (5 × 2), got 1',
    );
    const turned = { data: new Float32Array(10), shape: [2, 5] };
    expect(await refusal(() => learner.write('W1', turned))).toBe(
      'learner.write(W1): expected 10 numbers (5 × 2), got a tensor of shape [2,5]',
    );
    expect(await parametersOf(learner)).toEqual(Float32Array.from(problem.parameters));
    learner.destroy();
  });
});

describe('episodes that make no sense are refused', () => {
  const { episodes } = problem;
  const spoiled = (key: 'supportX' | 'queryY', i: number, value: number) => {
    const array = Float32Array.from(episodes[key]);
    array[i] = value;
    return { ...episodes, [key]: array };
  };
  test.each<[string, () => typeof episodes, string]>([
    [
      'NaN in the data',
      () => spoiled('supportX', 20, NaN),
      'learner.step.supportX: expected finite numbers, got NaN in task 1 at position 4',
    ],
    [
      'an infinite target',
      () => spoiled('queryY', 17, Infinity),
      'learner.step.queryY: expected finite numbers, got Infinity in task 2 at position 1',
    ],
    [
      'too few numbers',
      () => ({ ...episodes, supportY: new Float32Array(5) }),
      'learner.step.supportY: expected tasks × steps × batch × outputs = 3 × 4 × 2 × 2 = 48 values, got 5',
    ],
    [
      'image numbers without images',
      () => ({ ...episodes, supportX: new Uint32Array(48) }),
      'learner.step.supportX: expected a Float32Array, got Uint32Array; image indices need a bank',
    ],
    [
      'another number of steps',
      () => randomProblem({ ...spec, steps: 5 }).episodes,
      'learner.step: expected episodes with steps = 4, got 5; make a learner for this shape',
    ],
    [
      'another number of tasks',
      () => randomProblem({ ...spec, tasks: 2 }).episodes,
      'learner.step: expected episodes with tasks = 3, got 2; make a learner for this shape',
    ],
  ])('%s', async (_, bad, message) => {
    const learner = await fresh();
    const before = await learner.state();
    expect(await refusal(() => learner.step(bad()))).toBe(message);
    expect(await learner.state()).toEqual(before);
    learner.destroy();
  });

  test('and the next meta-step is as if nothing had been', async () => {
    const learner = await fresh();
    const other = await fresh();
    await refusal(() => learner.step(spoiled('supportX', 0, NaN)));
    expect(await learner.step(episodes)).toEqual(await other.step(episodes));
    for (const l of [learner, other]) l.destroy();
  });
});

test('a bank of images of another size than the inputs is refused', async () => {
  const { bank } = randomProblem({ ...spec, images: 4, spec: { sizes: [3, 2] } });
  expect(
    await refusal(() =>
      Learner.create(under.gpu, {
        system: spec.spec,
        episode: { steps: 4, batch: 2, queries: 4, bank },
        tasks: 3,
      }),
    ),
  ).toBe('learner.episode.bank: expected images of 2 pixels (system.sizes[0]), got 3 × 1');
});

test('a bank of images of another shape than the system’s is refused', async () => {
  const layers = [{ conv: { channels: 1, kernel: 1 } }, { dense: 2 }];
  const system = { image: [1, 3, 1] as const, layers, frozen: [1] };
  const { bank } = randomProblem({ images: 4, spec: { sizes: [3, 2] } });
  const episode = { steps: 4, batch: 2, queries: 4, bank };
  expect(await refusal(() => Learner.create(under.gpu, { system, episode, tasks: 3 }))).toBe(
    'learner.episode.bank: expected images of [1, 3, 1], channels, height and width (system.image), got [1, 1, 3]',
  );
});

test('images in colours are as many inputs in a row, to kernels and to the reference', async () => {
  const coloured: ProblemSpec = { ...spec, images: 5, spec: { sizes: [6, 4, 2] } };
  const row = randomProblem(coloured);
  const bank = { ...row.bank!, channels: 3 as const, height: 2, width: 1 };
  const answers = [];
  for (const problem of [row, { ...row, bank }]) {
    const learner = await learnerFor(under.gpu, coloured, problem);
    answers.push(await learner.gradient(row.episodes));
    learner.destroy();
  }
  expect(answers[1]).toEqual(answers[0]);
  expect(solve({ ...row, bank })).toEqual(solve(row));
});

test('calls that nobody awaits run in their order', async () => {
  const learner = await fresh();
  const patient = await fresh();
  const other = Float32Array.from(problem.parameters, v => v / 2);
  const first = learner.step(episodesOf(0));
  const adaptation = learner.adapt(episodesOf(1));
  const second = learner.step(episodesOf(1));
  const between = parametersOf(learner);
  writeAll(learner, other);
  const third = learner.step(episodesOf(2));
  const last = parametersOf(learner);

  expect(await first).toEqual(await patient.step(episodesOf(0)));
  expect(await adaptation).toEqual(await patient.adapt(episodesOf(1)));
  expect(await second).toEqual(await patient.step(episodesOf(1)));
  expect(await between).toEqual(await parametersOf(patient));
  writeAll(patient, other);
  expect(await third).toEqual(await patient.step(episodesOf(2)));
  expect(await last).toEqual(await parametersOf(patient));
  for (const l of [learner, patient]) l.destroy();
});

describe('adapt', () => {
  test('takes episodes of another shape, and leaves the meta-parameters', async () => {
    const learner = await fresh();
    const longer = { ...spec, tasks: 5, steps: 9, batch: 1, queries: 3 };
    const { episodes } = randomProblem({ ...longer, seed: 4 });
    const { losses, predictions } = await learner.adapt(episodes, { moments: [0, 9] });
    const want = referenceGradient(problem.system, problem.layout, problem.parameters, episodes, {
      moments: [0, 9],
    });
    expect([losses.shape, predictions.shape]).toEqual([
      [5, 2],
      [5, 2, 3, 2],
    ]);
    losses.data.forEach((loss, i) => expect(loss).toBeCloseTo(want.losses[i]!, 5));
    predictions.data.forEach((output, i) => expect(output).toBeCloseTo(want.predictions[i]!, 4));
    expect(await parametersOf(learner)).toEqual(Float32Array.from(problem.parameters));
    learner.destroy();
  });

  test('refuses a moment after the end of the episodes', async () => {
    const learner = await fresh();
    expect(await refusal(() => learner.adapt(problem.episodes, { moments: [5] }))).toBe(
      'learner.adapt.moments: expected inner steps up to 4, the length of a lifetime, got 5',
    );
    learner.destroy();
  });
});

test('the same seed gives the same learner', async () => {
  const options = { system: spec.spec, episode: { steps: 4, batch: 2, queries: 4 }, tasks: 3 };
  const learners = await Promise.all(
    [3, 3, 4].map(seed => Learner.create(under.gpu, { ...options, seed })),
  );
  const [a, b, c] = await Promise.all(learners.map(l => parametersOf(l)));
  expect(a).toEqual(b);
  expect(a).not.toEqual(c);
  for (const l of learners) l.destroy();
});

test('a learner is destroyed at the end of its block, once its calls are done', async () => {
  const used = await (async () => {
    await using learner = await fresh();
    void learner.step(problem.episodes);
    return learner;
  })();
  expect(await refusal(() => used.state())).toContain('got one that was destroyed');
});

describe('a destroyed learner', () => {
  const message = 'learner: expected a learner in use, got one that was destroyed; make a new one';

  test('refuses every call', async () => {
    const learner = await fresh();
    learner.destroy();
    learner.destroy();
    const calls = [
      () => learner.step(problem.episodes),
      () => learner.gradient(problem.episodes),
      () => learner.adapt(problem.episodes),
      () => parametersOf(learner),
      () => learner.read('W1'),
      () => learner.state(),
      () => learner.write('beta', [0, 0, 0]),
    ];
    for (const call of calls) expect(await refusal(call)).toBe(message);
  });

  test('first finishes the calls made before', async () => {
    const learner = await fresh();
    const step = learner.step(problem.episodes);
    const after = parametersOf(learner);
    learner.destroy();
    expect((await step).counted).toBe(3);
    expect(await after).not.toEqual(Float32Array.from(problem.parameters));
  });
});

test('adjoint checkpoint finds the gradient of store, to the bit', async () => {
  const learners = [await fresh({ adjoint: 'store' }), await fresh({ adjoint: 'checkpoint' })];
  const [stored, replayed] = await Promise.all(
    learners.map(learner => gradientOf(learner, problem.episodes)),
  );
  expect(replayed).toEqual(stored);
  for (const learner of learners) learner.destroy();
});
