import { describe, expect, test } from 'vitest';
import { NONE } from '../../src/reference/algebra.js';
import { convolve, pooled, pooledAdjoint } from '../../src/reference/convolution.js';
import { gradientDescent } from '../../src/reference/gradient-descent.js';
import { referenceMetrics } from '../../src/reference/metrics.js';
import { referenceLoss } from '../../src/reference/meta-gradient.js';
import {
  defineSystem,
  type Convolution,
  type LayerSpec,
  type Shape,
  type SystemSpec,
} from '../../src/systems/system.js';
import { random } from '../../src/tasks/random.js';
import { refusal } from '../refusal.js';
import { centralDifferences, relativeError } from './central-differences.js';
import { randomProblem, solve, type ProblemSpec } from './random-problem.js';
import { view } from './views.js';
import { LIMIT, worstError } from './worst-error.js';

const conv = (channels: number, kernel: number, more: object = {}): LayerSpec => ({
  conv: { channels, kernel, ...more },
});
const encoding = (
  image: Shape,
  layers: readonly LayerSpec[],
  more: Partial<SystemSpec> = {},
): SystemSpec => ({
  image,
  layers,
  frozen: layers.flatMap((layer, k) => ('conv' in layer ? [k + 1] : [])),
  rule: 'gradient',
  activation: 'tanh',
  ...more,
});
const convolution = (image: Shape, layer: LayerSpec): Convolution =>
  defineSystem(encoding(image, [layer, { dense: 1 }])).layers[0]!.conv!;

const GRID = [1, 2, 3, 5].flatMap(kernel =>
  [1, 2, 3].flatMap(stride =>
    [0, 1, 2].map(padding => ({
      kernel,
      stride,
      padding,
      // each of 1, 3, 5 with every stride and every padding
      channels: [1, 3, 5][(kernel + stride + padding) % 3]!,
    })),
  ),
);

describe('through a convolution the gradient of the reference equals central differences', () => {
  test.each(GRID)(
    'with kernels of $kernel, stride $stride, padding $padding, $channels channels below, on 7 × 5 pixels',
    ({ channels, kernel, stride, padding }) => {
      const layers = [conv(2, kernel, { stride, padding }), { dense: 2 }];
      const problem = { spec: encoding([channels, 7, 5], layers), steps: 2, queries: 2 };
      expect(worstError(problem)).toBeLessThan(LIMIT);
    },
  );

  const pools = (['max', 'average'] as const).flatMap(pool =>
    [2, 3].flatMap(poolSize =>
      (['relu', 'softplus', 'tanh', 'sigmoid', 'linear'] as const).map(activation => ({
        pool,
        poolSize,
        activation,
      })),
    ),
  );
  // 7 × 5 neurons: windows of 2 and of 3 leave a rest
  test.each(pools)('and $pool of $poolSize × $poolSize under $activation', given => {
    const { activation, ...pooling } = given;
    const layers = [conv(3, 3, { padding: 1, ...pooling }), { dense: 3 }, { dense: 2 }];
    const spec = encoding([2, 7, 5], layers, { activation });
    // of seed 1 a layer of relu is silent
    expect(worstError({ spec, steps: 2, batch: 3, seed: 2 })).toBeLessThan(LIMIT);
  });

  const two = [conv(3, 3, { stride: 2, padding: 1 }), conv(2, 2)];
  const three = [
    conv(2, 2, { padding: 1 }),
    conv(3, 3, { pool: 'max' }),
    conv(2, 3, { padding: 1, pool: 'average' }),
  ];
  const above = [{ dense: 4 }, { dense: 3 }];
  const systems: [string, Partial<SystemSpec>][] = [
    ['feedback and local plasticity', { rule: 'oja', activation: 'relu', loss: 'cross-entropy' }],
    ['feedback and local plasticity of errors', { rule: 'hebb', activation: 'softplus' }],
    ['no biases', { bias: false }],
    ['biases that change', { plasticBias: true }],
    ['chained feedback', { feedback: 'chained' }],
    ['direct feedback and momentum', { feedback: 'direct', momentum: true }],
    ['the pool, which asks for the error below', { rule: 'pool', terms: [0, 1, 9] }],
    [
      'a rule as text that asks for it too',
      { rule: { dw: '-eta * e * (pre - e_pre)', coefficients: { eta: { per: 'layer' } } } },
    ],
    ['weight mirrors', { feedback: 'chained', feedbackRule: 'weight-mirror', bias: true }],
  ];
  test.each(systems)('below %s', (_, more) => {
    const silent = more.feedbackRule ? ['B3'] : [];
    const spec = encoding([1, 6, 7], [...two, ...above], more);
    expect(worstError({ spec }, { silent })).toBeLessThan(LIMIT);
  });

  test('and two more, pooled, asked on the way', () => {
    const spec = encoding([1, 7, 8], [...three, ...above], { loss: 'cross-entropy' });
    const asked = { moments: [0, 1, 3], weights: [0.3, 0.5, 1.5] };
    expect(worstError({ spec }, asked)).toBeLessThan(LIMIT);
  });

  test('with a frozen dense layer behind it', () => {
    const layers = [conv(2, 3, { pool: 'max' }), ...above, { dense: 2 }];
    expect(worstError({ spec: encoding([1, 7, 5], layers, { frozen: [1, 2] }) })).toBeLessThan(
      LIMIT,
    );
  });

  test('on images of a bank', () => {
    const spec = encoding([1, 5, 6], [conv(3, 3), { dense: 2 }]);
    expect(worstError({ spec, images: 7 })).toBeLessThan(LIMIT);
  });
});

