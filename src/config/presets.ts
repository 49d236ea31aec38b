import type { Preset } from '../systems/presets.js';
import type { RunConfigInput } from './config.js';

/**
 * FLP on one sinusoid a lifetime: small enough to meta-train in about a minute on two CPU cores. A
 * tight clip of each task's gradient keeps the lifetimes that nearly explode from deciding the
 * mean, so that the rates can be high.
 */
const flpSine = {
  name: 'flp-sine',
  task: { kind: 'sine', steps: 20, batch: 1, queries: 10 },
  system: {
    sizes: [1, 32, 32, 1],
    activation: 'relu',
    rule: 'oja',
    loss: 'squared-error',
    alpha: 'synapse',
  },
  initial: { feedback: 'normal', alpha: 0, beta: 0.5 },
  meta: {
    tasks: 32,
    steps: 1300,
    rates: { W: 4e-3, B: 4e-3, alpha: 1e-3, beta: 4e-3 },
    decay: { kind: 'cosine', floor: 0.05 },
    clipPerTask: 5,
    adjoint: 'store',
  },
  evaluation: { tasks: 500, at: [0, 1, 5, 10, 20] },
} satisfies RunConfigInput;

/**
 * Ten sinusoids one after another in one lifetime, with the sizes and rates of paper 1
 * (`docs/papers.md` §1.2). Hours of work for a CPU.
 */
const flpSineSequence: RunConfigInput = {
  name: 'flp-sine-sequence',
  task: {
    kind: 'sine-sequence',
    functions: 10,
    slots: 10,
    stepsPerFunction: 40,
    batch: 32,
    queriesPerFunction: 32,
    pool: 400,
    order: 'continual',
  },
  system: {
    sizes: [11, 300, 300, 300, 300, 300, 900, 300, 300, 1],
    activation: 'relu',
    rule: 'oja',
    loss: 'squared-error',
    alpha: 'synapse',
  },
  initial: { feedback: 'kaiming', alpha: 0, beta: 0.5 },
  meta: {
    tasks: 1,
    steps: 20_000,
    rates: { W: 1e-4, B: 1e-4, alpha: 1e-8, beta: 1e-4 },
    decay: { kind: 'step', at: [1500, 2500, 3500], factor: 0.3 },
    adjoint: 'checkpoint',
  },
  budget: { memory: 2 ** 30 },
  evaluation: { tasks: 50, at: [0, 40, 80, 120, 160, 200, 240, 280, 320, 360, 400] },
};

/**
 * Characters of unseen alphabets, one image after another, in random order. Needs `--data` with the
 * two small Omniglot archives.
 */
const flpOmniglot = {
  name: 'flp-omniglot',
  task: {
    kind: 'few-shot',
    source: {
      format: 'omniglot',
      train: 'images_background_small1.zip',
      test: 'images_background_small2.zip',
      rotations: true,
    },
    ways: 5,
    shots: 5,
    queriesPerClass: 5,
    batch: 1,
    order: 'iid',
  },
  system: {
    sizes: [784, 256, 128, 5],
    activation: 'relu',
    rule: 'oja',
    loss: 'cross-entropy',
    alpha: 'synapse',
    frozen: [1],
  },
  initial: { feedback: 'kaiming', alpha: 1e-3, beta: 0.5 },
  meta: {
    tasks: 16,
    steps: 1200,
    rates: { W: 1e-3, B: 1e-3, alpha: 3e-4, beta: 1e-3 },
    decay: { kind: 'cosine', floor: 0.1 },
    clipPerTask: 10,
    adjoint: 'store',
  },
  evaluation: { tasks: 200, at: [0, 5, 10, 25] },
} satisfies RunConfigInput;

/** Five made-up symbols, which need no download, one drawing after another. */
const flpSymbols = {
  name: 'flp-symbols',
  task: {
    kind: 'few-shot',
    source: { format: 'symbols' },
    ways: 5,
    shots: 3,
    queriesPerClass: 3,
  },
  system: { sizes: [196, 64, 5], loss: 'cross-entropy' },
  initial: { feedback: 'kaiming', alpha: 1e-3 },
  meta: {
    tasks: 16,
    steps: 400,
    rates: { W: 2e-3, B: 2e-3, alpha: 5e-4, beta: 2e-3 },
    decay: { kind: 'cosine', floor: 0.1 },
    clipPerTask: 10,
  },
  evaluation: { tasks: 100, at: [0, 5, 10, 15] },
} satisfies RunConfigInput;

/** The same characters class by class: what came first must survive what comes later. */
const flpOmniglotContinual: RunConfigInput = {
  ...flpOmniglot,
  name: 'flp-omniglot-continual',
  task: { ...flpOmniglot.task, order: 'continual' },
};

const lookingOn = { conv: { channels: 32, kernel: 3, stride: 2 } } as const;

