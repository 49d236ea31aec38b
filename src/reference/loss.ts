import type { System } from '../systems/system.js';
import { isRight } from '../tasks/classes.js';
import { losses } from './choices.js';
import type { Sample } from './episode.js';
import { forward, forwardAdjoint } from './forward.js';
import { type LayerParameters, type Weights, zerosLike } from './parameters.js';

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
  const outputs = queries.map(({ x }) => forward(system, parameters, W, x).at(-1)!);
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
    const x = forward(system, parameters, W, input);
    const dX = zerosLike(x);
    dX.splice(
      -1,
      1,
      losses[system.loss].gradient(x.at(-1)!, y).map(g => (dLoss * g) / queries.length),
    );
    forwardAdjoint(system, parameters, W, x, dX, dW, dParameters);
  }
}
