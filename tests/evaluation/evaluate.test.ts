import { describe, expect, test } from 'vitest';
import { bestDescent, sound } from '../../src/evaluation/evaluate.js';
import type { Row } from '../../src/runs/log.js';

describe('a lifetime has diverged', () => {
  /** (tasks, moments) losses; the first moment is birth. */
  const kept = (...tasks: number[][]) => sound(tasks.flat(), tasks.length, tasks[0]!.length);
  test('if its loss exploded on the way, though it is small in the end', () =>
    expect(kept([1, 0.5, 0.1], [1, 1e6, 0.1], [1, 0.5, 0.2])).toEqual([0, 2]));
  test('if its loss is no number at any moment, birth too', () =>
    expect(kept([1, NaN, 1], [NaN, 1, 1], [1, Infinity, 1], [Infinity, 1, 1], [1, 1, 1])).toEqual([
      4,
    ]));
  test('not if it was nearly solved at birth, and others were not', () =>
    expect(kept([0.001, 0.5], [1, 0.5], [2, 0.5])).toEqual([0, 1, 2]));
  test('if it ends far above its birth and the median one', () =>
    expect(kept([0.001, 101], [1, 0.5], [0.9, 0.5])).toEqual([1, 2]));
});

describe('gradient descent as a baseline', () => {
  const row = (name: string, mean: number, median: number, diverged: number): Row => ({
    name,
    mean: [mean],
    median: [median],
    ci: [0],
    diverged,
  });
  const best = (rows: Row[], diverged = 0, classification = false) =>
    bestDescent(rows, diverged, classification).name;
  test('is not at the rate whose few survivors have the best mean', () => {
    const rows = [row('slow', 3, 2.9, 0), row('wild', 0.1, Infinity, 63), row('good', 1, 0.8, 0)];
    expect(best(rows)).toBe('good');
  });
  test('is not at a rate at which more diverge than of the learner, though its median is better', () => {
    const rows = [row('sound', 1, 0.8, 1), row('bold', 0.9, 0.7, 4)];
    expect([best(rows, 1), best(rows, 4)]).toEqual(['sound', 'bold']);
  });
  test('is at the rate at which the fewest diverge, where it is always more', () =>
    expect(best([row('a', 0.1, 0.1, 40), row('b', 3, 3, 20)], 2)).toBe('b'));
  test('is at the best mean, where medians are alike, as those of accuracies often are', () => {
    const rows = [row('a', 0.7, 0.8, 0), row('b', 0.75, 0.8, 0), row('c', 0.72, 0.8, 0)];
    expect([best(rows, 0, true), best(rows)]).toEqual(['b', 'a']);
  });
  test('is never at a rate without a number, if there is another', () => {
    const rows = [row('none', NaN, Infinity, 64), row('one', 2, 2, 0), row('nan', NaN, 2, 0)];
    expect([best(rows), best([...rows].reverse())]).toEqual(['one', 'one']);
  });
});
