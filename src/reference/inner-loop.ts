import type { System } from '../systems/system.js';
import type { Sample } from './episode.js';
import { feedback, feedbackAdjoint } from './feedback.js';
import { forward, forwardAdjoint } from './forward.js';
import { type LayerParameters, type Weights, zerosLike } from './parameters.js';
import { plasticity, plasticityAdjoint } from './plasticity.js';

/**
 * One inner step on a batch: forward → feedback → plasticity. Every layer changes at once, by the activities under the weights
 * from before the step.
 */
export function innerStep(system: System, parameters: readonly LayerParameters[], W: Weights, batch: readonly Sample[]): Weights {
  const { x, post } = observe(system, parameters, W, batch);
  return system.layers.map((layer, k) => plasticity(layer, system.rule, parameters[k]!, W[k]!, atLayer(x, k), atLayer(post, k)));
}

/** Adjoint of one inner step, stages in reverse: from `dNext`, that of W after the step, adds to `dW`, that of W before it, and to `dParameters`. */
export function innerStepAdjoint(
  system: System, parameters: readonly LayerParameters[], W: Weights, batch: readonly Sample[],
  dNext: Weights, dW: Weights, dParameters: readonly LayerParameters[],
): void {
  const { x, post } = observe(system, parameters, W, batch);
  const dX = x.map(zerosLike), dPost = post.map(zerosLike); // (batch, layers, n_l)
  system.layers.forEach((layer, k) => plasticityAdjoint(
    layer, system.rule, parameters[k]!, W[k]!, atLayer(x, k), atLayer(post, k),
    dNext[k]!, dW[k]!, atLayer(dX, k), atLayer(dPost, k), dParameters[k]!,
  ));
  batch.forEach(({ y }, b) => {
    feedbackAdjoint(system, parameters, x[b]!, y, dPost[b]!, dX[b]!, dParameters);
    forwardAdjoint(system, W, x[b]!, dX[b]!, dW, dParameters);
  });
}

/** The inner loop: the fast weights W_0 … W_T along a support stream of T steps, born as the initial weights. */
export function adapt(system: System, parameters: readonly LayerParameters[], support: readonly (readonly Sample[])[]): Weights[] {
  const trajectory: Weights[] = [parameters.map(p => p.W)];
  support.forEach((batch, t) => trajectory.push(innerStep(system, parameters, trajectory[t]!, batch)));
  return trajectory;
}

/**
 * Adjoint of the inner loop. `dTrajectory` (dW_0 … dW_T) arrives with what reads each W_t directly, and is completed from the
 * last step back; dW_0 is the gradient of the initial weights.
 */
export function adaptAdjoint(
  system: System, parameters: readonly LayerParameters[], support: readonly (readonly Sample[])[], trajectory: readonly Weights[],
  dTrajectory: readonly Weights[], dParameters: readonly LayerParameters[],
): void {
  for (let t = support.length - 1; t >= 0; t--) {
    innerStepAdjoint(system, parameters, trajectory[t]!, support[t]!, dTrajectory[t + 1]!, dTrajectory[t]!, dParameters);
  }
  dParameters.forEach((dP, k) => dTrajectory[0]![k]!.forEach((d, ij) => { dP.W[ij]! += d; }));
}

/** The activities x_0 … x_L and the post-synaptic activities 1 … L of every sample. */
function observe(system: System, parameters: readonly LayerParameters[], W: Weights, batch: readonly Sample[]) {
  const x = batch.map(sample => forward(system, parameters, W, sample.x));
  const post = batch.map((sample, b) => feedback(system, parameters, x[b]!, sample.y));
  return { x, post };
}

/** Entry k of every sample: x[b][k] is the activity below layers[k], post[b][k] the one above it. */
function atLayer(perSample: readonly (readonly Float64Array[])[], k: number): Float64Array[] {
  return perSample.map(arrays => arrays[k]!);
}
