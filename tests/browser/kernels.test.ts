import { expect, test } from 'vitest';
import { checkCase, checkProblem, PROBLEMS, type CheckResult } from '../../src/proof/check.js';
import { readCase } from '../../src/reference/case.js';
import { useBrowserGpu } from './open.js';

const under = useBrowserGpu();
const CASES = Object.entries(
  import.meta.glob<object>('../oracle/{conv,flp,rule}-*.json', { eager: true, import: 'default' }),
);

/**
 * Of the problems that Node's tests and `metaplastic check` ask in full: each kind of kernel,
 * recall and division of the work, as on a GPU too.
 */
const ASKED = [
  'oja, relu, squared error',
  'rule pool, feedback chained',
  'images through an encoder',
  'adjoint reverse',
  '4 lanes, 2 tasks a workgroup',
  '32 lanes in rows and columns',
  '32 lanes in rows and columns, reverse',
  'chunks and segments, checkpoint',
  'Adam, 3 meta-steps, clipped',
];

/** η1 there is told 135 times as much as is left of it (tests/kernels/oracle.test.ts). */
const CANCELS = 'conv-chained';

function passes({ name, passed, error, comparisons }: CheckResult): void {
  // of an ill-conditioned case, whose rounding is told, what check promises is what there is
  const ill = name === CANCELS || comparisons.some(c => c.rounding !== undefined);
  const limit = ill ? 1e-4 : 1e-5;
  const beyond = comparisons.filter(c => !(c.error <= Math.max(limit, 4 * (c.rounding ?? 0))));
  expect({ passed, error, beyond }).toEqual({
    passed: true,
    error: undefined,
    beyond: [],
  });
  expect(comparisons.length).toBeGreaterThan(3);
}

test.each(ASKED)('kernels in the browser agree with the reference: %s', async name => {
  passes(
    await checkProblem(
      under.gpu,
      PROBLEMS.find(problem => problem.name === name)!,
    ),
  );
});

test.each(CASES)(
  'kernels in the browser agree with an independent implementation: %s',
  async (_, json) => {
    passes(await checkCase(under.gpu, readCase(json)));
  },
);

test('there are cases of an independent implementation', () => {
  expect(CASES).toHaveLength(30);
});
