import { describe, expect, test } from 'vitest';
import { makeClock, measure, summarise, type Clock } from '../../src/bench/clock.js';
import { without } from '../../src/bench/kernels.js';
import { useGpu } from '../kernels/open.js';

const under = useGpu();

test('a sample is the median, the fastest, and the middle half relative to the median', () => {
  expect(summarise([5, 1, 2, 4, 3])).toEqual({ median: 3, fastest: 1, spread: 2 / 3 });
  expect(summarise([7])).toEqual({ median: 7, fastest: 7, spread: 0 });
});

test('a part is the difference of the fastest; what both spread is its spread; less than nothing is nothing', () => {
  const a = { median: 6, fastest: 5, spread: 0.5 };
  const b = { median: 4, fastest: 3, spread: 0.25 };
  expect(without(a, b)).toEqual({ median: 2, fastest: 2, spread: 2 });
  expect(without(b, a)).toEqual({ median: 0, fastest: 0, spread: 0 });
});

/** A clock on which each thing takes `cost` seconds, whatever is recorded. */
function slowClock(cost: number) {
  const batches: number[] = [];
  let asked = 0;
  const clock: Clock = {
    kind: 'wall clock',
    async time(record) {
      record(undefined as never);
      return cost * asked;
    },
    destroy() {},
  };
  return {
    batches,
    clock,
    record: (_: unknown, times: number) => {
      asked = times;
      batches.push(times);
    },
  };
}

describe('measuring', () => {
  test('makes batches so long that the clock can tell them, and times each so often', async () => {
    const { batches, clock, record } = slowClock(1e-5);
    const sample = await measure(clock, record, { batchSeconds: 0.01, repeats: 3 });
    expect(sample.median).toBeCloseTo(1e-5, 12);
    expect(new Set(batches.slice(-3)).size).toBe(1);
    expect(batches.at(-1)! * 1e-5).toBeGreaterThanOrEqual(0.01);
    expect(batches.at(-1)! * 1e-5).toBeLessThan(0.04);
  });
  test('makes one thing at a time where it is long enough, after one that only warms up', async () => {
    const { batches, clock, record } = slowClock(1);
    await measure(clock, record, { batchSeconds: 0.01, repeats: 2 });
    expect(batches).toEqual([1, 1, 1, 1]);
  });
  test('does not wait for timestamps that stand still while work goes on', async () => {
    let longest = 0;
    const clock: Clock = {
      kind: 'timestamps',
      time: record => {
        record(undefined as never);
        return new Promise(done => setTimeout(() => done(0), 30));
      },
      destroy() {},
    };
    await measure(
      clock,
      (_, times) => {
        longest = Math.max(longest, times);
      },
      { batchSeconds: 0.001, repeats: 1 },
    );
    expect(longest).toBe(1);
  });
  test('comes to an end where the clock never moves', async () => {
    const { batches, clock, record } = slowClock(0);
    await measure(clock, record, { batchSeconds: 0.01, repeats: 1 });
    expect(batches.at(-1)).toBe(2 ** 16);
  });
});

test('every clock that the device has gives the time of a pass', async () => {
  for (const has of [true, false]) {
    if (has && !under.gpu.device.features.has('timestamp-query')) continue;
    const { device, guard } = under.gpu;
    const features = new Set(has ? ['timestamp-query'] : []);
    const clock = makeClock({
      ...under.gpu,
      guard,
      device: new Proxy(device, {
        get: (of, key) => {
          const value = key === 'features' ? features : Reflect.get(of, key, of);
          return typeof value === 'function' ? value.bind(of) : value;
        },
      }),
    });
    expect(clock.kind).toBe(has ? 'timestamps' : 'wall clock');
    const seconds = await clock.time(() => {});
    expect(seconds).toBeGreaterThanOrEqual(0);
    expect(seconds).toBeLessThan(5);
    clock.destroy();
  }
});
