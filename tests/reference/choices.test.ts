import { describe, expect, test } from 'vitest';
import { type PrimitiveOf, primitives } from '../../src/reference/alignment.js';
import {
  type Activation,
  activations,
  feedbackActivations,
  losses,
  signals,
} from '../../src/reference/choices.js';
import { type ErrorPath, errorPaths } from '../../src/reference/errors.js';
import { TARGETS } from '../../src/reference/random-problem.js';
import { rules } from '../../src/reference/rules.js';
import type { Local, RuleReference as Rule } from '../../src/rules/handwritten.js';
import { defineSystem, PRIMITIVES, SLOTS, TERMS } from '../../src/systems/system.js';
import { random } from '../../src/tasks/random.js';
import { centralDifferences, relativeError } from './central-differences.js';

/** df/dz at each z, by central differences. */
const slopes = (f: (z: number) => number, at: number[]) =>
  at.map(z => centralDifferences(([x]) => f(x!), Float64Array.of(z))[0]!);
const points = [-2, -0.3, -0.01, 0.02, 0.4, 3];
const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, ai, i) => sum + ai * b[i]!, 0);

/** Arrays of these sizes, of normal numbers. */
function filled<K extends string>(sizes: Record<K, number>, seed: number): Record<K, Float64Array> {
  const r = random(seed, 0);
  return Object.fromEntries(
    Object.entries<number>(sizes).map(([name, size]) => [
      name,
      Float64Array.from({ length: size }, r.normal),
    ]),
  ) as Record<K, Float64Array>;
}

/** How far an adjoint is from the derivative of f, both by all of what f is given. */
function disagreement<K extends string>(
  given: Record<K, Float64Array>,
  f: (of: Record<K, Float64Array>) => number,
  adjoint: (d: Record<K, Float64Array>) => void,
): number {
  const names = Object.keys(given) as K[];
  const d = Object.fromEntries(
    names.map(name => [name, new Float64Array(given[name].length)]),
  ) as Record<K, Float64Array>;
  adjoint(d);
  const flat = (arrays: Record<K, Float64Array>) =>
    Float64Array.from(names.flatMap(name => [...arrays[name]]));
  const unflat = (x: Float64Array) => {
    let at = 0;
    return Object.fromEntries(
      names.map(name => [name, x.slice(at, (at += given[name].length))]),
    ) as Record<K, Float64Array>;
  };
  return relativeError(
    flat(d),
    centralDifferences(x => f(unflat(x)), flat(given)),
  );
}

describe('an activation', () => {
  const named: [string, Activation][] = [
    ...Object.entries(activations),
    ...Object.entries(feedbackActivations).map(([name, f]): [string, Activation] => [
      `feedback ${name}`,
      f,
    ]),
  ];
  test.each(named)(
    '%s: the slope, read from the output, is the derivative',
    (_, { value, slope }) => {
      const expected = slopes(value, points);
      points.forEach((z, i) => expect(slope(value(z))).toBeCloseTo(expected[i]!, 7));
    },
  );

  test.each(named)(
    '%s: the curvature is the derivative of the slope by the output',
    (_, { value, slope, curvature }) => {
      const outputs = points.map(value);
      const away = outputs.filter(y => y !== 0); // relu's slope has a step at 0
      slopes(slope, away).forEach((expected, i) =>
        expect(curvature(away[i]!)).toBeCloseTo(expected, 7),
      );
    },
  );

  test.each(SLOTS.activation)('%s: is finite for inputs of any size', name => {
    for (const z of [-1e4, 1e4]) expect(activations[name].value(z)).toSatisfy(Number.isFinite);
  });

  test('softplus is log(1 + exp(10 z)) / 10', () => {
    for (const z of points)
      expect(activations.softplus.value(z)).toBeCloseTo(Math.log(1 + Math.exp(10 * z)) / 10, 14);
  });
});

describe('a rule', () => {
  const local = filled(
    { W: 12, b: 4, theta: TERMS.length, pre: 3, post: 4, errorBelow: 3, error: 4 },
    1,
  );
  const { drive: dDrive, decay: dDecay } = filled({ drive: 12, decay: 4 }, 2);
  const system = defineSystem({ sizes: [3, 4], rule: 'pool' });
  test.each(Object.entries<Rule>(rules))(
    '%s: its adjoint is the derivative, by everything local',
    (_, { drive, decay, adjoint }) => {
      const told = (s: Local) => dot(drive(s, system), dDrive) + dot(decay(s, system), dDecay);
      expect(
        disagreement(local, told, d => adjoint(local, system, dDrive, dDecay, d)),
      ).toBeLessThan(1e-8);
    },
  );
});

