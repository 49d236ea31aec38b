import type { Random } from '../symbols/random.js';
import { framed, smooth, varied, type Drawing, type Point } from 'metaplastic/symbols';

const ring = (x: number, y: number, radius: number, from = -90, sweep = 365): Point[] =>
  Array.from({ length: 25 }, (_, k): Point => {
    const angle = ((from + (sweep * k) / 24) * Math.PI) / 180;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });

/**
 * Pictures that people draw, as strokes of a pen on a square of 100; none of them was made up by
 * the generator that meta-training draws from.
 */
export const ICONS = {
  house: [
    [
      [15, 50],
      [50, 15],
      [85, 50],
    ],
    [
      [25, 45],
      [25, 88],
      [75, 88],
      [75, 45],
    ],
  ],
  heart: [
    smooth([
      [50, 32],
      [36, 15],
      [15, 24],
      [16, 46],
      [50, 88],
      [84, 46],
      [85, 24],
      [64, 15],
      [50, 32],
    ]),
  ],
  face: [
    ring(50, 50, 40),
    ring(36, 40, 3),
    ring(64, 40, 3),
    smooth([
      [30, 60],
      [40, 70],
      [50, 73],
      [60, 70],
      [70, 60],
    ]),
  ],
  star: [
    [
      [50, 10],
      [74, 85],
      [11, 38],
      [89, 38],
      [26, 85],
      [50, 10],
    ],
  ],
  fish: [
    smooth([
      [88, 70],
      [60, 42],
      [32, 36],
      [10, 52],
      [32, 68],
      [60, 60],
      [88, 34],
      [84, 52],
      [88, 70],
    ]),
  ],
  bolt: [
    [
      [60, 8],
      [28, 54],
      [55, 52],
      [38, 93],
    ],
  ],
  umbrella: [
    smooth([
      [10, 52],
      [22, 22],
      [50, 10],
      [78, 22],
      [90, 52],
    ]),
    [
      [10, 52],
      [90, 52],
    ],
    smooth([
      [50, 12],
      [50, 60],
      [50, 84],
      [42, 92],
      [34, 84],
    ]),
  ],
  arrow: [
    [
      [10, 50],
      [90, 50],
    ],
    [
      [64, 26],
      [90, 50],
      [64, 74],
    ],
  ],
  snail: [
    smooth([
      [90, 78],
      [20, 80],
      [14, 62],
      [22, 50],
    ]),
    smooth(
      [...ring(58, 54, 24, 90, 350), ...ring(58, 54, 13, 80, 340)].filter((_, k) => k % 3 === 0),
    ),
  ],
  tree: [
    [
      [50, 92],
      [50, 55],
    ],
    [
      [50, 8],
      [20, 55],
      [80, 55],
      [50, 8],
    ],
  ],
  cup: [
    [
      [20, 25],
      [28, 85],
      [62, 85],
      [70, 25],
      [20, 25],
    ],
    smooth([
      [69, 36],
      [88, 38],
      [86, 62],
      [65, 66],
    ]),
  ],
  moon: [
    smooth([
      [62, 10],
      [30, 22],
      [20, 50],
      [32, 78],
      [64, 90],
      [48, 70],
      [44, 48],
      [48, 28],
      [62, 10],
    ]),
  ],
} as const satisfies Record<string, Drawing>;

export type Icon = keyof typeof ICONS;

/**
 * One more drawing of a picture, by a hand that trembles, drifts and does not close its lines:
 * another hand than the generator's.
 */
export function pen(icon: Icon, r: Random): Drawing {
  const { normal, uniform } = r;
  const size = 60 + 180 * uniform();
  const [left, top] = [300 * uniform(), 300 * uniform()];
  return varied(
    framed(
      ICONS[icon].map(stroke => {
        const line = densified(stroke);
        const drift: [number, number] = [2.5 * normal(), 2.5 * normal()];
        const length = 1 + 0.03 * normal();
        let tremble: [number, number] = [0, 0];
        return line.map(([x, y], k): Point => {
          tremble = [0.85 * tremble[0] + 0.5 * normal(), 0.85 * tremble[1] + 0.5 * normal()];
          const along = 1 + ((length - 1) * k) / line.length;
          return [
            left + (size / 100) * (50 + (x - 50) * along + drift[0] + tremble[0]),
            top + (size / 100) * (50 + (y - 50) * along + drift[1] + tremble[1]),
          ];
        });
      }),
      400,
    ),
    r,
    0.8,
  );
}

/** With a point at least every 4 units, as a pointer leaves them. */
function densified(stroke: readonly Point[]): Point[] {
  return stroke.flatMap((to, k): Point[] => {
    const from = stroke[k - 1] ?? to;
    const pieces = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / 4));
    return k === 0
      ? [to]
      : Array.from({ length: pieces }, (_, i): Point => [
          from[0] + ((to[0] - from[0]) * (i + 1)) / pieces,
          from[1] + ((to[1] - from[1]) * (i + 1)) / pieces,
        ]);
  });
}
