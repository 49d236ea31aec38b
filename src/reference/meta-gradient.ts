import { MetaplasticError } from '../errors.js';
import type { Layout } from '../parameters/layout.js';
import { penaltiesOf } from '../parameters/penalties.js';
import type { State } from '../rules/rule.js';
import { statesOf, type System } from '../systems/system.js';
import { areClasses } from '../tasks/classes.js';
import type { ImageBank } from '../tasks/episodes.js';
import { chanceOf } from './chance.js';
import { type ReferenceEpisodes, unpack } from './episode.js';
import { adapt, adaptAdjoint } from './inner-loop.js';
import { queryLoss, queryLossAdjoint } from './loss.js';
import { fastZerosLike, layerParameters, type Weights, withBiases } from './parameters.js';

export interface ReferenceOptions {
  /**
   * After how many inner steps the query set is asked: ascending, each 0 … T. Default: once, after
   * the last.
   */
  readonly moments?: readonly number[];
  /**
   * Weight of each moment in the loss of a task. Default: 1 for the last moment, 0 for the others.
   */
  readonly weights?: readonly number[];
  /** The images, where the episodes' inputs are image indices. */
  readonly bank?: ImageBank;
  /**
   * Adds l1 · Σ |θ| over the coefficients of the pool to the meta-loss. Default 0. A written rule
   * adds the penalties that it says itself.
   */
  readonly l1?: number;
}

export interface ReferenceLoss {
  /** Mean over tasks of Σ_k weight_k · query loss at moment k, and the penalties. */
  readonly loss: number;
  /** Query losses, (tasks, moments). */
  readonly losses: Float64Array;
  /** (tasks, moments) shares of queries answered rightly, if the tasks are about classes. */
  readonly accuracies?: Float64Array;
  /** Outputs for the query set, (tasks, moments, queries, n_L). */
  readonly predictions: Float64Array;
  /** W after the last inner step: (tasks)(layers)(n_l, n_{l-1}). */
  readonly finalWeights: Weights[];
  /** B in use at the end: (tasks)(layers)(row-major), empty where a layer has none. */
  readonly finalFeedback: Weights[];
  /** b after the last inner step: (tasks)(layers)(n_l), empty where there are none. */
  readonly finalBiases: Weights[];
  /** States of a written rule after the last inner step, by their names, as in `Fast`: (tasks). */
  readonly finalSynapse: Readonly<Record<string, Weights>>[];
  readonly finalNeuron: Readonly<Record<string, Weights>>[];
}

export interface ReferenceGradient extends ReferenceLoss {
  /** Meta-gradient: the mean of `taskGradients`, and that of the penalties (layout.size). */
  readonly gradient: Float64Array;
  /** (tasks)(layout.size). */
  readonly taskGradients: Float64Array[];
}

/**
 * The meta-loss of a set of tasks in float64: each lives its lifetime from the same
 * meta-parameters, then is asked its queries.
 */
export function referenceLoss(
  system: System,
  layout: Layout,
  parameters: Float64Array | Float32Array,
  episodes: ReferenceEpisodes,
  options: ReferenceOptions = {},
): ReferenceLoss {
  return live(system, layout, parameters, episodes, options);
}

/**
 * The meta-loss and its exact gradient, differentiated through every inner step (or, for a
 * first-order system, its approximation).
 */
export function referenceGradient(
  system: System,
  layout: Layout,
  parameters: Float64Array | Float32Array,
  episodes: ReferenceEpisodes,
  options: ReferenceOptions = {},
): ReferenceGradient {
  const { p, moments, weights, lives, ...result } = live(
    system,
    layout,
    parameters,
    episodes,
    options,
  );
  const taskGradients = lives.map(({ support, queries, trajectory, chance }) => {
    const gradient = new Float64Array(layout.size);
    const dParameters = layerParameters(system, layout, gradient);
    const dTrajectory = trajectory.map(fastZerosLike);
    moments.forEach((t, k) =>
      queryLossAdjoint(
        system,
        withBiases(p, trajectory[t]!.b),
        trajectory[t]!.W,
        queries,
        weights[k]!,
        dTrajectory[t]!.W,
        withBiases(dParameters, dTrajectory[t]!.b),
      ),
    );
    adaptAdjoint(system, p, support, trajectory, chance, dTrajectory, dParameters);
    return gradient;
  });
  const gradient = new Float64Array(layout.size).map(
    (_, i) => taskGradients.reduce((sum, g) => sum + g[i]!, 0) / episodes.tasks,
  );
  forEachPenalised(system, layout, options, (i, weight) => {
    gradient[i]! += weight * Math.sign(parameters[i]!);
  });
  return { ...result, gradient, taskGradients };
}

