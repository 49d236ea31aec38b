import type { System } from '../systems/system.js';
import { affine, affineAdjoint } from './algebra.js';
import { activations } from './choices.js';
import type { LayerParameters, Weights } from './parameters.js';

/**
 * Forward pass of one sample: the activities x_0 … x_L, by the fast weights W of the moment (papers
 * §1.1).
 *
 *     z_l = W_l x_{l-1} + b_l,   x_l = φ(z_l) for l < L,   x_L = z_L
 */
export function forward(
  system: System,
  parameters: readonly LayerParameters[],
  W: Weights,
  input: Float64Array,
): Float64Array[] {
  const x = [input];
  parameters.forEach(({ b }, k) => x.push(affine(W[k]!, b, x[k]!).map(outgoing(system, k).value)));
  return x;
}

/**
 * Adjoint of the forward pass. `dX` (x_0 … x_L) arrives with what reads each activity directly and
 * is completed here, from the output down:
 *
 *     dz_l = dx_l ⊙ φ'(z_l),   dW_l += dz_l x_{l-1}ᵀ,   db_l += dz_l,   dx_{l-1} += W_lᵀ dz_l
 */
export function forwardAdjoint(
  system: System,
  W: Weights,
  x: readonly Float64Array[],
  dX: readonly Float64Array[],
  dW: Weights,
  dParameters: readonly LayerParameters[],
): void {
  for (let k = W.length - 1; k >= 0; k--) {
    const { slope } = outgoing(system, k);
    const dZ = dX[k + 1]!.map((d, i) => d * slope(x[k + 1]![i]!));
    affineAdjoint(W[k]!, x[k]!, dZ, dW[k]!, dParameters[k]!.b, dX[k]!);
  }
}

/** What the neurons of system.layers[k] do; the output layer is linear. */
function outgoing(system: System, k: number) {
  return activations[k === system.layers.length - 1 ? 'linear' : system.activation];
}
