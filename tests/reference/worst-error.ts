import {
  referenceGradient,
  referenceLoss,
  type ReferenceOptions,
} from '../../src/reference/meta-gradient.js';
import {
  centralDifferences,
  centralDifferencesOfFour,
  relativeErrors,
} from './central-differences.js';
import { type ProblemSpec, randomProblem } from './random-problem.js';

/** What the gradient of a tensor may be from central differences, at most. */
export const LIMIT = 1e-6;

/**
 * The largest disagreement of any tensor's gradient with central differences. A short step of
 * theirs errs by rounding, a long one by curvature and kinks,
 * so each tensor is judged by the step that suits it. NaN, from a tensor that nothing depends on,
 * fails too, unless the tensor is announced to be
 * `silent`: then its gradient must be exactly 0 both ways.
 */
export function worstError(
  problem: ProblemSpec,
  { silent = [], ...options }: ReferenceOptions & { silent?: string[] } = {},
): number {
  const { system, layout, parameters, episodes, bank } = randomProblem({
    steps: 3,
    batch: 2,
    queries: 3,
    seed: 1,
    ...problem,
  });
  const asked = { bank, ...options };
  const f = (p: Float64Array) => referenceLoss(system, layout, p, episodes, asked).loss;
  const { gradient } = referenceGradient(system, layout, parameters, episodes, asked);
  const short = centralDifferences(f, parameters);
  const errors = relativeErrors(layout, gradient, short);
  for (const name of silent) {
    const { offset, size } = layout.get(name)!;
    if (
      short.subarray(offset, offset + size).every((g, i) => g === 0 && gradient[offset + i] === 0)
    )
      errors[name] = 0;
  }
  for (const h of [1e-5, 1e-3, 1e-2]) {
    if (Object.values(errors).every(error => error < LIMIT)) break;
    const byLonger = relativeErrors(layout, gradient, centralDifferencesOfFour(f, parameters, h));
    for (const name of Object.keys(errors))
      if (errors[name]! > byLonger[name]!) errors[name] = byLonger[name]!;
  }
  return Math.max(...Object.values(errors));
}