test('first order, an encoder learns for the queries alone', () => {
  const layers = [conv(3, 3, { pool: 'max' }), conv(2, 2), { dense: 4 }, { dense: 2 }];
  const problem = randomProblem({
    spec: encoding([2, 8, 7], layers, { firstOrder: true }),
    steps: 4,
    batch: 2,
  });
  const { system, layout, parameters, episodes } = problem;
  const { gradient, finalWeights } = solve(problem);
  const learned = parameters.slice();
  for (const l of [3, 4]) view(layout, learned, `W${l}`).set(finalWeights[0]![l - 1]!);
  const atLast = (p: Float64Array) =>
    referenceLoss(system, layout, p, episodes, { moments: [0] }).loss;
  const numeric = centralDifferences(p => atLast(p), learned);
  const weighed = referenceLoss(system, layout, learned, episodes, { moments: [0] });
  expect(weighed.loss).toBeCloseTo(solve(problem).loss, 12);
  for (const name of ['W1', 'b1', 'W2', 'b2'])
    expect(relativeError(view(layout, gradient, name), view(layout, numeric, name))).toBeLessThan(
      1e-7,
    );
});

describe('the numbers of dense layers are those', () => {
  const lives = { tasks: 2, steps: 3, batch: 2 };
  const ways: Partial<SystemSpec>[] = [
    { rule: 'gradient', activation: 'tanh' },
    { rule: 'gradient', activation: 'tanh', firstOrder: true },
    { rule: 'oja', activation: 'relu', loss: 'cross-entropy' },
  ];
  const same = (one: ProblemSpec['spec'], other: ProblemSpec['spec']) => {
    const [a, b] = [one, other].map(spec => solve(randomProblem({ spec, ...lives }))) as [
      ReturnType<typeof solve>,
      ReturnType<typeof solve>,
    ];
    expect(a.predictions).toEqual(b.predictions);
    expect(relativeError(a.gradient, b.gradient)).toBeLessThan(1e-14);
    expect(a.finalWeights).toEqual(b.finalWeights);
  };
  const dense = {
    sizes: [18, 5, 3, 2],
    frozen: [1],
    rule: 'gradient',
    activation: 'tanh',
  } as const;
  const covering = encoding([2, 3, 3], [conv(5, 3), { dense: 3 }, { dense: 2 }]);

  test('of the metrics of plastic layers behind them', () => {
    const [a, b] = [covering, dense].map(spec => {
      const { system, layout, parameters, episodes } = randomProblem({ spec, ...lives });
      return referenceMetrics(system, layout, parameters, episodes, { moments: [0, 3] });
    });
    expect(a).toEqual(b);
  });

  test('of plain gradient descent, which moves kernels too', () => {
    const [a, b] = [covering, dense].map(spec => {
      const { system, layout, parameters, episodes } = randomProblem({ spec, ...lives });
      return gradientDescent(system, layout, parameters, episodes, 0.1, [0, 3]).losses;
    });
    expect(relativeError(a!, b!)).toBeLessThan(1e-14);
    expect(a![0]).not.toBe(a![1]);
  });

  test.each(ways)('of 1 × 1 kernels on 1 × 1 images, under %o', more => {
    const layers = [conv(5, 1), conv(4, 1), { dense: 3 }, { dense: 2 }];
    same(encoding([3, 1, 1], layers, more), { sizes: [3, 5, 4, 3, 2], frozen: [1, 2], ...more });
  });

  test.each(ways)('of a kernel that covers the image, under %o', more => {
    const layers = [conv(5, 3), { dense: 3 }, { dense: 2 }];
    same(encoding([2, 3, 3], layers, more), { sizes: [18, 5, 3, 2], frozen: [1], ...more });
  });
});

