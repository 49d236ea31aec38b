import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeLearners, WAYS, type Learners } from '../../demos/draw/learners.js';
import {
  courseOf,
  EPISODE,
  episodeOf,
  live,
  MOST,
  VARIATIONS,
  type Lesson,
} from '../../demos/draw/lesson.js';
import { lessonOf } from '../../demos/draw/lessons.js';
import type { Gpu } from '../../src/index.js';
import { openNodeGpu } from '../../src/node.js';

const SIZE = 196;
const QUERIES = WAYS * VARIATIONS + 1;
const recorded = (name: string) =>
  new Uint8Array(
    readFileSync(fileURLToPath(new URL(`../../demos/draw/recorded/${name}`, import.meta.url))),
  );

describe('a lesson', () => {
  const lesson = lessonOf('pictures', 2, 3);

  test('is the same from the same number, one after another or mixed', () => {
    expect(lessonOf('pictures', 2, 3)).toEqual(lesson);
    expect(lesson.taught.map(({ symbol }) => symbol)).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
    expect(
      lessonOf('symbols-mixed', 2, 3)
        .taught.map(({ symbol }) => symbol)
        .toSorted(),
    ).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
    expect(lessonOf('pictures', 2, 4)).not.toEqual(lesson);
  });

  test('becomes an episode of one shape, with blank paper behind it', () => {
    const { supportX, supportY, queryX } = episodeOf(lesson);
    expect([supportX.length, supportY.length, queryX.length]).toEqual([
      MOST * SIZE,
      MOST * WAYS,
      QUERIES * SIZE,
    ]);
    expect([...supportY.subarray(0, 3 * WAYS)]).toEqual([
      1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0,
    ]);
    expect(supportX.subarray(lesson.taught.length * SIZE).every(ink => ink === 0)).toBe(true);
    expect(queryX.subarray((QUERIES - 1) * SIZE).some(ink => ink > 0)).toBe(true);
  });

  test('is asked the same when more is taught', () => {
    const more: Lesson = {
      ...lesson,
      taught: [...lesson.taught, { symbol: 0, drawing: lesson.asked }],
    };
    expect(episodeOf(more).queryX).toEqual(episodeOf(lesson).queryX);
  });

  test('is told of only what was taught by then', () => {
    const data = Float32Array.from({ length: (MOST + 1) * QUERIES * WAYS }, (_, i) => i % WAYS);
    const { memory, guess } = courseOf(lesson, {
      predictions: { data, shape: [1, MOST + 1, QUERIES, WAYS] },
    });
    expect([memory.length, guess[0], memory[0]]).toEqual([
      11,
      [0, 0, 0, 0, 0],
      [null, null, null, null, null],
    ]);
    expect(guess[1]).toEqual([1, 0, 0, 0, 0]);
    expect(guess[3]![1]).toBeCloseTo(1 / (1 + Math.exp(-1)));
    expect(memory[3]!.map(share => share !== null)).toEqual([true, true, false, false, false]);
  });
});

describe('the networks of the page', () => {
  let gpu: Gpu, learners: Learners;
  beforeAll(async () => {
    gpu = await openNodeGpu();
    learners = await makeLearners(
      gpu,
      { plasticity: recorded('plasticity.safetensors'), maml: recorded('maml.safetensors') },
      EPISODE,
    );
  }, 60_000);
  afterAll(() => {
    for (const learner of Object.values(learners)) learner.destroy();
    gpu.destroy();
  });

  test('learn pictures by a hand that meta-training never saw, far above chance, and do not lose the first', async () => {
    let right = 0,
      first = 0;
    const lessons = 10;
    for (let seed = 10; seed < 10 + lessons; seed++) {
      const lesson = lessonOf('pictures', 3, seed);
      const { guess, memory } = await live(learners.plasticity, lesson);
      const last = guess.at(-1)!;
      // asked is a new drawing of the first symbol, taught longest ago
      if (last.indexOf(Math.max(...last)) === 0) right++;
      first += memory.at(-1)![0]! / lessons;
    }
    expect(right).toBeGreaterThanOrEqual(8);
    expect(first).toBeGreaterThan(0.6);
  });

  test('plain gradient descent forgets where plasticity does not', async () => {
    const lesson = lessonOf('pictures', 5, 20);
    const [plasticity, plain] = [
      await live(learners.plasticity, lesson),
      await live(learners.plain, lesson),
    ];
    expect(plain.memory.at(-1)![0]!).toBeLessThan(0.5 * plasticity.memory.at(-1)![0]!);
  });

  test('are small', () => {
    for (const name of ['plasticity', 'maml']) {
      expect(
        existsSync(
          fileURLToPath(new URL(`../../demos/draw/recorded/${name}.safetensors`, import.meta.url)),
        ),
      ).toBe(true);
      expect(recorded(`${name}.safetensors`).length).toBeLessThan(150_000);
    }
  });
});
