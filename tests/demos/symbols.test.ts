import { describe, expect, test } from 'vitest';
import {
  framed,
  raster,
  SIDE,
  smooth,
  varied,
  type Drawing,
} from '../../src/tasks/symbols/index.js';
import { random } from '../../demos/symbols/random.js';
import { drawSymbol, symbolBank } from '../../src/tasks/symbols/index.js';

const HOOK: Drawing = [
  [
    [10, 10],
    [10, 60],
    [30, 60],
  ],
  [
    [20, 20],
    [25, 20],
  ],
];
const extent = (drawing: Drawing) =>
  ([0, 1] as const).map(k => {
    const all = drawing.flat().map(point => point[k]);
    return [Math.min(...all), Math.max(...all)];
  });
const pixel = (image: Float32Array, column: number, row: number) => image[row * SIDE + column]!;

describe('a drawing', () => {
  test('is framed alike wherever and however large it was drawn, in its proportions', () => {
    const elsewhere = HOOK.map(stroke =>
      stroke.map(([x, y]) => [300 + 4 * x, 200 + 4 * y] as const),
    );
    const [first, second] = [framed(HOOK), framed(elsewhere)];
    first.flat().forEach(([x, y], i) => {
      expect(second.flat()[i]![0]).toBeCloseTo(x, 12);
      expect(second.flat()[i]![1]).toBeCloseTo(y, 12);
    });
    expect(extent(first)).toEqual([
      [0.3, 0.7],
      [0, 1],
    ]);
  });

  test('that is only a dot stays a dot', () => {
    expect(
      framed(
        [
          [
            [40, 40],
            [41, 40],
          ],
        ],
        100,
      ),
    ).toEqual([
      [
        [0.5 - 1 / 24, 0.5],
        [0.5 + 1 / 24, 0.5],
      ],
    ]);
    expect(raster(framed([[[40, 40]]], 100)).reduce((a, b) => a + b)).toBeGreaterThan(1);
  });

  test('leaves ink where the pen went, and only there', () => {
    const image = raster([
      [
        [0, 0.5],
        [1, 0.5],
      ],
    ]);
    for (let column = 2; column < SIDE - 2; column++) {
      expect(pixel(image, column, 6)).toBeGreaterThan(0.7);
      expect(pixel(image, column, 6)).toBeCloseTo(pixel(image, column, 7), 5);
      expect(pixel(image, column, 4)).toBe(0);
    }
    expect(raster([])).toEqual(new Float32Array(SIDE * SIDE));
    expect(Math.max(...image)).toBeLessThanOrEqual(1);
  });

  test('smoothed passes through its points', () => {
    const points = [
      [0, 0],
      [3, 1],
      [2, 5],
    ] as const;
    const line = smooth(points, 4);
    expect([line[0], line[4], line[8]]).toEqual(points);
  });

  test('varied fills the frame again, and is nearly itself', () => {
    for (let k = 0; k < 20; k++) {
      const again = varied(framed(HOOK), random(1, k));
      const [[left, right], [top, bottom]] = extent(again) as [[number, number], [number, number]];
      expect(Math.max(right - left, bottom - top)).toBeCloseTo(1, 9);
      again
        .flat()
        .forEach(([x, y], i) =>
          expect(
            Math.hypot(x - framed(HOOK).flat()[i]![0], y - framed(HOOK).flat()[i]![1]),
          ).toBeLessThan(0.45),
        );
    }
  });
});

describe('made-up symbols', () => {
  test('are the same from the same numbers, and differ by seed, symbol and example', () => {
    expect(drawSymbol(1, 7, 2)).toEqual(drawSymbol(1, 7, 2));
    for (const other of [drawSymbol(2, 7, 2), drawSymbol(1, 8, 2), drawSymbol(1, 7, 3)])
      expect(other).not.toEqual(drawSymbol(1, 7, 2));
  });

  test('make a bank, of which a part is the bank of later symbols', () => {
    const bank = symbolBank({ seed: 3, classes: 4, each: 2 });
    expect([bank.count, bank.width, bank.height, [...bank.labels]]).toEqual([
      8,
      SIDE,
      SIDE,
      [0, 0, 1, 1, 2, 2, 3, 3],
    ]);
    for (let image = 0; image < bank.count; image++)
      expect(
        Math.max(...bank.pixels.subarray(image * SIDE * SIDE, (image + 1) * SIDE * SIDE)),
      ).toBeGreaterThan(200);
  });

  test('are nearer to themselves than to each other', () => {
    const each = 6;
    const { pixels, labels, count } = symbolBank({ seed: 5, classes: 30, each });
    const size = SIDE * SIDE;
    const distance = (a: number, b: number) => {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += (pixels[a * size + i]! - pixels[b * size + i]!) ** 2;
      return sum;
    };
    let right = 0;
    for (let a = 0; a < count; a++) {
      let nearest = -1;
      for (let b = 0; b < count; b++)
        if (b !== a && (nearest < 0 || distance(a, b) < distance(a, nearest))) nearest = b;
      if (labels[nearest] === labels[a]) right++;
    }
    expect(right / count).toBeGreaterThan(0.6);
  });
});
