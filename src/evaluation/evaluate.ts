import type * as v from 'valibot';
import { greatest, least, medianOf } from '../extremes.js';
import { MOMENTS } from '../gpu/options.js';
import type { Learner } from '../learner/learner.js';
import { check, kind, needed, option, section, seed, text, whole } from '../options.js';
import { inOrder } from '../parameters/layout.js';
import { part } from '../tensor.js';
import { gradientDescent } from '../reference/gradient-descent.js';
import type { Preset } from '../systems/presets.js';
import {
  defineSystem,
  productsOf,
  ruleOf,
  type System,
  type SystemSpec,
} from '../systems/system.js';
import { isRight } from '../tasks/classes.js';
import { TASK_STREAMS, type Episodes, type TaskSource } from '../tasks/episodes.js';
import type { Sine, SineSource } from '../tasks/sine.js';
import type { Evaluation, Example, Forgetting, Row } from '../runs/log.js';
import type { Test } from '../config/worlds.js';

/** Fixed rates that the baseline of gradient descent chooses from. */
const RATES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1];

/**
 * Multiplications that the baseline may cost, since it runs in float64 on the CPU; beyond it, it is
 * left out.
 */
const BASELINE_BUDGET = 4e9;

/**
 * A lifetime whose loss is at any moment above this many times what it was at birth (or what it is
 * at the median birth, if that is more), or is no number, has diverged: it is counted, and left out
 * of the mean.
 */
const DIVERGED = 100;

/** Tasks that are drawn as pictures. */
const EXAMPLES = 6;

const OPTIONS = section({
  tasks: needed(whole(1, TASK_STREAMS), { about: 'Unseen tasks.' }),
  at: needed(MOMENTS, {
    about: 'Inner steps after which the query set is tried; 0 is before learning.',
  }),
  seed: option(seed, { about: 'Seed of the unseen tasks; another than that of training.' }, 0x5eed),
  name: option(text, {
    about: 'What tables call the learner.',
    otherwise: 'made of its system',
  }),
  signal: option(
    kind<AbortSignal>('an AbortSignal', x => x instanceof AbortSignal),
    { about: 'Stops it between two sets of tasks; it then rejects with the signal’s reason.' },
  ),
});

/** How a learner is tried on unseen tasks: how many, when, of which seed. */
export type EvaluateOptions = Readonly<v.InferInput<typeof OPTIONS>>;

/**
 * Tries a learner on unseen tasks of any source, or of several sets of them: mean squared error, or
 * accuracy (0 … 1) where tasks are about classes, after each number of inner steps in `at`. Where
 * weights are inherited, beside it stand the same network without plasticity, and gradient descent
 * from the same initial weights at the best of seven rates: best on these very tasks, in its
 * favour, by the median task, among rates at which no more lifetimes diverge than the learner's.
 * Meta-parameters stay as they are. `renderReport` and `evaluationTable` show what it returns.
 *
 * @example
 * const [{ rows }] = await evaluate(learner, tasks, { tasks: 200, at: [0, 5, 20] });
 * console.log(rows[0].name, rows[0].mean);
 *
 * @example
 * // a validation every 100 meta-steps; seed 1 is neither that of training nor of the evaluation
 * if (m % 100 === 0) {
 *   const [{ rows }] = await evaluate(learner, tasks, { tasks: 64, at: [20], seed: 1 });
 *   const loss = rows[0].median.at(-1);
 *   if (loss < best.loss) best = { loss, state: await learner.state() };
 * }
 *
 * @throws MetaplasticError for options that are none, and for what `learner.adapt` refuses.
 */
export async function evaluate(
  learner: Learner,
  given: TaskSource | readonly Test[],
  options: EvaluateOptions,
): Promise<Evaluation[]> {
  const { signal, ...asked } = check(OPTIONS, options, 'evaluate');
  const tests: readonly Test[] = 'episodes' in given ? [{ source: given }] : given;
  const evaluations: Evaluation[] = [];
  for (const test of tests) {
    signal?.throwIfAborted();
    evaluations.push({
      ...(test.title && { title: test.title }),
      ...(await evaluateOn(learner, test, asked)),
    });
  }
  return evaluations;
}

