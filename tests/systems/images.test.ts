import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/config.js';
import { RUN_PRESETS } from '../../src/config/presets.js';
import { initialParameters } from '../../src/parameters/initial.js';
import { fansOf, layoutOf } from '../../src/parameters/layout.js';
import {
  defineSystem,
  productsOf,
  seesImages,
  widthsOf,
  type SystemSpec,
} from '../../src/systems/system.js';
import { refusal } from '../refusal.js';

const conv = (channels: number, kernel: number, more: object = {}) => ({
  conv: { channels, kernel, ...more },
});
const network = (
  image: SystemSpec['image'],
  layers: NonNullable<SystemSpec['layers']>,
  more: Partial<SystemSpec> = {},
) =>
  defineSystem({
    image,
    layers,
    frozen: layers.flatMap((layer, k) => ('conv' in layer ? [k + 1] : [])),
    ...more,
  });

const OMNIGLOT = network(
  [1, 28, 28],
  [
    conv(32, 3, { stride: 2 }),
    conv(32, 3, { padding: 1, pool: 'max' }),
    { dense: 128 },
    { dense: 5 },
  ],
);

describe('a system with convolutions', () => {
  test('has the numbers of x_0 … x_L as sizes, after pooling', () => {
    expect(OMNIGLOT.sizes).toEqual([784, 32 * 13 * 13, 32 * 6 * 6, 128, 5]);
    expect(OMNIGLOT.image).toEqual([1, 28, 28]);
  });

  test('describes each of them with its defaults and shapes', () => {
    expect(OMNIGLOT.layers.map(l => l.conv)).toEqual([
      {
        channels: 32,
        kernel: 3,
        stride: 2,
        padding: 0,
        poolSize: 1,
        input: [1, 28, 28],
        units: [32, 13, 13],
        output: [32, 13, 13],
      },
      {
        channels: 32,
        kernel: 3,
        stride: 1,
        padding: 1,
        pool: 'max',
        poolSize: 2,
        input: [32, 13, 13],
        units: [32, 13, 13],
        output: [32, 6, 6],
      },
      undefined,
      undefined,
    ]);
  });

  test('has no pool where a window is one neuron', () => {
    const rule = { name: 'below', dw: '0.1 * e * e_pre' };
    const layersOf = (options: object) =>
      defineSystem({ image: [1, 8, 8], layers: [conv(2, 3, options), { dense: 2 }], rule }).layers;
    expect(layersOf({ pool: 'max', poolSize: 1 })).toEqual(layersOf({}));
  });

  test('counts as fan-in what a neuron sees, and as fan-out the channels', () => {
    expect(OMNIGLOT.layers.map(l => [l.fanIn, l.fanOut])).toEqual([
      [9, 32],
      [288, 32],
      [1152, 128],
      [128, 5],
    ]);
  });

  test('multiplies by every synapse at every place', () => {
    expect(OMNIGLOT.layers.map(productsOf)).toEqual([
      9 * 32 * 169,
      288 * 32 * 169,
      1152 * 128,
      640,
    ]);
  });

  test('is named by its shapes', () => {
    expect(widthsOf(OMNIGLOT)).toEqual(['1 × 28 × 28', '32 × 13 × 13', '32 × 6 × 6', '128', '5']);
    expect(widthsOf(defineSystem({ sizes: [2, 3, 1] }))).toEqual(['2', '3', '1']);
  });

  test('names its weights in PyTorch’s order, a bias for each channel', () => {
    const layout = layoutOf(OMNIGLOT);
    const shapes = (kind: string) => [1, 2, 3, 4].map(l => layout.get(`${kind}${l}`)!.shape);
    expect(shapes('W')).toEqual([
      [32, 1, 3, 3],
      [32, 32, 3, 3],
      [128, 1152],
      [5, 128],
    ]);
    expect(shapes('b')).toEqual([[32], [32], [128], [5]]);
    expect(layout.get('B3')!.shape).toEqual([128, 5]);
    expect(layout.get('alpha1')).toBeUndefined();
  });

  test('begins with weights whose variance is 2 / fan-in', () => {
    const { W2 } = initialParameters(OMNIGLOT, layoutOf(OMNIGLOT), 1);
    const variance = W2!.data.reduce((sum, w) => sum + w * w, 0) / W2!.data.length;
    expect(variance / (2 / 288)).toBeCloseTo(1, 1);
  });

  test('counts both fans at all places of a kernel', () => {
    expect(fansOf({ shape: [4, 3, 5, 5] })).toEqual([100, 75]);
    expect(fansOf({ shape: [4, 3] })).toEqual([4, 3]);
  });

  test('of dense layers alone has the layers that sizes has', () => {
    const system = network([1, 2, 3], [{ dense: 4 }, { dense: 2 }]);
    const { layers, sizes } = defineSystem({ sizes: [6, 4, 2] });
    expect(system.layers).toEqual(layers);
    expect(system.sizes).toEqual(sizes);
  });

  test('sees images of its channels, height and width alone', () => {
    expect(seesImages(OMNIGLOT, { height: 28, width: 28 })).toBe(true);
    expect(seesImages(OMNIGLOT, { height: 14, width: 56 })).toBe(false);
    const colours = network([3, 2, 2], [conv(1, 1), { dense: 1 }]);
    expect(seesImages(colours, { height: 2, width: 2 })).toBe(false);
    expect(seesImages(colours, { channels: 3, height: 2, width: 2 })).toBe(true);
    expect(seesImages(defineSystem({ sizes: [6, 1] }), { height: 2, width: 3 })).toBe(true);
  });

  test('is kept by a configuration as it is written', () => {
    const flp = RUN_PRESETS['flp-omniglot']!;
    const { sizes: _, ...system } = flp.system;
    const written = {
      ...system,
      image: [1, 28, 28] as const,
      layers: [conv(8, 3), { dense: 9 }, { dense: 5 }],
      frozen: [1],
    };
    expect(parseConfig({ ...flp, system: written }, 'run.json').system).toMatchObject(written);
  });
});

