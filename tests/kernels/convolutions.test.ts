import { describe, expect, test } from 'vitest';
import type { LayerSpec, SystemSpec } from '../../src/systems/system.js';
import { beyond, compare, type Options } from './agree.js';
import { conv } from './convolving.js';
import { useGpu } from './open.js';

const under = useGpu();
const dense: readonly LayerSpec[] = [{ dense: 5 }, { dense: 3 }];

/** Encoders: images, what looks at them, and how many of the layers are frozen. */
const ENCODERS: readonly [string, SystemSpec['image'], readonly LayerSpec[], Options?][] = [
  ['1 × 1 kernels', [3, 4, 3], [conv(5, 1, 1, 0)]],
  ['stride 2, padding 1, an image that is not square', [1, 7, 5], [conv(5, 3, 2, 1)]],
  ['stride 3, padding 2, kernel 5', [3, 9, 8], [conv(1, 5, 3, 2), conv(3, 2, 1, 1)]],
  ['kernel 2, stride 3, which leaves inputs out', [1, 8, 7], [conv(3, 2, 3, 0), conv(5, 1, 2, 0)]],
  ['max pooling with a rest', [1, 9, 8], [conv(3, 3, 1, 1, 'max', 2), conv(4, 3, 1, 0)]],
  ['average pooling at last', [3, 6, 6], [conv(4, 3, 1, 1), conv(5, 3, 1, 0, 'average', 3)]],
  ['three in a row', [1, 9, 9], [conv(4, 3, 1, 0, 'max', 2), conv(5, 2, 1, 1), conv(1, 2, 2, 0)]],
  ['a dense layer of the encoder above', [1, 5, 5], [conv(3, 3, 2, 1, 'max', 2), { dense: 6 }]],
];

const systems: readonly [string, Partial<SystemSpec>][] = [
  ['feedback and local plasticity', { loss: 'cross-entropy' }],
  ['gradient descent', { rule: 'gradient', loss: 'cross-entropy', activation: 'tanh' }],
  ['first-order gradient descent', { rule: 'gradient', activation: 'tanh', firstOrder: true }],
  ['a rule as text', { rule: text(), activation: 'sigmoid' }],
];

function text() {
  return {
    dw: 'eta * (x - m) * (pre - m_pre)',
    neuron: { m: { d: 'k * (x - m)' } },
    coefficients: { eta: { per: 'neuron', start: 0.1 }, k: { per: 'network', start: 0.2 } },
  } as const;
}

describe.each(ENCODERS)('kernels of convolutional encoders agree: %s', (_, image, layers) => {
  test.each([systems[0]!, systems[1]!])('before %s', async (_, system) => {
    const spec: SystemSpec = {
      image,
      layers: [...layers, ...dense],
      frozen: layers.map((_, k) => k + 1),
      ...system,
    };
    const { errors } = await compare(
      under.gpu,
      { spec, tasks: 3, steps: 3, batch: 2 },
      { moments: [0, 3], momentWeights: [0.5, 1] },
    );
    expect(beyond(1e-5, errors)).toEqual({});
  });
});

test.each([systems[2]!, systems[3]!])('kernels of one agree before %s', async (_, system) => {
  const [, image, layers] = ENCODERS[4]!;
  const spec: SystemSpec = { image, layers: [...layers, ...dense], frozen: [1, 2], ...system };
  const { errors } = await compare(
    under.gpu,
    { spec, tasks: 5, steps: 2, batch: 1 },
    { adjoint: 'checkpoint', plan: { lanes: 1, teams: 2, tasksPerChunk: 2 } },
  );
  expect(beyond(1e-5, errors)).toEqual({});
});

test('images of a bank pass through as numbers do', async () => {
  const spec: SystemSpec = {
    image: [1, 1, 25],
    layers: [conv(3, 1, 2, 0), ...dense],
    frozen: [1],
    loss: 'cross-entropy',
  };
  const { errors } = await compare(under.gpu, { spec, tasks: 3, steps: 3, images: 7 }, {});
  expect(beyond(1e-5, errors)).toEqual({});
});
