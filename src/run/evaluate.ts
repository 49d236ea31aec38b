import type { Learner } from '../outer/learner.js';
import { gradientDescent } from '../reference/gradient-descent.js';
import type { Episodes, TaskSource } from '../tasks/episodes.js';
import type { Sine, SineSource } from '../tasks/sine.js';
import type { RunConfig } from './config.js';
import type { Evaluation, Example } from './log.js';
import type { World } from './worlds.js';

/** Fixed rates that the baseline of gradient descent chooses from. */
const RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3];

/** Multiplications that the baseline may cost, since it runs in float64 on the CPU; beyond it, it is left out. */
const BASELINE_BUDGET = 4e9;

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
  const pick = ({ losses, accuracies }: { losses: ArrayLike<number>; accuracies: ArrayLike<number> }) => classification ? accuracies : losses;
  const row = (name: string, values: ArrayLike<number>) => ({ name, ...statistics(values, moments.length, at.map(t => moments.indexOf(t))) });

  const rows = [row('FLP, meta-learned', pick(lived))];
  // Without plasticity W stays what it was at birth, so what was true before learning stays true.
  const atBirth = pick(lived);
  rows.push(row('zero plasticity', Float64Array.from({ length: tasks * moments.length }, (_, k) => atBirth[k - k % moments.length]!)));

  const { system, layout } = learner, synapses = system.layers.reduce((n, l) => n + l.fanIn * l.fanOut, 0);
  const cost = RATES.length * tasks * synapses * (3 * source.steps * source.batch + moments.length * source.queries);
  if (cost <= BASELINE_BUDGET) {
    const parameters = await learner.readParameters();
    const descents = RATES.map(rate => row(`gradient descent at rate ${rate}`, pick(gradientDescent(system, layout, parameters, episodes, rate, moments, bank))));
    const better = classification ? (a: number, b: number) => a > b : (a: number, b: number) => a < b;
    rows.push(descents.reduce((best, r) => !Number.isFinite(best.mean.at(-1)) || better(r.mean.at(-1)!, best.mean.at(-1)!) ? r : best));
  }
  return {
    metric: classification ? 'accuracy' : 'mean squared error', tasks, at: [...at], rows,
    ...('sinesOf' in source && source.inputs === 1 && { examples: await sineExamples(learner, source, trialSeed, at) }),
  };
}

/** Mean, median and half-width of the mean's 95 % interval over tasks, at each of the chosen columns of (tasks, width) values. */
function statistics(values: ArrayLike<number>, width: number, columns: readonly number[]): { mean: number[]; median: number[]; ci: number[] } {
  const tasks = values.length / width;
  const of = columns.map(k => Array.from({ length: tasks }, (_, i) => values[i * width + k]!).sort((a, b) => a - b));
  const mean = of.map(v => v.reduce((a, b) => a + b, 0) / tasks);
  return {
    mean, median: of.map(v => v[tasks >> 1]!),
    ci: of.map((v, k) => 1.96 * Math.sqrt(v.reduce((s, x) => s + (x - mean[k]!) ** 2, 0) / Math.max(1, tasks - 1) / tasks)),
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
