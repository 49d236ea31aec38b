import { describe, expect, test } from 'vitest';
import { layoutOf, tensorsOf } from '../../src/parameters/layout.js';
import type { LearnerState } from '../../src/learner/learner.js';
import { readCheckpoint, writeCheckpoint } from '../../src/runs/checkpoint.js';
import { readSafetensors, writeSafetensors } from '../../src/runs/safetensors.js';
import { defineSystem, type SystemSpec } from '../../src/systems/system.js';

const layout = layoutOf(defineSystem({ sizes: [1, 2, 1] }));
const numbers = (value: number) => tensorsOf(layout, new Float32Array(layout.size).fill(value));
const state: LearnerState = {
  parameters: numbers(1),
  moment1: numbers(-1),
  moment2: numbers(2),
  updates: 3,
  metaSteps: 7,
};
const written = (change: Partial<LearnerState> = {}) =>
  writeCheckpoint({ metaStep: 7, state: { ...state, ...change } }, layout);

test('a checkpoint is read as it was written', () => {
  expect(readCheckpoint(written(), layout, 'x')).toEqual({ metaStep: 7, state });
});

test('a checkpoint says whose it is, if it is told', () => {
  const system = { sizes: [1, 2, 1] };
  const told = writeCheckpoint({ metaStep: 7, state }, layout, system);
  expect(JSON.parse(readSafetensors(told, 'x').metadata['system']!)).toEqual(system);
  expect(readCheckpoint(told, layout, 'x')).toEqual({ metaStep: 7, state });
  expect(readSafetensors(written(), 'x').metadata).not.toHaveProperty('system');
});

describe('a checkpoint of another system with the same tensors is refused', () => {
  const conv = (pool: 'max' | 'average'): SystemSpec => ({
    image: [1, 6, 6],
    layers: [{ conv: { channels: 2, kernel: 3, pool, poolSize: 2 } }, { dense: 2 }],
  });
  test.each<[string, SystemSpec, SystemSpec, string]>([
    [
      'activation',
      { sizes: [1, 2, 1], activation: 'relu' },
      { sizes: [1, 2, 1], activation: 'tanh' },
      'system.activation as the checkpoint has it, "relu", got "tanh"',
    ],
    [
      'rule',
      { sizes: [1, 2, 1], rule: 'oja' },
      { sizes: [1, 2, 1], rule: 'hebb' },
      'system.rule as the checkpoint has it, "oja", got "hebb"',
    ],
    ['pool', conv('max'), conv('average'), 'system.layers, layer 1 as the checkpoint has it'],
  ])('by its %s', (_, made, asked, problem) => {
    const own = layoutOf(defineSystem(made));
    const zeros = tensorsOf(own, new Float32Array(own.size));
    const file = writeCheckpoint(
      { metaStep: 7, state: { ...state, parameters: zeros, moment1: zeros, moment2: zeros } },
      own,
      made,
    );
    expect(readCheckpoint(file, own, 'x', made).metaStep).toBe(7);
    expect(() => readCheckpoint(file, own, 'x', asked)).toThrow(`x: expected ${problem}`);
  });
});

describe('a checkpoint that nothing could go on from', () => {
  const spoiled = (key: 'parameters' | 'moment1' | 'moment2', value: number) => ({
    [key]: {
      ...state[key],
      W2: { ...state[key]['W2']!, data: state[key]['W2']!.data.map((v, i) => (i ? v : value)) },
    },
  });
  test.each([
    ['parameters', NaN, 'expected finite numbers, got NaN in W2 at 0'],
    ['moment1', Infinity, 'expected finite numbers, got Infinity in moment1.W2 at 0'],
    ['moment2', -1, 'expected numbers ≥ 0, means of squares, got -1 in moment2.W2 at 0'],
  ] as const)('is not written: %s of %d', (key, value, problem) => {
    expect(() => written(spoiled(key, value))).toThrow(`writeCheckpoint: meta-step 7: ${problem}`);
  });
  test.each([
    ['W2', NaN, 'x: expected finite numbers, got NaN in W2 at 0'],
    ['moment2.W2', -1, 'x: expected numbers ≥ 0, means of squares, got -1 in moment2.W2 at 0'],
  ])('is not read: %s of %d', (name, value, message) => {
    const { tensors, metadata } = readSafetensors(written(), 'x');
    const faulty = tensors.map(t =>
      t.name === name ? { ...t, data: t.data.map(() => value) } : t,
    );
    expect(() => readCheckpoint(writeSafetensors(faulty, metadata), layout, 'x')).toThrow(message);
  });
  test('is refused for a network that has no room anywhere, before there is made any', () => {
    const huge = layoutOf(defineSystem({ sizes: [1, 1e9, 1] }));
    expect(() => readCheckpoint(written(), huge, 'x')).toThrow(
      'x: expected W1 of shape 1000000000 × 1, got 2 × 1',
    );
  });
});
