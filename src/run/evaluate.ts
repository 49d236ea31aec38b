import type { Learner } from '../outer/learner.js';
import { gradientDescent } from '../reference/gradient-descent.js';
import type { Preset } from '../systems/presets.js';
import { defineSystem, type SystemSpec } from '../systems/system.js';
import type { Episodes } from '../tasks/episodes.js';
import type { Sine, SineSource } from '../tasks/sine.js';
import type { RunConfig } from './config.js';
import type { Evaluation, Example, Forgetting } from './log.js';
import type { Test, World } from './worlds.js';

/** Fixed rates that the baseline of gradient descent chooses from. */
const RATES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1];

/**
 * Multiplications that the baseline may cost, since it runs in float64 on the CPU; beyond it, it is
 * left out.
 */
const BASELINE_BUDGET = 4e9;

/**
 * A lifetime whose loss ends above this many times what it was at birth, or is no number, has
 * diverged: it is counted, and left out of the mean.
 */
const DIVERGED = 100;

/** Tasks that are drawn as pictures. */
const EXAMPLES = 6;

/**
 * Tries the learner on unseen tasks of the world: its metric after each number of inner steps in
 * `evaluation.at`. Where weights are inherited, beside it
 * the same network without plasticity, and gradient descent from the same initial weights at the
 * best of RATES (best on these very tasks, in its favour).
 */
export async function evaluate(
  config: RunConfig,
  learner: Learner,
  world: World,
): Promise<Evaluation[]> {
  const evaluations: Evaluation[] = [];
  for (const test of world.tests)
    evaluations.push({
      ...(test.title && { title: test.title }),
      ...(await evaluateOn(config, learner, test, world)),
    });
  return evaluations;
}

async function evaluateOn(
  config: RunConfig,
  learner: Learner,
  { source, parts }: Test,
  { bank }: World,
): Promise<Evaluation> {
  const { tasks, at } = config.evaluation;
  const trialSeed = config.evaluation.seed ?? (config.seed + 0x5eed) >>> 0;
  const { system, layout } = learner;
  const classification = system.loss === 'cross-entropy';
  const all = [...Array(tasks).keys()];
  const ends = Array.from({ length: parts ?? 0 }, (_, p) => ((p + 1) * source.steps) / parts!);
  const moments = [...new Set([0, ...at, ...ends])].sort((a, b) => a - b);
  const width = moments.length;
  const last = moments.indexOf(at.at(-1)!);
  const episodes = source.episodes(trialSeed, 0, tasks);
  const lived = await learner.adapt(episodes, moments);
  const keptOf = ({ losses }: Answers) =>
    all.filter(i => losses[i * width + last]! <= DIVERGED * losses[i * width]!);
  const row = (name: string, answers: Answers) => {
    const kept = keptOf(answers);
    const values = classification ? answers.accuracies : answers.losses;
    return {
      name,
      ...statistics(
        at.map(t => all.map(i => values[i * width + moments.indexOf(t)]!)),
        kept,
      ),
      diverged: tasks - kept.length,
    };
  };

  const rows = [row(nameOf(config.system), lived)];
  if (system.weights === 'inherited') {
    // Without plasticity W stays what it was at birth, so what was true before learning stays true.
    const stay = (values: Float32Array) => values.map((_, k) => values[k - (k % width)]!);
    rows.push(
      row('zero plasticity', { losses: stay(lived.losses), accuracies: stay(lived.accuracies) }),
    );
    const synapses = system.layers.reduce((n, l) => n + l.fanIn * l.fanOut, 0);
    if (
      RATES.length *
        tasks *
        synapses *
        (3 * source.steps * source.batch + width * source.queries) <=
      BASELINE_BUDGET
    ) {
      const parameters = await learner.readParameters();
      const descents = RATES.map(rate =>
        row(
          `gradient descent at rate ${rate}`,
          gradientDescent(system, layout, parameters, episodes, rate, moments, bank),
        ),
      );
      const better = classification
        ? (a: number, b: number) => a > b
        : (a: number, b: number) => a < b;
      rows.push(
        descents.reduce((best, r) =>
          !Number.isFinite(best.mean.at(-1)) || better(r.mean.at(-1)!, best.mean.at(-1)!)
            ? r
            : best,
        ),
      );
    }
  }
  return {
    metric: classification ? 'accuracy' : 'mean squared error',
    tasks,
    at: [...at],
    rows,
    ...(parts && {
      forgetting: forgettingOf(
        lived.predictions,
        episodes,
        moments,
        ends,
        classification,
        keptOf(lived),
      ),
    }),
    ...('sinesOf' in source &&
      source.inputs === 1 && { examples: await sineExamples(learner, source, trialSeed, at) }),
  };
}

const NAMES: Partial<Record<Preset, string>> = {
  flp: 'FLP',
  maml: 'MAML',
  'first-order-maml': 'first-order MAML',
};

/**
 * A system as a row of a table calls it: by its preset and what is changed there, or by its rule.
 */
export function nameOf(spec: SystemSpec): string {
  const { rule, feedback, weights, firstOrder } = defineSystem(spec);
  const { preset, terms, feedback: path } = spec;
  if (preset)
    return [
      NAMES[preset] ?? preset,
      ...(terms ? [`terms ${terms.join(' ')}`] : []),
      ...(path ? [path] : []),
      'meta-learned',
    ].join(', ');
  const known =
    feedback === 'direct-rectified'
      ? 'flp'
      : rule === 'gradient' && feedback === 'backprop' && weights === 'inherited'
        ? firstOrder
          ? 'first-order-maml'
          : 'maml'
        : undefined;
  return `${known ? NAMES[known] : `${rule} by ${feedback}`}, meta-learned`;
}

/**
 * The metric on each part of a lifetime at the moments `ends`, when a part ends: from (tasks,
 * moments, queries, outputs) predictions, over the tasks `kept`.
 * Queries are in groups, one a part; those of classes are in the order of labels, so that the group
 * of a part is told by what it shows.
 */
export function forgettingOf(
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
  const largest = (values: Float32Array) => values.indexOf(Math.max(...values));
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
        ? Number(largest(x) === largest(y))
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
    ),
  );
  return { after: [...ends], parts: curves.map(c => c.mean), ci: curves.map(c => c.ci) };
}

/** (tasks, moments) query losses and accuracies. */
interface Answers {
  readonly losses: ArrayLike<number>;
  readonly accuracies: ArrayLike<number>;
}

/**
 * Of each column (tasks): the mean and the half-width of its 95 % interval over the tasks kept, and
 * the median over all.
 */
function statistics(
  columns: readonly (readonly number[])[],
  kept: readonly number[],
): { mean: number[]; median: number[]; ci: number[] } {
  const mean = columns.map(v => kept.reduce((sum, i) => sum + v[i]!, 0) / kept.length);
  const ordered = (v: readonly number[]) =>
    v.map(x => (Number.isNaN(x) ? Infinity : x)).sort((a, b) => a - b);
  return {
    mean,
    median: columns.map(v => ordered(v)[v.length >> 1]!),
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
  const lowest = Math.min(...(supportX as Float32Array));
  const highest = Math.max(...(supportX as Float32Array));
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
  const { predictions } = await learner.adapt({ ...episodes, queries: points, queryX, queryY }, at);
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
      y: [...predictions.subarray((i * at.length + k) * points, (i * at.length + k + 1) * points)],
    })),
  }));
}
