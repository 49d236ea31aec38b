import type { Adjoint } from '../../src/gpu/options.js';
import {
  ERROR_PATHS,
  FEEDBACK_RULES,
  GRANULARITIES,
  type Granularity,
  type LayerSpec,
  ORIGINS,
  SLOTS,
  type SystemSpec,
} from '../../src/systems/system.js';
import { defineRule } from '../../src/rules/define.js';
import type { RuleSpec, WrittenRule } from '../../src/rules/rule.js';
import { everyPair } from './pairs.js';

/**
 * What systems of each kind may be made of, for `everyPair`. A choice that only makes sense with
 * others is a part of a system with these.
 */
export type Parts = Readonly<Record<string, readonly Partial<SystemSpec>[]>>;

/** An axis of parts that each make one choice. */
export const each = <const K extends string, const V>(key: K, choices: readonly V[]) =>
  choices.map(choice => ({ [key]: choice }) as Record<K, V>);

const common = {
  activation: each('activation', SLOTS.activation),
  loss: each('loss', SLOTS.loss),
  multiplier: each('multiplier', [1, [2, 0.5, -1]]),
} satisfies Parts;

/** Systems that are told what to be: feedback and local plasticity. */
export const TOLD: Parts = {
  ...common,
  rule: each('rule', ['oja', 'hebb']),
  signal: each('signal', SLOTS.signal),
  feedbackActivation: each('feedbackActivation', SLOTS.feedbackActivation),
  alpha: each('alpha', GRANULARITIES),
  feedbackTo: each('feedbackTo', ['all', 'output']),
  reduction: each('reduction', ['sum', 'mean']),
  firstOrder: each('firstOrder', [false, true]),
};

/** Systems that are told their error, by every path, with B from everywhere. */
export const PATHS: Parts = {
  ...common,
  bias: each('bias', [true, false]),
  reduction: each('reduction', ['sum', 'mean']),
  weights: each('weights', ORIGINS.weights),
  noise: each('noise', [0, 0.01]),
  firstOrder: each('firstOrder', [false, true]),
  learning: [
    ...GRANULARITIES.map(eta => ({ rule: 'gradient', eta }) as const),
    { rule: 'gradient', weightDecay: true },
    { rule: 'gradient', momentum: true, weightDecay: true },
    { rule: 'pool' },
    { rule: 'pool', theta: 'layer' },
    { rule: 'pool', terms: [0] },
    { rule: 'pool', terms: [0, 2, 9] },
    { rule: 'pool', terms: [3, 4, 5] },
    { rule: 'pool', terms: [6, 8], theta: 'layer' },
  ],
  feedback: each('feedback', ERROR_PATHS),
  feedbackWeights: each('feedbackWeights', ORIGINS.feedbackWeights),
};

/** Systems whose feedback weights learn. */
export const ALIGNING: Parts = {
  ...common,
  reduction: each('reduction', ['mean', 'sum']),
  feedbackWeights: each('feedbackWeights', ['inherited', 'drawn']),
  weights: each('weights', ORIGINS.weights),
  mirror: each('mirror', ['activity', 'noise']),
  alignEvery: each('alignEvery', [1, 2]),
  noise: each('noise', [0, 0.01]),
  bias: each('bias', [true, false]),
  eta: each('eta', ['network', 'synapse']),
  descent: [{}, { weightDecay: true }, { momentum: true }, { weightDecay: true, momentum: true }],
  alignment: [
    ...(Object.keys(FEEDBACK_RULES) as (keyof typeof FEEDBACK_RULES)[])
      .filter(r => r !== 'fixed')
      .map(feedbackRule => ({ rule: 'gradient', feedback: 'chained', feedbackRule }) as const),
    {
      rule: 'gradient',
      feedback: 'chained',
      feedbackRule: 'kolen-pollack',
      primitives: ['decay', 'amp', 'null', 'sparse', 'self'],
    },
    { rule: 'gradient', feedback: 'chained', feedbackRule: 'weight-mirror', primitives: ['null'] },
  ],
};

/** A rule as text, of coefficients that begin in these ranges. */
const text = (
  dw: string,
  coefficients: Readonly<Record<string, readonly [Granularity, number, number]>>,
  states: Pick<RuleSpec, 'synapse' | 'neuron'> = {},
): RuleSpec => ({
  dw,
  ...states,
  coefficients: Object.fromEntries(
    Object.entries(coefficients).map(([name, [per, from, to]]) => [
      name,
      { per, start: { uniform: [from, to] } },
    ]),
  ),
});

const sliding = { theta: { d: 'k * (x^2 - theta)', start: 0.5 } };
const mean = { m: { d: 'k * (x - m)' } };

