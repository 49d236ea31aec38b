import { fansOf, feedbackMatrix, feedbackShape } from '../parameters/layout.js';
import { statesOf, type Layer, type System } from '../systems/system.js';
import { add, NONE } from './algebra.js';
import type { Chance } from './chance.js';
import type { Fast, LayerParameters } from './parameters.js';

/**
 * Birth: W and B are inherited (the meta-parameters), or drawn for this lifetime
 * (docs/papers.md §2.1); biases are inherited, momentum begins at 0, states of a written rule where
 * it says.
 */
export function birth(
  system: System,
  parameters: readonly LayerParameters[],
  chance: Chance,
): Fast {
  const states = statesOf(system);
  return {
    W: system.layers.map((_, k) =>
      system.weights === 'drawn' ? chance.weights('W', k, 0) : parameters[k]!.W,
    ),
    B: system.layers.map((layer, k) => bornFeedback(system, layer, parameters[k]!, chance)),
    v: system.layers.map(({ plastic, fanOut, fanIn }) =>
      system.momentum && plastic ? new Float64Array(fanOut * fanIn) : NONE,
    ),
    b: parameters.map(p => p.b),
    vBias: system.layers.map(({ plastic, fanOut }) =>
      system.momentum && system.plasticBias && plastic ? new Float64Array(fanOut) : NONE,
    ),
    synapse: states.synapse.map(({ start }) =>
      system.layers.map(({ plastic, fanOut, fanIn }) =>
        plastic ? new Float64Array(fanOut * fanIn).fill(start) : NONE,
      ),
    ),
    neuron: states.neuron.map(({ start }) =>
      system.sizes.map((n, k) =>
        k >= system.encoderLayers ? new Float64Array(n).fill(start) : NONE,
      ),
    ),
  };
}

/** Adjoint of birth: what is inherited has a gradient, what is drawn has none. */
export function birthAdjoint(dBorn: Fast, dParameters: readonly LayerParameters[]): void {
  dParameters.forEach((dP, k) => {
    if (dP.W.length) add(dP.W, dBorn.W[k]!);
    if (dP.B.length) add(dP.B, dBorn.B[k]!);
    add(dP.b, dBorn.b[k]!);
  });
}

function bornFeedback(
  system: System,
  layer: Layer,
  p: LayerParameters,
  chance: Chance,
): Float64Array {
  if (system.feedbackWeights === 'inherited') return p.B;
  if (!layer.carries) return NONE;
  if (system.feedbackWeights !== 'constant') return chance.weights('B', layer.index - 1, 0);
  const [rows, columns] = feedbackMatrix(system, layer);
  const [reached, seen] = fansOf({ shape: feedbackShape(system, layer) });
  return new Float64Array(rows * columns).fill(Math.sqrt(2 / (reached + seen)));
}
