import type { RunConfigInput } from './config.js';

/**
 * FLP on one sinusoid a lifetime: small enough to meta-train in about a minute on two CPU cores. A tight clip of each task's gradient keeps the
 * lifetimes that nearly explode from deciding the mean, so that the rates can be high.
 */
const flpSine: RunConfigInput = {
  name: 'flp-sine',
  task: { kind: 'sine', steps: 20, batch: 1, queries: 10 },
  system: { sizes: [1, 32, 32, 1], activation: 'relu', rule: 'oja', loss: 'squared-error', alpha: 'synapse' },
  initial: { feedback: 'normal', alpha: 0, beta: 0.5 },
  meta: {
    tasks: 32, steps: 1300, rates: { W: 4e-3, B: 4e-3, alpha: 1e-3, beta: 4e-3 },
    decay: { kind: 'cosine', floor: 0.05 }, clipPerTask: 5, adjoint: 'store',
  },
  evaluation: { tasks: 500, at: [0, 1, 5, 10, 20] },
};

/** Ten sinusoids one after another in one lifetime, with the sizes and rates of paper 1 (`papers.md` §1.2). Hours of work for a CPU. */
const flpSineSequence: RunConfigInput = {
  name: 'flp-sine-sequence',
  task: { kind: 'sine-sequence', functions: 10, slots: 10, stepsPerFunction: 40, batch: 32, queriesPerFunction: 32, pool: 400, order: 'continual' },
  system: { sizes: [11, 300, 300, 300, 300, 300, 900, 300, 300, 1], activation: 'relu', rule: 'oja', loss: 'squared-error', alpha: 'synapse' },
  initial: { feedback: 'kaiming', alpha: 0, beta: 0.5 },
  meta: {
    tasks: 1, steps: 20_000, rates: { W: 1e-4, B: 1e-4, alpha: 1e-8, beta: 1e-4 },
    decay: { kind: 'step', at: [1500, 2500, 3500], factor: 0.3 }, adjoint: 'checkpoint',
  },
  budget: { memory: 2 ** 30 },
  evaluation: { tasks: 50, at: [0, 40, 80, 120, 160, 200, 240, 280, 320, 360, 400] },
};

/** Characters of unseen alphabets, one image after another, in random order. Needs `--data` with the two small Omniglot archives. */
const flpOmniglot = {
  name: 'flp-omniglot',
  task: {
    kind: 'few-shot',
    source: { format: 'omniglot', train: 'images_background_small1.zip', test: 'images_background_small2.zip', rotations: true },
    ways: 5, shots: 5, queriesPerClass: 5, batch: 1, order: 'iid',
  },
  system: { sizes: [784, 256, 128, 5], activation: 'relu', rule: 'oja', loss: 'cross-entropy', alpha: 'synapse', frozen: [1] },
  initial: { feedback: 'kaiming', alpha: 1e-3, beta: 0.5 },
  meta: {
    tasks: 16, steps: 1200, rates: { W: 1e-3, B: 1e-3, alpha: 3e-4, beta: 1e-3 },
    decay: { kind: 'cosine', floor: 0.1 }, clipPerTask: 10, adjoint: 'store',
  },
  evaluation: { tasks: 200, at: [0, 5, 10, 25] },
} satisfies RunConfigInput;

/** The same characters class by class: what came first must survive what comes later. */
const flpOmniglotContinual: RunConfigInput = {
  ...flpOmniglot, name: 'flp-omniglot-continual', task: { ...flpOmniglot.task, order: 'continual' },
};

/** Configurations that can be named instead of written. */
export const PRESETS: Readonly<Record<string, RunConfigInput>> = Object.fromEntries(
  [flpSine, flpSineSequence, flpOmniglot, flpOmniglotContinual].map(preset => [preset.name, preset]));
