import { greatest, least } from '../extremes.js';
import {
  labelOf,
  smooth,
  type Evaluation,
  type Example,
  type Forgetting,
  type LogLine,
} from '../runs/log.js';

/**
 * A line in a chart. Colours are names of CSS properties of the page, so that they follow light and
 * dark.
 */
export interface Series {
  readonly label: string;
  readonly values: readonly number[];
  readonly colour: string;
  readonly width: number;
  readonly dash?: readonly number[];
  /** Dots at the values. */
  readonly points?: boolean;
  /** Drawn, but not named in the legend. */
  readonly unnamed?: boolean;
}

/** What `draw.js` draws with uPlot. NaN becomes null on the way, which leaves a gap. */
export interface Chart {
  /** What a screen reader says. */
  readonly label: string;
  readonly x: readonly number[];
  readonly xLabel: string;
  /** Places of the ticks; left out: wherever they fit. */
  readonly ticks?: readonly number[];
  readonly yLabel: string;
  readonly series: readonly Series[];
  /** Areas between two series, by index. */
  readonly bands?: readonly {
    readonly high: number;
    readonly low: number;
    readonly colour: string;
  }[];
  /** Single dots. */
  readonly dots?: {
    readonly x: readonly number[];
    readonly y: readonly number[];
    readonly colours: readonly string[];
  };
  readonly log?: boolean;
  readonly percent?: boolean;
  /** From … to on the y axis; left out: by the data. */
  readonly range?: readonly [number, number];
  /** One of many small charts, without a legend. */
  readonly small?: boolean;
}

/** Number of learner colours in `page.css`. */
const LEARNER_COLOURS = 5;
/** Of lines that share a colour. */
const DASHES = [[], [8, 4], [2, 3]] as const;
/** Curves that span more than this factor are drawn on a logarithmic scale. */
const LOG_FROM = 12;

function spansDecades(values: readonly number[]): boolean {
  let low = Infinity;
  let high = -Infinity;
  for (const x of values)
    if (Number.isFinite(x)) {
      low = Math.min(low, x);
      high = Math.max(high, x);
    }
  return low > 0 && high > LOG_FROM * low;
}

/** Points of a curve: more than a screen has pixels for, and few enough for a page. */
const MOST_POINTS = 2000;

/** Pieces of `count` points, from … to below: of one point each if that is not too many. */
function piecesOf(count: number): readonly (readonly [from: number, to: number])[] {
  if (count <= MOST_POINTS) return Array.from({ length: count }, (_, i) => [i, i + 1] as const);
  // The first and the last point stay as they are; of each piece between there will be two.
  const pieces = MOST_POINTS / 2 - 1;
  const edge = (i: number) => 1 + Math.floor((i * (count - 2)) / pieces);
  return [
    [0, 1],
    ...Array.from({ length: pieces }, (_, i) => [edge(i), edge(i + 1)] as const),
    [count - 1, count],
  ];
}

/** Where the points that are drawn stand: the first and the last of each piece. */
const placesOf = (pieces: ReturnType<typeof piecesOf>) =>
  pieces.flatMap(([from, to]) => (to - from > 1 ? [from, to - 1] : [from]));

/**
 * The extremes of each piece in the order in which they come, so that no peak is lost; NaN where
 * nothing is finite.
 */
function envelope(values: readonly number[], pieces: ReturnType<typeof piecesOf>): number[] {
  return pieces.flatMap(([from, to]) => {
    if (to - from === 1) return [values[from]!];
    let [low, high] = [-1, -1];
    for (let i = from; i < to; i++) {
      if (!Number.isFinite(values[i])) continue;
      if (low < 0 || values[i]! < values[low]!) low = i;
      if (high < 0 || values[i]! > values[high]!) high = i;
    }
    return [values[Math.min(low, high)] ?? NaN, values[Math.max(low, high)] ?? NaN];
  });
}

const percents = (values: readonly number[]) => values.map(x => 100 * x);

/** Width of the moving average over a log. */
export const smoothingSpan = (log: readonly LogLine[]) =>
  Math.max(1, Math.min(500, Math.round(log.length / 25)));

/** The share of values that decide an axis, and how far beyond them others have to be to be left out. */
const MOST = 0.98;
const BEYOND = 10;

/**
 * Where the axis of values ends: a few meta-steps in which a lifetime nearly exploded must not
 * flatten all others, so they are marked at the border. Infinity where none is so far out.
 */
export function borderOf(values: readonly number[]): number {
  const ordered = values.filter(Number.isFinite).sort((a, b) => a - b);
  const usual = ordered[Math.floor(MOST * (ordered.length - 1))]!;
  return usual > 0 && ordered.at(-1)! > BEYOND * usual ? 2 * usual : Infinity;
}