/** Systems whose rule is written as text: products, and equations with and without states. */
export const WRITTEN: Parts = {
  activation: each('activation', ['tanh', 'relu', 'sigmoid']),
  loss: each('loss', SLOTS.loss),
  multiplier: each('multiplier', [1, [2, 0.5, -1]]),
  reduction: each('reduction', ['sum', 'mean']),
  noise: each('noise', [0, 0.01]),
  bias: each('bias', [true, false]),
  firstOrder: each('firstOrder', [false, true]),
  weights: each('weights', ORIGINS.weights),
  rule: [
    { rule: text('alpha * (post * pre - post^2 * w)', { alpha: ['synapse', -0.02, 0.05] }) },
    {
      rule: text('-2 * eta * (e * pre + 0.1 * w * tanh(x))', { eta: ['neuron', 0.01, 0.04] }),
      feedback: 'backprop',
    },
    {
      rule: text('eta * (A * pre * x + B * pre + C * x + D)', {
        A: ['synapse', -0.2, 0.2],
        B: ['synapse', -0.2, 0.2],
        C: ['synapse', -0.2, 0.2],
        D: ['synapse', -0.1, 0.1],
        eta: ['layer', 0.05, 0.1],
      }),
    },
    {
      rule: text(
        'eta * pre * x * (x - theta)',
        { eta: ['layer', 0.02, 0.1], k: ['network', 0.1, 0.3] },
        { neuron: sliding },
      ),
    },
    {
      rule: text(
        'eta * (x - m) * (pre - m_pre) - c * w',
        { eta: ['neuron', -0.05, 0.1], k: ['network', 0.1, 0.3], c: ['layer', 0.01, 0.05] },
        { neuron: mean },
      ),
    },
    {
      rule: text(
        'a * h - 0.1 * eta * g',
        { a: ['synapse', -0.2, 0.2], eta: ['network', 0.1, 0.3] },
        {
          synapse: {
            h: { d: 'eta * (pre * x - h)', start: 0.1 },
            g: { d: 'eta * tanh(w + h) * sigmoid(x) - 0.1 * g' },
          },
        },
      ),
    },
    {
      rule: text(
        '-eta * h',
        { eta: ['layer', 0.01, 0.04], decay: ['network', 0.3, 0.6] },
        { synapse: { h: { d: 'e * pre - decay * h' } } },
      ),
      feedback: 'direct',
      feedbackWeights: 'drawn',
    },
    {
      rule: text(
        '-eta * tanh(gain * e) * pre / (1 + abs(w)) + drift * exp(-w^2) * softplus(e_pre)',
        {
          eta: ['layer', 0.02, 0.05],
          gain: ['neuron', 0.5, 2],
          drift: ['network', -0.02, 0.02],
        },
      ),
      feedback: 'sign-symmetric',
    },
    {
      rule: text(
        'alpha * r * (post * pre - post^2 * w) / (1 + max(s, 0))',
        { alpha: ['synapse', 0.01, 0.06], k: ['network', 0.1, 0.3], wear: ['layer', 0.05, 0.2] },
        {
          synapse: { r: { d: '-wear * r * abs(pre * post)', start: 1 } },
          neuron: { s: { d: 'k * (x^2 - s)', start: 0.1 } },
        },
      ),
    },
  ],
};

/** What a row of parts says in all. */
const together = <T extends object>(row: Readonly<Record<string, object>>): T =>
  Object.assign({}, ...Object.values(row)) as T;

/** Does a rule read what only a neuron below has? A convolution that pools has none for it. */
const readsNeighbours = ({ neuron, reads }: WrittenRule) =>
  neuron.length > 0 || reads.includes('e_pre');
const isPooled = (layer: LayerSpec) => 'conv' in layer && layer.conv.pool !== undefined;

/**
 * Can parts be together that say this? An encoder is not drawn, momentum and most equations are not
 * undone, backprop has no feedback weights.
 */
function goTogether({
  frozen,
  weights,
  momentum,
  adjoint,
  rule,
  feedback,
  feedbackWeights = 'inherited',
  layers = [],
}: Partial<SystemSpec & { adjoint: Adjoint }>): boolean {
  const written = typeof rule === 'object' ? defineRule(rule as RuleSpec) : undefined;
  return (
    !(weights === 'drawn' && frozen?.includes(1)) &&
    !(momentum && adjoint === 'reverse') &&
    !(written && adjoint === 'reverse' && !written.undoable) &&
    !(written && readsNeighbours(written) && layers.some(isPooled)) &&
    !(feedback === 'backprop' && feedbackWeights !== 'inherited')
  );
}

/**
 * What each row says in which parts of these axes meet, so that every two that can be together are
 * in some row.
 */
export const rowsOf = <T extends object>(axes: Readonly<Record<string, readonly object[]>>): T[] =>
  everyPair(axes, pair => goTogether(together(pair as Record<string, object>))).map(row =>
    together<T>(row),
  );