/** Runs every lifetime and keeps what the adjoint needs: the trajectory of each. */
function live(
  system: System,
  layout: Layout,
  parameters: Float64Array | Float32Array,
  episodes: ReferenceEpisodes,
  options: ReferenceOptions,
) {
  if (parameters.length !== layout.size)
    throw new MetaplasticError({
      where: 'parameters',
      expected: `${layout.size} numbers, the size of the layout`,
      got: `${parameters.length}`,
    });
  const { moments, weights } = examination(episodes.steps, options);
  const p = layerParameters(system, layout, Float64Array.from(parameters));
  const lives = unpack(system, episodes, options.bank).map(({ support, queries }, task) => {
    const chance = chanceOf(system, episodes, task);
    const trajectory = adapt(system, p, support, chance);
    return {
      support,
      queries,
      chance,
      trajectory,
      answers: moments.map(t => {
        const { W, b } = trajectory[t]!;
        return queryLoss(system, withBiases(p, b), W, queries);
      }),
    };
  });
  const answers = lives.flatMap(life => life.answers);
  const { synapse, neuron } = statesOf(system);
  let penalty = 0;
  forEachPenalised(system, layout, options, (i, weight) => {
    penalty += weight * Math.abs(parameters[i]!);
  });
  return {
    p,
    moments,
    weights,
    lives,
    loss:
      answers.reduce((sum, { loss }, i) => sum + weights[i % moments.length]! * loss, 0) /
        episodes.tasks +
      penalty,
    losses: Float64Array.from(answers, a => a.loss),
    ...(areClasses(system, episodes) && {
      accuracies: Float64Array.from(answers, a => a.accuracy),
    }),
    predictions: Float64Array.from(answers.flatMap(a => a.outputs.flatMap(output => [...output]))),
    finalWeights: lives.map(life => life.trajectory.at(-1)!.W),
    finalFeedback: lives.map(life => life.trajectory.at(-1)!.B),
    finalBiases: lives.map(life => life.trajectory.at(-1)!.b),
    finalSynapse: lives.map(life => byName(synapse, life.trajectory.at(-1)!.synapse)),
    finalNeuron: lives.map(life => byName(neuron, life.trajectory.at(-1)!.neuron)),
  };
}

const byName = (states: readonly State[], values: readonly Weights[]) =>
  Object.fromEntries(states.map(({ name }, q) => [name, values[q]!]));

/** Calls `each` with the place of every coefficient that is penalised, and λ. */
function forEachPenalised(
  system: System,
  layout: Layout,
  { l1 = 0 }: ReferenceOptions,
  each: (i: number, weight: number) => void,
): void {
  for (const { from, to, weight } of penaltiesOf(system, layout, l1))
    for (let i = from; i < to; i++) each(i, weight);
}

/** When the query set is asked, and what each moment weighs. */
function examination(
  steps: number,
  options: ReferenceOptions,
): { moments: readonly number[]; weights: readonly number[] } {
  const moments = options.moments ?? [steps];
  const ascending = moments.every(
    (t, k) => Number.isInteger(t) && t >= 0 && t <= steps && (k === 0 || t > moments[k - 1]!),
  );
  if (!moments.length || !ascending)
    throw new MetaplasticError({
      where: 'options.moments',
      expected: `ascending whole numbers 0 … ${steps}, the inner steps`,
      got: `[${moments.join(', ')}]`,
    });
  const weights = options.weights ?? moments.map((_, k) => (k === moments.length - 1 ? 1 : 0));
  if (weights.length !== moments.length)
    throw new MetaplasticError({
      where: 'options.weights',
      expected: `one weight for each of ${moments.length} moments`,
      got: `${weights.length}`,
    });
  return { moments, weights };
}
