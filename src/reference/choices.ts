import type { Choice } from '../systems/system.js';

/** y = value(z), and dy/dz = slope(y): the slope is expressed through the output, so z need not be kept. */
export interface Activation {
  value(z: number): number;
  slope(y: number): number;
}

/** Sharpness of softplus: y = log(1 + exp(β z)) / β. */
const SOFTPLUS_BETA = 10;

export const activations = {
  relu: { value: z => Math.max(z, 0), slope: y => (y > 0 ? 1 : 0) },
  // log(1 + exp(βz)) = max(βz, 0) + log(1 + exp(−|βz|)), which cannot overflow.
  softplus: {
    value: z => Math.max(z, 0) + Math.log1p(Math.exp(-SOFTPLUS_BETA * Math.abs(z))) / SOFTPLUS_BETA,
    slope: y => -Math.expm1(-SOFTPLUS_BETA * y),
  },
  tanh: { value: Math.tanh, slope: y => 1 - y * y },
  sigmoid: { value: z => 1 / (1 + Math.exp(-z)), slope: y => y * (1 - y) },
  linear: { value: z => z, slope: () => 1 },
} satisfies Record<Choice<'activation'>, Activation>;

/** φ in f = φ(B s + c). */
export const feedbackActivations = {
  relu: activations.relu,
  linear: activations.linear,
} satisfies Record<Choice<'feedbackActivation'>, Activation>;

/** One entry of the signal s that is fed back, from the target y and the output x_L; `outputSlope` is ds/dx_L. */
export interface Signal {
  value(target: number, output: number): number;
  readonly outputSlope: number;
}

export const signals = {
  error: { value: (y, xL) => y - xL, outputSlope: -1 },
  target: { value: y => y, outputSlope: 0 },
} satisfies Record<Choice<'signal'>, Signal>;

/** The decay of a rule: how much of W_ij a synapse loses for its post-synaptic activity; `decaySlope` is d decay / d post. */
export interface Rule {
  decay(post: number): number;
  decaySlope(post: number): number;
}

export const rules = {
  oja: { decay: post => post * post, decaySlope: post => 2 * post },
  hebb: { decay: () => 0, decaySlope: () => 0 },
} satisfies Record<Choice<'rule'>, Rule>;

/** The loss of one sample from output and target (n_L); `gradient` is d value / d output. */
export interface Loss {
  value(output: Float64Array, target: Float64Array): number;
  gradient(output: Float64Array, target: Float64Array): Float64Array;
  /** 1 if the largest output is where the largest target is (of equals, the first), else 0; NaN if the loss is not about classes. */
  correct(output: Float64Array, target: Float64Array): number;
}

export const losses = {
  'squared-error': {
    value: (out, y) => sum(out.map((o, i) => (o - y[i]!) ** 2)) / out.length,
    gradient: (out, y) => out.map((o, i) => (2 * (o - y[i]!)) / out.length),
    correct: () => NaN,
  },
  // −Σ y log softmax(out) = Σ y (logsumexp(out) − out); its gradient is (Σ y) softmax(out) − y.
  'cross-entropy': {
    value: (out, y) => sum(y.map((yi, i) => yi * (logSumExp(out) - out[i]!))),
    gradient: (out, y) => out.map((o, i) => sum(y) * Math.exp(o - logSumExp(out)) - y[i]!),
    correct: (out, y) => (largest(out) === largest(y) ? 1 : 0),
  },
} satisfies Record<Choice<'loss'>, Loss>;

function sum(a: Float64Array): number {
  return a.reduce((total, v) => total + v, 0);
}

function logSumExp(a: Float64Array): number {
  const top = Math.max(...a);
  return top + Math.log(sum(a.map(v => Math.exp(v - top))));
}

function largest(a: Float64Array): number {
  return a.indexOf(Math.max(...a));
}
