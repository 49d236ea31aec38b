import type { Adjoint } from '../../src/gpu/options.js';
import {
  ERROR_PATHS,
  FEEDBACK_RULES,
  GRANULARITIES,
  ORIGINS,
  SLOTS,
  type SystemSpec,
} from '../../src/systems/system.js';
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

/** What a row of parts says in all. */
const together = <T extends object>(row: Readonly<Record<string, object>>): T =>
  Object.assign({}, ...Object.values(row)) as T;

/**
 * Can parts be together that say this? An encoder is not drawn, momentum is not undone, backprop
 * has no feedback weights.
 */
function goTogether({
  frozen,
  weights,
  momentum,
  adjoint,
  feedback,
  feedbackWeights = 'inherited',
}: Partial<SystemSpec & { adjoint: Adjoint }>): boolean {
  return (
    !(weights === 'drawn' && frozen?.includes(1)) &&
    !(momentum && adjoint === 'reverse') &&
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
