import * as v from 'valibot';
import {
  choice,
  flag,
  interval,
  isObject,
  kind,
  list,
  needed,
  option,
  section,
  text,
  whole,
  within,
} from '../options.js';

/**
 * The options of tasks, the same for the function that makes them and for a configuration's `task`
 * (but for the images, which a function is given and a configuration names).
 */

/** Order of a support stream that has parts: one after the other, or shuffled. */
const ORDERS = ['continual', 'iid'] as const;

const steps = needed(whole(1), { about: 'T: inner steps of a lifetime.' });
const queries = needed(whole(1), { about: 'Queries of a lifetime.' });
const batch = (what: string) => option(whole(1), { about: `${what} of an inner step.` }, 1);

/**
 * Sinusoids y = A sin(x + φ), one a lifetime: by default those of MAML (Finn et al. 2017, §5.1).
 */
export const SINE = {
  steps,
  batch: batch('Points'),
  queries,
  amplitude: option(interval, { about: 'A, uniform in [from, to).' }, [0.1, 5]),
  phase: option(interval, { about: 'φ in radians, uniform in [from, to).' }, [0, Math.PI]),
  x: option(interval, { about: 'Inputs, uniform in [from, to).' }, [-5, 5]),
};

/**
 * Functions of a pool at most: what is drawn among them has 24 bits, so more could not be told
 * apart.
 */
const MOST_FUNCTIONS = 2 ** 24;

/** Several sinusoids in one lifetime, told apart by a one-hot slot input. */
export const SINE_SEQUENCE = {
  functions: option(whole(1), { about: 'Functions learned in one lifetime, at most slots.' }, 10),
  slots: option(whole(1), { about: 'Length of the one-hot input that says which is meant.' }, 10),
  stepsPerFunction: option(whole(1), { about: 'Inner steps spent on each function.' }, 40),
  batch: option(whole(1), { about: 'Points of an inner step.' }, 32),
  queriesPerFunction: option(whole(1), { about: 'Query points of each function.' }, 32),
  pool: option(
    whole(1, MOST_FUNCTIONS),
    { about: 'Functions that exist for meta-training, at least as many as `functions`.' },
    400,
  ),
  order: needed(choice(ORDERS), {
    about: 'continual: one function after the other; iid: the very same minibatches, shuffled.',
  }),
};

const order = option(
  choice(ORDERS),
  { about: 'iid: shuffled; continual: class after class, the classes in random order.' },
  'iid',
);

/** A list of classes of the data, such as [1, 2, 3]. */
export const CLASSES = list(whole(0), 'classes', 1, 2 ** 16);

/** Few-shot classification of images. */
export const FEW_SHOT = {
  ways: needed(whole(1), { about: 'Classes of one task.' }),
  shots: needed(whole(1), { about: 'Images of each class in the support stream.' }),
  queriesPerClass: needed(whole(1), { about: 'Other images of each class in the query set.' }),
  batch: option(whole(1), { about: 'Images of an inner step; divides ways · shots.' }, 1),
  order,
  labels: option(
    choice(['permuted', 'own']),
    {
      about:
        'permuted: a task’s classes are labelled 0 … ways − 1, at random; own: each keeps its number in the data, and the others are wrong answers.',
    },
    'permuted',
  ),
};

/** Ordinary classification of images, one network from scratch. */
export const STREAM = {
  steps,
  batch: needed(whole(1), { about: 'Images of an inner step.' }),
  queries,
  classes: option(
    kind<number | readonly number[]>(
      'a whole number ≥ 1, or a list of classes',
      x => v.is(whole(1), x) || v.is(CLASSES, x),
    ),
    { about: 'Only the classes 0 … classes − 1 of the data, or those listed.', otherwise: 'all' },
  ),
  order,
  heldOut: option(
    kind<number>(
      'a share between 0 and 1, or a whole number ≥ 1',
      x => typeof x === 'number' && x > 0 && (x < 1 || Number.isSafeInteger(x)),
    ),
    {
      about:
        'Images that no lifetime sees, which queries are drawn from: a share, or how many. Data that come with test images hold out these instead.',
    },
    0.2,
  ),
};

/** A path that stays below the folder given as `--data`. */
const below = kind<string>(
  'a path below the folder of data',
  x => typeof x === 'string' && x !== '' && !x.split(/[\\/]/).includes('..'),
);

const maxBytes = option(whole(1), {
  about: 'Bytes that a file may unpack to.',
  otherwise: '2³⁰',
});

/** Height and width. */
export const SIZE = kind<readonly [number, number]>(
  'two whole numbers [height, width] from 1 to 1024',
  x => Array.isArray(x) && x.length === 2 && x.every(side => v.is(whole(1, 1024), side)),
);

