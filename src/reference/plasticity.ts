import type { Choice, Layer } from '../systems/system.js';
import { rules } from './choices.js';
import type { LayerParameters } from './parameters.js';

/**
 * Plasticity of one layer: its fast weights after an inner step on a batch, which is summed, never averaged (papers §1.1).
 *
 *     W'_ij = W_ij + m α_ij ( Σ_b post_bi pre_bj − D_i W_ij ),   D_i = Σ_b decay(post_bi)
 *
 * W (n, m), pre (batch, m), post (batch, n). A frozen layer stays as it is.
 */
export function plasticity(layer: Layer, rule: Choice<'rule'>, p: LayerParameters, W: Float64Array, pre: readonly Float64Array[], post: readonly Float64Array[]): Float64Array {
  const next = W.slice();
  if (!layer.plastic) return next;
  for (let i = 0; i < layer.fanOut; i++) {
    const D = decayOf(rule, post, i);
    for (let j = 0; j < layer.fanIn; j++) {
      const ij = i * layer.fanIn + j, a = alphaAt(p, i, j);
      next[ij]! += layer.multiplier * p.alpha[a]! * (hebbOf(pre, post, i, j) - D * W[ij]!);
    }
  }
  return next;
}

/**
 * Adjoint of the plasticity of one layer: from `dNext`, which is dW', adds to everything else. With u_ij = m α_ij dW'_ij,
 *
 *     dα_ij += m dW'_ij (Σ_b post_bi pre_bj − D_i W_ij)
 *     dW_ij += dW'_ij − u_ij D_i
 *     dpre_bj += u_ij post_bi
 *     dpost_bi += u_ij (pre_bj − decay'(post_bi) W_ij)
 */
export function plasticityAdjoint(
  layer: Layer, rule: Choice<'rule'>, p: LayerParameters, W: Float64Array, pre: readonly Float64Array[], post: readonly Float64Array[],
  dNext: Float64Array, dW: Float64Array, dPre: readonly Float64Array[], dPost: readonly Float64Array[], dP: LayerParameters,
): void {
  dNext.forEach((d, ij) => { dW[ij]! += d; });
  if (!layer.plastic) return;
  for (let i = 0; i < layer.fanOut; i++) {
    const D = decayOf(rule, post, i);
    for (let j = 0; j < layer.fanIn; j++) {
      const ij = i * layer.fanIn + j, a = alphaAt(p, i, j);
      const u = layer.multiplier * p.alpha[a]! * dNext[ij]!;
      dP.alpha[a]! += layer.multiplier * dNext[ij]! * (hebbOf(pre, post, i, j) - D * W[ij]!);
      dW[ij]! -= u * D;
      for (let b = 0; b < post.length; b++) {
        dPre[b]![j]! += u * post[b]![i]!;
        dPost[b]![i]! += u * (pre[b]![j]! - rules[rule].decaySlope(post[b]![i]!) * W[ij]!);
      }
    }
  }
}

/** D_i. */
function decayOf(rule: Choice<'rule'>, post: readonly Float64Array[], i: number): number {
  return post.reduce((sum, postB) => sum + rules[rule].decay(postB[i]!), 0);
}

/** Σ_b post_bi pre_bj. */
function hebbOf(pre: readonly Float64Array[], post: readonly Float64Array[], i: number, j: number): number {
  return post.reduce((sum, postB, b) => sum + postB[i]! * pre[b]![j]!, 0);
}

/** Where α_ij lies in a tensor of shape (n, m), (n, 1) or (1, 1): an axis of length 1 broadcasts. */
function alphaAt({ alphaShape: [rows, columns] }: LayerParameters, i: number, j: number): number {
  return (rows === 1 ? 0 : i) * columns + (columns === 1 ? 0 : j);
}
