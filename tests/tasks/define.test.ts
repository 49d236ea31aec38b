import { describe, expect, test } from 'vitest';
import { defineTasks, type Sample, type TaskShape } from '../../src/tasks/define.js';
import type { Random } from '../../src/tasks/random.js';
import { bankOf } from './given.js';

const SHAPE = { inputs: 2, outputs: 1, steps: 3, batch: 2, queries: 4 };
const sample = (random: Random): Sample => ({
  x: [random.uniform(), random.uniform()],
  y: [random.normal()],
});
const many = (count: number, random: Random) => Array.from({ length: count }, () => sample(random));
const tasks = defineTasks(SHAPE, random => ({
  support: many(6, random),
  queries: many(4, random),
}));

describe('tasks from how one is drawn', () => {
  test('are the same in whatever chunk they are asked for, and others for another seed', () => {
    const all = tasks.episodes(3, 0, 5);
    const part = tasks.episodes(3, 2, 2);
    expect(part.supportX).toEqual(all.supportX.slice(2 * 12, 4 * 12));
    expect(part.queryY).toEqual(all.queryY.slice(2 * 4, 4 * 4));
    expect(tasks.episodes(4, 0, 5).supportX).not.toEqual(all.supportX);
    expect(all).toMatchObject({ tasks: 5, steps: 3, batch: 2, queries: 4 });
    expect(all.origin).toEqual({ seed: 3, first: 0 });
  });

  test('put every example in its place', () => {
    const counted = defineTasks({ inputs: 1, outputs: 1, steps: 2, queries: 1 }, () => ({
      support: [
        { x: [1], y: [10] },
        { x: [2], y: [20] },
      ],
      queries: [{ x: [3], y: [30] }],
    }));
    const { supportX, supportY, queryX, queryY } = counted.episodes(0, 0, 2);
    expect([supportX, supportY].map(all => [...all])).toEqual([
      [1, 2, 1, 2],
      [10, 20, 10, 20],
    ]);
    expect([queryX, queryY].map(all => [...all])).toEqual([
      [3, 3],
      [30, 30],
    ]);
  });

  test('may show images by their numbers', () => {
    const bank = bankOf(2, 3);
    const inputs = bank.width * bank.height;
    const shown = defineTasks({ inputs, outputs: 2, steps: 1, queries: 1, bank }, random => ({
      support: [{ x: random.below(6), y: [1, 0] }],
      queries: [{ x: 5, y: [0, 1] }],
    }));
    const { queryX } = shown.episodes(0, 0, 1);
    expect(queryX).toEqual(Uint32Array.of(5));
    expect(shown.bank).toBe(bank);
  });

  test.each<[string, TaskShape, unknown, RegExp]>([
    [
      'a count',
      { ...SHAPE, steps: 0 },
      undefined,
      /^defineTasks\.steps: expected a whole number ≥ 1/,
    ],
    ['no function', SHAPE, 3, /^defineTasks\.draw: expected a function/],
    [
      'no task',
      SHAPE,
      () => 7,
      /^defineTasks\.draw: support: expected a list of 6 examples, got nothing/,
    ],
    [
      'too few examples',
      SHAPE,
      (r: Random) => ({ support: many(6, r), queries: many(3, r) }),
      /queries: expected a list of 4 examples, got 3/,
    ],
    [
      'a target of another length',
      SHAPE,
      (r: Random) => ({
        support: many(6, r).map(one => ({ ...one, y: [1, 2] })),
        queries: many(4, r),
      }),
      /support\[0\]\.y: expected 1 number, got \[1,2\]/,
    ],
    [
      'no input',
      SHAPE,
      () => ({ support: Array.from({ length: 6 }, () => ({})) }),
      /support\[0\]\.x: expected 2 numbers/,
    ],
  ])('refuse %s', (_, shape, draw, message) => {
    expect(() => defineTasks(shape, (draw ?? (() => 0)) as () => never).episodes(0, 0, 1)).toThrow(
      message,
    );
  });
});
