import type * as v from 'valibot';
import { MetaplasticError } from '../errors.js';
import { array, check, needed, option, section, thing, whole } from '../options.js';
import {
  checkBank,
  checkCounts,
  checkSeed,
  pixelsOf,
  type ImageBank,
  type TaskSource,
} from './episodes.js';
import { CLASSES, FEW_SHOT } from './options.js';
import { sourceOf } from './source.js';
import { split } from './split.js';

const OPTIONS = section({
  bank: needed(thing<ImageBank>('a bank of images'), { about: 'The images.' }),
  ...FEW_SHOT,
  classes: option(CLASSES, {
    about: 'The classes that tasks may draw from.',
    otherwise: 'all of the bank that have images',
  }),
  images: option(array<Uint32Array>('a Uint32Array'), {
    about: 'The images that tasks may draw, by their numbers, such as the train images of a set.',
    otherwise: 'all of the bank',
  }),
  outputs: option(whole(1), {
    about:
      'Outputs of the network: at least ways, or with own labels bank.classes; those above are never a target.',
    otherwise: 'as few as that',
  }),
});
/**
 * Options of `fewShotTasks`: `bank`, `ways`, `shots` and `queriesPerClass` are needed. Table of
 * options: docs/options.md, task(few-shot).
 */
export type FewShotOptions = Readonly<v.InferInput<typeof OPTIONS>>;

/**
 * Few-shot classification of images from a bank. A task draws `ways` different classes, whose
 * labels 0 … ways − 1 are a random permutation (or their own), and shots + queriesPerClass
 * different images of each: no image is in both the support stream and the query set.
 * T = ways · shots / batch steps; queries = ways · queriesPerClass, class after class. Inputs are
 * indices into the bank (channels · height · width numbers each), targets one-hot (outputs). With `batch: 1`
 * this is the protocol of Lindsey & Litwin-Kumar 2020 (Omniglot: 5 ways, 5 shots) and, with own
 * labels, of Shervani-Tabar & Rosenbaum 2023, Algorithm 1 (EMNIST: 5 ways, 50 shots, 10 queries per
 * class, a softmax over all 47 classes). The same seed and task have the same images in both orders
 * and with both labels.
 *
 * @throws MetaplasticError if a count is not a whole number ≥ 1, if batch does not divide
 * ways · shots, if there are fewer classes than ways, if a class has fewer than
 * shots + queriesPerClass images, or if there are fewer outputs than labels.
 */
export function fewShotTasks(options: FewShotOptions): TaskSource {
  const where = 'fewShotTasks';
  const given = check(OPTIONS, options, where);
  const { bank, ways, shots, queriesPerClass, batch, order, classes, labels } = given;
  checkBank(bank, `${where}.bank`);
  const [least, leastIs] = labels === 'own' ? [bank.classes, 'bank.classes'] : [ways, 'ways'];
  const outputs = given.outputs ?? least;
  if (outputs < least) {
    throw new MetaplasticError({
      where: `${where}.outputs`,
      expected: `at least ${leastIs} = ${least}`,
      got: `${outputs}`,
      hint:
        labels === 'own' ? "raise outputs or use labels 'permuted'" : 'raise outputs or lower ways',
    });
  }
  const support = ways * shots;
  if (support % batch !== 0) {
    throw new MetaplasticError({
      where: `${where}.batch`,
      expected: `a divisor of ways · shots = ${ways} · ${shots} = ${support}`,
      got: `${batch}`,
      hint: 'change batch, ways or shots',
    });
  }
  const images = imagesAmong(bank, given.images, `${where}.images`);
  const drawable = classes ?? classesWithImages(bank, images);
  checkClasses(drawable, bank.classes, `${where}.classes`);
  if (drawable.length < ways) {
    throw new MetaplasticError({
      where: `${where}.ways`,
      expected: `at most ${drawable.length}, the classes to draw from`,
      got: `${ways}`,
      hint: classes
        ? 'lower ways or give more classes'
        : 'lower ways or give a bank with more classes',
    });
  }
  const imagesOf = imagesByClass(bank, images);
  const perClass = shots + queriesPerClass;
  for (const c of drawable) {
    if (imagesOf[c]!.length < perClass) {
      throw new MetaplasticError({
        where,
        expected: `shots + queriesPerClass = ${shots} + ${queriesPerClass} = ${perClass} images of each class`,
        got: `${imagesOf[c]!.length} of class ${c}${bank.names ? ` (${bank.names[c]})` : ''}`,
        hint: 'lower shots or queriesPerClass, or leave this class out of classes',
      });
    }
  }

  const steps = support / batch;
  const queries = ways * queriesPerClass;
  const inputs = pixelsOf(bank);
  const shape = { inputs, outputs, steps, batch, queries, bank };
  const places = Array.from({ length: ways }, (_, place) => place);
  const shotNumbers = Array.from({ length: support }, (_, shot) => shot);
  const ofPlace = (place: number) => shotNumbers.slice(place * shots, (place + 1) * shots);
  return sourceOf(shape, where, (r, task, { supportX, supportY, queryX, queryY }) => {
    // Drawn in random order, so that the place of a class is its permuted label; of its images,
    // the first `shots` are the support.
    const chosen = r.chosen(drawable, ways);
    const drawn = chosen.map(c => r.chosen(imagesOf[c]!, perClass));
    const labelOf = labels === 'own' ? chosen : places;
    // Shot s is image s % shots of the class at place s / shots.
    const stream = order === 'iid' ? r.shuffled(shotNumbers) : r.shuffled(places).flatMap(ofPlace);
    stream.forEach((shot, i) => {
      const sample = task * support + i;
      const place = Math.floor(shot / shots);
      supportX[sample] = drawn[place]![shot % shots]!;
      supportY[sample * outputs + labelOf[place]!] = 1;
    });
    for (let q = 0; q < queries; q++) {
      const sample = task * queries + q;
      const place = Math.floor(q / queriesPerClass);
      queryX[sample] = drawn[place]![shots + (q % queriesPerClass)]!;
      queryY[sample * outputs + labelOf[place]!] = 1;
    }
  });
}

