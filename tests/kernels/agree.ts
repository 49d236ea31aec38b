import type { Gpu } from '../../src/gpu/device.js';
import type { Plan } from '../../src/gpu/plan.js';
import { Learner, type Adaptation, type LearnerOptions, type MetaStep } from '../../src/outer/learner.js';
import type { ReferenceGradient } from '../../src/reference/meta-gradient.js';
import { relativeError, relativeErrors } from '../reference/central-differences.js';
import { type Problem, type ProblemSpec, randomProblem, solve } from '../reference/random-problem.js';

/** What else a learner is told, besides its problem. */
export type Options = Partial<Omit<LearnerOptions, 'system' | 'episode' | 'tasks'>>;

/** A learner for this problem, with its meta-parameters. */
export async function learnerFor(gpu: Gpu, spec: ProblemSpec, problem: Problem, options: Options = {}): Promise<Learner> {
  const { tasks, steps, batch, queries } = problem.episodes;
  const learner = await Learner.create(gpu, { system: spec.spec, episode: { steps, batch, queries, bank: problem.bank }, tasks, ...options });
  learner.writeParameters(problem.parameters);
  return learner;
}

/**
 * A problem that can tell right from wrong: under many a seed a tensor's gradient is 0 (silent units) or nearly so beside the others (its terms
 * cancel, and float32 is left with their rounding). Takes the first seed where the smallest is not below 2e-3 of all, or the best of 20.
 */
export function telling(spec: ProblemSpec, moments: Pick<Options, 'moments' | 'momentWeights'> = {}): { problem: Problem; want: ReferenceGradient } {
  let best = { share: 0, problem: undefined as Problem | undefined, want: undefined as ReferenceGradient | undefined };
  for (let seed = 1; seed <= 20 && best.share < 2e-3; seed++) {
    const problem = randomProblem({ ...spec, seed }), want = solve(problem, { moments: moments.moments, weights: moments.momentWeights });
    const norms = problem.layout.tensors.map(({ offset, size }) => Math.hypot(...want.gradient.subarray(offset, offset + size)));
    const share = Math.min(...norms) / Math.hypot(...norms);
    if (share > best.share && want.loss < 100) best = { share, problem, want };
  }
  if (!best.problem || !best.want) throw new Error(`no seed gives every tensor a gradient: ${JSON.stringify(spec)}`);
  return { problem: best.problem, want: best.want };
}

export interface Agreement {
  readonly problem: Problem;
  readonly plan: Plan;
  readonly step: MetaStep;
  readonly want: ReferenceGradient;
  /** ‖got − wanted‖ / ‖wanted‖ of the loss, of the losses of the tasks, of every tensor's gradient, and of all that `adapt` shows. */
  readonly errors: Readonly<Record<string, number>>;
}

/** Asks the kernels and the reference the same question. */
export async function compare(gpu: Gpu, spec: ProblemSpec, options: Options = {}): Promise<Agreement> {
  const { problem, want } = telling(spec, options), { layout, episodes } = problem;
  const learner = await learnerFor(gpu, spec, problem, options);
  try {
    const step = await learner.gradient(episodes), gradient = Float64Array.from(await learner.readGradient());
    const adaptation = await learner.adapt(episodes, options.moments);
    const errors = {
      loss: relativeError(Float64Array.of(step.loss), Float64Array.of(want.loss)),
      'gradient norm': relativeError(Float64Array.of(step.gradientNorm), Float64Array.of(Math.hypot(...want.gradient))),
      ...relativeErrors(layout, gradient, want.gradient),
      ...adapted(problem, adaptation, want),
    };
    return { problem, plan: learner.plan, step, want, errors };
  } finally {
    learner.destroy();
  }
}

/** The errors of what `adapt` shows; `W1 at last` is layer 1 of every task after the last step. */
function adapted({ system }: Problem, got: Adaptation, want: ReferenceGradient): Record<string, number> {
  const inLifetime = system.layers.slice(system.encoderLayers);
  const last = inLifetime.map(({ index }): [string, number] => [`W${index} at last`, relativeError(
    Float64Array.from(got.finalWeights.flatMap(task => [...task.get(`W${index}`)!])), Float64Array.from(want.finalWeights.flatMap(task => [...task[index - 1]!])))]);
  const off = got.accuracies.filter((accuracy, i) => Math.abs(accuracy - want.accuracies[i]!) > 1e-6).length;
  return {
    losses: relativeError(Float64Array.from(got.losses), want.losses),
    ...(system.loss === 'cross-entropy' && { accuracies: off }),
    predictions: relativeError(Float64Array.from(got.predictions), want.predictions),
    ...Object.fromEntries(last),
  };
}

/** The errors that are not below the limit; NaN, from a tensor that nothing depends on, is none the less an error. */
export function beyond(limit: number, errors: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(errors).filter(([, error]) => !(error < limit)));
}
