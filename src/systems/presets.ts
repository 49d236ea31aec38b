import type { Slotted } from './options.js';

/**
 * Shervani-Tabar & Rosenbaum 2023 (§2): nothing but the rule is inherited; W and B are drawn anew
 * for every lifetime.
 */
const drawn = {
  activation: 'softplus',
  loss: 'cross-entropy',
  bias: false,
  weights: 'drawn',
} as const satisfies Partial<Slotted>;
const pool = {
  ...drawn,
  rule: 'pool',
  feedback: 'chained',
  feedbackWeights: 'drawn',
} as const satisfies Partial<Slotted>;

/**
 * Pseudo-gradient descent at one learned rate, by errors that come down one way or another (§4).
 */
const descent = {
  ...drawn,
  rule: 'gradient',
  eta: 'network',
} as const satisfies Partial<Slotted>;

/** Kunin et al. 2020, Akrout et al. 2019 (§3, §4): B learns to be Wᵀ while W learns the task. */
const aligning = {
  ...descent,
  activation: 'sigmoid',
  reduction: 'mean',
  feedback: 'chained',
  feedbackWeights: 'drawn',
} as const satisfies Partial<Slotted>;

const maml = {
  rule: 'gradient',
  feedback: 'backprop',
  activation: 'relu',
} as const satisfies Partial<Slotted>;

/** The published systems, as choices over the slots (docs/papers.md). */
export const SYSTEM_PRESETS = {
  flp: {},
  pool,
  bioplausible: { ...pool, terms: [0, 2, 9] },
  ehebb: { ...pool, terms: [0, 2] },
  'oja-pool': { ...pool, terms: [0, 9] },
  'feedback-alignment': { ...descent, feedback: 'chained', feedbackWeights: 'drawn' },
  'direct-feedback-alignment': { ...descent, feedback: 'direct', feedbackWeights: 'drawn' },
  usf: { ...descent, feedback: 'sign-symmetric', feedbackWeights: 'constant' },
  brsf: { ...descent, feedback: 'sign-symmetric', feedbackWeights: 'drawn-every-step' },
  frsf: { ...descent, feedback: 'sign-symmetric', feedbackWeights: 'drawn' },
  backprop: { ...descent, feedback: 'backprop' },
  'weight-mirror': { ...aligning, feedbackRule: 'weight-mirror' },
  'information-alignment': { ...aligning, feedbackRule: 'information-alignment' },
  'symmetric-alignment': { ...aligning, feedbackRule: 'symmetric-alignment' },
  'activation-alignment': { ...aligning, feedbackRule: 'activation-alignment' },
  'kolen-pollack': { ...aligning, feedbackRule: 'kolen-pollack' },
  maml,
  'first-order-maml': { ...maml, firstOrder: true },
} as const satisfies Record<string, Partial<Slotted>>;

export type Preset = keyof typeof SYSTEM_PRESETS;