/**
 * Splits classes 0 … classes − 1 at random into those for meta-training and those for meta-test,
 * each list in ascending order.
 *
 * @param train - how many classes are for meta-training: a fraction in (0, 1), rounded to whole
 * classes, or a number from 1 on.
 * @throws MetaplasticError if either side would be empty.
 */
export function splitClasses(
  classes: number,
  train: number,
  seed: number,
): { readonly train: readonly number[]; readonly test: readonly number[] } {
  checkCounts({ classes }, 'splitClasses');
  checkSeed(seed, 'splitClasses');
  const [first, second] = split(classes, train, seed, 'splitClasses.train', 'classes');
  return { train: first, test: second };
}

/**
 * The classes of a bank that have images, or some among these, in ascending order: of EMNIST
 * Letters 1 … 26, not 0.
 */
export function classesWithImages(
  { labels }: ImageBank,
  images: Iterable<number> = labels.keys(),
): readonly number[] {
  const classes = new Set<number>();
  for (const image of images) classes.add(labels[image]!);
  return [...classes].sort((a, b) => a - b);
}

function imagesByClass({ labels, classes }: ImageBank, images: readonly number[]): number[][] {
  const lists: number[][] = Array.from({ length: classes }, () => []);
  for (const image of images) lists[labels[image]!]!.push(image);
  return lists;
}

/** Checks a list of images of a bank, each of them once; without one, all are meant. */
export function imagesAmong(
  { count }: ImageBank,
  list: Uint32Array | undefined,
  where: string,
): readonly number[] {
  if (!list) return Array.from({ length: count }, (_, image) => image);
  const seen = new Uint8Array(count);
  for (const image of list) {
    if (!(image < count) || seen[image])
      throw new MetaplasticError({
        where,
        expected: `different images of the bank, 0 to ${count - 1}`,
        got: seen[image] ? `${image} twice` : `${image}`,
      });
    seen[image] = 1;
  }
  return [...list];
}

/** Checks a list of classes of a bank: each of them one, and none twice. */
export function checkClasses(list: readonly number[], classes: number, where: string): void {
  if (!Array.isArray(list))
    throw new MetaplasticError({ where, expected: 'a list of classes', got: `${list}` });
  if (list.length === 0)
    throw new MetaplasticError({ where, expected: 'at least one class', got: 'none' });
  const seen = new Set<number>();
  for (const c of list) {
    if (!Number.isInteger(c) || c < 0 || c >= classes)
      throw new MetaplasticError({
        where,
        expected: `classes of the bank, 0 to ${classes - 1}`,
        got: `${c}`,
      });
    if (seen.has(c))
      throw new MetaplasticError({ where, expected: 'different classes', got: `${c} twice` });
    seen.add(c);
  }
}
