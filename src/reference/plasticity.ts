import type { HandwrittenRule, Local } from '../rules/handwritten.js';
import { ruleOf, type Layer, type System } from '../systems/system.js';
import { add, dot } from './algebra.js';
import { referenceOf } from './handwritten.js';
import type { LayerParameters } from './parameters.js';
import { rules } from './rules.js';

/** What plasticity makes of one layer. */
export interface Change {
  /** Fast weights after the step (n, m), and momentum's moving sum (empty without momentum). */
  readonly W: Float64Array;
  readonly v: Float64Array;
  /** What the task alone says, m a ⊙ w (n, m): Kolen-Pollack's feedback weights follow it. */
  readonly step: Float64Array;
}

/**
 * Plasticity of one layer: its fast weights after an inner step on a batch
 * (docs/papers.md §1.1, §2.2, §4).
 *
 *     g = SHARE Σ_b (H_b − κ_b ⊙ W)         by the rule, over all looks (looks.ts)
 *     u = g − λ W + μ v                      λ, μ are 0 without weight decay, momentum; v' = u
 *     W' = W + m a ⊙ u                       a is α, η, or 1 for the pool, whose θ is in H
 *     step = m a ⊙ w                         w = u with momentum, else g
 *
 * W, v (n, m). A frozen layer stays as it is.
 */
export function plasticity(
  system: System,
  layer: Layer,
  p: LayerParameters,
  W: Float64Array,
  v: Float64Array,
  locals: readonly Local[],
): Change {
  if (!layer.plastic) return { W, v, step: new Float64Array(W.length) };
  const { g, u, scale } = update(system, layer, p, W, v, locals);
  return {
    W: W.map((w, ij) => w + scale[ij]! * u[ij]!),
    v: system.momentum ? u : v,
    step: (system.momentum ? u : g).map((w, ij) => scale[ij]! * w),
  };
}

/**
 * Adjoint of the plasticity of one layer: from `dNext`, that of what it made, adds to everything
 * else.
 *
 *     da += m (dW' ⊙ u + dstep ⊙ w),   du = m a ⊙ dW' + dv',   dw = m a ⊙ dstep, which joins du or
 * dg
 *     dg += du,   dλ −= du · W,   dμ += du · v,   dW += dW' − λ du,   dv += μ du
 *     dH_b = SHARE dg,   dκ_bi = −SHARE Σ_j dg_ij W_ij,   dW −= SHARE Σ_b κ_b ⊙ dg;   then the
 * rule's own adjoint
 */
export function plasticityAdjoint(
  system: System,
  layer: Layer,
  p: LayerParameters,
  W: Float64Array,
  v: Float64Array,
  locals: readonly Local[],
  dNext: Change,
  dW: Float64Array,
  dV: Float64Array,
  dLocals: readonly Local[],
  dP: LayerParameters,
): void {
  add(dW, dNext.W);
  if (!layer.plastic) return;
  const { g, u, scale, lambda, mu, share, rule } = update(system, layer, p, W, v, locals);
  const w = system.momentum ? u : g;
  if (dP.rate.length)
    W.forEach((_, ij) => {
      dP.rate[rateIndex(layer, p, ij)]! +=
        layer.multiplier * (dNext.W[ij]! * u[ij]! + dNext.step[ij]! * w[ij]!);
    });
  const dU = dNext.W.map((d, ij) => scale[ij]! * d);
  const dStep = dNext.step.map((d, ij) => scale[ij]! * d);
  if (system.momentum) {
    add(dU, dNext.v);
    add(dU, dStep);
    add(dV, dU, mu);
    dP.momentum[0]! += dot(dU, v);
  }
  if (system.weightDecay) {
    add(dW, dU, -lambda);
    dP.weightDecay[0]! -= dot(dU, W);
  }
  const dG = dU.slice();
  if (!system.momentum) add(dG, dStep);
  const dDrive = dG.map(d => share * d);
  locals.forEach((local, b) => {
    const decay = rule.decay(local, system);
    const dDecay = new Float64Array(layer.fanOut);
    dDrive.forEach((d, ij) => {
      const i = Math.floor(ij / layer.fanIn);
      dDecay[i]! -= d * W[ij]!;
      dW[ij]! -= d * decay[i]!;
    });
    rule.adjoint(local, system, dDrive, dDecay, dLocals[b]!);
  });
}

