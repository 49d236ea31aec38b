import type * as v from 'valibot';
import { MetaplasticError } from '../errors.js';
import { check, inWords, isObject, needed, option, section, thing, whole } from '../options.js';
import { checkBank, pixelsOf, type ImageBank, type TaskSource } from './episodes.js';
import type { Random } from './random.js';
import { sourceOf } from './source.js';

const SHAPE = section({
  inputs: needed(whole(1), { about: 'n_0: numbers of an input; of images those of one.' }),
  outputs: needed(whole(1), { about: 'n_L: numbers of a target.' }),
  steps: needed(whole(1), { about: 'T: inner steps of a lifetime.' }),
  batch: option(whole(1), { about: 'Samples of an inner step.' }, 1),
  queries: needed(whole(1), { about: 'Queries of a lifetime.' }),
  bank: option(thing<ImageBank>('a bank of images'), {
    about: 'The images, if inputs are image numbers.',
  }),
});

/** The shape of tasks: what they have of inputs, outputs, inner steps and queries. */
export type TaskShape = Readonly<v.InferInput<typeof SHAPE>>;

/** An example: its input, numbers or the number of an image of the bank, and its target. */
export interface Sample {
  /** (n_0) numbers; or an image's number, 0 … bank.count − 1. */
  readonly x: ArrayLike<number> | number;
  /** (n_L) numbers; of classes one-hot. */
  readonly y: ArrayLike<number>;
}

/** A lifetime: what it sees, in its order, and what it is asked. */
export interface Task {
  /** steps × batch examples: those of inner step 0, of inner step 1 … */
  readonly support: readonly Sample[];
  /** `queries` examples. */
  readonly queries: readonly Sample[];
}

/**
 * A source of tasks of one's own, from how one task is drawn. Task i of a seed has random numbers
 * of its own, and `draw` must use no others: then it is the same task wherever and whenever it is
 * drawn, so that runs can be repeated and resumed.
 *
 * @param shape - numbers of an input and of a target, inner steps, samples of each, queries.
 * @param draw - makes a task of random numbers.
 *
 * @example
 * const lines = defineTasks({ inputs: 1, outputs: 1, steps: 5, queries: 10 }, random => {
 *   const [slope, offset] = [random.normal(), random.normal()];
 *   const sample = () => {
 *     const x = 4 * random.uniform() - 2;
 *     return { x: [x], y: [slope * x + offset] };
 *   };
 *   return {
 *     support: Array.from({ length: 5 }, sample),
 *     queries: Array.from({ length: 10 }, sample),
 *   };
 * });
 *
 * @throws MetaplasticError for a shape that is none; when tasks are drawn, for examples that are
 * too few or too many, or have another shape.
 */
export function defineTasks(shape: TaskShape, draw: (random: Random) => Task): TaskSource {
  const where = 'defineTasks';
  const given = check(SHAPE, shape, where);
  const { inputs, outputs, steps, batch, queries, bank } = given;
  if (typeof draw !== 'function')
    throw new MetaplasticError({
      where: `${where}.draw`,
      expected: 'a function that makes a task of random numbers',
      got: inWords(draw),
    });
  if (bank) checkBank(bank, `${where}.bank`);
  if (bank && pixelsOf(bank) !== inputs)
    throw new MetaplasticError({
      where: `${where}.inputs`,
      expected: `${pixelsOf(bank)}, the numbers of an image of the bank`,
      got: `${inputs}`,
    });
  const width = bank ? 1 : inputs;
  return sourceOf(given, where, (random, task, { supportX, supportY, queryX, queryY }) => {
    const drawn: unknown = draw(random);
    const put = (
      key: keyof Task,
      count: number,
      X: Float32Array | Uint32Array,
      Y: Float32Array,
    ) => {
      const samples = isObject(drawn) ? (drawn as Partial<Task>)[key] : undefined;
      if (!Array.isArray(samples) || samples.length !== count)
        throw new MetaplasticError({
          where: `${where}.draw: ${key}`,
          expected: `a list of ${count} examples`,
          got: Array.isArray(samples) ? `${samples.length}` : inWords(samples),
        });
      samples.forEach(({ x, y }: Sample, i) => {
        X.set(
          numbers(typeof x === 'number' ? [x] : x, width, `${key}[${i}].x`),
          (task * count + i) * width,
        );
        Y.set(numbers(y, outputs, `${key}[${i}].y`), (task * count + i) * outputs);
      });
    };
    put('support', steps * batch, supportX, supportY);
    put('queries', queries, queryX, queryY);
  });
}

/** The numbers of an input or a target, if they are as many as they should be. */
function numbers(given: ArrayLike<number>, count: number, which: string): ArrayLike<number> {
  if (typeof given === 'object' && given?.length === count) return given;
  throw new MetaplasticError({
    where: `defineTasks.draw: ${which}`,
    expected: `${count} number${count === 1 ? '' : 's'}`,
    got: inWords(Array.isArray(given) ? given : Array.from(given ?? [])),
  });
}