async function evaluateOn(
  learner: Learner,
  { source, parts }: Test,
  { tasks, at, seed: trialSeed, name }: Omit<v.InferOutput<typeof OPTIONS>, 'signal'>,
): Promise<Evaluation> {
  const { system, layout } = learner;
  const all = [...Array(tasks).keys()];
  const ends = Array.from({ length: parts ?? 0 }, (_, p) => ((p + 1) * source.steps) / parts!);
  const moments = [...new Set([0, ...at, ...ends])].sort((a, b) => a - b);
  const width = moments.length;
  const columns = at.map(t => moments.indexOf(t));
  const episodes = source.episodes(trialSeed, 0, tasks);
  const lived = await learner.adapt(episodes, { moments });
  const losses = lived.losses.data;
  const accuracies = lived.accuracies?.data;
  const classification = accuracies !== undefined;
  const row = (name: string, answers: Answers): Row => {
    const kept = sound(answers.losses, tasks, width);
    const values = answers.accuracies ?? answers.losses;
    return {
      name,
      ...statistics(
        columns.map(k => all.map(i => values[i * width + k]!)),
        kept,
        classification ? 0 : Infinity,
      ),
      diverged: tasks - kept.length,
    };
  };

  const rows = [row(name ?? nameOf(system), { losses, accuracies })];
  if (system.weights === 'inherited') {
    // Without plasticity W stays what it was at birth, so what was true before learning stays true.
    const stay = (values: Float32Array) => values.map((_, k) => values[k - (k % width)]!);
    rows.push(
      row('zero plasticity', {
        losses: stay(losses),
        ...(accuracies && { accuracies: stay(accuracies) }),
      }),
    );
    const products = system.layers.reduce((n, l) => n + productsOf(l), 0);
    if (
      RATES.length *
        tasks *
        products *
        (3 * source.steps * source.batch + width * source.queries) <=
      BASELINE_BUDGET
    ) {
      const parameters = inOrder(layout, await learner.parameters());
      const descents = RATES.map(rate =>
        row(
          `gradient descent at rate ${rate}`,
          gradientDescent(system, layout, parameters, episodes, rate, moments, source.bank),
        ),
      );
      rows.push(bestDescent(descents, rows[0]!.diverged!, classification));
    }
  }
  return {
    metric: classification ? 'accuracy' : 'mean squared error',
    tasks,
    at: [...at],
    rows,
    ...(parts && {
      forgetting: forgettingOf(
        lived.predictions.data,
        episodes,
        moments,
        ends,
        classification,
        sound(losses, tasks, width),
      ),
    }),
    ...('sinesOf' in source &&
      source.inputs === 1 && { examples: await sineExamples(learner, source, trialSeed, at) }),
  };
}

/**
 * The lifetimes, of (tasks, moments) losses whose first moment is birth, that have not diverged: at
 * every moment, since a lifetime that exploded on its way may look sound in the end.
 */
export function sound(losses: ArrayLike<number>, tasks: number, moments: number): number[] {
  const all = [...Array(tasks).keys()];
  const own = (i: number) => Array.from({ length: moments }, (_, k) => losses[i * moments + k]!);
  // a task that is nearly solved at birth is measured by the others
  const scale = medianOf(
    all.map(i => losses[i * moments]!),
    Infinity,
  );
  return all.filter(i => {
    const [birth, ...later] = own(i) as [number, ...number[]];
    const most = DIVERGED * Math.max(birth, Number.isFinite(scale) ? scale : 0);
    return Number.isFinite(birth) && later.every(loss => loss <= most && loss < Infinity);
  });
}

/**
 * The best row of gradient descent at several rates: first the fewest lifetimes that diverged
 * beyond the learner's own `diverged`, then the best median in the end, then the best mean.
 */
export function bestDescent(
  descents: readonly Row[],
  diverged: number,
  classification: boolean,
): Row {
  // The higher the better; what is no number is worst.
  const merit = (value: number) => {
    if (Number.isNaN(value)) return -Infinity;
    return classification ? value : -value;
  };
  const excess = (row: Row) => Math.max(0, row.diverged! - diverged);
  return descents.reduce((best, row) => {
    if (excess(row) !== excess(best)) return excess(row) < excess(best) ? row : best;
    const [now, before] = [merit(row.median.at(-1)!), merit(best.median.at(-1)!)];
    if (now !== before) return now > before ? row : best;
    return merit(row.mean.at(-1)!) > merit(best.mean.at(-1)!) ? row : best;
  });
}

const NAMES: Partial<Record<Preset, string>> = {
  flp: 'FLP',
  maml: 'MAML',
  'first-order-maml': 'first-order MAML',
};

/**
 * A system as a row of a table calls it: by its preset and what is changed there, or by its rule.
 */
export function nameOf(spec: SystemSpec | System): string {
  const system = defineSystem(spec);
  const { rule, feedback, weights, firstOrder } = system;
  const { preset, terms, feedback: path } = spec as SystemSpec;
  if (preset && typeof rule === 'string')
    return [
      NAMES[preset] ?? preset,
      ...(terms ? [`terms ${terms.join(' ')}`] : []),
      ...(path ? [path] : []),
      'meta-learned',
    ].join(', ');
  const known =
    typeof rule === 'string' && feedback === 'direct-rectified'
      ? 'flp'
      : rule === 'gradient' && feedback === 'backprop' && weights === 'inherited'
        ? firstOrder
          ? 'first-order-maml'
          : 'maml'
        : undefined;
  return `${known ? NAMES[known] : `${ruleOf(system).name} ${feedback === 'none' ? 'without feedback' : `by ${feedback}`}`}, meta-learned`;
}

