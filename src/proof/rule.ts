import type { Gpu } from '../gpu/device.js';
import { Learner } from '../learner/learner.js';
import { gradientErrors, LIMIT } from '../reference/central-differences.js';
import { type Problem, solve } from '../reference/random-problem.js';
import { shareInWords, tamed } from '../reference/tame.js';
import { defineRule } from '../rules/define.js';
import type { HandwrittenRule, HandwrittenSpec } from '../rules/handwritten.js';
import type { RuleSpec, WrittenRule } from '../rules/rule.js';
import type { SystemSpec } from '../systems/system.js';
import {
  checkAnswer,
  type CheckProblem,
  type CheckResult,
  type Comparison,
  problemOf,
  TOLERANCE,
  worstOf,
} from './check.js';

type Rule = WrittenRule | HandwrittenRule;

/** A row of the proof of a rule. */
export interface RuleResult extends CheckResult {
  /** What was changed so that lifetimes stay finite. */
  readonly note?: string;
}

/**
 * How a rule is asked: every adjoint that it allows, one lane and many, odd sizes, one step and
 * more, one sample a step and more.
 */
export function ruleProblems(rule: Rule): CheckProblem[] {
  const { from } = rule;
  // what is written by hand is made of products, whose updates can be undone
  const undoable = rule.kind === 'handwritten' || rule.undoable;
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
 * Proves a rule, written as text or by hand, on this adapter: its kernels against the float64
 * reference, and the reference's gradient against central differences of its loss, tensor by tensor.
 * Of a rule by hand rejects with a MetaplasticError that names the part which cannot be asked at
 * all: a module that does not compile, or a function of its reference that throws, or returns
 * something else than numbers of its shape.
 */
export async function checkRule(
  gpu: Gpu,
  given: RuleSpec | WrittenRule | HandwrittenSpec,
  {
    problems,
    onResult,
  }: {
    readonly problems?: readonly CheckProblem[];
    readonly onResult?: (result: RuleResult) => void;
  } = {},
): Promise<RuleResult[]> {
  const rule = defineRule(given);
  if (rule.kind === 'handwritten') await checkCompiles(gpu, rule);
  const results: RuleResult[] = [];
  for (const problem of problems ?? ruleProblems(rule)) {
    const result = await checkOne(gpu, rule, problem);
    onResult?.(result);
    results.push(result);
  }
  return results;
}

/** Refuses a module that does not compile: no row could pass. */
async function checkCompiles(gpu: Gpu, rule: HandwrittenRule): Promise<void> {
  const learner = await Learner.create(gpu, {
    system: { sizes: [2, 2], rule },
    episode: { steps: 1, batch: 1, queries: 1 },
    tasks: 1,
    onNotice: () => {},
  });
  learner.destroy();
}

async function checkOne(gpu: Gpu, rule: Rule, row: CheckProblem): Promise<RuleResult> {
  const tame = tameProblem(rule, row);
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
  'lifetimes diverge, of signed activities and of positive ones, however small the coefficients: let states begin at other numbers, or bound what grows';

/**
 * Networks whose slopes have no corners: of activities of both signs, and of those that are not
 * negative, for rules that are made for these.
 */
const NETWORKS = [
  ['', { activation: 'tanh' }],
  ['activities ≥ 0', { activation: 'softplus', loss: 'cross-entropy' }],
] as const satisfies readonly (readonly [string, Partial<SystemSpec>])[];

/**
 * The problem of a row where the rule's lifetimes stay finite: coefficients are near what they
 * begin at, or a share of it.
 */
function tameProblem(
  rule: Rule,
  row: CheckProblem,
): { readonly problem: Problem; readonly note: string } | undefined {
  const told: Partial<SystemSpec> = rule.from === 'post' ? { feedbackActivation: 'linear' } : {};
  for (const [said, network] of NETWORKS) {
    const spec = { ...network, ...told, ...row.spec, rule };
    const problem = problemOf({ ...row, spec });
    const found = tamed(problem.layout, problem.parameters, parameters =>
      solve({ ...problem, parameters }),
    );
    if (!found) continue;
    const note = [said, shareInWords(found.share)].filter(Boolean).join(', ');
    return { problem: { ...problem, parameters: found.parameters }, note };
  }
  return undefined;
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
  const isRounding =
    passed && comparisons.some(({ of, error }) => of !== 'differences' && error > TOLERANCE);
  const said = [
    note,
    fellBack && 'made again with checkpoints',
    isRounding && 'ill-conditioned: rounding the rule’s numbers to float32 does as much',
  ]
    .filter(Boolean)
    .join(', ');
  return [name.padEnd(NAME), ...cells, passed ? 'pass' : 'FAIL', error ?? (said ? `(${said})` : '')]
    .join('  ')
    .trimEnd();
}
