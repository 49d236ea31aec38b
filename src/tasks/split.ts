import { MetaplasticError } from '../errors.js';
import { random } from './random.js';

/**
 * The stream that splits: after those of all tasks, so that a split and tasks of one seed have
 * nothing in common.
 */
const SPLIT_STREAM = 2 ** 32 - 1;

/**
 * Splits the numbers 0 … count − 1 at random in two, each list in ascending order; the same seed
 * splits alike.
 *
 * @param share - how many are in the first list: a fraction in (0, 1), rounded to whole numbers, or
 * a number from 1 on.
 * @param where - the public option that gives the share, for errors; `things` is what it counts.
 * @throws MetaplasticError if either list would be empty.
 */
export function split(
  count: number,
  share: number,
  seed: number,
  where: string,
  things: string,
): readonly [first: readonly number[], second: readonly number[]] {
  const first = share < 1 ? Math.round(share * count) : share;
  if (!Number.isInteger(first) || first < 1 || first >= count) {
    throw new MetaplasticError({
      where,
      expected: `a fraction or a whole number that leaves some of ${count} ${things} on both sides`,
      got: `${share}`,
    });
  }
  const shuffled = random(seed, SPLIT_STREAM).shuffled(Array.from({ length: count }, (_, i) => i));
  const ascending = (list: number[]) => list.sort((a, b) => a - b);
  return [ascending(shuffled.slice(0, first)), ascending(shuffled.slice(first))];
}
