import { greatest } from '../extremes.js';
import type { Choice } from '../systems/system.js';
import { dot } from './algebra.js';

/**
 * y = value(z), dy/dz = slope(y) and d slope/dy = curvature(y): expressed through the output, so z
 * need not be kept. An input may lie beyond what the function gives: where a rule asks for the error
 * of the inputs, they have the slope that the formula gives.
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
  /** The error e_L that the output layer is told to have made, from answer and target. */
  error(answer: Float64Array, target: Float64Array): Float64Array;
  /** de_L / d answer, which is the same for every output. */
  errorSlope(target: Float64Array): number;
}

const squaredError = {
  value: (out, y) => sum(out.map((o, i) => (o - y[i]!) ** 2)) / out.length,
  gradient: (out, y) => out.map((o, i) => (2 * (o - y[i]!)) / out.length),
  answer: out => out,
  answerAdjoint: (_, dAnswer) => dAnswer,
  error: (out, y) => out.map((o, i) => o - y[i]!),
  errorSlope: () => 1,
} satisfies Loss;

const crossEntropyError = (answer: Float64Array, y: Float64Array) => {
  const weight = sum(y);
  return answer.map((a, i) => weight * a - y[i]!);
};

export const losses = {
  // e_L is the gradient of ½ ‖out − y‖².
  'squared-error': squaredError,
  // e_L is the gradient of the loss itself.
  'mean-squared-error': {
    ...squaredError,
    error: squaredError.gradient,
    errorSlope: y => 2 / y.length,
  },
  // −Σ y log softmax(out) = Σ y (logsumexp(out) − out); its gradient is (Σ y) softmax(out) − y, and
  // so is e_L, whatever y sums to.
  'cross-entropy': {
    value: (out, y) => sum(y.map((yi, i) => yi * (logSumExp(out) - out[i]!))),
    gradient: (out, y) => crossEntropyError(softmax(out), y),
    answer: softmax,
    answerAdjoint: (answer, dAnswer) =>
      answer.map((a, i) => a * (dAnswer[i]! - dot(answer, dAnswer))),
    error: crossEntropyError,
    errorSlope: sum,
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
