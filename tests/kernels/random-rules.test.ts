import { expect, test } from 'vitest';
import { ADJOINTS } from '../../src/gpu/options.js';
import { randomRule } from '../../src/reference/random-rule.js';
import { defineRule } from '../../src/rules/define.js';
import { ERROR_PATHS, SLOTS, type SystemSpec } from '../../src/systems/system.js';
import { random } from '../../src/tasks/random.js';
import { beyond, compare } from './agree.js';
import { useGpu } from './open.js';

const under = useGpu();

/** How many of the seeds 0, 1, … : `METAPLASTIC_RULES=300 npx vitest run tests/kernels/random-rules.test.ts`. */
const COUNT = Number(process.env['METAPLASTIC_RULES'] ?? 18);

const LANES = [
  { lanes: 1, teams: 1 },
  { lanes: 1, teams: 4 },
  { lanes: 4, teams: 2 },
  { lanes: 8, teams: 1 },
  { lanes: 32, teams: 1, grid: true },
] as const;

/** A system of the seed's rule, and how its lifetimes are lived. */
function posed(seed: number) {
  const draw = random(seed, 1);
  const one = <T>(items: readonly T[]): T => items[draw.below(items.length)]!;
  const rule = defineRule(randomRule(seed));
  const spec: SystemSpec = {
    rule: rule.spec,
    sizes: one([
      [2, 5, 3, 2],
      [3, 1, 6, 2],
      [5, 9, 4, 3],
    ]),
    loss: one(SLOTS.loss),
    activation: one(['tanh', 'sigmoid', 'linear']),
    reduction: one(['sum', 'mean']),
    ...(rule.from === 'error' && { feedback: one(ERROR_PATHS) }),
  };
  const adjoint = one(ADJOINTS.filter(a => rule.undoable || a !== 'reverse'));
  return {
    spec,
    tasks: one([1, 3, 5]),
    steps: one([1, 3, 4]),
    batch: one([1, 2, 4]),
    options: { adjoint, plan: { interval: 2, ...one(LANES) } },
  };
}

test.each(Array.from({ length: COUNT }, (_, seed) => [seed]))(
  'kernels of random rule %i agree with the reference',
  async seed => {
    const { options, ...problem } = posed(seed);
    const { errors, step } = await compare(under.gpu, problem, options);
    expect([step.diverged, step.fellBack]).toEqual([0, false]);
    expect(beyond(2e-5, errors)).toEqual({});
  },
);
