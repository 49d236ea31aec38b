import { describe, expect, test } from 'vitest';
import { hash, random } from '../../src/tasks/random.js';
import { zeros } from './given.js';

describe('the hash', () => {
  test('is pcg3d, third component, as computed in Python with unbounded integers', () => {
    expect([hash(0, 0, 0), hash(1, 2, 3), hash(123456789, 4294967295, 77), hash(0, 0, 1)]).toEqual([
      1058359340, 1500469937, 1893225249, 990954100,
    ]);
  });
});

describe('a stream of random numbers', () => {
  test('is the same whenever it is drawn', () => {
    const draw = () => {
      const r = random(3, 4);
      return Array.from({ length: 50 }, () => r.uniform());
    };
    expect(draw()).toEqual(draw());
  });

  test('differs from the next stream of the seed', () => {
    expect(random(3, 4).uniform()).not.toBe(random(3, 5).uniform());
  });

  test('differs from the same stream of the next seed', () => {
    expect(random(3, 4).uniform()).not.toBe(random(4, 4).uniform());
  });

  test('is uniform in [0, 1): each tenth has its share, within five standard deviations', () => {
    const r = random(1, 0);
    const bins = zeros(10);
    const n = 100_000;
    for (let i = 0; i < n; i++) bins[Math.floor(r.uniform() * 10)]!++;
    for (const bin of bins)
      expect(Math.abs(bin - n / 10)).toBeLessThan(5 * Math.sqrt(n * 0.1 * 0.9));
  });

  test('is as uniform across the first draws of neighbouring streams', () => {
    const bins = zeros(10);
    const n = 100_000;
    for (let i = 0; i < n; i++) bins[Math.floor(random(1, i).uniform() * 10)]!++;
    for (const bin of bins)
      expect(Math.abs(bin - n / 10)).toBeLessThan(5 * Math.sqrt(n * 0.1 * 0.9));
  });

  test('gives normal numbers of mean 0 and variance 1', () => {
    const r = random(2, 0);
    const n = 100_000;
    let sum = 0,
      squares = 0;
    for (let i = 0; i < n; i++) {
      const z = r.normal();
      sum += z;
      squares += z * z;
    }
    expect([
      Math.abs(sum / n) < 5 / Math.sqrt(n),
      Math.abs(squares / n - 1) < 5 * Math.sqrt(2 / n),
    ]).toEqual([true, true]);
  });

  test('shuffles without losing an item', () => {
    expect(random(5, 0).shuffled([1, 2, 3, 4, 5, 6]).sort()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('leaves the shuffled list as it was', () => {
    const items = [1, 2, 3, 4, 5, 6];
    random(5, 0).shuffled(items);
    expect(items).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('shuffles into every order equally often', () => {
    const orders = new Map<string, number>();
    const n = 24_000;
    for (let i = 0; i < n; i++) {
      const order = random(6, i).shuffled([0, 1, 2, 3]).join('');
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(24);
    for (const times of orders.values())
      expect(Math.abs(times - n / 24)).toBeLessThan(5 * Math.sqrt(n / 24));
  });

  test('chooses different items', () => {
    for (let i = 0; i < 200; i++)
      expect(new Set(random(7, i).chosen([0, 1, 2, 3, 4, 5, 6, 7], 5)).size).toBe(5);
  });

  test('chooses every ordered pair equally often', () => {
    const pairs = new Map<string, number>();
    const n = 20_000;
    for (let i = 0; i < n; i++) {
      const pair = random(8, i).chosen([0, 1, 2, 3, 4], 2).join('');
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    }
    expect(pairs.size).toBe(20);
    for (const times of pairs.values())
      expect(Math.abs(times - n / 20)).toBeLessThan(5 * Math.sqrt(n / 20));
  });

  test('leaves the list that it chooses from as it was', () => {
    const items = [1, 2, 3, 4, 5, 6];
    random(5, 0).chosen(items, 3);
    expect(items).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

test('numbers chosen below n are those chosen from a list of them, and cost nothing for a large n', () => {
  const numbers = Array.from({ length: 50 }, (_, k) => k);
  for (const count of [0, 1, 7, 50])
    expect(random(3, count).chosenBelow(50, count)).toEqual(
      random(3, count).chosen(numbers, count),
    );
  expect(new Set(random(3, 0).chosenBelow(1e9, 1000)).size).toBe(1000);
});
