import type { Gpu } from '../gpu/device.js';
import { greatest } from '../extremes.js';
import { gradientErrors, LIMIT } from '../reference/central-differences.js';
import { type Problem, solve } from '../reference/random-problem.js';
import { defineRule } from '../rules/define.js';
import type { RuleSpec, WrittenRule } from '../rules/rule.js';
import type { SystemSpec } from '../systems/system.js';
import {
  checkAnswer,
  type CheckProblem,
  type CheckResult,
  type Comparison,
  problemOf,
  worstOf,
} from './check.js';

/** A row of the proof of a rule. */
export interface RuleResult extends CheckResult {
  /** What was changed so that lifetimes stay finite. */
  readonly note?: string;
}

/**
 * How a rule is asked: every adjoint that it allows, one lane and many, odd sizes, one step and
 * more, one sample a step and more.
 */
export function ruleProblems({ undoable, from }: WrittenRule): CheckProblem[] {
  const path: Partial<SystemSpec> = from === 'error' ? { feedback: 'backprop' } : {};
  return [
    {
      name: 'T = 6, batch 2, 8 lanes, store',
      spec: {},
      tasks: 3,
      settings: { plan: { lanes: 8 } },
    },
    {
      name: 'T = 1, batch 1, 1 lane, store',
      spec: { sizes: [2, 5, 3] },
      steps: 1,
      batch: 1,
      settings: { plan: { lanes: 1 } },
    },
    {
      name: 'T = 7, batch 3, 32 lanes in a grid, checkpoint',
      spec: { sizes: [2, 7, 5, 3], ...path },
      tasks: 3,
      steps: 7,
      batch: 3,
      settings: { adjoint: 'checkpoint', plan: { lanes: 32, grid: true } },
    },
    ...(undoable
      ? [
          {
            name: 'T = 5, batch 1, 4 lanes, reverse',
            spec: { sizes: [3, 6, 5, 2] },
            tasks: 3,
            steps: 5,
            batch: 1,
            settings: { adjoint: 'reverse', plan: { lanes: 4 } },
          } as const,
        ]
      : []),
  ];
}

/**
 * Proves a rule on this adapter: its kernels against the float64 reference, and the reference's
 * gradient against central differences of its loss, tensor by tensor.
 */
export async function checkRule(
  gpu: Gpu,
  given: RuleSpec | WrittenRule,
  {
    problems,
    onResult,
  }: {
    readonly problems?: readonly CheckProblem[];
    readonly onResult?: (result: RuleResult) => void;
  } = {},
): Promise<RuleResult[]> {
  const rule = defineRule(given);
  const results: RuleResult[] = [];
  for (const problem of problems ?? ruleProblems(rule)) {
    const result = await checkOne(gpu, rule, problem);
    onResult?.(result);
    results.push(result);
  }
  return results;
}

async function checkOne(gpu: Gpu, rule: WrittenRule, row: CheckProblem): Promise<RuleResult> {
  const tame = tamed(rule, row);
  if (!tame)
    return { name: row.name, passed: false, comparisons: [], fellBack: false, error: DIVERGES };
  const { problem, note } = tame;
  const { errors, silent } = gradientErrors(problem);
  const differences = Object.entries(errors).map(([tensor, error]): Comparison => ({
    of: 'differences',
    tensor,
    error: silent.includes(tensor) ? 0 : error,
  }));
  const result = await checkAnswer(gpu, row, problem);
  return {
    ...result,
    passed: result.passed && differences.every(({ error }) => error < LIMIT),
    comparisons: [...result.comparisons, ...differences],
    ...(note && { note }),
  };
}

const DIVERGES =
  'lifetimes diverge: of neither signed nor positive activities are they finite, even where coefficients are a 64th of what they begin at';

/**
 * Networks whose slopes have no corners: of activities of both signs, and of those that are not
 * negative, for rules that are made for these.
 */
const NETWORKS = [
  ['', { activation: 'tanh' }],
  ['activities ≥ 0', { activation: 'softplus', loss: 'cross-entropy' }],
] as const satisfies readonly (readonly [string, Partial<SystemSpec>])[];
const SHARES = [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 64];

/**
 * The problem of a row where the rule's lifetimes stay finite: coefficients are near what they
 * begin at, or a share of it.
 */
function tamed(
  rule: WrittenRule,
  row: CheckProblem,
): { readonly problem: Problem; readonly note: string } | undefined {
  const told: Partial<SystemSpec> = rule.from === 'post' ? { feedbackActivation: 'linear' } : {};
  for (const [said, network] of NETWORKS) {
    const spec = { ...network, ...told, ...row.spec, rule };
    const whole = problemOf({ ...row, spec });
    for (const share of SHARES) {
      const problem = scaled(whole, share);
      if (!isTame(problem)) continue;
      const coefficients = share < 1 ? `coefficients / ${1 / share}` : '';
      return { problem, note: [said, coefficients].filter(Boolean).join(', ') };
    }
  }
  return undefined;
}

/** With a share of the rule's coefficients. */
function scaled(problem: Problem, share: number): Problem {
  const parameters = Float64Array.from(problem.parameters);
  for (const { group, offset, size } of problem.layout.tensors)
    if (group === 'rule')
      for (let i = offset; i < offset + size; i++) parameters[i] = parameters[i]! * share;
  return { ...problem, parameters };
}

/** Beyond this a number will soon be none. */
const LARGE = 100;

/** Are losses, gradients, and what lifetimes leave finite and of moderate size? */
function isTame(problem: Problem): boolean {
  const { losses, gradient, finalWeights, finalSynapse, finalNeuron } = solve(problem);
  const left = [
    ...finalWeights.flat(),
    ...[...finalSynapse, ...finalNeuron].flatMap(states => Object.values(states).flat()),
  ];
  const most = (numbers: ArrayLike<number>) => greatest(Array.from(numbers, Math.abs));
  return [losses, ...left].every(n => most(n) < LARGE) && most(gradient) < LARGE ** 2;
}

const COLUMNS = [
  ['loss', 'loss'],
  ['gradient', 'gradient'],
  ['final weights', 'final weights'],
  ['final states', 'final states'],
  ['differences', 'central differences'],
] as const satisfies readonly (readonly [Comparison['of'], string])[];
const NAME = 46;
const CELL = 19;

/** The head of the table whose rows are `ruleRow`. */
export const ruleHead = (): string =>
  [''.padEnd(NAME), ...COLUMNS.map(([, title]) => title.padEnd(CELL))].join('  ').trimEnd();

/** A row in a line: the worst error of each kind with the tensor it belongs to. */
export function ruleRow({ name, comparisons, passed, error, fellBack, note }: RuleResult): string {
  const cells = COLUMNS.map(([of]) => worstOf(comparisons, of).padEnd(CELL));
  const said = [note, fellBack && 'made again with checkpoints'].filter(Boolean).join(', ');
  return [name.padEnd(NAME), ...cells, passed ? 'pass' : 'FAIL', error ?? (said ? `(${said})` : '')]
    .join('  ')
    .trimEnd();
}
