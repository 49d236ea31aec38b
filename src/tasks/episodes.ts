import { MetaplasticError } from '../errors.js';
import { array, check, inWords, kind, needed, option, section, seed, whole } from '../options.js';
import { NORMALISE } from './options.js';

/**
 * A meta-batch of lifetimes: for each task a support stream (T inner steps of a batch of samples)
 * and a query set. Inputs are numbers, or indices into a bank of images that lives once on the GPU.
 */
export interface Episodes {
  readonly tasks: number;
  /** T ≥ 1. */
  readonly steps: number;
  /** Samples per inner step, ≥ 1. */
  readonly batch: number;
  readonly queries: number;
  /** (tasks, steps, batch, n_0) numbers, or (tasks, steps, batch) image indices. */
  readonly supportX: Float32Array | Uint32Array;
  /**
   * (tasks, steps, batch, n_L). Of classes: one-hot, or under cross-entropy any numbers, such as
   * soft labels, these times a sample's weight, or zeros for a sample that is masked.
   */
  readonly supportY: Float32Array;
  /** (tasks, queries, n_0) numbers, or (tasks, queries) image indices. */
  readonly queryX: Float32Array | Uint32Array;
  /** (tasks, queries, n_L), likewise. */
  readonly queryY: Float32Array;
  /**
   * Which tasks these are: `first`, `first` + 1 … of the stream of `seed`. Needed where lifetimes
   * draw random numbers, such as their weights.
   */
  readonly origin?: Origin;
  /**
   * (tasks, settings) coefficients that a task has of its own, in place of the last meta-parameters
   * of the layout: a sweep of settings.
   */
  readonly settings?: Float32Array;
}

/** A place in the stream of tasks of a seed. */
export interface Origin {
  readonly seed: number;
  readonly first: number;
}

/**
 * Images of one size, levels in [0, 1], row-major; `labels[i]` is the class of image i, 0 …
 * classes − 1. A network's inputs are (channels, height, width).
 */
export interface ImageBank {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  /** 1 (grey, the default) or 3 (red, green and blue). */
  readonly channels?: 1 | 3;
  /** (count, channels, height, width) as bytes, 0 … 255 for 0 … 1. */
  readonly pixels: Uint8Array;
  readonly labels: Uint16Array;
  readonly classes: number;
  /** A name for each class, if the data have names. */
  readonly names?: readonly string[];
  /** What networks see of a level instead, if not the level. */
  readonly normalise?: Normalisation;
}

/**
 * Of each channel of images, what is taken from a level in [0, 1] and what it is then divided by:
 * (level − mean) / std, as torchvision's Normalize. Zeros around maps come after it.
 */
export interface Normalisation {
  /** (channels) */
  readonly mean: readonly number[];
  /** (channels), each above 0. */
  readonly std: readonly number[];
}

/**
 * Where tasks come from. Task number i of a seed is always the same lifetime, whoever asks for it
 * and in whatever chunk.
 */
export interface TaskSource {
  readonly inputs: number;
  readonly outputs: number;
  readonly steps: number;
  readonly batch: number;
  readonly queries: number;
  /** The images that `supportX` and `queryX` index, if they are indices. */
  readonly bank?: ImageBank;
  /** Tasks `first` … `first + count − 1` of the stream of this seed. */
  episodes(seed: number, first: number, count: number): Episodes;
}

/**
 * Checks counts (options of a source, sizes of a meta-batch): each a whole number of at least 1.
 * `where` is the public function; the error names the option after it.
 */
export function checkCounts(counts: Readonly<Record<string, number>>, where: string): void {
  for (const [name, count] of Object.entries(counts)) check(whole(1), count, `${where}.${name}`);
}

/**
 * Tasks are the random streams 0 … TASK_STREAMS − 1 of a seed; streams from there on are free for
 * what all tasks share.
 */
export const TASK_STREAMS = 2 ** 31;

/** Checks a seed; `where` is the public function. */
export const checkSeed = (given: number, where: string): number =>
  check(seed, given, `${where}.seed`);

/** Bytes of one meta-batch at most: what a typed array can hold everywhere. */
const MOST_BYTES = 2 ** 31;

