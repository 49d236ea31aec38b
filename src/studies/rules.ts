import { scheduleOf, shapeOf, type RunConfigInput } from '../config/config.js';
import { RUN_PRESETS } from '../config/presets.js';
import { factorAt, type GivenRates } from '../learner/optimiser.js';
import { trajectories } from '../report/coefficients.js';
import { defineRule } from '../rules/define.js';
import { RULE_PRESETS } from '../rules/presets.js';
import type { RuleSpec } from '../rules/rule.js';
import type { SystemSpec } from '../systems/system.js';
import type { Evaluation } from '../runs/log.js';
import {
  divergedIn,
  divergedOf,
  ended,
  evaluationsOf,
  lastCoefficients,
  lastMedianOf,
  lastOf,
  over,
  scaled,
  seeded,
  seedNames,
  threefold,
  type Cell,
  type Figure,
  type Measure,
  type Size,
  type Study,
  type Table,
  type Trained,
} from './study.js';

/** The published rules, and Hebb's alone, which most of them mend. */
const RULES: Readonly<Record<string, RuleSpec>> = {
  hebb: {
    name: 'hebb',
    dw: 'alpha * post * pre',
    coefficients: { alpha: { per: 'synapse', start: 1e-3, rate: 3e-3 } },
  },
  ...Object.fromEntries(Object.entries(RULE_PRESETS).map(([name, { rule }]) => [name, rule])),
};

/** How a target reaches the synapses of a rule. */
const WAYS = {
  'learned feedback': {},
  // No feedback weights: hidden neurons learn unsupervised.
  'target at the output': { feedbackTo: 'output', signal: 'target' },
  backprop: { feedback: 'backprop' },
  // The rule as text reads no `post`, and so is told of no target.
  nothing: {},
} as const satisfies Readonly<Record<string, Partial<SystemSpec>>>;
type Way = keyof typeof WAYS;

/** A rule that is told in a way: what is meta-trained. */
export interface RuleLearner {
  readonly name: string;
  readonly way: Way;
  readonly rule: RuleSpec;
}

export const RULE_LEARNERS: readonly RuleLearner[] = Object.entries(RULES).flatMap(([name, rule]) =>
  waysOf(name, rule).map(way => ({
    name,
    way,
    rule: way === 'nothing' ? { ...rule, dw: rule.dw.replaceAll('post', 'x') } : rule,
  })),
);

function waysOf(name: string, rule: RuleSpec): readonly Way[] {
  if (defineRule(rule).from === 'error')
    return ['learned feedback', ...(name === 'gradient' ? (['backprop'] as const) : [])];
  return [
    'learned feedback',
    'target at the output',
    ...(name === 'oja' ? (['nothing'] as const) : []),
  ];
}

/** What times are told in units of. */
const UNIT = { name: 'oja', way: 'learned feedback' } as const satisfies Partial<RuleLearner>;

const TASKS = ['sine', 'omniglot'] as const;
type Task = (typeof TASKS)[number];
const CALLED: Readonly<Record<Task, string>> = { sine: 'one sine', omniglot: 'five characters' };

/**
 * A pruned coefficient ends within some steps of Adam around 0. One that ends further away than
 * this many of the last steps, which are as long as its rate, has survived.
 */
const SURVIVES = 10;

const armOf = (task: Task, { name, way }: Pick<RuleLearner, 'name' | 'way'>): string =>
  [task, name, ...(way === 'learned feedback' ? [] : [way.replaceAll(' ', '-')])].join('-');

