import { SIDE } from '../options.js';
import type { Random as Stream } from '../random.js';

/** What drawings ask of random numbers. */
export type Random = Pick<Stream, 'uniform' | 'normal' | 'below'>;

/**
 * A place on the paper: x to the right, y down. Units are the drawer's own; `framed` makes them
 * alike.
 */
export type Point = readonly [x: number, y: number];
/** What a pen draws from going down to going up. */
export type Stroke = readonly Point[];
/** The strokes of a drawing, in the order in which they are drawn. */
export type Drawing = readonly Stroke[];

/** Paper that stays free around a drawing, in pixels: half a pen and its blur. */
const MARGIN = 1.5;
/**
 * The least extent of a drawing before it is enlarged no more, as a part of `paper`: a dot stays a
 * dot.
 */
const LEAST = 0.12;

const least = (numbers: readonly number[]) => numbers.reduce((a, b) => Math.min(a, b));
const greatest = (numbers: readonly number[]) => numbers.reduce((a, b) => Math.max(a, b));

/**
 * The drawing moved to the middle of the unit square and enlarged to fill it, its proportions kept:
 * where and how large it was drawn does not matter.
 *
 * @param paper - the extent of the paper it was drawn on, in its own units.
 */
export function framed(drawing: Drawing, paper = 1): Drawing {
  const xs = drawing.flatMap(stroke => stroke.map(([x]) => x));
  const ys = drawing.flatMap(stroke => stroke.map(([, y]) => y));
  if (!xs.length) return [];
  const [left, right, top, bottom] = [least(xs), greatest(xs), least(ys), greatest(ys)];
  const extent = Math.max(right - left, bottom - top, LEAST * paper);
  const place = (v: number, from: number, to: number) => 0.5 + (v - (from + to) / 2) / extent;
  return drawing.map(stroke =>
    stroke.map(([x, y]): Point => [place(x, left, right), place(y, top, bottom)]),
  );
}

/**
 * A framed drawing as the network sees it: SIDE × SIDE grey levels in [0, 1], row-major, 1 where
 * the ink is. A pixel's level falls linearly over one pixel at the edge of the pen.
 *
 * @param pen - width in pixels.
 */
export function raster(drawing: Drawing, pen = 1.5): Float32Array {
  const image = new Float32Array(SIDE * SIDE);
  const scale = SIDE - 2 * MARGIN;
  const reach = pen / 2 + 0.5;
  for (const stroke of drawing) {
    const points = stroke.map(([x, y]): Point => [MARGIN + x * scale, MARGIN + y * scale]);
    points.forEach((to, i) => {
      const from = points[Math.max(0, i - 1)]!;
      const first = (k: 0 | 1) => Math.max(0, Math.floor(Math.min(from[k], to[k]) - reach));
      const last = (k: 0 | 1) => Math.min(SIDE - 1, Math.ceil(Math.max(from[k], to[k]) + reach));
      for (let row = first(1); row <= last(1); row++)
        for (let column = first(0); column <= last(0); column++) {
          const ink = reach - distance([column + 0.5, row + 0.5], from, to);
          const at = row * SIDE + column;
          if (ink > image[at]!) image[at] = Math.min(1, ink);
        }
    });
  }
  return image;
}

/** Distance of a point from a straight piece of a stroke. */
function distance([x, y]: Point, [x0, y0]: Point, [x1, y1]: Point): number {
  const dx = x1 - x0;
  const dy = y1 - y0;
  const length2 = dx * dx + dy * dy;
  const t = length2 === 0 ? 0 : Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / length2));
  return Math.hypot(x - x0 - t * dx, y - y0 - t * dy);
}

/**
 * How much one drawing of a symbol differs from the next: standard deviations of a turn (radians),
 * shear, stretch, and bending (parts of the paper).
 */
const VARIETY = { turn: 0.1, shear: 0.12, stretch: 0.12, bend: 0.025 };

/**
 * The same symbol drawn once more: turned, sheared, stretched and gently bent, each a little and at
 * random. Expects a framed drawing and frames it again.
 */
export function varied(drawing: Drawing, { normal, uniform }: Random, much = 1): Drawing {
  const turn = VARIETY.turn * much * normal();
  const shear = VARIETY.shear * much * normal();
  const stretch = Math.exp(VARIETY.stretch * much * normal());
  const waves = [0, 1].map(() => ({
    size: VARIETY.bend * much * normal(),
    across: 2 * Math.PI * (0.3 + 0.9 * uniform()),
    along: 2 * Math.PI * (0.3 + 0.9 * uniform()),
    phase: 2 * Math.PI * uniform(),
  }));
  const bend = (wave: number, x: number, y: number) => {
    const { size, across, along, phase } = waves[wave]!;
    return 1.4 * size * Math.sin(across * x + along * y + phase);
  };
  const cos = Math.cos(turn);
  const sin = Math.sin(turn);
  return framed(
    drawing.map(stroke =>
      stroke.map(([px, py]): Point => {
        const x = (px - 0.5) * stretch + (py - 0.5) * shear;
        const y = (py - 0.5) / stretch;
        return [cos * x - sin * y + bend(0, px, py), sin * x + cos * y + bend(1, px, py)];
      }),
    ),
  );
}

/** A smooth line through the points (Catmull–Rom), `pieces` straight pieces between each two. */
export function smooth(points: Stroke, pieces = 6): Stroke {
  const line: Point[] = [points[0]!];
  for (let i = 0; i + 1 < points.length; i++) {
    const [a, b, c, d] = [
      points[Math.max(0, i - 1)]!,
      points[i]!,
      points[i + 1]!,
      points[Math.min(points.length - 1, i + 2)]!,
    ];
    for (let s = 1; s <= pieces; s++) {
      const t = s / pieces;
      const at = (k: 0 | 1) =>
        b[k] +
        0.5 *
          t *
          (c[k] -
            a[k] +
            t * (2 * a[k] - 5 * b[k] + 4 * c[k] - d[k] + t * (3 * (b[k] - c[k]) + d[k] - a[k])));
      line.push([at(0), at(1)]);
    }
  }
  return line;
}