/**
 * The same characters class by class behind a convolutional encoder, as the paper has one, of a
 * size that two CPU cores train: 28 × 28 → 13 × 13 → 6 × 6 → 2 × 2, 32 channels.
 */
const flpOmniglotConv = {
  ...flpOmniglotContinual,
  name: 'flp-omniglot-conv',
  system: {
    image: [1, 28, 28],
    layers: [lookingOn, lookingOn, lookingOn, { dense: 128 }, { dense: 5 }],
    activation: 'relu',
    rule: 'oja',
    loss: 'cross-entropy',
    alpha: 'synapse',
    frozen: [1, 2, 3],
  },
  meta: { ...flpOmniglot.meta, steps: 2000, adjoint: 'reverse' },
} satisfies RunConfigInput;

/** The encoder of paper 1 and of OML: 84 → 41, 39, 19, 17, 8, 3, by so many channels. */
const published = (channels: number) =>
  [2, 1, 2, 1, 2, 2].map(stride => ({ conv: { channels, kernel: 3, stride } }));

/**
 * Class by class as paper 1 has it (`docs/papers.md` §1.2): images of 84 × 84, six convolutions of
 * 128 channels, two plastic layers, one task a meta-step, β fixed at 1. Their output layer has 1000
 * neurons of which a task uses five. Needs a GPU, and `--data` with all of Omniglot.
 */
const flpOmniglotPaper = {
  name: 'flp-omniglot-paper',
  task: {
    ...flpOmniglot.task,
    order: 'continual',
    source: {
      format: 'omniglot',
      train: 'images_background.zip',
      test: 'images_evaluation.zip',
      size: 84,
    },
  },
  system: {
    ...flpOmniglotConv.system,
    image: [1, 84, 84],
    layers: [...published(128), { dense: 128 }, { dense: 5 }],
    frozen: [1, 2, 3, 4, 5, 6],
  },
  initial: { feedback: 'kaiming', alpha: 0, beta: 1 },
  meta: {
    tasks: 1,
    steps: 40_000,
    rates: { W: 1e-4, B: 1e-4, alpha: 1e-5, beta: 0 },
    adjoint: 'store',
  },
  evaluation: { tasks: 500, at: [0, 5, 10, 25] },
} satisfies RunConfigInput;

/**
 * The same on photographs in colour, by 256 channels (`docs/papers.md` §1.2). Needs a GPU, and
 * `--data` with mini-ImageNet: its images and the published lists of its classes.
 */
const flpMiniImagenet: RunConfigInput = {
  ...flpOmniglotPaper,
  name: 'flp-mini-imagenet',
  task: {
    ...flpOmniglotPaper.task,
    source: {
      format: 'images',
      path: 'mini-imagenet/images',
      trainList: 'mini-imagenet/train.csv',
      testList: 'mini-imagenet/test.csv',
      size: [84, 84],
      colour: 'rgb',
    },
  },
  system: {
    ...flpOmniglotPaper.system,
    image: [3, 84, 84],
    layers: [...published(256), { dense: 256 }, { dense: 5 }],
  },
};

/**
 * Gradient descent from a learned beginning at a learned rate of each synapse (Finn et al. 2017;
 * Meta-SGD, Li et al. 2017), on the task of flp-sine.
 */
const mamlSine = {
  ...flpSine,
  name: 'maml-sine',
  system: { preset: 'maml', sizes: flpSine.system.sizes, eta: 'synapse' },
  initial: { eta: 0.01 },
  meta: { ...flpSine.meta, rates: { W: 1e-3, eta: 1e-3 } },
} satisfies RunConfigInput;

/**
 * The same by a meta-gradient that takes what happens at a step as given: cheaper, and not exact.
 */
const firstOrderMamlSine: RunConfigInput = {
  ...mamlSine,
  name: 'first-order-maml-sine',
  system: { ...mamlSine.system, preset: 'first-order-maml' },
};

/** Gradient descent behind the same frozen encoder as flp-omniglot. */
const mamlOmniglot: RunConfigInput = {
  ...flpOmniglot,
  name: 'maml-omniglot',
  system: {
    preset: 'maml',
    sizes: flpOmniglot.system.sizes,
    loss: 'cross-entropy',
    eta: 'synapse',
    frozen: flpOmniglot.system.frozen,
  },
  initial: { eta: 0.01 },
  meta: { ...flpOmniglot.meta, rates: { W: 1e-3, eta: 1e-3 } },
};

/** Gradient descent behind the encoder of flp-omniglot-conv. */
const mamlOmniglotConv = {
  ...flpOmniglotConv,
  name: 'maml-omniglot-conv',
  system: {
    preset: 'maml',
    image: flpOmniglotConv.system.image,
    layers: flpOmniglotConv.system.layers,
    loss: 'cross-entropy',
    eta: 'synapse',
    frozen: flpOmniglotConv.system.frozen,
  },
  initial: { eta: 0.01 },
  meta: { ...flpOmniglotConv.meta, rates: { W: 1e-3, eta: 1e-3 }, adjoint: 'store' },
} satisfies RunConfigInput;

