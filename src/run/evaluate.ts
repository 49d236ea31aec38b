import type { Learner } from '../outer/learner.js';
import { gradientDescent } from '../reference/gradient-descent.js';
import type { Episodes, TaskSource } from '../tasks/episodes.js';
import type { Sine, SineSource } from '../tasks/sine.js';
import type { RunConfig } from './config.js';
import type { Evaluation, Example } from './log.js';
import type { World } from './worlds.js';

/** Fixed rates that the baseline of gradient descent chooses from. */
const RATES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1];

/** Multiplications that the baseline may cost, since it runs in float64 on the CPU; beyond it, it is left out. */
const BASELINE_BUDGET = 4e9;

/** A lifetime whose loss ends above this many times what it was at birth, or is no number, has diverged: it is counted, and left out of the mean. */
const DIVERGED = 100;

/** Tasks that are drawn as pictures. */
const EXAMPLES = 6;

/**
 * Tries the learner on unseen tasks of the world: its metric after each number of inner steps in `evaluation.at`, beside the same network without
 * plasticity, and beside gradient descent from the same initial weights at the best of RATES (best on these very tasks, in its favour).
 */
export async function evaluate(config: RunConfig, learner: Learner, world: World): Promise<Evaluation[]> {
  const evaluations: Evaluation[] = [];
  for (const { title, source } of world.tests) evaluations.push({ ...(title && { title }), ...await evaluateOn(config, learner, source, world) });
  return evaluations;
}

async function evaluateOn({ evaluation, seed }: RunConfig, learner: Learner, source: TaskSource | SineSource, { bank }: World): Promise<Evaluation> {
  const { tasks, at } = evaluation, trialSeed = evaluation.seed ?? (seed + 0x5eed) >>> 0;
  const classification = learner.system.loss === 'cross-entropy';
  const moments = at[0] === 0 ? at : [0, ...at];
  const episodes = source.episodes(trialSeed, 0, tasks);
  const lived = await learner.adapt(episodes, moments);
  const row = (name: string, { losses, accuracies }: Answers) => {
    const width = moments.length, all = [...Array(tasks).keys()];
    const kept = all.filter(i => losses[i * width + width - 1]! <= DIVERGED * losses[i * width]!);
    const values = classification ? accuracies : losses, columns = at.map(t => moments.indexOf(t));
    return { name, ...statistics(columns.map(k => all.map(i => values[i * width + k]!)), kept), diverged: tasks - kept.length };
  };

  const rows = [row('FLP, meta-learned', lived)];
  // Without plasticity W stays what it was at birth, so what was true before learning stays true.
  const stay = (values: Float32Array) => values.map((_, k) => values[k - k % moments.length]!);
  rows.push(row('zero plasticity', { losses: stay(lived.losses), accuracies: stay(lived.accuracies) }));

  const { system, layout } = learner, synapses = system.layers.reduce((n, l) => n + l.fanIn * l.fanOut, 0);
  const cost = RATES.length * tasks * synapses * (3 * source.steps * source.batch + moments.length * source.queries);
  if (cost <= BASELINE_BUDGET) {
    const parameters = await learner.readParameters();
    const descents = RATES.map(rate => row(`gradient descent at rate ${rate}`, gradientDescent(system, layout, parameters, episodes, rate, moments, bank)));
    const better = classification ? (a: number, b: number) => a > b : (a: number, b: number) => a < b;
    rows.push(descents.reduce((best, r) => !Number.isFinite(best.mean.at(-1)) || better(r.mean.at(-1)!, best.mean.at(-1)!) ? r : best));
  }
  return {
    metric: classification ? 'accuracy' : 'mean squared error', tasks, at: [...at], rows,
    ...('sinesOf' in source && source.inputs === 1 && { examples: await sineExamples(learner, source, trialSeed, at) }),
  };
}

/** (tasks, moments) query losses and accuracies. */
interface Answers { readonly losses: ArrayLike<number>; readonly accuracies: ArrayLike<number> }

/** Of each column (tasks): the mean and the half-width of its 95 % interval over the tasks kept, and the median over all. */
function statistics(columns: readonly (readonly number[])[], kept: readonly number[]): { mean: number[]; median: number[]; ci: number[] } {
  const mean = columns.map(v => kept.reduce((sum, i) => sum + v[i]!, 0) / kept.length);
  const ordered = (v: readonly number[]) => v.map(x => Number.isNaN(x) ? Infinity : x).sort((a, b) => a - b);
  return {
    mean, median: columns.map(v => ordered(v)[v.length >> 1]!),
    ci: columns.map((v, k) => 1.96 * Math.sqrt(kept.reduce((sum, i) => sum + (v[i]! - mean[k]!) ** 2, 0) / Math.max(1, kept.length - 1) / kept.length)),
  };
}

/** Some of the tasks again, asked on a fine grid of x, so that what is learned can be seen. */
async function sineExamples(learner: Learner, source: SineSource, seed: number, at: readonly number[]): Promise<Example[]> {
  const { steps, batch, supportX, supportY } = source.episodes(seed, 0, EXAMPLES), seen = steps * batch;
  const sines = Array.from({ length: EXAMPLES }, (_, i): Sine => source.sinesOf(seed, i)[0]!);
  const lowest = Math.min(...supportX as Float32Array), highest = Math.max(...supportX as Float32Array), points = 81;
  const x = Float32Array.from({ length: points }, (_, k) => lowest + (highest - lowest) * k / (points - 1));
  const truth = sines.map(({ amplitude, phase }) => x.map(v => amplitude * Math.sin(v + phase)));
  const queryX = new Float32Array(EXAMPLES * points), queryY = new Float32Array(EXAMPLES * points);
  for (let i = 0; i < EXAMPLES; i++) { queryX.set(x, i * points); queryY.set(truth[i]!, i * points); }
  const grid: Episodes = { tasks: EXAMPLES, steps, batch, queries: points, supportX, supportY, queryX, queryY };
  const { predictions } = await learner.adapt(grid, at);
  return sines.map(({ amplitude, phase }, i) => ({
    title: `${amplitude.toFixed(1)} sin(x + ${phase.toFixed(1)})`, x: [...x], truth: [...truth[i]!],
    support: { x: [...supportX.subarray(i * seen, (i + 1) * seen)], y: [...supportY.subarray(i * seen, (i + 1) * seen)] },
    curves: at.map((after, k) => ({ after, y: [...predictions.subarray((i * at.length + k) * points, (i * at.length + k + 1) * points)] })),
  }));
}
