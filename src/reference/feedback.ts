import type { System } from '../systems/system.js';
import { add, affine, affineAdjoint, NONE } from './algebra.js';
import { feedbackActivations, losses, signals } from './choices.js';
import type { Activities } from './forward.js';
import type { LayerParameters, Weights } from './parameters.js';

/**
 * Feedback of one sample: the post-synaptic activity that the plasticity of each layer 1 … L sees
 * (docs/papers.md §1.1).
 *
 *     a = softmax(x_L) under cross-entropy, else x_L: the answer
 *     s = y − a (error) or y (target)
 *     post_l = β_l φ(B_l s + c_l) + (1 − β_l) x_l     told `mixed`
 *     post_l = x_l                                    told `activity`
 *     post_l = y                                      told `target`: the output layer is clamped
 *     post_l = x_l, but post_L = a                    told its `error` beside it (errors.ts)
 *     none                                            told `nothing`
 *
 * Those are neurons before any pooling: B and c of a convolution have a row for each of them.
 */
export function feedback(
  system: System,
  parameters: readonly LayerParameters[],
  B: Weights,
  { units }: Activities,
  target: Float64Array,
): Float64Array[] {
  const answer = losses[system.loss].answer(units.at(-1)!);
  const s = signal(system, answer, target);
  return system.layers.map(({ told }, k) => {
    const own = units[k + 1]!;
    if (told === 'nothing') return NONE;
    if (told === 'target') return target;
    if (told === 'activity') return own;
    if (told === 'error') return k === system.layers.length - 1 ? answer : own;
    const f = fedBack(system, B[k]!, parameters[k]!.c, s);
    const beta = parameters[k]!.beta[0]!;
    return own.map((xi, i) => beta * f[i]! + (1 - beta) * xi);
  });
}

/**
 * Adjoint of the feedback. Nothing is held constant, the answer in the error included. From
 * dpost_l, where told `mixed`:
 *
 *     dβ_l += dpost_l · (f_l − x_l),   dx_l += (1 − β_l) dpost_l,   du_l = β_l dpost_l ⊙ φ'(u_l)
 * with u_l = B_l s + c_l
 *     dB_l += du_l sᵀ,   dc_l += du_l,   ds += B_lᵀ du_l;   at last da += ds · ds/da, which goes on
 * to x_L
 *
 * Else dpost_l goes to what post_l is. `dB`, `dActivities` and `dParameters` are added to.
 */
export function feedbackAdjoint(
  system: System,
  parameters: readonly LayerParameters[],
  B: Weights,
  { units }: Activities,
  target: Float64Array,
  dPost: readonly Float64Array[],
  dB: Weights,
  dActivities: Activities,
  dParameters: readonly LayerParameters[],
): void {
  const { answer, answerAdjoint } = losses[system.loss];
  const { slope } = feedbackActivations[system.feedbackActivation];
  const a = answer(units.at(-1)!);
  const s = signal(system, a, target);
  const dS = new Float64Array(s.length);
  const dA = new Float64Array(s.length);
  system.layers.forEach(({ told }, k) => {
    const d = dPost[k]!;
    const dOwn = dActivities.units[k + 1]!;
    if (told === 'activity') add(dOwn, d);
    if (told === 'error') add(k === system.layers.length - 1 ? dA : dOwn, d);
    if (told !== 'mixed') return;
    const p = parameters[k]!;
    const dP = dParameters[k]!;
    const f = fedBack(system, B[k]!, p.c, s);
    const beta = p.beta[0]!;
    d.forEach((di, i) => {
      dP.beta[0]! += di * (f[i]! - units[k + 1]![i]!);
    });
    add(dOwn, d, 1 - beta);
    affineAdjoint(
      B[k]!,
      s,
      d.map((di, i) => beta * di * slope(f[i]!)),
      dB[k]!,
      dP.c,
      dS,
    );
  });
  add(dA, dS, signals[system.signal].answerSlope);
  add(dActivities.units.at(-1)!, answerAdjoint(a, dA));
}

/** s (n_L). */
function signal(system: System, answer: Float64Array, target: Float64Array): Float64Array {
  return target.map((y, i) => signals[system.signal].value(y, answer[i]!));
}

/** f = φ(B s + c), (n_l). */
function fedBack(system: System, B: Float64Array, c: Float64Array, s: Float64Array): Float64Array {
  return affine(B, c, s).map(feedbackActivations[system.feedbackActivation].value);
}
