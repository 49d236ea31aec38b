import type { Layout } from '../../src/parameters/layout.js';

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
  return Math.hypot(...got.map((g, i) => g - expected[i]!)) / Math.hypot(...expected);
}
