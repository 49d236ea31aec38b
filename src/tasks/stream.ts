import type * as v from 'valibot';
import { MetaplasticError } from '../errors.js';
import { array, check, needed, option, section, seed, thing, whole } from '../options.js';
import { checkBank, checkCounts, pixelsOf, type ImageBank, type TaskSource } from './episodes.js';
import { checkClasses, imagesAmong } from './few-shot.js';
import { STREAM } from './options.js';
import { sourceOf } from './source.js';
import { split } from './split.js';

const OPTIONS = section({
  bank: needed(thing<ImageBank>('a bank of images'), { about: 'The images.' }),
  ...STREAM,
  outputs: option(whole(1), {
    about:
      'Outputs of the network, one for each number up to the largest class; those of other classes are never a target.',
    otherwise: 'as few as that',
  }),
  test: option(array<Uint32Array>('a Uint32Array'), {
    about:
      'The images that no lifetime sees, by their numbers, such as the test images of a set: in place of heldOut.',
    otherwise: 'as heldOut says',
  }),
  seed: option(
    seed,
    {
      about:
        'Fixes which images are held out. Sources that should hold out the same images share this, whatever seed their tasks have.',
    },
    0,
  ),
});
/** Options of `imageStreamTasks`. Table of options: docs/options.md, task(stream). */
export type ImageStreamOptions = Readonly<v.InferInput<typeof OPTIONS>>;

/**
 * Ordinary classification, one network from scratch: a task sees steps · batch training images of a
 * bank, and is asked `queries` different ones of those held out, its own draw. The images are split
 * once, at random, for all tasks, so no query image is in any support stream. A stream longer than
 * the training images goes on in epochs, each shuffled anew. Inputs are indices into the bank
 * (channels · height · width numbers each), targets one-hot (outputs), the label is the class's number in the
 * bank. The same seed and task have the same images in both orders; in continual order a class
 * shows its images of all epochs before the next class begins, and a minibatch may hold the end of
 * one class and the begin of the next. With `batch: 1` and one epoch this is the online MNIST of
 * Shervani-Tabar & Rosenbaum 2023, Fig. 1; with minibatches and epochs the training of Akrout et
 * al. 2019 and Kunin et al. 2020.
 *
 * @throws MetaplasticError if a count is not a whole number ≥ 1, if the bank has fewer classes than
 * `classes`, if there are fewer outputs than classes, if either side of the split would be empty,
 * or if fewer than `queries` images are held out.
 */
export function imageStreamTasks(options: ImageStreamOptions): TaskSource {
  const where = 'imageStreamTasks';
  const given = check(OPTIONS, options, where);
  const { bank, steps, batch, queries, order } = given;
  checkBank(bank, `${where}.bank`);
  const { classes = bank.classes } = given;
  const classNumbers = numbersOf(classes, bank.classes, where);
  const least = classNumbers.reduce((most, c) => Math.max(most, c + 1), 1);
  const { outputs = least } = given;
  if (outputs < least)
    throw new MetaplasticError({
      where: `${where}.outputs`,
      expected: Array.isArray(classes)
        ? `at least ${least}, the largest class plus one`
        : `at least one for each of ${least} classes`,
      got: `${outputs}`,
      hint: 'raise outputs or lower classes',
    });
  const wanted = new Set(classNumbers);
  const images = [...bank.labels.keys()].filter(image => wanted.has(bank.labels[image]!));
  const [held, training] = given.test
    ? apart(bank, images, given.test, where)
    : (split(images.length, given.heldOut, given.seed, `${where}.heldOut`, 'images').map(side =>
        side.map(k => images[k]!),
      ) as [number[], number[]]);
  if (queries > held.length)
    throw new MetaplasticError({
      where: `${where}.queries`,
      expected: `at most ${held.length}, the images held out`,
      got: `${queries}`,
      hint: given.test ? 'lower queries' : 'lower queries or raise heldOut',
    });

  const seen = steps * batch;
  const places = classNumbers.map((_, place) => place);
  const inputs = pixelsOf(bank);
  const shape = { inputs, outputs, steps, batch, queries, bank };
  return sourceOf(shape, where, (r, task, { supportX, supportY, queryX, queryY }) => {
    const stream: number[] = [];
    while (stream.length < seen)
      for (const image of r.chosen(training, Math.min(training.length, seen - stream.length)))
        stream.push(image);
    const asked = r.chosen(held, queries);
    if (order === 'continual') {
      const shuffled = r.shuffled(places);
      const placeOf = new Map(classNumbers.map((c, i) => [c, shuffled[i]!]));
      const place = (image: number) => placeOf.get(bank.labels[image]!)!;
      // stable: epochs stay in their order
      stream.sort((a, b) => place(a) - place(b));
    }
    const show = (X: typeof queryX, Y: Float32Array, from: number, shown: readonly number[]) =>
      shown.forEach((image, i) => {
        X[from + i] = image;
        Y[(from + i) * outputs + bank.labels[image]!] = 1;
      });
    show(supportX, supportY, task * seen, stream);
    show(queryX, queryY, task * queries, asked);
  });
}

/** The images that are listed as held out, and all others. */
function apart(
  bank: ImageBank,
  images: readonly number[],
  test: Uint32Array,
  where: string,
): readonly [held: readonly number[], training: readonly number[]] {
  const listed = new Set(imagesAmong(bank, test, `${where}.test`));
  const training = images.filter(image => !listed.has(image));
  if (training.length === 0)
    throw new MetaplasticError({
      where: `${where}.test`,
      expected: 'some images left to learn from',
      got: `all ${images.length}`,
    });
  return [images.filter(image => listed.has(image)), training];
}

/** The numbers of the classes that an option asks for: a list, or how many from 0 on. */
function numbersOf(
  classes: number | readonly number[],
  inBank: number,
  where: string,
): readonly number[] {
  if (typeof classes === 'object') {
    checkClasses(classes, inBank, `${where}.classes`);
    return classes;
  }
  checkCounts({ classes }, where);
  if (classes > inBank)
    throw new MetaplasticError({
      where: `${where}.classes`,
      expected: `at most ${inBank}, the classes of the bank`,
      got: `${classes}`,
    });
  return Array.from({ length: classes }, (_, c) => c);
}