describe('a convolution', () => {
  test('is not turned around: the weight in the first row meets the pixel in the first row', () => {
    const edges = convolution([1, 2, 3], conv(1, 2));
    const z = convolve(
      edges,
      Float64Array.of(1, 10, 100, 1000),
      NONE,
      Float64Array.of(1, 2, 3, 4, 5, 6),
    );
    expect([...z]).toEqual([1 + 20 + 400 + 5000, 2 + 30 + 500 + 6000]);
  });

  test('sums over channels, and adds the bias of its own channel at every place', () => {
    const mixing = convolution([2, 1, 2], conv(2, 1));
    const z = convolve(
      mixing,
      Float64Array.of(1, 10, 2, 20),
      Float64Array.of(0.5, 0.25),
      Float64Array.of(1, 2, 3, 4),
    );
    expect([...z]).toEqual([31.5, 42.5, 62.25, 84.25]);
  });

  test('sees zeros around the image', () => {
    const padded = convolution([1, 1, 1], conv(1, 3, { padding: 1 }));
    const weights = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
    expect([...convolve(padded, weights, NONE, Float64Array.of(2))]).toEqual([10]);
  });

  test.each([1, 2, 3])('of an image shifted by its stride of %d gives shifted maps', stride => {
    const { uniform } = random(3, stride);
    const shape: Shape = [2, 14, 13];
    const layer = convolution(shape, conv(3, 3, { stride, padding: 1 }));
    const weights = Float64Array.from({ length: 3 * 2 * 9 }, uniform);
    const [, height, width] = shape;
    const image = new Float64Array(2 * height * width);
    const shifted = new Float64Array(image.length);
    // a patch far from the border, so that nothing is cut off
    for (let c = 0; c < 2; c++)
      for (let y = 4; y < 8; y++)
        for (let x = 4; x < 8; x++) {
          const value = uniform();
          image[(c * height + y) * width + x] = value;
          shifted[(c * height + y + stride) * width + x + stride] = value;
        }
    const [before, after] = [image, shifted].map(of => convolve(layer, weights, NONE, of));
    const [channels, rows, columns] = layer.units;
    for (let o = 0; o < channels; o++)
      for (let y = 1; y < rows; y++)
        for (let x = 1; x < columns; x++)
          expect(after![(o * rows + y) * columns + x]).toBe(
            before![(o * rows + y - 1) * columns + x - 1],
          );
    expect(Math.max(...before!)).toBeGreaterThan(0);
  });
});

describe('pooling', () => {
  const windows = (pool: 'max' | 'average') =>
    convolution([1, 3, 5], conv(1, 1, { pool, poolSize: 2 }));
  // Two windows; the last row and column fill none.
  // prettier-ignore
  const a = Float64Array.of(
    1, 7, 4, 4, 90,
    7, 2, 4, 4, 90,
    80, 80, 80, 80, 90,
  );

  test('takes the largest or the average of each window, and drops a rest', () => {
    expect([...pooled(windows('max'), a)]).toEqual([7, 4]);
    expect([...pooled(windows('average'), a)]).toEqual([17 / 4, 4]);
  });

  test('gives the gradient of a tie to its first place in row-major order', () => {
    const d = Float64Array.of(1, 2);
    // prettier-ignore
    expect([...pooledAdjoint(windows('max'), a, d)]).toEqual([
      0, 1, 2, 0, 0,
      0, 0, 0, 0, 0,
      0, 0, 0, 0, 0,
    ]);
  });

  test('shares the gradient of an average evenly, and gives a rest none', () => {
    const d = Float64Array.of(1, 2);
    // prettier-ignore
    expect([...pooledAdjoint(windows('average'), a, d)]).toEqual([
      0.25, 0.25, 0.5, 0.5, 0,
      0.25, 0.25, 0.5, 0.5, 0,
      0, 0, 0, 0, 0,
    ]);
  });
});

test('a bank of another shape than the image is refused', async () => {
  const problem = randomProblem({
    spec: encoding([1, 4, 6], [conv(2, 3), { dense: 2 }]),
    images: 3,
  });
  const bank = { ...problem.bank!, width: 4, height: 6 };
  expect(await refusal(() => solve(problem, { bank }))).toBe(
    'options.bank: expected images of [1, 4, 6], channels, height and width (system.image), got [1, 6, 4]',
  );
});