/**
 * The metric on each part of a lifetime at the moments `ends`, when a part ends: from (tasks,
 * moments, queries, outputs) predictions, over the tasks `kept`. Queries are in groups, one a part;
 * those of classes are in the order of labels, so that the group of a part is told by what it
 * shows.
 */
function forgettingOf(
  predictions: Float32Array,
  { tasks, steps, batch, queries, supportY, queryY }: Episodes,
  moments: readonly number[],
  ends: readonly number[],
  classification: boolean,
  kept: readonly number[],
): Forgetting {
  const parts = [...ends.keys()];
  const perPart = queries / parts.length;
  const shown = (steps * batch) / parts.length;
  const outputs = queryY.length / (tasks * queries);
  const row = (values: Float32Array, i: number) => values.subarray(i * outputs, (i + 1) * outputs);
  const largest = (values: Float32Array) => values.indexOf(greatest(values));
  const groupOf = (task: number, part: number) => {
    if (!classification) return part;
    const label = largest(row(supportY, (task * parts.length + part) * shown));
    return parts.findIndex(
      group => largest(row(queryY, task * queries + group * perPart)) === label,
    );
  };
  const measure = (task: number, moment: number, group: number) => {
    let sum = 0;
    for (let q = group * perPart; q < (group + 1) * perPart; q++) {
      const x = row(predictions, (task * moments.length + moment) * queries + q);
      const y = row(queryY, task * queries + q);
      sum += classification
        ? Number(isRight(x, y))
        : x.reduce((total, value, o) => total + (value - y[o]!) ** 2, 0) / outputs;
    }
    return sum / perPart;
  };
  const all = [...Array(tasks).keys()];
  const groups = all.map(task => parts.map(part => groupOf(task, part)));
  const curves = parts.map(part =>
    statistics(
      ends.map(t => all.map(task => measure(task, moments.indexOf(t), groups[task]![part]!))),
      kept,
      classification ? 0 : Infinity,
    ),
  );
  return { after: [...ends], parts: curves.map(c => c.mean), ci: curves.map(c => c.ci) };
}

/** (tasks, moments) query losses, and accuracies if the tasks are about classes. */
interface Answers {
  readonly losses: ArrayLike<number>;
  readonly accuracies?: ArrayLike<number>;
}

/**
 * Of each column (tasks): the mean and the half-width of its 95 % interval over the tasks kept, and
 * the median over all, where NaN counts as the `worst` that there is.
 */
function statistics(
  columns: readonly (readonly number[])[],
  kept: readonly number[],
  worst: number,
): { mean: number[]; median: number[]; ci: number[] } {
  const mean = columns.map(v => kept.reduce((sum, i) => sum + v[i]!, 0) / kept.length);
  return {
    mean,
    median: columns.map(v => medianOf(v, worst)),
    ci: columns.map(
      (v, k) =>
        1.96 *
        Math.sqrt(
          kept.reduce((sum, i) => sum + (v[i]! - mean[k]!) ** 2, 0) /
            Math.max(1, kept.length - 1) /
            kept.length,
        ),
    ),
  };
}

/** Some of the tasks again, asked on a fine grid of x, so that what is learned can be seen. */
async function sineExamples(
  learner: Learner,
  source: SineSource,
  seed: number,
  at: readonly number[],
): Promise<Example[]> {
  const episodes = source.episodes(seed, 0, EXAMPLES);
  const { steps, batch, supportX, supportY } = episodes;
  const seen = steps * batch;
  const sines = Array.from({ length: EXAMPLES }, (_, i): Sine => source.sinesOf(seed, i)[0]!);
  const lowest = least(supportX);
  const highest = greatest(supportX);
  const points = 81;
  const x = Float32Array.from(
    { length: points },
    (_, k) => lowest + ((highest - lowest) * k) / (points - 1),
  );
  const truth = sines.map(({ amplitude, phase }) => x.map(v => amplitude * Math.sin(v + phase)));
  const queryX = new Float32Array(EXAMPLES * points);
  const queryY = new Float32Array(EXAMPLES * points);
  for (let i = 0; i < EXAMPLES; i++) {
    queryX.set(x, i * points);
    queryY.set(truth[i]!, i * points);
  }
  const { predictions } = await learner.adapt(
    { ...episodes, queries: points, queryX, queryY },
    { moments: at },
  );
  return sines.map(({ amplitude, phase }, i) => ({
    title: `${amplitude.toFixed(1)} sin(x + ${phase.toFixed(1)})`,
    x: [...x],
    truth: [...truth[i]!],
    support: {
      x: [...supportX.subarray(i * seen, (i + 1) * seen)],
      y: [...supportY.subarray(i * seen, (i + 1) * seen)],
    },
    curves: at.map((after, k) => ({
      after,
      y: [...part(part(predictions, i), k).data],
    })),
  }));
}
