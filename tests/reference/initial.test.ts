import { expect, test } from 'vitest';
import { type Initial, initialNumbers, initialParameters } from '../../src/parameters/initial.js';
import { layoutOf } from '../../src/parameters/layout.js';
import { defineSystem, type SystemSpec } from '../../src/systems/system.js';

/** The initial tensor of that name. */
function initially(spec: Partial<SystemSpec>, name: string, initial?: Initial): number[] {
  const system = defineSystem({ sizes: [40, 60, 50], ...spec });
  const layout = layoutOf(system);
  return [...initialParameters(system, layout, 1, initial)[name]!.data];
}

const standardDeviation = (numbers: number[]) =>
  Math.sqrt(numbers.reduce((sum, x) => sum + x * x, 0) / numbers.length);
const largest = (numbers: number[]) => Math.max(...numbers.map(Math.abs));
const gradient = {
  rule: 'gradient',
  feedback: 'chained',
  weightDecay: true,
  momentum: true,
} as const;

test.each<[string, Partial<SystemSpec>, string, Initial | undefined, number]>([
  ['weights are normal with variance 2 / fan-in', {}, 'W2', undefined, Math.sqrt(2 / 60)],
  ['weights can be scaled', {}, 'W2', { weightScale: 3 }, 3 * Math.sqrt(2 / 60)],
  [
    'weights can be uniform with variance 2 / (fan-in + fan-out)',
    {},
    'W2',
    { weights: 'xavier' },
    Math.sqrt(2 / 110),
  ],
  ['direct-rectified feedback weights are standard normal', {}, 'B1', undefined, 1],
  [
    'direct-rectified feedback weights can be scaled',
    {},
    'B1',
    { feedbackScale: 0.1, feedback: 'kaiming' },
    0.1 * Math.sqrt(2 / 50),
  ],
  [
    'feedback weights of a path are uniform with variance 2 / (rows + columns)',
    gradient,
    'B2',
    undefined,
    Math.sqrt(2 / 110),
  ],
  ['feedback weights of a path can be normal', gradient, 'B2', { feedback: 'normal' }, 1],
])('%s', (_, spec, name, initial, expected) => {
  expect(standardDeviation(initially(spec, name, initial))).toBeCloseTo(
    expected,
    expected > 0.5 ? 1 : 2,
  );
  expect(standardDeviation(initially(spec, name, initial)) / expected).toBeGreaterThan(0.95);
  expect(standardDeviation(initially(spec, name, initial)) / expected).toBeLessThan(1.05);
});

test('uniform weights have a bound', () => {
  expect(largest(initially(gradient, 'B2'))).toBeLessThan(Math.sqrt(6 / 110));
  expect(largest(initially({}, 'W2', { weights: 'xavier' }))).toBeLessThan(Math.sqrt(6 / 110));
});

test.each<[Partial<SystemSpec>, string, Initial | undefined, number[]]>([
  [{ rule: 'pool', terms: [9, 0, 2] }, 'theta', undefined, [1e-3, 0, 0]],
  [{ rule: 'pool', terms: [9, 0, 2], theta: 'layer' }, 'theta2', { theta: [1, 2, 3] }, [1, 2, 3]],
  [{ rule: 'pool', terms: [2, 9] }, 'theta', undefined, [0, 0]],
  [{ alpha: 'layer' }, 'alpha1', { alpha: 0.25 }, [0.25]],
  [{ alpha: 'layer' }, 'beta', { beta: 0.25 }, [0.25, 0.25]],
  [{ alpha: 'layer' }, 'beta', undefined, [0.5, 0.5]],
  [gradient, 'eta2', undefined, [0.01]],
  [gradient, 'eta2', { eta: 0.5 }, [0.5]],
  [gradient, 'weightDecay', undefined, [1e-4]],
  [gradient, 'momentum', undefined, [0.9]],
  [gradient, 'momentum', { momentum: 0.5 }, [0.5]],
  [gradient, 'weightDecay', { weightDecay: 0.5 }, [0.5]],
  [{ ...gradient, feedbackRule: 'weight-mirror' }, 'k', undefined, [2e-3, 1e-3]],
  [{ ...gradient, feedbackRule: 'information-alignment' }, 'k', undefined, [2e-3, 2e-3, 2e-3]],
  [{ ...gradient, feedbackRule: 'symmetric-alignment' }, 'k', undefined, [2e-3, 2e-3]],
  [{ ...gradient, feedbackRule: 'activation-alignment' }, 'k', undefined, [2e-3, 2e-3]],
  [{ ...gradient, feedbackRule: 'kolen-pollack' }, 'k', undefined, [2e-3]],
  [
    { ...gradient, feedbackRule: 'weight-mirror', primitives: ['self', 'decay'] },
    'k',
    undefined,
    [2e-3, 0],
  ],
  [{ ...gradient, feedbackRule: 'weight-mirror' }, 'k', { k: [0.5, 0.25] }, [0.5, 0.25]],
  [{ ...gradient, feedbackRule: 'weight-mirror' }, 'etaB', undefined, [1]],
  [{ ...gradient, feedbackRule: 'weight-mirror' }, 'etaB', { etaB: 0.5 }, [0.5]],
])('of %j, %s with %j is %j', (spec, name, initial, expected) => {
  expect(initially(spec, name, initial)).toEqual(expected.map(Math.fround));
});

test('biases begin at 0, and no number is missing', () => {
  expect(largest([...initially({}, 'b1'), ...initially({}, 'c2')])).toBe(0);
  const system = defineSystem({ sizes: [4, 3, 2], ...gradient, feedbackRule: 'kolen-pollack' });
  const layout = layoutOf(system);
  expect([...initialNumbers(system, layout, 1)].every(Number.isFinite)).toBe(true);
});

test.each<[Partial<SystemSpec>, Initial, string]>([
  [
    { rule: 'pool', terms: [0, 2, 9] },
    { theta: [1] },
    'initial.theta: expected 3 coefficients, one for each of the terms 0, 2, 9, got 1',
  ],
  [
    { ...gradient, feedbackRule: 'weight-mirror' },
    { k: [1, 2, 3] },
    'initial.k: expected 2 coefficients, one for each of the primitives decay, amp, got 3',
  ],
  [{}, { k: [1] }, 'initial.k: expected none for a system without primitives, got 1'],
])('of %j, %j is refused', (spec, initial, message) => {
  expect(() => initially(spec, 'W1', initial)).toThrow(expect.objectContaining({ message }));
});