describe('is refused', () => {
  const dense = { dense: 2 };
  const image = [1, 5, 4];
  const refused: [what: string, spec: object, message: string][] = [
    [
      'neither sizes nor layers',
      {},
      'system.sizes: expected sizes, or image and layers, got neither',
    ],
    [
      'both sizes and layers',
      { sizes: [4, 2], image, layers: [dense] },
      'system.layers: expected either sizes or layers, got both; sizes is the short form for dense layers: leave one of them out',
    ],
    [
      'an image beside sizes',
      { sizes: [20, 2], image },
      'system.image: expected layers beside an image, got sizes; say { layers: [{ conv: … }, …, { dense: n }] }, or leave image out',
    ],
    [
      'an image without layers',
      { image },
      'system.image: expected layers beside an image, got none; say { layers: [{ conv: … }, …, { dense: n }] }, or leave image out',
    ],
    [
      'layers without an image',
      { layers: [dense] },
      'system.image: expected [channels, height, width] beside layers, got nothing; of an input that is no image say sizes instead of layers',
    ],
    ...[[5, 4], [1, 5, 4, 1], [0, 5, 4], [1, 2.5, 4], 20].map((given): [string, object, string] => [
      `the image ${JSON.stringify(given)}`,
      { image: given, layers: [dense] },
      `system.image: expected [channels, height, width], whole numbers ≥ 1, got ${JSON.stringify(given)}`,
    ]),
    [
      'an image that nothing can count',
      { image: [3, 2 ** 20, 2 ** 20], layers: [dense] },
      'system.image: expected at most 4294967295 numbers of an image, got 3298534883328',
    ],
    [
      'no layers',
      { image, layers: [] },
      'system.layers: expected a list of 1 to 1023 layers, got []',
    ],
    [
      'a layer that is neither',
      { image, layers: [{ pool: 2 }, dense] },
      'system.layers.0: expected { conv: … } or { dense: … }, got {"pool":2}',
    ],
    [
      'a layer that is both',
      { image, layers: [{ ...conv(1, 1), ...dense }, dense] },
      'system.layers.0: expected { conv: … } or { dense: … }, got {"conv":{"channels":1,"kernel":1},"dense":2}',
    ],
    [
      'a layer that is a number',
      { image, layers: [3] },
      'system.layers.0: expected { conv: … } or { dense: … }, got 3',
    ],
    [
      'a misspelt key',
      { image, layers: [{ conv: { channels: 1, kernel: 1, strides: 2 } }, dense] },
      'system.layers.0.conv.strides: unknown key (did you mean stride?); known: channels, kernel, stride, padding, pool, poolSize',
    ],
    [
      'a convolution without a kernel',
      { image, layers: [{ conv: { channels: 1 } }, dense] },
      'system.layers.0.conv.kernel: expected a whole number ≥ 1, got nothing',
    ],
    [
      'zero channels',
      { image, layers: [conv(0, 3), dense] },
      'system.layers.0.conv.channels: expected a whole number ≥ 1, got 0',
    ],
    [
      'a stride of 0',
      { image, layers: [conv(1, 3, { stride: 0 }), dense] },
      'system.layers.0.conv.stride: expected a whole number ≥ 1, got 0',
    ],
    [
      'a negative padding',
      { image, layers: [conv(1, 3, { padding: -1 }), dense] },
      'system.layers.0.conv.padding: expected a whole number ≥ 0, got -1',
    ],
    [
      'an unknown pool',
      { image, layers: [conv(1, 3, { pool: 'mean' }), dense] },
      'system.layers.0.conv.pool: unknown choice "mean" (did you mean max?); known: max, average',
    ],
    [
      'a kernel larger than the image',
      { image, layers: [conv(1, 5), dense] },
      'system.layers.0.conv.kernel: expected at most 4 for layer 1, which gets 1 × 5 × 4, got 5; a padding of 1 would fit',
    ],
    [
      'a kernel larger than the padded map',
      { image, layers: [conv(3, 3, { stride: 2 }), conv(1, 6, { padding: 1 }), dense] },
      'system.layers.1.conv.kernel: expected at most 3 for layer 2, which gets 3 × 2 × 1 and pads it to 4 × 3, got 6; a padding of 3 would fit',
    ],
    [
      'a stride that leaves the image',
      { image, layers: [conv(1, 3, { stride: 4294967295 }), dense] },
      'system.layers.0.conv.stride: expected at most 5 for layer 1, which gets 1 × 5 × 4, got 4294967295; a larger one leaves one position, as that does',
    ],
    [
      'more neurons than can be counted',
      { image, layers: [conv(2 ** 30, 1), dense] },
      'system.layers.0.conv: expected at most 4294967295 neurons in layer 1, got 21474836480',
    ],
    [
      'a poolSize without a pool',
      { image, layers: [conv(1, 3, { poolSize: 2 }), dense] },
      'system.layers.0.conv.poolSize: expected a pool (max or average) beside it, got none; say which, or leave it out',
    ],
    [
      'pooling larger than the map',
      { image, layers: [conv(2, 3, { pool: 'max', poolSize: 3 }), dense] },
      'system.layers.0.conv.poolSize: expected at most 2 for layer 1, whose convolution leaves 2 × 3 × 2, got 3; a padding larger than 0 leaves more, or leave pool out',
    ],
    [
      'pooling that a stride leaves too little for',
      { image, layers: [conv(2, 3, { stride: 2, pool: 'average' }), dense] },
      'system.layers.0.conv.poolSize: expected at most 1 for layer 1, whose convolution leaves 2 × 2 × 1, got 2; a smaller stride leaves more',
    ],
    [
      'a convolution behind a dense layer',
      { image, layers: [conv(1, 1), dense, conv(1, 1), dense] },
      'system.layers.2: expected convolutions before the first dense layer, got a convolution as layer 3 behind the dense layer 2; a dense layer keeps no image: move it behind the convolutions',
    ],
    [
      'a convolution as output layer',
      { image, layers: [conv(1, 1), conv(1, 1)], frozen: [1] },
      'system.layers.1: expected a dense output layer, got a convolution as layer 2, the last; add { dense: n } for n outputs',
    ],
    [
      'the pool of terms where a convolution is plastic',
      { image, layers: [conv(1, 1), conv(1, 1), dense], frozen: [1], rule: 'pool' },
      'system.rule: expected a rule other than pool where a convolution is plastic, got pool with a convolution as layer 2; freeze layers 1 … 2, or choose gradient, oja, hebb or a rule as text',
    ],
    [
      'the pool of terms where a frozen convolution is behind a plastic one',
      { image, layers: [conv(1, 1), conv(1, 1), dense], frozen: [2], rule: 'pool' },
      'system.rule: expected a rule other than pool where a convolution is plastic, got pool with a convolution as layer 1; freeze layers 1 … 2, or choose gradient, oja, hebb or a rule as text',
    ],
    [
      'a rule that reads errors below, above a pool in a lifetime',
      {
        image,
        layers: [conv(1, 1), conv(1, 1, { pool: 'max' }), dense],
        rule: { name: 'below', dw: '0.1 * e * e_pre' },
      },
      'system.rule: expected convolutions without pool for a rule that reads e_pre or has states of neurons, got the pool of layer 2, behind which no neuron stands for another; a larger stride instead of a pool makes maps smaller',
    ],
    [
      'states of neurons, with a pool in a lifetime',
      {
        image,
        layers: [conv(1, 1, { pool: 'average' }), dense],
        rule: { name: 'stateful', dw: '0.1 * pre * m', neuron: { m: { d: '0.1 * x' } } },
      },
      'system.rule: expected convolutions without pool for a rule that reads e_pre or has states of neurons, got the pool of layer 1, behind which no neuron stands for another; a larger stride instead of a pool makes maps smaller',
    ],
    [
      'drawn weights of a convolution',
      { image, layers: [conv(1, 1), dense], frozen: [1], weights: 'drawn' },
      'system.weights: expected inherited weights for an encoder (frozen layers 1 … 1), got drawn',
    ],
  ];
  test.each(refused)('%s', async (_, spec, message) => {
    expect(await refusal(() => defineSystem(spec))).toBe(message);
  });
});
