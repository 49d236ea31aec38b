import type { Initial, SystemSpec } from 'metaplastic';

/** A way to tell neurons what to do, and to change synapses by it. */
export interface Way {
  readonly name: string;
  /** What it does, in a sentence. */
  readonly about: string;
  readonly system: Omit<SystemSpec, 'sizes'>;
  /**
   * Learning rate: of three, 0.1, 0.3 and 1 (pool: 0.03, 0.1 and 0.3), the best by the mean of the
   * accuracies after 480 and 960 drawings.
   */
  readonly rate: number;
  /** What the other coefficients are at a learning rate. */
  readonly initial?: (rate: number) => Initial;
}

/** What all ways share, so that nothing but the way differs. */
const ALIKE = {
  activation: 'tanh',
  loss: 'cross-entropy',
  bias: false,
  reduction: 'mean',
  weights: 'inherited',
} as const satisfies Partial<SystemSpec>;
const DRAWN = { ...ALIKE, feedbackWeights: 'inherited' } as const satisfies Partial<SystemSpec>;

/** Part by which a step brings Kolen and Pollack's W and Bᵀ together. */
const DECAY = 0.01;

/** Of E[x xᵀ] of the mirror's noise, U(−1, 1): 1/3. With k₂ three times k₁, B tends to Wᵀ. */
const MIRRORED = 3;

export const WAYS = {
  backprop: {
    name: 'Backprop',
    rate: 0.3,
    system: { ...ALIKE, preset: 'backprop' },
    about:
      'The error comes down by the very weights that the activity went up by: the true gradient, for which no synapse has the means.',
  },
  'feedback-alignment': {
    name: 'Feedback alignment',
    rate: 0.3,
    system: { ...DRAWN, preset: 'feedback-alignment' },
    about:
      'The error comes down, layer by layer, by random weights that never change. The forward weights learn to agree with them.',
  },
  'direct-feedback-alignment': {
    name: 'Direct feedback alignment',
    rate: 0.3,
    system: { ...DRAWN, preset: 'direct-feedback-alignment' },
    about: 'Every layer hears the output’s error directly, by random weights that never change.',
  },
  usf: {
    name: 'Sign-symmetric feedback',
    rate: 0.3,
    system: { ...ALIKE, preset: 'usf' },
    about: 'The feedback weights know only the sign of the forward weights.',
  },
  'weight-mirror': {
    name: 'Weight mirror',
    rate: 0.3,
    system: { ...DRAWN, preset: 'weight-mirror', mirror: 'noise' },
    initial: () => ({ k: [1, MIRRORED], etaB: 0.03 }),
    about:
      'Between lessons each layer is sent noise, and the feedback weights learn from the echo what the forward weights are.',
  },
  'kolen-pollack': {
    name: 'Kolen–Pollack',
    rate: 0.3,
    system: { ...DRAWN, preset: 'kolen-pollack' },
    initial: rate => ({ weightDecay: DECAY / rate, k: [1], etaB: DECAY }),
    about:
      'Forward and feedback weights change by the same updates and shrink alike, until they are the same.',
  },
  'symmetric-alignment': {
    name: 'Symmetric alignment',
    rate: 0.3,
    system: { ...DRAWN, preset: 'symmetric-alignment' },
    initial: () => ({ k: [1, 1], etaB: 0.03 }),
    about: 'The feedback weights are drawn towards the forward weights outright.',
  },
  bioplausible: {
    name: 'Plasticity pool',
    rate: 0.3,
    system: { ...DRAWN, preset: 'bioplausible' },
    initial: rate => ({ theta: [rate, -3.1 * rate, 0.42 * rate] }),
    about:
      'Feedback alignment with two more local terms, a Hebbian one and Oja’s, which meta-learning found to be worth having.',
  },
} as const satisfies Record<string, Way>;

export type WayName = keyof typeof WAYS;
