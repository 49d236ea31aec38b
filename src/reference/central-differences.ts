import type { Layout } from '../parameters/layout.js';
import { dot } from './algebra.js';
import { referenceGradient, referenceLoss, type ReferenceOptions } from './meta-gradient.js';
import type { Problem } from './random-problem.js';

/**
 * The gradient of f at x by central differences, (f(x + h) − f(x − h)) / 2h one coordinate at a
 * time.
 */
export function centralDifferences(
  f: (x: Float64Array) => number,
  x: Float64Array,
  h = 1e-5,
): Float64Array {
  return x.map((xi, i) => (f(x.with(i, xi + h)) - f(x.with(i, xi - h))) / (2 * h));
}

/**
 * The same from four points, exact for polynomials up to x⁴, so that h may be long enough for
 * rounding not to matter.
 */
export function centralDifferencesOfFour(
  f: (x: Float64Array) => number,
  x: Float64Array,
  h: number,
): Float64Array {
  const near = centralDifferences(f, x, h);
  const far = centralDifferences(f, x, 2 * h);
  return near.map((n, i) => (4 * n - far[i]!) / 3);
}

/** ‖got − expected‖ / ‖expected‖, tensor by tensor. */
export function relativeErrors(
  layout: Layout,
  got: Float64Array,
  expected: Float64Array,
): Record<string, number> {
  return Object.fromEntries(
    layout.tensors.map(({ name, offset, size }) => [
      name,
      relativeError(got.subarray(offset, offset + size), expected.subarray(offset, offset + size)),
    ]),
  );
}

/**
 * ‖got − expected‖ / ‖expected‖; NaN for 0 / 0, so that a comparison of nothing with nothing does
 * not pass for agreement.
 */
export function relativeError(got: Float64Array, expected: Float64Array): number {
  if (got.length !== expected.length) return NaN;
  const off = got.map((g, i) => g - expected[i]!);
  return Math.sqrt(dot(off, off)) / Math.sqrt(dot(expected, expected));
}

/** What the reference's gradient of a tensor may be from central differences, at most. */
export const LIMIT = 1e-6;

/** Steps of differences of four points; the shortest is for what has a corner near by. */
const OTHERS = [1e-5, 1e-3, 1e-2, 1e-6] as const;

/** How far a gradient is from central differences, tensor by tensor. */
export interface Differences {
  /** ‖got − expected‖ / ‖expected‖ by the names of tensors; NaN of those that are `silent`. */
  readonly errors: Readonly<Record<string, number>>;
  /** Tensors that nothing depends on: gradient and differences are exactly 0. */
  readonly silent: readonly string[];
}

/**
 * How far the reference's gradient is from central differences of its loss. A short step of theirs
 * errs by rounding, a long one by curvature and kinks, so each tensor is judged by the step that
 * suits it.
 */
export function gradientErrors(
  { system, layout, parameters, episodes, bank }: Problem,
  options: ReferenceOptions = {},
): Differences {
  const asked = { bank, ...options };
  const f = (p: Float64Array) => referenceLoss(system, layout, p, episodes, asked).loss;
  const { gradient } = referenceGradient(system, layout, parameters, episodes, asked);
  const short = centralDifferences(f, parameters);
  const errors = relativeErrors(layout, gradient, short);
  const silent = layout.tensors
    .filter(({ offset, size }) =>
      [gradient, short].every(all => all.subarray(offset, offset + size).every(g => g === 0)),
    )
    .map(({ name }) => name);
  const isGood = ([name, error]: [string, number]) => error < LIMIT || silent.includes(name);
  for (const h of OTHERS) {
    if (Object.entries(errors).every(isGood)) break;
    const again = relativeErrors(layout, gradient, centralDifferencesOfFour(f, parameters, h));
    for (const name of Object.keys(errors))
      if (errors[name]! > again[name]!) errors[name] = again[name]!;
  }
  return { errors, silent };
}
