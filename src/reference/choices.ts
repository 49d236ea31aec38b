import { greatest } from '../extremes.js';
import type { Choice } from '../systems/system.js';
import { dot } from './algebra.js';

/**
 * y = value(z), dy/dz = slope(y) and d slope/dy = curvature(y): expressed through the output, so z
 * need not be kept.
 */
export interface Activation {
  value(z: number): number;
  slope(y: number): number;
  curvature(y: number): number;
}

/** Sharpness of softplus: y = log(1 + exp(β z)) / β. */
const SOFTPLUS_BETA = 10;

export const activations = {
  relu: { value: z => Math.max(z, 0), slope: y => (y > 0 ? 1 : 0), curvature: () => 0 },
  // log(1 + exp(βz)) = max(βz, 0) + log(1 + exp(−|βz|)), which cannot overflow.
  softplus: {
    value: z => Math.max(z, 0) + Math.log1p(Math.exp(-SOFTPLUS_BETA * Math.abs(z))) / SOFTPLUS_BETA,
    slope: y => -Math.expm1(-SOFTPLUS_BETA * y),
    curvature: y => SOFTPLUS_BETA * Math.exp(-SOFTPLUS_BETA * y),
  },
  tanh: { value: Math.tanh, slope: y => 1 - y * y, curvature: y => -2 * y },
  sigmoid: {
    value: z => 1 / (1 + Math.exp(-z)),
    slope: y => y * (1 - y),
    curvature: y => 1 - 2 * y,
  },
  linear: { value: z => z, slope: () => 1, curvature: () => 0 },
} satisfies Record<Choice<'activation'>, Activation>;

/** φ in f = φ(B s + c). */
export const feedbackActivations = {
  relu: activations.relu,
  linear: activations.linear,
} satisfies Record<Choice<'feedbackActivation'>, Activation>;

/**
 * One entry of the signal s that is fed back, from the target y and the network's answer;
 * `answerSlope` is ds / d answer.
 */
export interface Signal {
  value(target: number, answer: number): number;
  readonly answerSlope: number;
}

export const signals = {
  error: { value: (y, answer) => y - answer, answerSlope: -1 },
  target: { value: y => y, answerSlope: 0 },
} satisfies Record<Choice<'signal'>, Signal>;

/** The loss of one sample from output and target (n_L); `gradient` is d value / d output. */
export interface Loss {
  value(output: Float64Array, target: Float64Array): number;
  gradient(output: Float64Array, target: Float64Array): Float64Array;
  /** What the network answers: its output, or the probabilities of classes. */
  answer(output: Float64Array): Float64Array;
  /** d output, from d answer. */
  answerAdjoint(answer: Float64Array, dAnswer: Float64Array): Float64Array;
  /**
   * 1 if the largest output is where the largest target is (of equals, the first), else 0; NaN if
   * the loss is not about classes.
   */
  correct(output: Float64Array, target: Float64Array): number;
}

export const losses = {
  'squared-error': {
    value: (out, y) => sum(out.map((o, i) => (o - y[i]!) ** 2)) / out.length,
    gradient: (out, y) => out.map((o, i) => (2 * (o - y[i]!)) / out.length),
    answer: out => out,
    answerAdjoint: (_, dAnswer) => dAnswer,
    correct: () => NaN,
  },
  // −Σ y log softmax(out) = Σ y (logsumexp(out) − out); its gradient is (Σ y) softmax(out) − y.
  'cross-entropy': {
    value: (out, y) => sum(y.map((yi, i) => yi * (logSumExp(out) - out[i]!))),
    gradient: (out, y) => softmax(out).map((a, i) => sum(y) * a - y[i]!),
    answer: softmax,
    answerAdjoint: (answer, dAnswer) =>
      answer.map((a, i) => a * (dAnswer[i]! - dot(answer, dAnswer))),
    correct: (out, y) => (largest(out) === largest(y) ? 1 : 0),
  },
} satisfies Record<Choice<'loss'>, Loss>;

function sum(a: Float64Array): number {
  return a.reduce((total, v) => total + v, 0);
}

function logSumExp(a: Float64Array): number {
  const top = greatest(a);
  return top + Math.log(sum(a.map(v => Math.exp(v - top))));
}

function softmax(a: Float64Array): Float64Array {
  const total = logSumExp(a);
  return a.map(v => Math.exp(v - total));
}

function largest(a: Float64Array): number {
  return a.indexOf(greatest(a));
}
