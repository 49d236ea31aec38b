import type { ImageBank } from '../episodes.js';
import { random, type Random } from '../random.js';
import { SIDE } from '../options.js';
import { framed, raster, smooth, varied, type Drawing, type Point } from './strokes.js';

/** How a symbol is written: the points that its pen strokes pass through, round or with corners. */
type Program = readonly { readonly points: readonly Point[]; readonly round: boolean }[];

/**
 * Streams of a seed: symbol k has the stream k; each of its drawings has one of its own behind all
 * symbols.
 */
const MOST_SYMBOLS = 2 ** 16;

/**
 * Standard deviation of each point that a stroke passes through, from one drawing of a symbol to
 * the next.
 */
const WOBBLE = 0.035;
/** Widths of pens, in pixels of the image. */
const PENS = [1.2, 2] as const;

/**
 * Drawing number `example` of the made-up symbol number `symbol` of a seed; the same numbers give
 * the same drawing.
 */
export function drawSymbol(seed: number, symbol: number, example: number): Drawing {
  const r = random(seed, MOST_SYMBOLS * (example + 1) + symbol);
  return varied(write(program(random(seed, symbol)), r), r);
}

const write = (program: Program, { normal }: Random): Drawing =>
  framed(
    program.map(({ points, round }) => {
      const wobbling = points.map(([x, y]): Point => [
        x + WOBBLE * normal(),
        y + WOBBLE * normal(),
      ]);
      return round ? smooth(wobbling) : wobbling;
    }),
  );

/**
 * Images of made-up symbols `first` … `first + classes − 1` of a seed, `each` drawings of every
 * one, in pens of different widths.
 */
export function symbolBank({
  seed,
  classes,
  each,
  first = 0,
}: {
  readonly seed: number;
  readonly classes: number;
  readonly each: number;
  readonly first?: number;
}): ImageBank {
  const pen = (image: number) =>
    PENS[0] + (PENS[1] - PENS[0]) * random(seed ^ 0x70656e, image).uniform();
  return bankOf(classes, each, (symbol, example) =>
    raster(drawSymbol(seed, first + symbol, example), pen(symbol * each + example)),
  );
}

/** A bank of `each` images of every class. */
export function bankOf(
  classes: number,
  each: number,
  image: (symbol: number, example: number) => Float32Array,
): ImageBank {
  const count = classes * each;
  const size = SIDE * SIDE;
  const pixels = new Uint8Array(count * size);
  const labels = Uint16Array.from({ length: count }, (_, i) => Math.floor(i / each));
  for (let i = 0; i < count; i++)
    image(labels[i]!, i % each).forEach((ink, at) => {
      pixels[i * size + at] = Math.round(255 * ink);
    });
  return { count, width: SIDE, height: SIDE, pixels, labels, classes };
}

/**
 * A symbol of one to four strokes. Later strokes often begin on an earlier one, as strokes of
 * letters do.
 */
function program(r: Random): Program {
  const { uniform, below } = r;
  const strokes: Program[number][] = [];
  const count = [1, 1, 2, 2, 2, 2, 3, 3, 3, 4][below(10)]!;
  for (let k = 0; k < count; k++) {
    const met = k > 0 && uniform() < 0.65 ? strokes[below(k)]!.points : undefined;
    const start: Point = met ? met[below(met.length)]! : [uniform(), uniform()];
    strokes.push(SHAPES[below(SHAPES.length)]!(r, start));
  }
  return strokes;
}

type Shape = (r: Random, start: Point) => Program[number];

/** A point away from another, in a direction of eight that pens like, or nearly. */
function onwards({ below, normal, uniform }: Random, [x, y]: Point): Point {
  const length = 0.3 + 0.6 * uniform();
  const toMiddle = Math.atan2(0.5 - y, 0.5 - x);
  const angle =
    Math.round(toMiddle / (Math.PI / 4) + (below(5) - 2)) * (Math.PI / 4) + 0.15 * normal();
  return [x + length * Math.cos(angle), y + length * Math.sin(angle)];
}

/** A walk of so many pieces. */
const walk = (r: Random, start: Point, pieces: number): Point[] => {
  const points = [start];
  for (let k = 0; k < pieces; k++) points.push(onwards(r, points.at(-1)!));
  return points;
};

/** Points on a turning radius: an arc, a ring or a spiral. */
const turning = ({ uniform }: Random, [x, y]: Point, turns: number, shrink: number): Point[] => {
  const radius = 0.15 + 0.3 * uniform();
  const flat = 0.7 + 0.6 * uniform();
  const from = 2 * Math.PI * uniform();
  const way = uniform() < 0.5 ? 1 : -1;
  const count = Math.ceil(8 * turns) + 1;
  return Array.from({ length: count }, (_, k): Point => {
    const angle = from + (way * 2 * Math.PI * turns * k) / (count - 1);
    const r = radius * (1 - (shrink * k) / (count - 1));
    return [
      x + r * (Math.cos(angle) - Math.cos(from)),
      y + r * flat * (Math.sin(angle) - Math.sin(from)),
    ];
  });
};

const SHAPES: readonly Shape[] = [
  (r, start) => ({ round: false, points: walk(r, start, 1) }),
  (r, start) => ({ round: false, points: walk(r, start, 1) }),
  (r, start) => ({ round: false, points: walk(r, start, 2) }),
  (r, start) => ({ round: false, points: walk(r, start, 3 + r.below(2)) }),
  (r, start) => {
    const points = walk(r, start, 2 + r.below(2));
    return { round: false, points: [...points, start] };
  },
  (r, start) => ({ round: true, points: walk(r, start, 2) }),
  (r, start) => ({ round: true, points: walk(r, start, 3 + r.below(3)) }),
  (r, start) => ({ round: true, points: turning(r, start, 0.3 + 0.5 * r.uniform(), 0) }),
  (r, start) => ({ round: true, points: turning(r, start, 1, 0) }),
  (r, start) => ({ round: true, points: turning(r, start, 1.3 + r.uniform(), 0.85) }),
];
