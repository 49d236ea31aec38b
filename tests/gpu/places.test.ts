import { describe, expect, test } from 'vitest';
import { placesOf } from '../../src/gpu/places.js';
import { layoutOf } from '../../src/parameters/layout.js';
import { defineSystem, type SystemSpec } from '../../src/systems/system.js';

const placed = (spec: SystemSpec) => {
  const system = defineSystem(spec);
  const layout = layoutOf(system);
  const places = placesOf(system, layout);
  const values = Float32Array.from({ length: layout.size }, (_, k) => k + 1);
  return { layout, places, values, packed: places.pack(values) };
};

/**
 * A tensor as it lies on the GPU: of every place the number's index within the tensor, from 1; 0
 * where there is none.
 */
const inPlace = (spec: SystemSpec) => {
  const { places, packed, layout } = placed(spec);
  return (name: string) => {
    const { offset, size } = places.range(layout.get(name)!);
    return [...packed.subarray(offset, offset + size)].map(v => v && v - layout.get(name)!.offset);
  };
};

describe.each<[string, SystemSpec]>([
  ['coefficients of synapses', { sizes: [3, 5, 2] }],
  ['coefficients of neurons', { sizes: [1, 1, 65], alpha: 'neuron' }],
  ['coefficients of layers', { sizes: [4, 4, 4], alpha: 'layer' }],
  ['an encoder', { sizes: [6, 3, 5, 2], frozen: [1] }],
  ['chained feedback and alignment', { preset: 'weight-mirror', sizes: [3, 5, 2] }],
  ['direct feedback', { sizes: [3, 5, 7, 2], rule: 'gradient', feedback: 'direct' }],
  ['θ of every layer', { sizes: [3, 5, 2], rule: 'pool', theta: 'layer' }],
])('with %s', (_, spec) => {
  const { layout, places, values, packed } = placed(spec);

  test('every number has a place of its own, and the rest is 0', () => {
    expect(places.unpack(packed)).toEqual(values);
    expect([...packed].filter(v => v !== 0).sort((a, b) => a - b)).toEqual([...values]);
    expect(packed.length).toBe(places.size);
  });

  test('every tensor begins with a quad, in the order of the layout, and goes there and back alone', () => {
    let end = 0;
    for (const tensor of layout.tensors) {
      const { offset, size } = places.range(tensor);
      const own = values.subarray(tensor.offset, tensor.offset + tensor.size);
      expect([offset, size % 4, places.at(tensor.name)]).toEqual([end, 0, end]);
      expect(places.pack(own, tensor)).toEqual(packed.subarray(offset, offset + size));
      expect(places.unpack(packed.subarray(offset, offset + size), tensor)).toEqual(own);
      end += size;
    }
    expect(end).toBe(places.size);
  });
});

test('a quad is four rows of a column inside the lifetime, four columns of a row in an encoder', () => {
  const quads = inPlace({ sizes: [2, 5, 2, 2], frozen: [1], bias: false });
  expect(quads('W1')).toEqual([1, 2, 0, 0, 3, 4, 0, 0, 5, 6, 0, 0, 7, 8, 0, 0, 9, 10, 0, 0]);
  expect(quads('W2')).toEqual([1, 6, 0, 0, 2, 7, 0, 0, 3, 8, 0, 0, 4, 9, 0, 0, 5, 10, 0, 0]);
});

test("a column's quads follow each other inside the lifetime, a row's in an error path", () => {
  const quads = inPlace({ rule: 'gradient', feedback: 'chained', sizes: [1, 2, 5] });
  expect(quads('W2')).toEqual([1, 3, 5, 7, 9, 0, 0, 0, 2, 4, 6, 8, 10, 0, 0, 0]);
  expect(quads('B2')).toEqual([1, 2, 3, 4, 5, 0, 0, 0, 6, 7, 8, 9, 10, 0, 0, 0]);
});
