import { describe, expect, test } from 'vitest';
import { beyond, compare, type Options } from './agree.js';
import { useGpu } from './open.js';
import type { SystemSpec } from '../../src/systems/system.js';
import type { Normalisation } from '../../src/tasks/episodes.js';
import { randomProblem, solve, type ProblemSpec } from '../reference/random-problem.js';

const under = useGpu();
const errorsOf = async (spec: ProblemSpec, options?: Options) =>
  beyond(1e-5, (await compare(under.gpu, spec, options)).errors);

describe('kernels agree with the reference at every size', () => {
  test.each([
    { sizes: [1, 1] },
    { sizes: [3, 2] },
    { sizes: [1, 3, 1] },
    { sizes: [1, 65, 1] },
    { sizes: [3, 65, 5] },
    { sizes: [4, 1, 1, 3] },
    { sizes: [2, 3, 4, 3, 2, 2] },
  ])('$sizes, a lane a task', async ({ sizes }) => {
    expect(
      await errorsOf({ spec: { sizes }, tasks: 3, steps: 4 }, { plan: { lanes: 1, teams: 2 } }),
    ).toEqual({});
  });

  test.each([{ sizes: [1, 1] }, { sizes: [1, 65, 1] }, { sizes: [5, 1, 70, 2] }])(
    '$sizes, more lanes than neurons and fewer',
    async ({ sizes }) => {
      expect(
        await errorsOf(
          { spec: { sizes }, tasks: 3, steps: 2, batch: 2 },
          { plan: { lanes: 8, teams: 4 } },
        ),
      ).toEqual({});
    },
  );

  test('one query', async () => {
    expect(await errorsOf({ spec: { sizes: [2, 5, 3] }, tasks: 3, steps: 2, queries: 1 })).toEqual(
      {},
    );
  });

  test('more queries than lanes', async () => {
    expect(
      await errorsOf(
        { spec: { sizes: [2, 5, 3] }, tasks: 2, steps: 2, queries: 19 },
        { plan: { lanes: 4 } },
      ),
    ).toEqual({});
  });
});

// encode.wgsl makes tiles of 8 rows × 4 neurons, its adjoint of 4 neurons × 8 inputs: sizes below,
// at and beyond multiples of 4 and 8, and rows (T · batch + moments · queries) likewise.
describe('an encoder agrees with the reference', () => {
  const encoders = [
    { sizes: [4, 4, 2], frozen: [1], queries: 4 },
    { sizes: [5, 3, 2], frozen: [1], queries: 1 },
    { sizes: [1, 1, 1], frozen: [1], queries: 3 },
    { sizes: [8, 4, 2], frozen: [1], queries: 7 },
    { sizes: [6, 9, 8, 3], frozen: [1, 2], queries: 5 },
    { sizes: [3, 7, 6, 5, 2], frozen: [1, 2, 3], queries: 2 },
    { sizes: [3, 7, 6, 5, 2], frozen: [1, 3], queries: 2 },
  ];
  test.each(encoders)('$sizes, frozen $frozen, on numbers', async ({ sizes, frozen, queries }) => {
    expect(
      await errorsOf(
        { spec: { sizes, frozen, activation: 'tanh' }, tasks: 3, steps: 3, queries },
        { moments: [0, 3], momentWeights: [1, 1] },
      ),
    ).toEqual({});
  });

  // A word of the bank holds four pixels.
  test.each([4, 5, 6, 7, 8, 9])('on images of %d pixels', async pixels => {
    expect(
      await errorsOf({
        spec: { sizes: [pixels, 6, 2], frozen: [1], activation: 'sigmoid' },
        tasks: 3,
        steps: 2,
        batch: 2,
        images: 5,
      }),
    ).toEqual({});
  });

  test('a moment without weight gives it no gradient', async () => {
    const asked = { moments: [0, 2], momentWeights: [0, 1] };
    expect(
      await errorsOf({ spec: { sizes: [3, 5, 2], frozen: [1] }, tasks: 2, steps: 2 }, asked),
    ).toEqual({});
  });
});

test.each([1, 4, 5, 7])('without an encoder kernels read images of %d pixels', async pixels => {
  expect(
    await errorsOf({ spec: { sizes: [pixels, 3, 2] }, tasks: 3, steps: 2, images: 5 }),
  ).toEqual({});
});

describe('levels are normalised', () => {
  const grey = { mean: [0.3], std: [0.2] };
  const colours = { mean: [0.5, 0.25, 0.75], std: [0.25, 0.5, 2] };
  const conv = { conv: { channels: 2, kernel: 2, padding: 1 } };
  const seen: readonly [string, SystemSpec, Normalisation][] = [
    ['by a lifetime', { sizes: [7, 3, 2] }, grey],
    ['by a dense encoder', { sizes: [5, 6, 2], frozen: [1] }, grey],
    [
      'by a convolution with zeros around',
      { image: [3, 3, 1], layers: [conv, { dense: 2 }], frozen: [1] },
      colours,
    ],
    ['by one that is plastic', { image: [3, 1, 3], layers: [conv, { dense: 2 }] }, colours],
  ];
  test.each(seen)('%s', async (_, spec, normalise) => {
    const given = { spec, tasks: 3, steps: 2, images: 5, normalise };
    expect(await errorsOf(given)).toEqual({});
    // … and are not what they were
    const { loss } = solve(randomProblem(given));
    expect(loss).not.toBeCloseTo(solve(randomProblem({ ...given, normalise: undefined })).loss, 3);
  });
});
