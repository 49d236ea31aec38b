import { describe, expect, test } from 'vitest';
import { checkEpisodes } from '../../src/tasks/episodes.js';
import { sineSequenceTasks, sineTasks, type SineSequenceOptions } from '../../src/tasks/sine.js';
import { problem, tasksOf } from './given.js';

const range = (values: Iterable<number>) => {
  let low = Infinity;
  let high = -Infinity;
  for (const v of values) {
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  return [low, high] as const;
};

describe('sine tasks', () => {
  const source = sineTasks({ steps: 7, batch: 3, queries: 5 });

  test('pass the check of raw episodes', () => {
    expect(() => checkEpisodes(source.episodes(1, 0, 4), source, 'test')).not.toThrow();
  });

  test('are the same for the same seed', () => {
    expect(source.episodes(9, 5, 3)).toEqual(source.episodes(9, 5, 3));
  });

  test('are the same in whatever chunk they are drawn', () => {
    expect(source.episodes(9, 5, 3)).toEqual(tasksOf(source.episodes(9, 0, 12), 5, 3));
  });

  test('differ between seeds', () => {
    expect(source.episodes(9, 0, 1).supportX).not.toEqual(source.episodes(10, 0, 1).supportX);
  });

  test('have the support y = A sin(x + φ) of the sine that the source names', () => {
    const { supportX, supportY } = source.episodes(2, 6, 1);
    const [sine] = source.sinesOf(2, 6);
    supportX.forEach((x, i) =>
      expect(supportY[i]).toBe(Math.fround(sine!.amplitude * Math.sin(x + sine!.phase))),
    );
  });

  test('have queries on the same sine', () => {
    const { queryX, queryY } = source.episodes(2, 6, 1);
    const [sine] = source.sinesOf(2, 6);
    queryX.forEach((x, i) =>
      expect(queryY[i]).toBe(Math.fround(sine!.amplitude * Math.sin(x + sine!.phase))),
    );
  });

  test('query fresh points', () => {
    const { supportX, queryX } = source.episodes(2, 0, 1);
    expect([...queryX].filter(x => supportX.includes(x))).toEqual([]);
  });

  test('fill the ranges of amplitude, phase and x, and stay inside', () => {
    const own = sineTasks({ steps: 4, queries: 4, amplitude: [1, 2], phase: [-1, 0.5], x: [3, 4] });
    const sines = Array.from({ length: 2000 }, (_, task) => own.sinesOf(1, task)[0]!);
    const near = ([low, high]: readonly [number, number], from: number, to: number) =>
      low >= from && low < from + 0.01 * (to - from) && high < to && high > to - 0.01 * (to - from);
    expect([
      near(range(sines.map(s => s.amplitude)), 1, 2),
      near(range(sines.map(s => s.phase)), -1, 0.5),
      near(range(own.episodes(1, 0, 500).supportX), 3, 4),
    ]).toEqual([true, true, true]);
  });

  test("have MAML's ranges if none are given: A in [0.1, 5], φ in [0, π], x in [−5, 5]", () => {
    const sines = Array.from({ length: 2000 }, (_, task) => source.sinesOf(1, task)[0]!);
    const ends = [
      ...range(sines.map(s => s.amplitude)),
      ...range(sines.map(s => s.phase)),
      ...range(source.episodes(1, 0, 200).supportX),
    ];
    [0.1, 5, 0, Math.PI, -5, 5].forEach((end, i) =>
      expect(Math.abs(ends[i]! - end)).toBeLessThan(0.01),
    );
  });

  test('have as many values as their shapes say', () => {
    const { supportX, supportY, queryX, queryY } = source.episodes(1, 0, 4);
    expect([supportX.length, supportY.length, queryX.length, queryY.length]).toEqual([
      84, 84, 20, 20,
    ]);
  });

  test('refuse a lifetime without a step', () => {
    expect(problem(() => sineTasks({ steps: 0, queries: 1 }))).toBe(
      'sineTasks.steps: expected a whole number ≥ 1, got 0',
    );
  });

  test('refuse half a query', () => {
    expect(problem(() => sineTasks({ steps: 1, queries: 1.5 }))).toBe(
      'sineTasks.queries: expected a whole number ≥ 1, got 1.5',
    );
  });

  test('refuse a range that runs backwards', () => {
    expect(problem(() => sineTasks({ steps: 1, queries: 1, phase: [2, 1] }))).toBe(
      'sineTasks.phase: expected [from, to] with from ≤ to, got [2,1]',
    );
  });

  test('refuse a range that is not finite', () => {
    expect(problem(() => sineTasks({ steps: 1, queries: 1, x: [0, Infinity] }))).toContain(
      'sineTasks.x: expected [from, to] with from ≤ to, got [0,Infinity]',
    );
  });

  test('refuse a seed that would repeat the tasks of another', () => {
    expect(problem(() => source.episodes(2 ** 32, 0, 1))).toBe(
      'sineTasks.episodes.seed: expected a whole number from 0 to 2³² − 1, got 4294967296',
    );
  });

  test('refuse a seed with a fraction', () => {
    expect(problem(() => source.episodes(0.5, 0, 1))).toContain('got 0.5');
  });

  test('refuse a task before the first', () => {
    expect(problem(() => source.episodes(1, -1, 1))).toBe(
      'sineTasks.episodes.first: expected tasks from 0 to 2147483647, got 1 from -1; use another seed for more tasks',
    );
  });

  test('refuse a task after the last', () => {
    expect(problem(() => source.episodes(1, 2 ** 31 - 1, 2))).toContain(
      'expected tasks from 0 to 2147483647, got 2 from 2147483647',
    );
  });

  test('have no sine before the first task', () => {
    expect(problem(() => source.sinesOf(1, -1))).toContain(
      'sineTasks.sinesOf.first: expected tasks from 0',
    );
  });

  test('refuse to draw no task', () => {
    expect(problem(() => source.episodes(1, 0, 0))).toBe(
      'sineTasks.episodes.count: expected a whole number ≥ 1, got 0',
    );
  });
});

describe('sequences of sines', () => {
  const small = {
    functions: 3,
    slots: 4,
    stepsPerFunction: 5,
    batch: 2,
    queriesPerFunction: 6,
    pool: 20,
  };
  const sequence = (options: Partial<SineSequenceOptions> = {}) =>
    sineSequenceTasks({ ...small, order: 'continual', ...options });
  const slotOf = (X: Float32Array | Uint32Array, sample: number, slots = 4) =>
    X.subarray(sample * (slots + 1), sample * (slots + 1) + slots).indexOf(1);

  test('have the sizes of paper 1 if none are given', () => {
    const { inputs, outputs, steps, batch, queries } = sineSequenceTasks({ order: 'continual' });
    expect({ inputs, outputs, steps, batch, queries }).toEqual({
      inputs: 11,
      outputs: 1,
      steps: 400,
      batch: 32,
      queries: 320,
    });
  });

  test('pass the check of raw episodes', () => {
    expect(() => checkEpisodes(sequence().episodes(1, 0, 4), sequence(), 'test')).not.toThrow();
  });

  test.each(['continual', 'iid'] as const)(
    'are the same in whatever chunk they are drawn (%s)',
    order => {
      expect(sequence({ order }).episodes(9, 5, 3)).toEqual(
        tasksOf(sequence({ order }).episodes(9, 0, 12), 5, 3),
      );
    },
  );

  test('have inputs [one-hot(slot), x]: among the first numbers one 1 and zeros', () => {
    const { supportX } = sequence().episodes(1, 0, 2);
    for (let sample = 0; sample < 2 * 15 * 2; sample++)
      expect([...supportX.subarray(sample * 5, sample * 5 + 4)].sort()).toEqual([0, 0, 0, 1]);
  });

  test.each(['continual', 'iid'] as const)(
    'have the support y of the sine in the slot (%s)',
    order => {
      const { supportX, supportY } = sequence({ order }).episodes(1, 7, 1);
      const sines = sequence({ order }).sinesOf(1, 7);
      supportY.forEach((y, sample) => {
        const sine = sines[slotOf(supportX, sample)]!;
        expect(y).toBe(
          Math.fround(sine.amplitude * Math.sin(supportX[sample * 5 + 4]! + sine.phase)),
        );
      });
    },
  );

  test('have the query y of the sine in the slot', () => {
    const { queryX, queryY } = sequence().episodes(1, 7, 1);
    const sines = sequence().sinesOf(1, 7);
    queryY.forEach((y, sample) => {
      const sine = sines[slotOf(queryX, sample)]!;
      expect(y).toBe(Math.fround(sine.amplitude * Math.sin(queryX[sample * 5 + 4]! + sine.phase)));
    });
  });

  test('show one function after the other in continual order', () => {
    const { supportX } = sequence().episodes(1, 0, 1);
    expect(Array.from({ length: 15 }, (_, step) => slotOf(supportX, step * 2))).toEqual([
      0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2,
    ]);
  });

  test('keep each minibatch to one function in i.i.d. order', () => {
    const { supportX } = sequence({ order: 'iid' }).episodes(1, 0, 1);
    for (let step = 0; step < 15; step++)
      expect(slotOf(supportX, step * 2)).toBe(slotOf(supportX, step * 2 + 1));
  });

  test('show in i.i.d. order the very minibatches of the continual order', () => {
    const minibatches = (order: 'iid' | 'continual') => {
      const { supportX, supportY } = sequence({ order }).episodes(1, 3, 1);
      return Array.from({ length: 15 }, (_, step) =>
        [
          ...supportX.subarray(step * 10, step * 10 + 10),
          ...supportY.subarray(step * 2, step * 2 + 2),
        ].join(),
      );
    };
    expect(minibatches('iid').sort()).toEqual(minibatches('continual').sort());
  });

  test('mix the functions in i.i.d. order: the first step is of every slot equally often', () => {
    const { supportX } = sequence({ order: 'iid' }).episodes(1, 0, 3000);
    const times = [0, 0, 0];
    for (let task = 0; task < 3000; task++) times[slotOf(supportX, task * 30)]!++;
    for (const n of times) expect(Math.abs(n - 1000)).toBeLessThan(5 * Math.sqrt((3000 * 2) / 9));
  });

  test('have the same queries in both orders', () => {
    expect(sequence({ order: 'iid' }).episodes(1, 3, 2).queryX).toEqual(
      sequence().episodes(1, 3, 2).queryX,
    );
  });

  test('query each function equally, slot after slot', () => {
    const { queryX } = sequence().episodes(1, 0, 1);
    expect(Array.from({ length: 18 }, (_, q) => slotOf(queryX, q))).toEqual([
      0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2,
    ]);
  });

  test('query fresh points', () => {
    const { supportX, queryX } = sequence().episodes(1, 0, 1);
    const points = (X: Float32Array | Uint32Array) => [...X].filter((_, i) => i % 5 === 4);
    expect(points(queryX).filter(x => points(supportX).includes(x))).toEqual([]);
  });

  test('take different functions for the slots of a task', () => {
    for (let task = 0; task < 200; task++)
      expect(
        new Set(
          sequence()
            .sinesOf(1, task)
            .map(s => s.phase),
        ).size,
      ).toBe(3);
  });

  test('know no more functions than the pool has', () => {
    expect(
      new Set(
        Array.from({ length: 300 }, (_, task) => sequence().sinesOf(1, task))
          .flat()
          .map(s => s.phase),
      ).size,
    ).toBe(20);
  });

  test('take their functions from one pool, whatever the seed of the tasks', () => {
    const phases = (seed: number) =>
      new Set(
        Array.from({ length: 300 }, (_, task) => sequence().sinesOf(seed, task))
          .flat()
          .map(s => s.phase),
      );
    expect([...phases(2)].sort()).toEqual([...phases(1)].sort());
  });

  test('have another pool with another seed of the source', () => {
    const pool = new Set(
      Array.from({ length: 300 }, (_, task) => sequence().sinesOf(1, task))
        .flat()
        .map(s => s.phase),
    );
    expect(
      sequence({ seed: 1 })
        .sinesOf(1, 0)
        .filter(s => pool.has(s.phase)),
    ).toEqual([]);
  });

  test('test on functions outside the pool', () => {
    const pool = new Set(
      Array.from({ length: 300 }, (_, task) => sequence().sinesOf(1, task))
        .flat()
        .map(s => s.phase),
    );
    expect(
      Array.from({ length: 300 }, (_, task) => sequence({ split: 'test' }).sinesOf(1, task))
        .flat()
        .filter(s => pool.has(s.phase)),
    ).toEqual([]);
  });

  test('have 1000 functions to test on', () => {
    expect(
      new Set(
        Array.from({ length: 5000 }, (_, task) => sequence({ split: 'test' }).sinesOf(1, task))
          .flat()
          .map(s => s.phase),
      ).size,
    ).toBe(1000);
  });

  test('draw amplitudes of (U[0,1] + 0.02)·5, phases of U[0,π] and x of U[−5,5]', () => {
    const source = sequence({ pool: 2000 });
    const sines = Array.from({ length: 2000 }, (_, task) => source.sinesOf(1, task)).flat();
    const { supportX } = source.episodes(1, 0, 200);
    const ends = [
      ...range(sines.map(s => s.amplitude)),
      ...range(sines.map(s => s.phase)),
      ...range([...supportX].filter((_, i) => i % 5 === 4)),
    ];
    [0.1, 5.1, 0, Math.PI, -5, 5].forEach((end, i) =>
      expect(Math.abs(ends[i]! - end)).toBeLessThan(0.02),
    );
  });

  test('refuse more functions than slots', () => {
    expect(problem(() => sequence({ functions: 5 }))).toBe(
      'sineSequenceTasks.functions: expected at most slots = 4, got 5; raise slots or lower functions',
    );
  });

  test('refuse more functions than the pool has', () => {
    expect(problem(() => sequence({ pool: 2 }))).toBe(
      "sineSequenceTasks.functions: expected at most 2 functions, all that split 'train' has, got 3; raise pool or lower functions",
    );
  });

  test('refuse a task before the first', () => {
    expect(problem(() => sequence().episodes(1, -1, 1))).toContain(
      'sineSequenceTasks.episodes.first: expected tasks from 0',
    );
  });

  test('have no sines before the first task', () => {
    expect(problem(() => sequence().sinesOf(1, -1))).toContain(
      'sineSequenceTasks.sinesOf.first: expected tasks from 0',
    );
  });

  test('refuse an empty minibatch', () => {
    expect(problem(() => sequence({ batch: 0 }))).toBe(
      'sineSequenceTasks.batch: expected a whole number ≥ 1, got 0',
    );
  });

  test('refuse an order that does not exist', () => {
    expect(problem(() => sequence({ order: 'random' as 'iid' }))).toBe(
      `sineSequenceTasks.order: unknown choice "random"; known: continual, iid`,
    );
  });

  test('refuse a split that does not exist', () => {
    expect(problem(() => sequence({ split: 'validation' as 'test' }))).toBe(
      `sineSequenceTasks.split: unknown choice "validation"; known: train, test`,
    );
  });

  test('refuse a seed of the source with a fraction', () => {
    expect(problem(() => sequence({ seed: 0.5 }))).toContain(
      'sineSequenceTasks.seed: expected a whole number',
    );
  });
});
