import type { System } from '../systems/system.js';
import { isRight } from '../tasks/classes.js';
import { add } from './algebra.js';
import { losses } from './choices.js';
import type { Sample } from './episode.js';
import { activitiesZerosLike, forward, forwardAdjoint } from './forward.js';
import type { LayerParameters, Weights } from './parameters.js';

/** How well the network with fast weights W answers a query set. */
export interface Answer {
  /** Mean over the queries of the loss of each. */
  readonly loss: number;
  /** Share of the queries answered rightly, if tasks are about classes (tasks/classes.ts). */
  readonly accuracy: number;
  /** (queries)(n_L). */
  readonly outputs: readonly Float64Array[];
}

export function queryLoss(
  system: System,
  parameters: readonly LayerParameters[],
  W: Weights,
  queries: readonly Sample[],
): Answer {
  const { value } = losses[system.loss];
  const outputs = queries.map(({ x }) => forward(system, parameters, W, x).x.at(-1)!);
  const mean = (of: (output: Float64Array, target: Float64Array) => number) =>
    outputs.reduce((sum, output, q) => sum + of(output, queries[q]!.y), 0) / queries.length;
  return {
    loss: mean(value),
    accuracy: mean((output, target) => Number(isRight(output, target))),
    outputs,
  };
}

/** Adjoint of the query loss: from `dLoss`, adds to `dW` and, for the biases, to `dParameters`. */
export function queryLossAdjoint(
  system: System,
  parameters: readonly LayerParameters[],
  W: Weights,
  queries: readonly Sample[],
  dLoss: number,
  dW: Weights,
  dParameters: readonly LayerParameters[],
): void {
  for (const { x: input, y } of queries) {
    const activities = forward(system, parameters, W, input);
    const dActivities = activitiesZerosLike(activities);
    const gradient = losses[system.loss].gradient(activities.x.at(-1)!, y);
    add(dActivities.x.at(-1)!, gradient, dLoss / queries.length);
    forwardAdjoint(system, W, activities, dActivities, dW, dParameters);
  }
}