/** The same by a meta-gradient that takes what happens at a step as given. */
const firstOrderMamlOmniglotConv: RunConfigInput = {
  ...mamlOmniglotConv,
  name: 'first-order-maml-omniglot-conv',
  system: { ...mamlOmniglotConv.system, preset: 'first-order-maml' },
};

/**
 * OML (Javed & White 2019) behind the same encoder: as MAML, but at a rate that is chosen and not
 * learned.
 */
const omlOmniglotConv = {
  ...mamlOmniglotConv,
  name: 'oml-omniglot-conv',
  system: { ...mamlOmniglotConv.system, eta: 'network' },
  initial: { eta: 0.03 },
  meta: { ...mamlOmniglotConv.meta, rates: { W: 1e-3, eta: 0 } },
} satisfies RunConfigInput;

/** The same by a meta-gradient that takes what happens at a step as given, as paper 1's code has. */
const firstOrderOmlOmniglotConv: RunConfigInput = {
  ...omlOmniglotConv,
  name: 'first-order-oml-omniglot-conv',
  system: { ...omlOmniglotConv.system, preset: 'first-order-maml' },
};

/**
 * Paper 2, Algorithm 1 (`docs/papers.md` §2.3): 250 images of 5 EMNIST classes, one after another,
 * through a network drawn anew for every lifetime; nothing but the coefficients of the rule is
 * learned, from θ₀ = 10⁻³ and 0 for the others. Unlike the authors' code, which takes the first
 * images of a class, each task draws its own, and no class twice. Needs `--data` with EMNIST: 120
 * images of each class, or the published Balanced test set under these names.
 */
function onEmnist(
  name: string,
  system: Omit<RunConfigInput['system'], 'sizes'>,
  l1: number,
  theta = 1e-3,
): RunConfigInput {
  return {
    name,
    task: {
      kind: 'few-shot',
      source: {
        format: 'idx',
        images: 'emnist/emnist-47x120-images-idx3-ubyte.gz',
        labels: 'emnist/emnist-47x120-labels-idx1-ubyte.gz',
        testFraction: 0,
      },
      ways: 5,
      shots: 50,
      queriesPerClass: 10,
      batch: 1,
      order: 'iid',
      labels: 'own',
    },
    system: { ...system, sizes: [784, 170, 130, 100, 70, 47] },
    // A lifetime near explosion has a gradient 10⁸ times the usual, which Adam's second moment
    // would remember for thousands of meta-steps.
    meta: { tasks: 1, steps: 600, rates: { theta }, l1, clip: 10, adjoint: 'reverse' },
    evaluation: { tasks: 50, at: [0, 50, 100, 250] },
  };
}

/**
 * λ of the penalty on the pool's coefficients. The paper does not tell its value; this one is small
 * beside a loss of about 1.
 */
const POOL_L1 = 1e-5;

/**
 * The paper's 10⁻³ for all ten coefficients: Adam's first steps are as long as the rate whatever
 * the gradient, and θ₅, which multiplies Σy of a whole layer, then makes every lifetime diverge
 * within five meta-steps.
 */
const POOL_RATE = 1e-4;

/**
 * Training from scratch on MNIST's 10,000 test images, 60 minibatches of 32, by errors that come
 * down one way or another (Akrout et al. 2019, Kunin et al. 2020, `docs/papers.md` §3, §4, with
 * fewer hidden neurons). W and B are drawn anew for every lifetime; meta-learned are only the
 * learning rate and, where B learns, the coefficients of its rule, so that every way is seen at its
 * best. Needs `--data` with MNIST.
 */
function onMnist(
  system: { readonly preset: Preset; readonly mirror?: 'noise' },
  alignment?: { readonly k: number[]; readonly weightDecay?: number },
): RunConfigInput {
  return {
    name: `${system.preset}-mnist`,
    task: {
      kind: 'stream',
      source: {
        format: 'idx',
        images: 'mnist/t10k-images-idx3-ubyte.gz',
        labels: 'mnist/t10k-labels-idx1-ubyte.gz',
      },
      steps: 60,
      batch: 32,
      queries: 100,
      order: 'iid',
    },
    system: { ...system, sizes: [784, 64, 10], activation: 'sigmoid', reduction: 'mean' },
    initial: { eta: 0.5, ...(alignment && { etaB: 0.1, ...alignment }) },
    meta: {
      tasks: 4,
      steps: 100,
      rates: { eta: 3e-3, ...(alignment && { alignment: 3e-3 }) },
      clipPerTask: 10,
      adjoint: 'checkpoint',
    },
    evaluation: { tasks: 20, at: [0, 10, 30, 60] },
  };
}

