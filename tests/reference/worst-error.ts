import { gradientErrors, LIMIT } from '../../src/reference/central-differences.js';
import type { ReferenceOptions } from '../../src/reference/meta-gradient.js';
import { type ProblemSpec, randomProblem } from './random-problem.js';

export { LIMIT };

/**
 * The largest disagreement of any tensor's gradient with central differences. NaN, from a tensor
 * that nothing depends on, fails too, unless the tensor is announced to be `silent`: then its
 * gradient must be exactly 0 both ways.
 */
export function worstError(
  problem: ProblemSpec,
  { silent = [], ...options }: ReferenceOptions & { silent?: string[] } = {},
): number {
  const { errors, silent: found } = gradientErrors(
    randomProblem({ steps: 3, batch: 2, queries: 3, seed: 1, ...problem }),
    options,
  );
  const isAnnounced = (name: string) => silent.includes(name) && found.includes(name);
  return Math.max(
    ...Object.entries(errors).map(([name, error]) => (isAnnounced(name) ? 0 : error)),
  );
}