describe('an error path', () => {
  const { W, B, dM } = filled({ W: 12, B: 12, dM: 12 }, 1);
  const [layer] = defineSystem({ sizes: [3, 4] }).layers;
  test.each(Object.entries<ErrorPath>(errorPaths))(
    '%s: its adjoint is the derivative',
    (_, { matrix, adjoint }) => {
      expect(
        disagreement(
          { W, B },
          of => dot(matrix(of.W, of.B, layer!), dM),
          d => adjoint(W, B, layer!, dM, d.W, d.B),
        ),
      ).toBeLessThan(1e-8);
    },
  );
});

describe('a primitive of the feedback rules', () => {
  const given = filled({ W: 12, B: 12, x: 6, z: 8, r: 6 }, 1);
  const { d } = filled({ d: 12 }, 2);
  /** A batch of two samples. */
  const mirror = ({ W, B, x, z, r }: typeof given) => ({
    W,
    B,
    x: [x.subarray(0, 3), x.subarray(3)],
    z: [z.subarray(0, 4), z.subarray(4)],
    r: [r.subarray(0, 3), r.subarray(3)],
  });
  test.each(PRIMITIVES)('%s: its adjoint is the derivative', name => {
    const { value, adjoint }: PrimitiveOf = primitives[name];
    expect(
      disagreement(
        given,
        of => dot(value(mirror(of), 0.7), d),
        into => adjoint(mirror(given), 0.7, d, mirror(into)),
      ),
    ).toBeLessThan(1e-8);
  });
});

describe('a signal', () => {
  test.each(SLOTS.signal)('%s: its slope by the answer is the derivative', name => {
    for (const slope of slopes(answer => signals[name].value(0.7, answer), points))
      expect(slope).toBeCloseTo(signals[name].answerSlope, 8);
  });
});

test.each([
  ['softplus', -0.5, 1 - Math.exp(5)],
  ['tanh', 2, -3],
  ['sigmoid', -1, -2],
] as const)('%s: an input beyond what it gives has the slope of the formula', (name, y, slope) => {
  expect(activations[name].slope(y)).toBeCloseTo(slope, 10);
});

describe('a loss', () => {
  const output = Float64Array.of(0.3, -1.2, 0.8);
  const target = Float64Array.of(0.5, 0.1, 0.9); // no distribution: the sum is 1.5

  test.each(SLOTS.loss)('%s: its gradient is the derivative, for any targets', name => {
    const expected = centralDifferences(out => losses[name].value(out, target), output);
    expect(relativeError(losses[name].gradient(output, target), expected)).toBeLessThan(1e-8);
  });

  test.each(SLOTS.loss)('%s: the adjoint of its answer is the derivative', name => {
    const { answer, answerAdjoint } = losses[name];
    expect(
      relativeError(
        answerAdjoint(answer(output), target),
        centralDifferences(out => dot(answer(out), target), output),
      ),
    ).toBeLessThan(1e-8);
  });

  test.each(SLOTS.loss)('%s: the slope of its error is the derivative', name => {
    const { error, errorSlope } = losses[name];
    const slope = relativeError(
      output.map(() => errorSlope(target)),
      centralDifferences(a => error(a, target).reduce((sum, e) => sum + e, 0), output),
    );
    expect(slope).toBeLessThan(1e-8);
  });

  test.each([
    ['squared-error', 3 / 2],
    ['mean-squared-error', 1],
    ['cross-entropy', 1],
  ] as const)(
    '%s: its error goes the way of the gradient, whatever the targets',
    (name, factor) => {
      const { answer, error, gradient } = losses[name];
      for (const [kind, draw] of Object.entries(TARGETS)) {
        const row = new Float32Array(3);
        draw(random(1, kind.length), row);
        const y = Float64Array.from(row);
        const wanted = gradient(output, y).map(g => factor * g);
        error(answer(output), y).forEach((e, o) => expect(e).toBeCloseTo(wanted[o]!, 12));
      }
    },
  );

  test('the answer under cross-entropy is a distribution in the ratio of exp(output)', () => {
    const answer = losses['cross-entropy'].answer(output);
    expect(answer.reduce((sum, a) => sum + a, 0)).toBeCloseTo(1, 14);
    expect(answer[2]! / answer[0]!).toBeCloseTo(Math.exp(0.5), 12);
  });

  test('squared error is the mean over outputs', () => {
    expect(losses['squared-error'].value(output, target)).toBeCloseTo((0.04 + 1.69 + 0.01) / 3, 14);
  });

  test('cross-entropy does not overflow', () => {
    expect(losses['cross-entropy'].value(Float64Array.of(1000, 0), Float64Array.of(0, 1))).toBe(
      1000,
    );
    expect(
      losses['cross-entropy'].gradient(Float64Array.of(1000, 0), Float64Array.of(0, 1)),
    ).toEqual(Float64Array.of(1, -1));
  });
});
