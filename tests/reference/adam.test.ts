import { describe, expect, test } from 'vitest';
import { layoutOf } from '../../src/parameters/layout.js';
import { adam, adamStart, meanGradient } from '../../src/reference/adam.js';
import { defineSystem } from '../../src/systems/system.js';
import { relativeError } from './central-differences.js';

describe('Adam', () => {
  // W1 and b1, B1 and c1, alpha1, beta: six numbers in four groups.
  const layout = layoutOf(defineSystem({ sizes: [1, 1] }));
  const rates = { W: 0.1, B: 0.01, alpha: 0.001, beta: 0, theta: 0, eta: 0, rule: 0, alignment: 0 };
  const start = new Float64Array(layout.size).fill(1);

  test('takes the two steps that were computed by hand', () => {
    const first = adam(
      start,
      new Float64Array(layout.size).fill(0.5),
      adamStart(layout.size),
      layout,
      rates,
    );
    // m = 0.05, v = 0.00025; m̂ = 0.5, v̂ = 0.25.
    expect(first.parameters[0]).toBeCloseTo(1 - (0.1 * 0.5) / (0.5 + 1e-8), 14);
    const second = adam(
      first.parameters,
      new Float64Array(layout.size).fill(-0.25),
      first.state,
      layout,
      rates,
    );
    // m = 0.9 · 0.05 − 0.1 · 0.25 = 0.02, v = 0.999 · 0.00025 + 0.001 · 0.0625 = 0.00031225; m̂ = m
    // / 0.19, v̂ = v / 0.001999.
    expect(second.parameters[0]! - first.parameters[0]!).toBeCloseTo(
      (-0.1 * (0.02 / 0.19)) / (Math.sqrt(0.00031225 / 0.001999) + 1e-8),
      14,
    );
  });

  test('moves each group at its own rate', () => {
    const { parameters } = adam(
      start,
      new Float64Array(layout.size).fill(0.5),
      adamStart(layout.size),
      layout,
      rates,
    );
    const moved = layout.tensors.map(({ name, offset }) => [
      name,
      Math.round((1 - parameters[offset]!) * 1e6) / 1e6,
    ]);
    expect(Object.fromEntries(moved)).toEqual({
      W1: 0.1,
      b1: 0.1,
      B1: 0.01,
      c1: 0.01,
      alpha1: 0.001,
      beta: 0,
    });
  });

  test('scales a gradient longer than the clip to the clip, and leaves a shorter one', () => {
    const gradient = Float64Array.of(3, 0, 4, 0, 0, 0); // norm 5
    const clipped = (clip: number) =>
      adam(start, gradient, adamStart(layout.size), layout, rates, clip);
    const shorter = adam(
      start,
      Float64Array.of(0.6, 0, 0.8, 0, 0, 0),
      adamStart(layout.size),
      layout,
      rates,
    );
    expect(relativeError(clipped(1).state.mean, shorter.state.mean)).toBeLessThan(1e-12);
    expect(relativeError(clipped(1).state.meanSquare, shorter.state.meanSquare)).toBeLessThan(
      1e-12,
    );
    expect(clipped(6)).toEqual(clipped(Infinity));
  });
});

describe('the mean gradient over tasks', () => {
  const g = Float64Array.of(3, 4);
  const h = Float64Array.of(0, 2);

  test('leaves out a task whose loss is not finite', () => {
    expect(meanGradient([g, h, g], [1, NaN, Infinity])).toEqual({
      gradient: g,
      counted: 1,
      diverged: 2,
    });
  });

  test('leaves out a task with a gradient entry that is not finite', () => {
    expect(
      meanGradient([g, Float64Array.of(1, NaN), Float64Array.of(-Infinity, 1)], [1, 1, 1]),
    ).toEqual({ gradient: g, counted: 1, diverged: 2 });
  });

  test('is a mean over the tasks that count', () => {
    expect(meanGradient([g, h, g], [1, 1, NaN])).toEqual({
      gradient: Float64Array.of(1.5, 3),
      counted: 2,
      diverged: 1,
    });
  });

  test('scales only the tasks whose gradient is longer than the clip', () => {
    const { gradient } = meanGradient([g, h], [1, 1], 2.5); // ‖g‖ = 5, ‖h‖ = 2
    expect(gradient[0]).toBeCloseTo(0.75, 14);
    expect(gradient[1]).toBeCloseTo(2, 14);
  });

  test('is 0 where every task has diverged', () => {
    expect(meanGradient([g], [NaN])).toEqual({
      gradient: Float64Array.of(0, 0),
      counted: 0,
      diverged: 1,
    });
  });

  test('does not clip a gradient of 0 to NaN', () => {
    expect(meanGradient([Float64Array.of(0, 0)], [1], 1)).toEqual({
      gradient: Float64Array.of(0, 0),
      counted: 1,
      diverged: 0,
    });
  });
});
