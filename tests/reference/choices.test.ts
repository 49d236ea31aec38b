import { describe, expect, test } from 'vitest';
import { type Activation, activations, feedbackActivations, losses, rules, signals } from '../../src/reference/choices.js';
import { SLOTS } from '../../src/systems/system.js';
import { centralDifferences, relativeError } from './central-differences.js';

/** df/dz at each z, by central differences. */
const slopes = (f: (z: number) => number, at: number[]) => at.map(z => centralDifferences(([x]) => f(x!), Float64Array.of(z))[0]!);
const points = [-2, -0.3, -0.01, 0.02, 0.4, 3];

describe('an activation', () => {
  const named: [string, Activation][] = [...Object.entries(activations), ...Object.entries(feedbackActivations).map(([name, f]): [string, Activation] => [`feedback ${name}`, f])];
  test.each(named)('%s: the slope, read from the output, is the derivative', (_, { value, slope }) => {
    const expected = slopes(value, points);
    points.forEach((z, i) => expect(slope(value(z))).toBeCloseTo(expected[i]!, 7));
  });

  test.each(SLOTS.activation)('%s: is finite for inputs of any size', name => {
    for (const z of [-1e4, 1e4]) expect(activations[name].value(z)).toSatisfy(Number.isFinite);
  });

  test('softplus is log(1 + exp(10 z)) / 10', () => {
    for (const z of points) expect(activations.softplus.value(z)).toBeCloseTo(Math.log(1 + Math.exp(10 * z)) / 10, 14);
  });
});

describe('a rule', () => {
  test.each(SLOTS.rule)('%s: the slope of its decay is the derivative', name => {
    const expected = slopes(rules[name].decay, points);
    points.forEach((post, i) => expect(rules[name].decaySlope(post)).toBeCloseTo(expected[i]!, 8));
  });
});

describe('a signal', () => {
  test.each(SLOTS.signal)('%s: its slope by the output is the derivative', name => {
    for (const slope of slopes(output => signals[name].value(0.7, output), points)) expect(slope).toBeCloseTo(signals[name].outputSlope, 8);
  });
});

describe('a loss', () => {
  const output = Float64Array.of(0.3, -1.2, 0.8), target = Float64Array.of(0.5, 0.1, 0.9); // no distribution: the sum is 1.5

  test.each(SLOTS.loss)('%s: its gradient is the derivative, for any targets', name => {
    const expected = centralDifferences(out => losses[name].value(out, target), output);
    expect(relativeError(losses[name].gradient(output, target), expected)).toBeLessThan(1e-8);
  });

  test('squared error is the mean over outputs', () => {
    expect(losses['squared-error'].value(output, target)).toBeCloseTo((0.04 + 1.69 + 0.01) / 3, 14);
  });

  test('cross-entropy does not overflow', () => {
    expect(losses['cross-entropy'].value(Float64Array.of(1000, 0), Float64Array.of(0, 1))).toBe(1000);
    expect(losses['cross-entropy'].gradient(Float64Array.of(1000, 0), Float64Array.of(0, 1))).toEqual(Float64Array.of(1, -1));
  });
});