/** Local rules against each other, each with coefficients that are meta-learned. */
export const ruleStudy = (learners: readonly RuleLearner[]): Study => ({
  name: 'rules',
  title: 'Published plasticity rules, each meta-learned, on sines and characters',
  about:
    'Hebb, ABCD, Oja, BCM, covariance and others, with and without feedback: error on a sine, accuracy on 5 characters, time, terms that survive an L1',
  time: 'about an hour, a third of it with --seeds 1; --full: the presets’ own networks and lengths: 2 days',
  design(size: Size) {
    const seeds = size.seeds ?? 3;
    const configOf = (task: Task, learner: RuleLearner): RunConfigInput => {
      const { base, rates } = baseOf(task, size);
      const { rule, way } = learner;
      const { from } = defineRule(rule);
      const told = from === 'post' && way === 'learned feedback';
      const { sizes, activation, loss, frozen } = base.system;
      const { feedback, beta } = base.initial!;
      return {
        ...base,
        name: armOf(task, learner),
        system: { sizes, activation, loss, frozen, rule, ...WAYS[way] },
        // Feedback weights of an error path begin as that path says.
        initial: told ? { feedback, beta } : {},
        meta: {
          ...base.meta,
          rates: {
            W: rates.W,
            ...((told || (from === 'error' && way !== 'backprop')) && { B: rates.B }),
            ...(told && { beta: rates.beta }),
          },
          // A rule whose lifetimes diverge at first is not the end of the others.
          onDivergence: 'skip',
        },
      };
    };
    const [sine, omniglot] = TASKS.map(task => configOf(task, learners[0]!)) as [
      RunConfigInput,
      RunConfigInput,
    ];
    return {
      // Seed by seed, so that each rule's time is measured near that of the unit.
      arms: Array.from({ length: seeds }, (_, seed) =>
        TASKS.flatMap(task =>
          learners.map(
            learner => seeded(armOf(task, learner), seeds, configOf(task, learner))[seed]!,
          ),
        ),
      ).flat(),
      conditions: [
        `One sine: ${sine.system.sizes!.join('-')}, relu, 20 examples one after another, amplitude 0.1 … 5; ${sine.meta.steps} meta-steps of ${sine.meta.tasks} lifetimes; ${sine.evaluation.tasks} unseen sines.`,
        `Five characters: ${omniglot.system.sizes!.join('-')}, relu, the first layer frozen within a lifetime, 5 ways, 5 shots of Omniglot’s small set 1, one image after another, in random order; ${omniglot.meta.steps} meta-steps of ${omniglot.meta.tasks} lifetimes; ${omniglot.evaluation.tasks} unseen tasks of small set 2. Guessing gives 20 %.`,
        'Meta-learned are W at birth, its biases, feedback weights and strengths, and the coefficients of the rule, from the starts and at the rates of RULE_PRESETS, alike on both tasks; what is alike for all rules has the rates of flp-sine and three times those of flp-omniglot.',
        'Learned feedback: rules that read post are told by direct rectified feedback, those that read an error by errors that come down by learned B. Target at the output: the output layer is told the target, hidden neurons nothing but their own activity; there is no B. On sines feedback carries the error instead. Backprop is not local: the yardstick.',
        'A rule that reads x in the place of post, as published for unsupervised learning, is told of no target, so that what it ends at is what can be known of a task without one: Oja’s own stands for all of them.',
        `Time is that of a lifetime with its share of the meta-step, as in the fastest tenth of meta-steps, in units of Oja’s with learned feedback of the same seed. A term of Taylor’s has survived if it ends more than ${SURVIVES} of Adam’s last steps away from 0.`,
        `${seeds} seed(s); a task of the same seed is the same for all rules.`,
      ],
      summarise({ trained }) {
        const runsOf = (task: Task, learner: Pick<RuleLearner, 'name' | 'way'>) =>
          seedNames(armOf(task, learner), seeds).map(trained);
        const timeOf = (task: Task, learner: RuleLearner): Measure => {
          const units = runsOf(task, UNIT).map(lifetimeOf);
          return over(runsOf(task, learner).map((run, seed) => lifetimeOf(run) / units[seed]!));
        };
        return {
          tables: [
            {
              title: 'One sine: squared error after 20 examples',
              head: ['rule', 'is told by', 'median task', 'mean', 'diverged', 'time'],
              rows: learners.map((learner): Cell[] => [
                learner.name,
                learner.way,
                lastMedianOf(runsOf('sine', learner)),
                lastOf(runsOf('sine', learner)),
                divergedOf(runsOf('sine', learner)),
                timeOf('sine', learner),
              ]),
            },
            {
              title: 'Five characters: accuracy after 25 images',
              head: [
                'rule',
                'is told by',
                '156 characters',
                '106 of unseen alphabets',
                '156, class by class',
                'diverged',
                'time',
              ],
              rows: learners.map((learner): Cell[] => [
                learner.name,
                learner.way,
                lastOf(runsOf('omniglot', learner)),
                lastOf(runsOf('omniglot', learner), 'i.i.d., its 106'),
                lastOf(runsOf('omniglot', learner), 'class by class, 156'),
                divergedOf(runsOf('omniglot', learner)),
                timeOf('omniglot', learner),
              ]),
            },
            survivors(task => runsOf(task, { name: 'taylor', way: 'learned feedback' })),
          ],
          figures: [
            ...TASKS.flatMap(task =>
              (['learned feedback', 'target at the output'] as const).flatMap(way =>
                curves(task, way, learners, learner => runsOf(task, learner)),
              ),
            ),
            ...TASKS.flatMap(task => {
              const [{ config, log }] = runsOf(task, {
                name: 'taylor',
                way: 'learned feedback',
              }) as [Trained];
              return trajectories(config.system, log).map(({ lines }): Figure => ({
                title: `Coefficients of Taylor’s terms, ${CALLED[task]}`,
                note: 'After each meta-step, of the first seed.',
                lines,
              }));
            }),
          ],
        };
      },
    };
  },
});
export const rules: Study = ruleStudy(RULE_LEARNERS);

/**
 * Milliseconds that a lifetime takes with its share of a meta-step: as in the fastest tenth of
 * them, because a machine that does other things as well makes the others slow.
 */
function lifetimeOf({ config, log }: Trained): number {
  const { steps } = shapeOf(config.task);
  const times = log.map(line => (1e3 * steps) / line.taskStepsPerSecond).sort((a, b) => a - b);
  return times[Math.floor(times.length / 10)]!;
}

