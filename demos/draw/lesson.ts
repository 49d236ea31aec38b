import type { Adaptation, Episodes, Learner } from 'metaplastic';
import { random } from '../symbols/random.js';
import { raster, SIDE, varied, type Drawing } from 'metaplastic/symbols';
import { WAYS } from './learners.js';

/** A drawing, framed, and which symbol it was said to be: 0 … WAYS − 1. */
export interface Taught {
  readonly symbol: number;
  readonly drawing: Drawing;
}

/** Drawings in the order in which they were taught, and one that is only asked. */
export interface Lesson {
  readonly taught: readonly Taught[];
  readonly asked: Drawing;
}

/** What a network thinks along a lesson. */
export interface Course {
  /**
   * (after 0, 1, … drawings)(symbols): the mean share that it gives to the right one, asked
   * variations of its first drawing; null for symbols not taught by then.
   */
  readonly memory: readonly (readonly (number | null)[])[];
  /**
   * (after)(symbols): the share that it gives to each symbol for the drawing asked; 0 for symbols
   * not taught by then.
   */
  readonly guess: readonly (readonly number[])[];
}

/** Drawings that a lesson can have at most. Meta-training saw lives of 25. */
export const MOST = 40;
/** Variations of each symbol that are asked after every drawing. */
export const VARIATIONS = 4;
const QUERIES = WAYS * VARIATIONS + 1;
const SIZE = SIDE * SIDE;

/**
 * Every lesson is one episode of the same shape, so that the kernels are made once: the stream is
 * filled up with blank paper, which comes after everything that is asked for.
 */
export const EPISODE = { steps: MOST, batch: 1, queries: QUERIES } as const;
const MOMENTS = Array.from({ length: MOST + 1 }, (_, after) => after);

/** Lives a lesson by a network that was just born. */
export async function live(learner: Learner, lesson: Lesson): Promise<Course> {
  return courseOf(lesson, await learner.adapt(episodeOf(lesson), { moments: MOMENTS }));
}

export function episodeOf({ taught, asked }: Lesson): Episodes {
  const supportX = new Float32Array(MOST * SIZE);
  const supportY = new Float32Array(MOST * WAYS);
  const queryX = new Float32Array(QUERIES * SIZE);
  const queryY = new Float32Array(QUERIES * WAYS);
  for (let t = 0; t < MOST; t++) {
    const { symbol, drawing } = taught[t] ?? { symbol: 0, drawing: [] };
    supportX.set(raster(drawing), t * SIZE);
    supportY[t * WAYS + symbol] = 1;
  }
  for (let symbol = 0; symbol < WAYS; symbol++)
    variations(taught, symbol).forEach((drawing, v) =>
      queryX.set(raster(drawing), (symbol * VARIATIONS + v) * SIZE),
    );
  queryX.set(raster(asked), (QUERIES - 1) * SIZE);
  return { tasks: 1, ...EPISODE, supportX, supportY, queryX, queryY };
}

/**
 * What is asked of a symbol: its first drawing, turned and bent anew, always in the same way, so
 * that teaching more does not change what was asked before.
 */
function variations(taught: readonly Taught[], symbol: number): Drawing[] {
  const first = taught.find(one => one.symbol === symbol);
  return first
    ? Array.from({ length: VARIATIONS }, (_, v) => varied(first.drawing, random(symbol, v)))
    : [];
}

export function courseOf(
  { taught }: Lesson,
  { predictions }: Pick<Adaptation, 'predictions'>,
): Course {
  const memory: (number | null)[][] = [];
  const guess: number[][] = [];
  for (let after = 0; after <= taught.length; after++) {
    const known = new Set(taught.slice(0, after).map(({ symbol }) => symbol));
    const shares = (query: number) =>
      softmax(
        predictions.data.subarray(
          (after * QUERIES + query) * WAYS,
          (after * QUERIES + query + 1) * WAYS,
        ),
        known,
      );
    memory.push(
      Array.from({ length: WAYS }, (_, symbol) =>
        known.has(symbol)
          ? Array.from(
              { length: VARIATIONS },
              (_, v) => shares(symbol * VARIATIONS + v)[symbol]!,
            ).reduce((a, b) => a + b) / VARIATIONS
          : null,
      ),
    );
    guess.push(shares(QUERIES - 1));
  }
  return { memory, guess };
}

/** The symbol that has the greatest share. */
export const surest = (shares: readonly number[]): number =>
  shares.reduce((best, share, symbol) => (share > shares[best]! ? symbol : best), 0);

/**
 * Shares of the outputs that were taught, as softmax over these alone: a network cannot guess what
 * it was never told of.
 */
function softmax(outputs: Float32Array, known: ReadonlySet<number>): number[] {
  const highest = [...known].reduce((most, k) => Math.max(most, outputs[k]!), -Infinity);
  const powers = Array.from(outputs, (z, k) => (known.has(k) ? Math.exp(z - highest) : 0));
  const sum = powers.reduce((a, b) => a + b, 0) || 1;
  return powers.map(p => p / sum);
}
