import { expect, test } from 'vitest';
import { ADJOINTS } from '../../src/gpu/options.js';
import { randomRule } from '../../src/reference/random-rule.js';
import { defineRule } from '../../src/rules/define.js';
import { ERROR_PATHS, SLOTS, type SystemSpec } from '../../src/systems/system.js';
import { random } from '../../src/tasks/random.js';
import type { MetaParameter } from '../../src/parameters/layout.js';
import { gradientErrors, LIMIT } from '../../src/reference/central-differences.js';
import { systemInFloat32 } from '../../src/reference/rounded.js';
import { solve } from '../reference/random-problem.js';
import { beyond, compare, errorsOf, isNothing, type Agreement } from './agree.js';
import { useGpu } from './open.js';

const under = useGpu();

/**
 * Seeds FROM … TO − 1 of `FROM-TO`, or 0 … TO − 1 of a single number:
 * `METAPLASTIC_RULES=300 npx vitest run tests/kernels/random-rules.test.ts` asks three hundred.
 */
const [TO, FROM = 0] = (process.env['METAPLASTIC_RULES'] ?? '18')
  .split('-')
  .map(Number)
  .toReversed();

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
  const sizes = one([
    [2, 5, 3, 2],
    [3, 1, 6, 2],
    [5, 9, 4, 3],
  ]);
  const loss = one(SLOTS.loss);
  const activation = one(['tanh', 'sigmoid', 'linear'] as const);
  const reduction = one(['sum', 'mean'] as const);
  const batch = one([1, 2, 4]);
  const rule = defineRule(randomRule(seed, reduction === 'sum' ? batch : 1));
  const feedback = rule.from === 'error' ? { feedback: one(ERROR_PATHS) } : {};
  const spec: SystemSpec = { rule: rule.spec, sizes, loss, activation, reduction, ...feedback };
  const adjoint = one(ADJOINTS.filter(a => rule.undoable || a !== 'reverse'));
  return {
    spec,
    tasks: one([1, 3, 5]),
    steps: one([1, 3, 4]),
    batch,
    options: { adjoint, plan: { interval: 2, ...one(LANES) } },
  };
}

/**
 * How far each gradient moves when a rule's numbers are rounded to float32, and nothing else: some
 * rules take two numbers from each other that are nearly alike.
 */
function movedByRounding({ problem, want }: Agreement): Readonly<Record<string, number>> {
  const rounded = solve({ ...problem, system: systemInFloat32(problem.system) });
  return errorsOf(problem.layout, rounded.gradient, want.gradient);
}

/** Tensors whose gradient by the reference is not what central differences of its loss are. */
function unlikeDifferences({ problem, want }: Agreement): Readonly<Record<string, number>> {
  const { errors, silent } = gradientErrors(problem);
  const isTold = ({ name, offset, size }: MetaParameter) =>
    !silent.includes(name) &&
    !isNothing(want.gradient.subarray(offset, offset + size), want.gradient);
  const told = problem.layout.tensors.filter(isTold).map(({ name }) => [name, errors[name]!]);
  return beyond(LIMIT, Object.fromEntries(told) as Record<string, number>);
}

test.each(Array.from({ length: TO! - FROM }, (_, k) => [FROM + k]))(
  'kernels of random rule %i agree with the reference, and that with central differences',
  async seed => {
    const { options, ...asked } = posed(seed);
    const agreement = await compare(under.gpu, asked, options);
    const { errors, step } = agreement;
    expect([step.diverged, step.fellBack]).toEqual([0, false]);
    const off = beyond(2e-5, errors);
    const rounding = Object.keys(off).length ? movedByRounding(agreement) : {};
    const beyondRounding = ([name, error]: [string, number]) =>
      !(error < 4 * (rounding[name] ?? 0));
    expect(Object.fromEntries(Object.entries(off).filter(beyondRounding))).toEqual({});
    expect(unlikeDifferences(agreement)).toEqual({});
  },
);