/** How the rules that are told in a way learn, each with a run that came to its end a line. */
function curves(
  task: Task,
  way: Way,
  learners: readonly RuleLearner[],
  runsOf: (learner: RuleLearner) => readonly Trained[],
): readonly Figure[] {
  const evaluated = (isShown: (way: Way) => boolean) =>
    learners
      .filter(learner => isShown(learner.way))
      .map(learner => ({ learner, evaluations: evaluationsOf(runsOf(learner), '') }))
      .filter(({ evaluations }) => evaluations.length > 0);
  const all = evaluated(told => told === way || told === 'backprop');
  if (all.length === 0) return [];
  const { metric, at, tasks } = all[0]!.evaluations[0]!;
  const percent = metric === 'accuracy';
  const statistic = percent ? 'mean' : 'median';
  // one seed whose lifetimes nearly explode would hide all others in a mean of errors
  const overSeeds = (all: readonly number[]) => (percent ? over(all).mean : median(all));
  const values = (evaluations: readonly Evaluation[]) =>
    at.map((_, k) => overSeeds(evaluations.map(e => e.rows[0]![statistic][k]!)));
  const untold = evaluated(told => told === 'nothing').map(({ evaluations }) =>
    values(evaluations).at(-1)!,
  );
  const figure: Figure = {
    title: `${CALLED[task][0]!.toUpperCase()}${CALLED[task].slice(1)}: ${way}`,
    note: `${percent ? 'Mean over' : 'The median of'} ${tasks} unseen tasks, ${statistic} over seeds that came to an end.`,
    lines: {
      x: at,
      xLabel: 'examples seen',
      yLabel: metric,
      percent,
      few: true,
      lines: all.map(({ learner, evaluations }) => ({
        name: learner.way === 'backprop' ? `${learner.name} by backprop` : learner.name,
        values: values(evaluations),
      })),
      references: untold.map(value => ({ name: 'told nothing, in the end', value })),
    },
  };
  return [figure];
}

/** Of the finite ones; of an even number the upper of both in the middle. */
function median(all: readonly number[]): number {
  const finite = all.filter(Number.isFinite).sort((a, b) => a - b);
  return finite[Math.floor(finite.length / 2)] ?? NaN;
}

/** Taylor's terms after meta-training with an L1, and in how many seeds each has survived. */
function survivors(runsOf: (task: Task) => readonly Trained[]): Table {
  const { rule } = RULE_PRESETS.taylor;
  const terms = rule.dw.split('+').map(term => term.trim().split(' * '));
  const cellsOf = (task: Task, name: string): Cell[] => {
    const runs = ended(runsOf(task));
    if (runs.length === 0) return [divergedIn(runsOf(task)), '0 of 0'];
    const values = runs.map(run => lastCoefficients(run)[`rule.${name}`]![0]!);
    const survived = values.filter(
      (value, seed) => Math.abs(value) > SURVIVES * lastStep(runs[seed]!, name),
    );
    return [over(values), `${survived.length} of ${runs.length}`];
  };
  return {
    title: 'Taylor’s terms, each with an L1',
    head: ['term', ...TASKS.flatMap(task => [CALLED[task], 'survives in'])],
    rows: terms.map(([name, ...factors]) => [
      `${name}: ${factors.join(' ')}`,
      ...TASKS.flatMap(task => cellsOf(task, name!)),
    ]),
  };
}

/** How long the last step of Adam was for a coefficient: its rate by then. */
function lastStep({ config: { meta } }: Trained, name: string): number {
  return meta.rates[`rule.${name}`]! * factorAt(scheduleOf(meta), meta.steps);
}

/** What all rules have alike on a task: a preset, or a smaller one. */
function baseOf(task: Task, size: Size): { base: RunConfigInput; rates: GivenRates } {
  const preset = RUN_PRESETS[`flp-${task}`]!;
  const { rates } = preset.meta;
  if (size.full)
    return {
      base: { ...preset, meta: { ...preset.meta, steps: scaled(preset.meta.steps, size) } },
      rates: rates!,
    };
  if (preset.task.kind !== 'few-shot' || preset.task.source.format !== 'omniglot')
    return {
      base: {
        ...preset,
        system: { ...preset.system, sizes: [1, 16, 16, 1] },
        meta: { ...preset.meta, tasks: 16, steps: scaled(500, size) },
      },
      rates: rates!,
    };
  return {
    base: {
      ...preset,
      task: { ...preset.task, source: { ...preset.task.source, size: 14 } },
      system: { ...preset.system, sizes: [14 * 14, 32, 24, 5] },
      meta: { ...preset.meta, tasks: 8, steps: scaled(240, size) },
      // So many that gradient descent from the same weights is left out, which takes long.
      evaluation: { ...preset.evaluation, tasks: 500 },
    },
    rates: threefold(rates!),
  };
}
