import type { System } from '../systems/system.js';
import { add, affine, affineAdjoint } from './algebra.js';
import { activations } from './choices.js';
import { convolve, convolveAdjoint, pooled, pooledAdjoint } from './convolution.js';
import { type LayerParameters, type Weights, zerosLike } from './parameters.js';

/** What a sample makes of the network; or its adjoint, by what reads either directly. */
export interface Activities {
  /** x_0 … x_L, those of layers with a pool after pooling. */
  readonly x: readonly Float64Array[];
  /** Those of the neurons of layers 0 … L, before pooling: elsewhere the same as x. */
  readonly units: readonly Float64Array[];
}

/**
 * Forward pass of one sample: the activities of layers 0 … L, by the fast weights W of the moment
 * (papers §1.1).
 *
 *     z_l = W_l x_{l-1} + b_l,   x_l = φ(z_l) for l < L,   x_L = z_L
 *
 * In a convolution W_l goes over the image x_{l-1}, its neurons are φ(z_l), and x_l is that after
 * pooling (§1.4).
 */
export function forward(
  system: System,
  parameters: readonly LayerParameters[],
  W: Weights,
  input: Float64Array,
): Activities {
  const x = [input];
  const units = [input];
  system.layers.forEach(({ conv }, k) => {
    const { b } = parameters[k]!;
    const z = conv ? convolve(conv, W[k]!, b, x[k]!) : affine(W[k]!, b, x[k]!);
    const a = z.map(outgoing(system, k).value);
    units.push(a);
    x.push(conv?.pool ? pooled(conv, a) : a);
  });
  return { x, units };
}

/**
 * Adjoint of the forward pass. `dActivities` arrives with what reads each activity directly and is
 * completed here, from the output down:
 *
 *     da_l += dx_l, or the adjoint of the pooling,   dz_l = da_l ⊙ φ'(z_l)
 *     dW_l += dz_l x_{l-1}ᵀ,   db_l += dz_l,   dx_{l-1} += W_lᵀ dz_l, or the convolution's adjoint
 */
export function forwardAdjoint(
  system: System,
  W: Weights,
  { x, units }: Activities,
  dActivities: Activities,
  dW: Weights,
  dParameters: readonly LayerParameters[],
): void {
  for (let k = W.length - 1; k >= 0; k--) {
    const { conv } = system.layers[k]!;
    const { slope } = outgoing(system, k);
    const below = x[k]!;
    const a = units[k + 1]!;
    const dX = dActivities.x[k + 1]!;
    const dA = dActivities.units[k + 1]!;
    add(dA, conv?.pool ? pooledAdjoint(conv, a, dX) : dX);
    const dZ = dA.map((d, i) => d * slope(a[i]!));
    const db = dParameters[k]!.b;
    const dBelow = dActivities.x[k]!;
    if (conv) convolveAdjoint(conv, W[k]!, below, dZ, dW[k]!, db, dBelow);
    else affineAdjoint(W[k]!, below, dZ, dW[k]!, db, dBelow);
  }
}

/** Where the adjoints of activities add. */
export const activitiesZerosLike = ({ x, units }: Activities): Activities => ({
  x: zerosLike(x),
  units: zerosLike(units),
});

/** What the neurons of system.layers[k] do; the output layer is linear. */
function outgoing(system: System, k: number) {
  return activations[k === system.layers.length - 1 ? 'linear' : system.activation];
}