/** Four convolutions and a dense layer, for photographs of 32 × 32 in colour. */
export const OF_PHOTOGRAPHS = {
  image: [3, 32, 32],
  layers: [
    { conv: { channels: 8, kernel: 3, stride: 2, padding: 1 } },
    { conv: { channels: 16, kernel: 3, stride: 2, padding: 1 } },
    { conv: { channels: 16, kernel: 3, stride: 1, padding: 1 } },
    { conv: { channels: 32, kernel: 3, stride: 2, padding: 1 } },
    { dense: 10 },
  ],
} as const;

/** Photographs by class, as folders of JPEGs. */
export const PHOTOGRAPHS = {
  format: 'images',
  path: 'cifar10/cifar10-jpeg-10x1000.zip',
  size: [32, 32],
  colour: 'rgb',
} as const;

/**
 * Training from scratch on CIFAR-10 by errors that come down one way or another, kernels of the
 * feedback of their own (Kunin et al. 2020, `docs/papers.md` §3, with a smaller network): like
 * `onMnist`, 40 minibatches of 16. Needs `--data` with CIFAR-10 as a folder or zip of images.
 */
function onCifar(
  system: { readonly preset: Preset; readonly mirror?: 'noise' },
  alignment?: { readonly k: number[]; readonly weightDecay?: number },
  name = `${system.preset}-cifar`,
): RunConfigInput {
  return {
    name,
    task: {
      kind: 'stream',
      source: PHOTOGRAPHS,
      steps: 40,
      batch: 16,
      queries: 32,
      order: 'iid',
    },
    system: {
      ...system,
      ...OF_PHOTOGRAPHS,
      activation: 'relu',
      loss: 'cross-entropy',
      reduction: 'mean',
    },
    initial: { eta: 0.05, ...(alignment && { etaB: 0.05, ...alignment }) },
    meta: {
      tasks: 2,
      steps: 100,
      rates: { eta: 1e-3, ...(alignment && { alignment: 1e-3 }) },
      clipPerTask: 10,
      adjoint: 'checkpoint',
    },
    evaluation: { tasks: 8, at: [0, 10, 20, 40] },
  };
}

/** Configurations that can be named instead of written. */
export const RUN_PRESETS: Readonly<Record<string, RunConfigInput>> = Object.fromEntries(
  [
    flpSine,
    flpSineSequence,
    flpSymbols,
    flpOmniglot,
    flpOmniglotContinual,
    mamlSine,
    firstOrderMamlSine,
    mamlOmniglot,
    flpOmniglotConv,
    mamlOmniglotConv,
    firstOrderMamlOmniglotConv,
    omlOmniglotConv,
    firstOrderOmlOmniglotConv,
    flpOmniglotPaper,
    flpMiniImagenet,
    onEmnist('pool-emnist', { preset: 'pool' }, POOL_L1, POOL_RATE),
    onEmnist('bioplausible-emnist', { preset: 'bioplausible' }, POOL_L1),
    // Paper 2 learns θ₀ alone for feedback alignment and backprop, without a penalty.
    onEmnist('feedback-alignment-emnist', { preset: 'pool', terms: [0] }, 0),
    onEmnist(
      'backprop-emnist',
      { preset: 'pool', terms: [0], feedback: 'backprop', feedbackWeights: 'inherited' },
      0,
    ),
    onMnist({ preset: 'backprop' }),
    onMnist({ preset: 'feedback-alignment' }),
    onMnist({ preset: 'symmetric-alignment' }, { k: [1, 1] }),
    // E[x xᵀ] of the noise is 1/3, so B tends to Wᵀ.
    onMnist({ preset: 'weight-mirror', mirror: 'noise' }, { k: [1, 3] }),
    // B shrinks as fast as W: etaB k = eta weightDecay.
    onMnist({ preset: 'kolen-pollack' }, { k: [0.05], weightDecay: 0.01 }),
    onCifar({ preset: 'symmetric-alignment' }, { k: [1, 1] }, 'alignment-cifar'),
    onCifar({ preset: 'backprop' }),
    onCifar({ preset: 'feedback-alignment' }),
    onCifar({ preset: 'usf' }),
    onCifar({ preset: 'weight-mirror', mirror: 'noise' }, { k: [1, 3] }),
    onCifar({ preset: 'information-alignment', mirror: 'noise' }, { k: [1, 3, 1] }),
    onCifar({ preset: 'activation-alignment', mirror: 'noise' }, { k: [3, 3] }),
    onCifar({ preset: 'kolen-pollack' }, { k: [0.05], weightDecay: 0.01 }),
  ].map(preset => [preset.name, preset]),
);