/**
 * Plasticity of the biases of one layer, p.b (n) and their v (n): those of synapses whose input is
 * always 1. Only plastic biases of plastic layers change.
 */
export function biasPlasticity(
  system: System,
  layer: Layer,
  p: LayerParameters,
  v: Float64Array,
  locals: readonly Local[],
): Change {
  const of = asColumn(layer, p, system.plasticBias);
  return plasticity(system, of.layer, of.p, p.b, v, ofBiases(locals, ONE));
}

/** Its adjoint: from those of b' and v' adds to dP.b, to dV and to the rest. */
export function biasPlasticityAdjoint(
  system: System,
  layer: Layer,
  p: LayerParameters,
  v: Float64Array,
  locals: readonly Local[],
  dNext: { readonly b: Float64Array; readonly v: Float64Array },
  dV: Float64Array,
  dLocals: readonly Local[],
  dP: LayerParameters,
): void {
  const of = asColumn(layer, p, system.plasticBias);
  plasticityAdjoint(
    system,
    of.layer,
    of.p,
    p.b,
    v,
    ofBiases(locals, ONE),
    { W: dNext.b, v: dNext.v, step: new Float64Array(p.b.length) },
    dP.b,
    dV,
    ofBiases(dLocals, new Float64Array(1)),
    asColumn(layer, dP, system.plasticBias).p,
  );
}

const ONE = Float64Array.of(1);

/** A layer whose weights (n, 1) are the biases, with their rates. */
const asColumn = (layer: Layer, p: LayerParameters, plasticBias: boolean) => ({
  layer: { ...layer, fanIn: 1, plastic: layer.plastic && plasticBias },
  p: { ...p, rate: p.biasRate, rateShape: p.biasRateShape },
});

/** What biases see: their neurons', and `pre` below; nothing goes back to that. */
const ofBiases = (locals: readonly Local[], pre: Float64Array): Local[] =>
  locals.map(local => ({ ...local, W: local.b, pre }));

/** g, u, and the scale m a that u is given. */
function update(
  system: System,
  layer: Layer,
  p: LayerParameters,
  W: Float64Array,
  v: Float64Array,
  locals: readonly Local[],
) {
  const { rule: chosen } = system;
  const rule = typeof chosen === 'string' ? rules[chosen] : referenceOf(chosen as HandwrittenRule);
  const share = shareOf(system, layer, locals.length);
  const g = new Float64Array(W.length);
  for (const local of locals) {
    const decay = rule.decay(local, system);
    add(
      g,
      rule.drive(local, system).map((h, ij) => h - decay[Math.floor(ij / layer.fanIn)]! * W[ij]!),
      share,
    );
  }
  const lambda = system.weightDecay ? p.weightDecay[0]! : 0;
  const mu = system.momentum ? p.momentum[0]! : 0;
  const u = g.map((gij, ij) => gij - lambda * W[ij]! + (system.momentum ? mu * v[ij]! : 0));
  const scale = W.map(
    (_, ij) => layer.multiplier * (p.rate.length ? p.rate[rateIndex(layer, p, ij)]! : 1),
  );
  return { rule, share, g, u, scale, lambda, mu };
}

/**
 * SHARE of one look in the update of a layer, of so many: that of its sample. Errors at the
 * positions of a convolution add up, as a gradient's parts do. A rule that reads none takes the
 * mean over positions.
 */
export function shareOf(system: System, { positions }: Layer, looks: number): number {
  const ofSample = shareOfSample(system, looks / positions);
  return ruleOf(system).from === 'error' ? ofSample : ofSample / positions;
}

/** SHARE of one sample of a batch: 1, or 1 / batch under `mean`. */
export function shareOfSample({ reduction }: System, batch: number): number {
  return reduction === 'mean' ? 1 / batch : 1;
}

/**
 * Where a_ij lies in a tensor of shape (n, m), (n, 1) or (1, 1): an axis of length 1 broadcasts.
 */
function rateIndex(
  { fanIn }: Layer,
  { rateShape: [rows, columns] }: LayerParameters,
  ij: number,
): number {
  return (rows === 1 ? 0 : Math.floor(ij / fanIn)) * columns + (columns === 1 ? 0 : ij % fanIn);
}