/**
 * Checks what `TaskSource.episodes` is asked for: a seed, and tasks `first` … `first + count − 1`
 * below TASK_STREAMS, each of so many `numbers`.
 */
export function checkStream(
  seed: number,
  first: number,
  count: number,
  where: string,
  numbers = 0,
): void {
  checkSeed(seed, where);
  checkCounts({ count }, where);
  if (!Number.isInteger(first) || first < 0 || first + count > TASK_STREAMS) {
    throw new MetaplasticError({
      where: `${where}.first`,
      expected: `tasks from 0 to ${TASK_STREAMS - 1}`,
      got: `${count} from ${first}`,
      hint: 'use another seed for more tasks',
    });
  }
  if (4 * numbers * count > MOST_BYTES)
    throw new MetaplasticError({
      where: `${where}.count`,
      expected: `at most ${Math.floor(MOST_BYTES / 4 / numbers)} tasks of ${numbers} numbers at a time (2 GiB)`,
      got: `${count}`,
      hint: 'ask for fewer tasks, or for shorter ones',
    });
}

type ImageSize = Pick<ImageBank, 'width' | 'height' | 'channels'>;

/** Numbers of an image: channels · height · width, as many as a network has inputs for it. */
export const pixelsOf = ({ width, height, channels = 1 }: ImageSize): number =>
  channels * height * width;

/** The size of images in words: width × height, and × 3 in colours. */
export const sizeOf = ({ width, height, channels = 1 }: ImageSize): string =>
  `${width} × ${height}${channels > 1 ? ` × ${channels}` : ''}`;

/** The shape of an image in words, in the order of `system.image`. */
export const shapeOf = ({ width, height, channels = 1 }: ImageSize): string =>
  `[${channels}, ${height}, ${width}]`;

/** Classes at most: labels have 16 bits. */
const MOST_CLASSES = 2 ** 16;

const BANK = section(
  {
    count: needed(whole(1), { about: 'Images.' }),
    width: needed(whole(1), { about: 'Pixels of a row.' }),
    height: needed(whole(1), { about: 'Rows of an image.' }),
    channels: option(
      kind<1 | 3>('1 (grey) or 3 (red, green and blue)', x => x === 1 || x === 3),
      { about: 'Planes of an image.' },
      1,
    ),
    classes: needed(whole(1, MOST_CLASSES), { about: 'Classes.' }),
    pixels: needed(array<Uint8Array>('a Uint8Array'), {
      about: '(count, channels, height, width) bytes.',
    }),
    labels: needed(array<Uint16Array>('a Uint16Array'), { about: '(count) classes.' }),
    normalise: NORMALISE,
  },
  { open: true },
);

/**
 * Checks that a bank agrees with itself: at least one image, array lengths that match the counts,
 * labels below `classes`.
 */
export function checkBank(bank: ImageBank, where: string): void {
  const checked = check(BANK, bank, where);
  const { count, width, height, channels, classes, pixels, labels, normalise } = checked;
  const length = count * pixelsOf(checked);
  if (pixels.length !== length) {
    throw new MetaplasticError({
      where: `${where}.pixels`,
      expected: `${channels > 1 ? `count × channels × height × width = ${count} × ${channels}` : `count × height × width = ${count}`} × ${height} × ${width} = ${length} bytes`,
      got: `${pixels.length}`,
    });
  }
  for (const key of ['mean', 'std'] as const)
    if (normalise && normalise[key].length !== channels)
      throw new MetaplasticError({
        where: `${where}.normalise.${key}`,
        expected:
          channels > 1 ? `${channels} numbers, one for each channel` : 'one number, for grey',
        got: inWords(normalise[key]),
      });
  if (labels.length !== count)
    throw new MetaplasticError({
      where: `${where}.labels`,
      expected: `one label for each of ${count} images`,
      got: `${labels.length}`,
    });
  const bad = labels.findIndex(label => label >= classes);
  if (bad >= 0)
    throw new MetaplasticError({
      where: `${where}.labels`,
      expected: `labels below classes = ${classes}`,
      got: `${labels[bad]} for image ${bad}`,
    });
}