/** What colours become. */
export const COLOUR = option(
  choice(['rgb', 'grey']),
  { about: 'rgb: three channels, red, green and blue; grey: one, their luma (ITU-R BT.601).' },
  'rgb',
);

/** What networks see of a level. */
export const NORMALISE = option(
  section({
    mean: needed(list(within(0, 1), 'numbers from 0 to 1, one for each channel', 1, 3), {
      about: 'What is taken from each level in [0, 1].',
    }),
    std: needed(list(within(1e-6, 1e6), 'numbers from 1e-6 to 1e6, one for each channel', 1, 3), {
      about: 'What is then divided by.',
    }),
  }),
  {
    about:
      'Networks see (level − mean) / std of each channel, as torchvision’s Normalize, in training and tests alike.',
    otherwise: 'the level, 0 … 1',
  },
);

/** How images of IDX files may have been stored otherwise than MNIST's. */
export const IDX_STORED = {
  transposed: option(flag, {
    about: 'Images are stored column by column, as EMNIST’s published files are: turn them.',
    otherwise: 'false',
  }),
  inverted: option(flag, {
    about: 'Ink is stored as 0 and paper as the largest level: make ink 1 and paper 0.',
    otherwise: 'false',
  }),
};

/** Images and labels in the format of MNIST. */
export const IDX = {
  images: needed(below, { about: 'File of the images, below the folder of data.' }),
  labels: needed(below, { about: 'File of the labels, below the folder of data.' }),
  ...IDX_STORED,
  maxBytes,
};

const neededSize = needed(SIZE, { about: 'Height and width that images are averaged to.' });

/** Images by class: PNG and JPEG in folders, packed or not. */
export const IMAGES = {
  path: needed(below, { about: 'Archive or folder of the images, below the folder of data.' }),
  size: neededSize,
  colour: COLOUR,
  trainList: option(below, {
    about: 'CSV (filename,label) of the images to meta-train on, as mini-ImageNet’s splits come.',
    otherwise: 'the folders tell',
  }),
  testList: option(below, {
    about: 'CSV (filename,label) of the images to test on.',
    otherwise: 'the folders tell',
  }),
  maxBytes,
};

/** CIFAR-10's files for C programs. */
export const CIFAR = {
  folder: option(
    below,
    { about: 'Folder of the .bin files, below the folder of data.' },
    'cifar-10-batches-bin',
  ),
  train: option(
    list(below, 'files', 1),
    { about: 'Files of the images to train on.' },
    [1, 2, 3, 4, 5].map(n => `data_batch_${n}.bin`),
  ),
  test: option(list(below, 'files', 1), { about: 'Files of the images to test on.' }, [
    'test_batch.bin',
  ]),
  size: option(SIZE, { about: 'Height and width that images are averaged to.' }, [32, 32]),
  colour: COLOUR,
};

/** Pixels of a published drawing's side: drawings are made smaller, never larger. */
export const OMNIGLOT_SIDE = 105;

/** Pixels on each side of a made-up symbol, as networks see it. */
export const SIDE = 14;

/** Made-up symbols, which need no file. */
export const SYMBOLS = {
  classes: option(
    whole(2, 2 ** 16),
    { about: 'Symbols that there are; a run’s seed makes them up.' },
    200,
  ),
  each: option(whole(1, 2 ** 16), { about: 'Drawings of each.' }, 20),
};

/** Images of Omniglot, packed or in a folder. */
export const OMNIGLOT = {
  train: needed(below, { about: 'Archive or folder of the characters to meta-train on.' }),
  test: needed(below, { about: 'Archive or folder of the characters to test on.' }),
  folder: option(below, { about: 'Folder of both, below the folder of data.' }, 'omniglot'),
  size: option(whole(1, OMNIGLOT_SIDE), { about: 'Pixels of an image’s side.' }, 28),
  maxBytes,
  rotations: option(
    flag,
    {
      about:
        'Meta-train also on every character turned by 90°, 180° and 270°, each as a character of its own (the usual augmentation of Omniglot).',
    },
    false,
  ),
};

/** Tasks of one's own, which a module makes. */
export const MODULE = {
  path: needed(text, {
    about:
      'The module, beside the configuration. Its default export is called with steps, batch, queries and options, and returns a source of tasks, or { train, test } where unseen tasks come from another.',
  }),
  steps,
  batch: batch('Samples'),
  queries,
  options: option(
    kind<Readonly<Record<string, unknown>>>('an object', isObject),
    { about: 'What else the module is told; it knows what that means.' },
    {},
  ),
};
