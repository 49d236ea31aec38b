import type { System } from '../systems/system.js';
import { affine, affineAdjoint } from './affine.js';
import { feedbackActivations, signals } from './choices.js';
import type { LayerParameters } from './parameters.js';

/**
 * Feedback pass of one sample: the post-synaptic activity that the plasticity of each layer 1 … L sees (papers §1.1).
 *
 *     s = y − x_L (error) or y (target)
 *     post_l = β_l φ(B_l s + c_l) + (1 − β_l) x_l     told `mixed`
 *     post_l = x_l                                    told `activity`
 *     post_l = y                                      told `target`: the output layer is clamped
 */
export function feedback(system: System, parameters: readonly LayerParameters[], x: readonly Float64Array[], target: Float64Array): Float64Array[] {
  const s = signal(system, x, target);
  return system.layers.map(({ told }, k) => {
    if (told === 'target') return target;
    if (told === 'activity') return x[k + 1]!;
    const f = fedBack(system, parameters[k]!, s), beta = parameters[k]!.beta[0]!;
    return x[k + 1]!.map((xi, i) => beta * f[i]! + (1 - beta) * xi);
  });
}

/**
 * Adjoint of the feedback pass. Nothing is held constant, the x_L in the error included. From dpost_l, where told `mixed`:
 *
 *     dβ_l += dpost_l · (f_l − x_l),   dx_l += (1 − β_l) dpost_l,   du_l = β_l dpost_l ⊙ φ'(u_l) with u_l = B_l s + c_l
 *     dB_l += du_l sᵀ,   dc_l += du_l,   ds += B_lᵀ du_l;   at last dx_L += ds · ds/dx_L
 *
 * Where told `activity`, dx_l += dpost_l. `dX` (x_0 … x_L) and `dParameters` are added to.
 */
export function feedbackAdjoint(
  system: System, parameters: readonly LayerParameters[], x: readonly Float64Array[], target: Float64Array,
  dPost: readonly Float64Array[], dX: readonly Float64Array[], dParameters: readonly LayerParameters[],
): void {
  const s = signal(system, x, target), dS = new Float64Array(s.length);
  const { slope } = feedbackActivations[system.feedbackActivation];
  system.layers.forEach(({ told }, k) => {
    const d = dPost[k]!, dXl = dX[k + 1]!;
    if (told === 'activity') d.forEach((di, i) => { dXl[i]! += di; });
    if (told !== 'mixed') return;
    const p = parameters[k]!, dP = dParameters[k]!, f = fedBack(system, p, s), beta = p.beta[0]!;
    d.forEach((di, i) => {
      dP.beta[0]! += di * (f[i]! - x[k + 1]![i]!);
      dXl[i]! += (1 - beta) * di;
    });
    const dU = d.map((di, i) => beta * di * slope(f[i]!));
    affineAdjoint(p.B, s, dU, dP.B, dP.c, dS);
  });
  const { outputSlope } = signals[system.signal];
  dS.forEach((dSi, i) => { dX.at(-1)![i]! += outputSlope * dSi; });
}

/** s (n_L). */
function signal(system: System, x: readonly Float64Array[], target: Float64Array): Float64Array {
  return target.map((y, i) => signals[system.signal].value(y, x.at(-1)![i]!));
}

/** f = φ(B s + c), (n_l). */
function fedBack(system: System, { B, c }: LayerParameters, s: Float64Array): Float64Array {
  return affine(B, c, s).map(feedbackActivations[system.feedbackActivation].value);
}