/**
 * Checks a meta-batch that somebody built by hand, before it goes to the GPU: sizes of at least 1,
 * arrays as long as their shapes say, every number finite, every image index below the bank's
 * count.
 *
 * @param expect - what the network takes and gives: `inputs` n_0, `outputs` n_L, and the bank if
 * the inputs are image indices.
 * @param where - the public function or file to name in the error.
 * @throws MetaplasticError naming the array, and the task and the position in that task of a bad
 * value.
 */
export function checkEpisodes(
  episodes: Episodes,
  expect: { readonly inputs: number; readonly outputs: number; readonly bank?: ImageBank },
  where: string,
): void {
  const { tasks, steps, batch, queries } = episodes;
  const { inputs, outputs, bank } = expect;
  if (!Number.isInteger(steps) || steps < 1) {
    throw new MetaplasticError({
      where: `${where}.steps`,
      expected: 'at least one inner step',
      got: `${steps}`,
      hint: 'give every task a support stream',
    });
  }
  checkCounts({ tasks, batch, queries }, where);
  if (bank && pixelsOf(bank) !== inputs) {
    throw new MetaplasticError({
      where,
      expected: `images of ${inputs} pixels, one for each input`,
      got: `${sizeOf(bank)} = ${pixelsOf(bank)}`,
      hint: 'change the first size of the network or the size of the images',
    });
  }

  const support = { tasks, steps, batch };
  const query = { tasks, queries };
  if (bank) {
    checkIndices(episodes.supportX, support, bank.count, `${where}.supportX`);
    checkIndices(episodes.queryX, query, bank.count, `${where}.queryX`);
  } else {
    checkNumbers(episodes.supportX, { ...support, inputs }, `${where}.supportX`);
    checkNumbers(episodes.queryX, { ...query, inputs }, `${where}.queryX`);
  }
  checkNumbers(episodes.supportY, { ...support, outputs }, `${where}.supportY`);
  checkNumbers(episodes.queryY, { ...query, outputs }, `${where}.queryY`);
}

/** A shape with the names of its dimensions, tasks first. */
type Shape = Readonly<Record<string, number>>;

function checkNumbers(array: Float32Array | Uint32Array, shape: Shape, where: string): void {
  if (!(array instanceof Float32Array))
    throw new MetaplasticError({
      where,
      expected: 'a Float32Array',
      got: `${nameOf(array)}`,
      hint: 'image indices need a bank',
    });
  checkLength(array, shape, where);
  for (let i = 0; i < array.length; i++) {
    if (!Number.isFinite(array[i]))
      throw new MetaplasticError({
        where,
        expected: 'finite numbers',
        got: `${array[i]} ${place(i, array, shape)}`,
      });
  }
}

function checkIndices(
  array: Float32Array | Uint32Array,
  shape: Shape,
  count: number,
  where: string,
): void {
  if (!(array instanceof Uint32Array))
    throw new MetaplasticError({
      where,
      expected: 'a Uint32Array of image indices',
      got: `${nameOf(array)}`,
      hint: 'leave the bank out if the inputs are numbers',
    });
  checkLength(array, shape, where);
  for (let i = 0; i < array.length; i++) {
    if (array[i]! >= count)
      throw new MetaplasticError({
        where,
        expected: `image indices below ${count}, the images of the bank`,
        got: `${array[i]} ${place(i, array, shape)}`,
      });
  }
}

function checkLength(array: Float32Array | Uint32Array, shape: Shape, where: string): void {
  const sizes = Object.values(shape);
  const length = sizes.reduce((a, b) => a * b, 1);
  if (array.length !== length)
    throw new MetaplasticError({
      where,
      expected: `${Object.keys(shape).join(' × ')} = ${sizes.join(' × ')} = ${length} values`,
      got: `${array.length}`,
    });
}

/** Where element `i` is, in words: its task and its position among the values of that task. */
function place(i: number, array: { readonly length: number }, shape: Shape): string {
  const perTask = array.length / shape.tasks!;
  return `in task ${Math.floor(i / perTask)} at position ${i % perTask}`;
}

const nameOf = (value: unknown): string =>
  (value as object | undefined)?.constructor?.name ?? String(value);
