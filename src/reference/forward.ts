import type { System } from '../systems/system.js';
import { affine, affineAdjoint } from './algebra.js';
import { activations } from './choices.js';
import { convolve, convolveAdjoint, pooled, pooledAdjoint } from './convolution.js';
import type { LayerParameters, Weights } from './parameters.js';

/**
 * Forward pass of one sample: the activities x_0 … x_L, by the fast weights W of the moment (papers
 * §1.1).
 *
 *     z_l = W_l x_{l-1} + b_l,   x_l = φ(z_l) for l < L,   x_L = z_L
 *
 * In a convolution W_l goes over the image x_{l-1}, and x_l is φ(z_l) after pooling (§1.4).
 */
export function forward(
  system: System,
  parameters: readonly LayerParameters[],
  W: Weights,
  input: Float64Array,
): Float64Array[] {
  const x = [input];
  system.layers.forEach(({ conv }, k) => {
    const a = activity(system, parameters, W, x[k]!, k);
    x.push(conv?.pool ? pooled(conv, a) : a);
  });
  return x;
}

/**
 * Adjoint of the forward pass. `dX` (x_0 … x_L) arrives with what reads each activity directly and
 * is completed here, from the output down:
 *
 *     da_l = dx_l, or the adjoint of the pooling,   dz_l = da_l ⊙ φ'(z_l)
 *     dW_l += dz_l x_{l-1}ᵀ,   db_l += dz_l,   dx_{l-1} += W_lᵀ dz_l, or the convolution's adjoint
 */
export function forwardAdjoint(
  system: System,
  parameters: readonly LayerParameters[],
  W: Weights,
  x: readonly Float64Array[],
  dX: readonly Float64Array[],
  dW: Weights,
  dParameters: readonly LayerParameters[],
): void {
  for (let k = W.length - 1; k >= 0; k--) {
    const { conv } = system.layers[k]!;
    const { slope } = outgoing(system, k);
    const below = x[k]!;
    const a = conv?.pool ? activity(system, parameters, W, below, k) : x[k + 1]!;
    const dA = conv?.pool ? pooledAdjoint(conv, a, dX[k + 1]!) : dX[k + 1]!;
    const dZ = dA.map((d, i) => d * slope(a[i]!));
    const db = dParameters[k]!.b;
    if (conv) convolveAdjoint(conv, W[k]!, below, dZ, dW[k]!, db, dX[k]!);
    else affineAdjoint(W[k]!, below, dZ, dW[k]!, db, dX[k]!);
  }
}

/** φ(z) of system.layers[k], before pooling. */
function activity(
  system: System,
  parameters: readonly LayerParameters[],
  W: Weights,
  below: Float64Array,
  k: number,
): Float64Array {
  const { conv } = system.layers[k]!;
  const { b } = parameters[k]!;
  const z = conv ? convolve(conv, W[k]!, b, below) : affine(W[k]!, b, below);
  return z.map(outgoing(system, k).value);
}

/** What the neurons of system.layers[k] do; the output layer is linear. */
function outgoing(system: System, k: number) {
  return activations[k === system.layers.length - 1 ? 'linear' : system.activation];
}
