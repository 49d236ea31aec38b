import { smooth, type Evaluation, type Example, type LogLine } from '../log.js';

/** A line in a chart. Colours are names of CSS properties of the page, so that they follow light and dark. */
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
  readonly bands?: readonly { readonly high: number; readonly low: number; readonly colour: string }[];
  /** Single dots. */
  readonly dots?: { readonly x: readonly number[]; readonly y: readonly number[]; readonly colours: readonly string[] };
  readonly log?: boolean;
  readonly percent?: boolean;
  /** From … to on the y axis; left out: by the data. */
  readonly range?: readonly [number, number];
  /** One of many small charts, without a legend. */
  readonly small?: boolean;
}

/** Number of learner colours in `page.css`. */
const LEARNER_COLOURS = 5;
/** Curves that span more than this factor are drawn on a logarithmic scale. */
const LOG_FROM = 12;

function spansDecades(values: readonly number[]): boolean {
  let low = Infinity, high = -Infinity;
  for (const x of values) if (Number.isFinite(x)) { low = Math.min(low, x); high = Math.max(high, x); }
  return low > 0 && high > LOG_FROM * low;
}

const percents = (values: readonly number[]) => values.map(x => 100 * x);

/** Width of the moving average over a log. */
export const smoothingSpan = (log: readonly LogLine[]) => Math.max(1, Math.min(500, Math.round(log.length / 25)));

/** A quantity of each meta-step, as it was and smoothed. */
export function trainingChart(log: readonly LogLine[], name: 'loss' | 'accuracy'): Chart {
  const percent = name === 'accuracy', raw = log.map(line => line[name] ?? NaN);
  // Of the loss the median is smoothed: one lifetime that nearly exploded would lift the mean of many meta-steps.
  const values = percent ? percents(raw) : raw, smoothed = smooth(percent ? values : log.map(line => line.medianLoss), smoothingSpan(log));
  return {
    label: `Line chart: ${name} over ${log.length} meta-steps. The numbers are in the table below.`,
    x: log.map(line => line.metaStep), xLabel: 'meta-step', yLabel: percent ? 'accuracy, %' : 'query loss',
    percent, log: !percent && spansDecades(values),
    series: [
      { label: percent ? 'each meta-step' : 'mean of each meta-step', values, colour: '--faint', width: 1 },
      { label: percent ? 'smoothed' : 'median over tasks, smoothed', values: smoothed, colour: '--learner-0', width: 2.5 },
    ],
  };
}

/** The metric against the number of examples seen, one line per learner. `chance` is the accuracy of guessing. */
export function adaptationChart({ metric, at, rows }: Evaluation, batch: number, chance?: number): Chart {
  const percent = metric === 'accuracy', scale = percent ? percents : (x: readonly number[]) => [...x];
  const series: Series[] = [], bands: { high: number; low: number; colour: string }[] = [];
  const log = !percent && spansDecades(rows.flatMap(row => row.mean));
  rows.forEach((row, i) => {
    const colour = `--learner-${i % LEARNER_COLOURS}`, mean = scale(row.mean), ci = scale(row.ci);
    const edge = (sign: number): Series => ({ label: '', values: mean.map((m, k) => m + sign * ci[k]!).map(x => (log && x <= 0 ? NaN : x)), colour, width: 0, unnamed: true });
    bands.push({ high: series.length, low: series.length + 1, colour });
    series.push(edge(1), edge(-1), { label: row.name, values: mean, colour, width: i ? 1.75 : 2.75, points: true });
    if (!percent) series.push({ label: `${row.name}, median`, values: row.median, colour, width: 1.25, dash: [5, 4], unnamed: true });
  });
  if (chance !== undefined) series.push({ label: 'chance', values: at.map(() => 100 * chance), colour: '--muted', width: 1, dash: [2, 3] });
  const x = at.map(t => t * batch);
  return {
    label: `Line chart: ${metric} against examples seen, for ${rows.map(row => row.name).join(', ')}. The numbers are in the table below.`,
    x, ticks: x, xLabel: 'examples seen', yLabel: percent ? 'accuracy, %' : metric, percent, log, series, bands,
  };
}

/** One unseen task: the truth, the examples in the colour of the first curve that has seen them, and the curves. */
export function exampleChart({ title, x, truth, support, curves }: Example, batch: number): Chart {
  const order = [...x.keys()].sort((a, b) => x[a]! - x[b]!), sorted = (values: readonly number[]) => order.map(i => values[i]!);
  const seenBy = (i: number) => curves.findIndex(curve => curve.after * batch > i);
  // A wild curve may leave the frame: the truth and the examples decide it.
  const known = [...truth, ...support.y].filter(Number.isFinite), low = Math.min(...known), high = Math.max(...known), room = 0.2 * (high - low || 1);
  return {
    label: `${title}: the true function, the examples, and predictions after ${curves.map(c => c.after * batch).join(', ')} examples.`,
    x: sorted(x), xLabel: 'x', yLabel: 'y', small: true, range: [low - room, high + room],
    series: [
      { label: 'truth', values: sorted(truth), colour: '--ink', width: 1, dash: [4, 3] },
      ...curves.map((curve, k) => ({ label: `after ${curve.after * batch}`, values: sorted(curve.y), colour: `--ramp-${k}`, width: k === curves.length - 1 ? 2.5 : 1.5 })),
    ],
    dots: { x: support.x, y: support.y, colours: support.x.map((_, i) => (seenBy(i) < 0 ? '--muted' : `--ramp-${seenBy(i)}`)) },
  };
}

// Viridis (van der Walt & Smith 2015), without its ends: even steps in lightness, also for colour-blind eyes.
const VIRIDIS = [[72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142], [31, 158, 137], [53, 183, 121], [109, 205, 89], [180, 222, 44], [253, 231, 37]] as const;

/** Colours of `count` curves in order, away from the background as learning goes on; as CSS declarations. */
export function ramp(count: number, scheme: 'light' | 'dark'): string {
  const [from, to] = scheme === 'light' ? [6.6, 0] : [1, 8];
  return Array.from({ length: count }, (_, k) => {
    const at = from + ((to - from) * k) / Math.max(1, count - 1), i = Math.min(VIRIDIS.length - 2, Math.floor(at));
    const channels = VIRIDIS[i]!.map((c, j) => Math.round(c + (at - i) * (VIRIDIS[i + 1]![j]! - c)));
    return `--ramp-${k}: #${channels.map(c => c.toString(16).padStart(2, '0')).join('')};`;
  }).join(' ');
}
