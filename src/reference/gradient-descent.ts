import type { Layout } from '../parameters/layout.js';
import type { System } from '../systems/system.js';
import { areClasses } from '../tasks/classes.js';
import type { ImageBank } from '../tasks/episodes.js';
import { unpack, type ReferenceEpisodes } from './episode.js';
import { queryLoss, queryLossAdjoint } from './loss.js';
import { layerParameters, zerosLike } from './parameters.js';

/** Of every task, (tasks, moments): losses, and accuracies if the tasks are about classes. */
export interface Descent {
  readonly losses: Float64Array;
  readonly accuracies?: Float64Array;
}

/**
 * The baseline that plasticity is compared with: plain gradient descent from the same initial
 * weights. At every inner step W and b follow the gradient of the batch's loss at a fixed rate; the
 * query set is asked at `moments`, as in an episode.
 */
export function gradientDescent(
  system: System,
  layout: Layout,
  parameters: Float32Array | Float64Array,
  episodes: ReferenceEpisodes,
  rate: number,
  moments: readonly number[],
  bank?: ImageBank,
): Descent {
  const losses = new Float64Array(episodes.tasks * moments.length);
  const accuracies = new Float64Array(losses.length);
  unpack(system, episodes, bank).forEach(({ support, queries }, task) => {
    const now = layerParameters(system, layout, Float64Array.from(parameters));
    const W = now.map(p => p.W);
    const ask = (t: number) => {
      const k = moments.indexOf(t);
      if (k >= 0)
        ({
          loss: losses[task * moments.length + k],
          accuracy: accuracies[task * moments.length + k],
        } = queryLoss(system, now, W, queries));
    };
    ask(0);
    support.forEach((batch, t) => {
      const gradient = layerParameters(system, layout, new Float64Array(layout.size));
      const dW = zerosLike(W);
      queryLossAdjoint(system, now, W, batch, 1, dW, gradient);
      dW.forEach((d, l) => {
        descend(W[l]!, d, rate);
        descend(now[l]!.b, gradient[l]!.b, rate);
      });
      ask(t + 1);
    });
  });
  return { losses, ...(areClasses(system, episodes) && { accuracies }) };
}

function descend(x: Float64Array, gradient: Float64Array, rate: number): void {
  gradient.forEach((g, k) => {
    x[k]! -= rate * g;
  });
}
