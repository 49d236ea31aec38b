import {
  Learner,
  readSafetensors,
  type AdamOptions,
  type Gpu,
  type Initial,
  type LearnerOptions,
  type SystemSpec,
} from 'metaplastic';
import { SIDE } from 'metaplastic/symbols';

/** Symbols that a network can be taught: its outputs. */
export const WAYS = 5;

/**
 * Input, a layer that stays as it was born (the encoder), a plastic layer and the plastic outputs.
 */
const SIZES = [SIDE * SIDE, 96, 64, WAYS];

interface Training {
  readonly system: SystemSpec;
  readonly initial: Initial;
  readonly rates: AdamOptions['rates'];
  readonly steps: number;
  /**
   * Also asked early in a life, after one drawing of each symbol and after two, and taught in
   * rounds as well.
   */
  readonly early: boolean;
}

/**
 * The networks that meta-training makes, and how: the rates of the presets flp-omniglot and
 * maml-omniglot, doubled. Asked only at the end, and for longer, plasticity came out better
 * everywhere; gradient descent then knows little after one drawing of each symbol (40 % instead of
 * 88 %), so that it is also asked early.
 */
export const TRAINED = {
  plasticity: {
    system: {
      sizes: SIZES,
      activation: 'relu',
      rule: 'oja',
      loss: 'cross-entropy',
      alpha: 'synapse',
      frozen: [1],
    },
    initial: { feedback: 'kaiming', alpha: 1e-3, beta: 0.5 },
    rates: { W: 2e-3, B: 2e-3, alpha: 6e-4, beta: 2e-3 },
    steps: 1400,
    early: false,
  },
  maml: {
    system: { preset: 'maml', sizes: SIZES, loss: 'cross-entropy', eta: 'synapse', frozen: [1] },
    initial: { eta: 0.01 },
    rates: { W: 2e-3, eta: 1e-3 },
    steps: 900,
    early: true,
  },
} as const satisfies Record<string, Training>;

export type Trained = keyof typeof TRAINED;

/**
 * Rate of plain gradient descent: of 0.01, 0.02, 0.05, 0.1 and 0.2 the best on symbols that
 * meta-training never saw, shuffled.
 */
const PLAIN_RATE = 0.05;

/**
 * Who learns a lesson. `plain` is gradient descent at one rate from random weights, behind the
 * encoder that plasticity has.
 */
export type Learners = Readonly<Record<Trained | 'plain', Learner>>;
type Episode = LearnerOptions['episode'];

/** The learners, born of the files that `record.ts` wrote. */
export async function makeLearners(
  gpu: Gpu,
  files: Readonly<Record<Trained, Uint8Array>>,
  episode: Episode,
): Promise<Learners> {
  const made: Learner[] = [];
  const keep = async (making: Promise<Learner>) => {
    const learner = await making;
    made.push(learner);
    return learner;
  };
  try {
    const plasticity = await keep(born(gpu, 'plasticity', files.plasticity, episode));
    const maml = await keep(born(gpu, 'maml', files.maml, episode));
    const plain = await keep(plainLearner(gpu, plasticity, episode));
    return { plasticity, maml, plain };
  } catch (error) {
    for (const learner of made) learner.destroy();
    throw error;
  }
}

async function born(gpu: Gpu, name: Trained, file: Uint8Array, episode: Episode): Promise<Learner> {
  const { tensors } = readSafetensors(file, `${name}.safetensors`);
  const learner = await Learner.create(gpu, { system: TRAINED[name].system, episode, tasks: 1 });
  learner.write(Object.fromEntries(tensors.map(tensor => [tensor.name, tensor])));
  return learner;
}

export async function plainLearner(
  gpu: Gpu,
  plasticity: Learner,
  episode: Episode,
  rate = PLAIN_RATE,
): Promise<Learner> {
  const encoder = { W1: await plasticity.read('W1'), b1: await plasticity.read('b1') };
  const learner = await Learner.create(gpu, {
    system: { preset: 'maml', sizes: SIZES, loss: 'cross-entropy', eta: 'network', frozen: [1] },
    initial: { eta: rate },
    episode,
    tasks: 1,
  });
  learner.write(encoder);
  return learner;
}