/** A quantity of each meta-step, as it was and smoothed; and what it was in validations, as dots. */
export function trainingChart(log: readonly LogLine[], name: 'loss' | 'accuracy'): Chart {
  const percent = name === 'accuracy';
  const raw = log.map(line => line[name] ?? NaN);
  // Of the loss the median is smoothed: one lifetime that nearly exploded would lift the mean of
  // many meta-steps.
  const values = percent ? percents(raw) : raw;
  const pieces = piecesOf(log.length);
  const places = placesOf(pieces);
  const smoothed = smooth(
    percent ? values : log.map(line => line.medianLoss),
    smoothingSpan(log),
    places,
  );
  const each = envelope(values, pieces);
  const border = percent ? Infinity : borderOf(values);
  const inside = values.filter(y => y <= border);
  const isLog = !percent && spansDecades(inside);
  const lowest = least(inside);
  const above = [...each.keys()].filter(k => each[k]! > border);
  const validated = validationsAt(log, places, name);
  return {
    label: `Line chart: ${name} over ${log.length} meta-steps. The numbers are in the table below.`,
    x: places.map(i => log[i]!.metaStep),
    xLabel: 'meta-step',
    yLabel: percent ? 'accuracy, %' : 'query loss',
    percent,
    log: isLog,
    ...(above.length && {
      range: [isLog ? lowest / 1.15 : Math.min(0, lowest), border] as const,
      dots: {
        x: above.map(k => log[places[k]!]!.metaStep),
        y: above.map(() => border),
        colours: above.map(() => '--faint'),
      },
    }),
    series: [
      {
        label: percent ? 'each meta-step' : 'mean of each meta-step',
        values: each.map(y => (y > border ? NaN : y)),
        colour: '--faint',
        width: 1,
      },
      {
        label: percent ? 'smoothed' : 'median over tasks, smoothed',
        values: smoothed,
        colour: '--learner-0',
        width: 2.5,
      },
      ...(validated.some(Number.isFinite)
        ? [
            {
              label: percent ? 'validation' : 'validation, median',
              values: (percent ? percents(validated) : validated).map(y =>
                y > border || (isLog && y <= 0) ? NaN : y,
              ),
              colour: '--learner-1',
              width: 1.75,
              points: true,
            },
          ]
        : []),
    ],
  };
}

/**
 * Validations of a log at the places of its points: each at the last point that is not after it;
 * NaN where there is none.
 */
function validationsAt(
  log: readonly LogLine[],
  places: readonly number[],
  name: 'loss' | 'accuracy',
): number[] {
  const values = places.map(() => NaN);
  let k = 0;
  log.forEach(({ validation }, i) => {
    while (places[k + 1]! <= i) k++;
    if (validation)
      values[k] = (name === 'loss' ? validation.medianLoss : validation.accuracy) ?? NaN;
  });
  return values;
}

/** One of several curves over the same x, in the colour of its place. */
export interface Line {
  readonly name: string;
  /** NaN where it has no value. */
  readonly values: readonly number[];
  /** Half-widths of intervals, drawn as an area. */
  readonly ci?: readonly number[];
  /** A thinner companion, such as the median. */
  readonly dashed?: { readonly name: string; readonly values: readonly number[] };
}

/** Curves over the same x, and levels to compare them with. */
export interface Lines {
  readonly x: readonly number[];
  readonly xLabel: string;
  readonly yLabel: string;
  readonly lines: readonly Line[];
  readonly references?: readonly { readonly name: string; readonly value: number }[];
  /** Values are shares, 0 … 1. */
  readonly percent?: boolean;
  /**
   * What no value can be below or above: intervals of few seeds would reach beyond. Left out: 0 and
   * 1 for shares.
   */
  readonly within?: readonly [number, number];
  /** Few points, each worth a dot and a tick. */
  readonly few?: boolean;
}

/**
 * A chart of lines over the same x, with their intervals as areas: logarithmic where values
 * above 0 span more than a factor of 12, and thinned to what a screen has pixels for.
 */
export function linesChart({
  x,
  xLabel,
  yLabel,
  lines,
  references = [],
  percent = false,
  within = percent ? [0, 1] : [-Infinity, Infinity],
  few,
}: Lines): Chart {
  const scale = percent ? percents : (values: readonly number[]) => [...values];
  const [least, most] = scale(within) as [number, number];
  const pieces = piecesOf(x.length);
  const series: Series[] = [];
  const bands: { high: number; low: number; colour: string }[] = [];
  const log =
    !percent &&
    spansDecades([...lines.flatMap(line => line.values), ...references.map(r => r.value)]);
  lines.forEach(({ name, values: raw, ci: halves, dashed }, i) => {
    const colour = `--learner-${i % LEARNER_COLOURS}`;
    const dash = DASHES[Math.floor(i / LEARNER_COLOURS) % DASHES.length]!;
    const values = scale(raw);
    const ci = halves && scale(halves);
    const edge = (sign: number): Series => ({
      label: '',
      values: values
        .map((m, k) => Math.min(most, Math.max(least, m + sign * ci![k]!)))
        .map(y => (log && y <= 0 ? NaN : y)),
      colour,
      width: 0,
      unnamed: true,
    });
    if (ci) {
      bands.push({ high: series.length, low: series.length + 1, colour });
      series.push(edge(1), edge(-1));
    }
    series.push({
      label: name,
      values,
      colour,
      width: i ? 1.75 : 2.75,
      ...(few && { points: true }),
      ...(dash.length && { dash }),
    });
    if (dashed)
      series.push({
        label: dashed.name,
        values: scale(dashed.values),
        colour,
        width: 1.25,
        dash: [5, 4],
        unnamed: true,
      });
  });
  for (const { name, value } of references)
    series.push({
      label: name,
      values: scale(x.map(() => value)),
      colour: '--muted',
      width: 1,
      dash: [2, 3],
    });
  return {
    label: `Line chart: ${yLabel} against ${xLabel}, for ${lines.map(line => line.name).join(', ')}. The numbers are in the table below.`,
    x: placesOf(pieces).map(i => x[i]!),
    ...(few && { ticks: x }),
    xLabel,
    yLabel: percent ? `${yLabel}, %` : yLabel,
    percent,
    log,
    series: series.map(one => ({ ...one, values: envelope(one.values, pieces) })),
    bands,
  };
}

