import type { Granularity } from '../rules/rule.js';

export { GRANULARITIES, type Granularity } from '../rules/rule.js';

/** How an error comes down (docs/papers.md §2.1, §4). */
export const ERROR_PATHS = ['chained', 'direct', 'sign-symmetric', 'backprop'] as const;
export type ErrorPathName = (typeof ERROR_PATHS)[number];

/**
 * The slots of a learning system and the choices each has. A choice is a WGSL module and a
 * reference function of the same name. Feedback `none` is for rules that read neither what a neuron
 * is told to be nor an error: then no B exists.
 */
export const SLOTS = {
  activation: ['relu', 'softplus', 'tanh', 'sigmoid', 'linear'],
  feedback: ['direct-rectified', ...ERROR_PATHS, 'none'],
  signal: ['error', 'target'],
  feedbackActivation: ['relu', 'linear'],
  rule: ['oja', 'hebb', 'gradient', 'pool'],
  feedbackRule: [
    'fixed',
    'weight-mirror',
    'information-alignment',
    'symmetric-alignment',
    'activation-alignment',
    'kolen-pollack',
  ],
  loss: ['squared-error', 'mean-squared-error', 'cross-entropy'],
} as const;

/** The name of a slot: of a place of a system that is filled by a choice. */
export type Slot = keyof typeof SLOTS;
/** The names that a slot may be filled with. */
export type Choice<S extends Slot> = (typeof SLOTS)[S][number];

/**
 * What a rule works from: what the neuron is told to be (`post`), the error that it is told
 * (`error`), or neither (`nothing`, of written rules); its learned coefficient: plasticity α,
 * learning rate η, or coefficients θ of the pool's terms, while a written rule declares its own; and
 * the coefficient's resolution and the feedback that it has unless told otherwise.
 */
export interface RuleFacts {
  readonly from: 'post' | 'error' | 'nothing';
  readonly coefficient?: 'alpha' | 'eta' | 'theta';
  readonly granularity: Granularity;
  readonly feedback: Choice<'feedback'>;
}

/** The built-in rules. */
export const RULES = {
  oja: {
    from: 'post',
    coefficient: 'alpha',
    granularity: 'synapse',
    feedback: 'direct-rectified',
  },
  hebb: {
    from: 'post',
    coefficient: 'alpha',
    granularity: 'synapse',
    feedback: 'direct-rectified',
  },
  gradient: { from: 'error', coefficient: 'eta', granularity: 'layer', feedback: 'backprop' },
  pool: { from: 'error', coefficient: 'theta', granularity: 'network', feedback: 'chained' },
} as const satisfies Record<Choice<'rule'>, RuleFacts>;

/**
 * Primitives that the feedback rules are sums of (Kunin et al. 2020, Table 1), in the order of k.
 */
export const PRIMITIVES = ['decay', 'amp', 'null', 'sparse', 'self'] as const;
export type Primitive = (typeof PRIMITIVES)[number];

/**
 * The primitives of each feedback rule; Kolen-Pollack's also adds the transpose of the task update.
 */
export const FEEDBACK_RULES = {
  fixed: [],
  'weight-mirror': ['decay', 'amp'],
  'information-alignment': ['decay', 'amp', 'null'],
  'symmetric-alignment': ['decay', 'self'],
  'activation-alignment': ['amp', 'sparse'],
  'kolen-pollack': ['decay'],
} as const satisfies Record<Choice<'feedbackRule'>, readonly Primitive[]>;

/**
 * Where W and B come from: inherited, so meta-learned; or drawn anew for every lifetime, B also for
 * every inner step, or B_ij all √(2 / (fan-in + fan-out)).
 */
export const ORIGINS = {
  weights: ['inherited', 'drawn'],
  feedbackWeights: ['inherited', 'drawn', 'drawn-every-step', 'constant'],
} as const;
