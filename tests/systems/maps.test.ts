import { describe, expect, test } from 'vitest';
import { layoutOf } from '../../src/parameters/layout.js';
import { mapsAt, placesInFile } from '../../src/parameters/maps.js';
import { defineSystem, type SystemSpec } from '../../src/systems/system.js';

const conv = (channels: number, more: object = {}) => ({
  conv: { channels, kernel: 2, ...more },
});

/** 2 × 3 × 4, 3 × 2 × 3, 2 × 1 × 2, 5, 3 outputs. */
const network = (more: Partial<SystemSpec> = {}) =>
  defineSystem({
    image: [2, 3, 4],
    layers: [conv(3), conv(2), { dense: 5 }, { dense: 3 }],
    ...more,
  });

/** The orders by the names of the layout's tensors; null where they are the same. */
const ordersOf = (system: ReturnType<typeof network>) =>
  Object.fromEntries(
    layoutOf(system).tensors.map(tensor => [tensor.name, placesInFile(system, tensor) ?? null]),
  );

/** Numbers of maps (row, column, channel) in their file: the definition, place by place. */
function inFile([channels, height, width]: readonly [number, number, number]): number[] {
  const places: number[] = [];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++) places.push((c * height + y) * width + x);
  return places;
}

const columnsOf = (rows: number, columns: readonly number[]) =>
  Array.from({ length: rows }, (_, r) => columns.map(c => r * columns.length + c)).flat();
const rowsOf = (rows: readonly number[], columns: number) =>
  rows.flatMap(r => Array.from({ length: columns }, (_, c) => r * columns + c));

describe('where a tensor lies in its file', () => {
  test('maps are those that convolutions of a lifetime see or make', () => {
    const maps = (more: Partial<SystemSpec>) => {
      const system = network(more);
      return system.sizes.map((_, l) => mapsAt(system, l)?.join(' '));
    };
    const none = undefined;
    expect(maps({ rule: 'gradient' })).toEqual(['2 3 4', '3 2 3', '2 1 2', none, none]);
    expect(maps({ rule: 'gradient', frozen: [2] })).toEqual([
      '2 3 4',
      '3 2 3',
      '2 1 2',
      none,
      none,
    ]);
    expect(maps({ rule: 'gradient', frozen: [1] })).toEqual([none, '3 2 3', '2 1 2', none, none]);
    expect(maps({ rule: 'gradient', frozen: [1, 2] })).toEqual([none, none, none, none, none]);
  });

  test('columns of weights and of rates are patches, or the maps below a dense layer', () => {
    const orders = ordersOf(
      network({ rule: 'gradient', feedback: 'chained', eta: 'synapse', plasticBias: true }),
    );
    const first = columnsOf(3, inFile([2, 2, 2]));
    expect([...orders.W1!]).toEqual(first);
    expect([...orders.eta1!]).toEqual(first);
    expect([...orders.W2!]).toEqual(columnsOf(2, inFile([3, 2, 2])));
    expect([...orders.W3!]).toEqual(columnsOf(5, inFile([2, 1, 2])));
    for (const name of ['W4', 'eta4', 'b1', 'etaBias1', 'B4'])
      expect(orders[name], name).toBeNull();
  });

  test('feedback weights of an error path have the neuron above last', () => {
    const orders = ordersOf(network({ rule: 'gradient', feedback: 'chained' }));
    const kernels: number[] = [];
    for (let u = 0; u < 2; u++)
      for (let v = 0; v < 2; v++)
        for (let below = 0; below < 3; below++)
          for (let above = 0; above < 2; above++)
            kernels.push(((below * 2 + above) * 2 + u) * 2 + v);
    expect([...orders.B2!]).toEqual(kernels);
    expect([...orders.B3!]).toEqual(rowsOf(inFile([2, 1, 2]), 5));
  });

  test('direct feedback has a row for every number of maps', () => {
    const orders = ordersOf(network({ rule: 'gradient', feedback: 'direct' }));
    expect([...orders.B2!]).toEqual(rowsOf(inFile([3, 2, 3]), 3));
    expect([...orders.B3!]).toEqual(rowsOf(inFile([2, 1, 2]), 3));
    expect(orders.B4).toBeNull();
  });

  test('direct-rectified feedback has one for every neuron before pooling', () => {
    const orders = ordersOf(
      network({
        layers: [conv(3, { pool: 'max' }), { dense: 5 }, { dense: 3 }],
        alpha: 'neuron',
      }),
    );
    expect([...orders.B1!]).toEqual(rowsOf(inFile([3, 2, 3]), 3));
    expect([...orders.c1!]).toEqual(inFile([3, 2, 3]));
    for (const name of ['alpha1', 'B2', 'c2', 'beta']) expect(orders[name], name).toBeNull();
  });

  test('a rule as text has its coefficients of synapses in that order', () => {
    const orders = ordersOf(
      network({
        rule: {
          name: 'two',
          dw: 'a * pre * x + n * w',
          coefficients: { a: { per: 'synapse', start: 0.1 }, n: { per: 'neuron', start: 0.1 } },
        },
      }),
    );
    expect([...orders['rule.a.1']!]).toEqual(columnsOf(3, inFile([2, 2, 2])));
    expect(orders['rule.n.1']).toBeNull();
  });

  test('an encoder, and what is directly above it, are as in files', () => {
    const orders = ordersOf(network({ frozen: [1, 2] }));
    for (const name of ['W1', 'W2', 'W3', 'alpha3', 'B3', 'W4'])
      expect(orders[name], name).toBeNull();
  });

  test('one channel, or one pixel, has one order', () => {
    const system = defineSystem({
      image: [1, 3, 3],
      layers: [conv(1), conv(2), { dense: 2 }],
      rule: 'gradient',
      feedback: 'chained',
    });
    const orders = ordersOf(system);
    for (const name of ['W1', 'W2', 'W3', 'B3']) expect(orders[name], name).toBeNull();
  });
});