/**
 * The metric against the number of examples seen, one line per learner. `chance` is the accuracy of
 * guessing.
 */
export function adaptationChart(
  { metric, tasks, at, rows }: Evaluation,
  batch: number,
  chance?: number,
): Chart {
  const percent = metric === 'accuracy';
  return linesChart({
    x: at.map(t => t * batch),
    xLabel: 'examples seen',
    yLabel: metric,
    percent,
    few: true,
    lines: rows.map(row => ({
      name: labelOf(row, tasks),
      values: row.mean,
      ci: row.ci,
      ...(!percent && { dashed: { name: `${row.name}, median`, values: row.median } }),
    })),
    ...(chance !== undefined && { references: [{ name: 'chance', value: chance }] }),
  });
}

/** The metric on each part of a lifetime over its length, one line per part. */
export function forgettingLines(
  metric: Evaluation['metric'],
  { after, parts, ci }: Forgetting,
  batch: number,
): Lines {
  return {
    x: after.map(t => t * batch),
    xLabel: 'examples seen',
    yLabel: `${metric} on each part`,
    percent: metric === 'accuracy',
    few: true,
    lines: parts.map((values, p) => ({ name: `part ${p + 1}`, values, ci: ci[p] })),
  };
}

/**
 * One unseen task: the truth, the examples in the colour of the first curve that has seen them, and
 * the curves.
 */
export function exampleChart({ title, x, truth, support, curves }: Example, batch: number): Chart {
  const order = [...x.keys()].sort((a, b) => x[a]! - x[b]!);
  const sorted = (values: readonly number[]) => order.map(i => values[i]!);
  const seenBy = (i: number) => curves.findIndex(curve => curve.after * batch > i);
  // A wild curve may leave the frame: the truth and the examples decide it.
  const known = [...truth, ...support.y].filter(Number.isFinite);
  const low = least(known);
  const high = greatest(known);
  const room = 0.2 * (high - low || 1);
  return {
    label: `${title}: the true function, the examples, and predictions after ${curves.map(c => c.after * batch).join(', ')} examples.`,
    x: sorted(x),
    xLabel: 'x',
    yLabel: 'y',
    small: true,
    ...(known.length > 0 && { range: [low - room, high + room] as const }),
    series: [
      { label: 'truth', values: sorted(truth), colour: '--ink', width: 1, dash: [4, 3] },
      ...curves.map((curve, k) => ({
        label: `after ${curve.after * batch}`,
        values: sorted(curve.y),
        colour: `--ramp-${k}`,
        width: k === curves.length - 1 ? 2.5 : 1.5,
      })),
    ],
    dots: {
      x: support.x,
      y: support.y,
      colours: support.x.map((_, i) => (seenBy(i) < 0 ? '--muted' : `--ramp-${seenBy(i)}`)),
    },
  };
}

// Viridis (van der Walt & Smith 2015), without its ends: even steps in lightness, also for
// colour-blind eyes.
const VIRIDIS = [
  [72, 40, 120],
  [62, 74, 137],
  [49, 104, 142],
  [38, 130, 142],
  [31, 158, 137],
  [53, 183, 121],
  [109, 205, 89],
  [180, 222, 44],
  [253, 231, 37],
] as const;

/**
 * Colours of `count` curves in order, away from the background as learning goes on; as CSS
 * declarations.
 */
export function ramp(count: number, scheme: 'light' | 'dark'): string {
  const [from, to] = scheme === 'light' ? [6.6, 0] : [1, 8];
  return Array.from({ length: count }, (_, k) => {
    const at = from + ((to - from) * k) / Math.max(1, count - 1);
    const i = Math.min(VIRIDIS.length - 2, Math.floor(at));
    const channels = VIRIDIS[i]!.map((c, j) =>
      Math.round(c + (at - i) * (VIRIDIS[i + 1]![j]! - c)),
    );
    return `--ramp-${k}: #${channels.map(c => c.toString(16).padStart(2, '0')).join('')};`;
  }).join(' ');
}
