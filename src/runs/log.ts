import { MetaplasticError } from '../errors.js';
import { greatest } from '../extremes.js';
import { parseLogLine } from './recorded.js';

/** What is remembered of one meta-step; numbers may be NaN where every lifetime diverged. */
export interface LogLine {
  /** Counted from 1: the meta-step that was just finished. */
  readonly metaStep: number;
  /** Mean query loss over the lifetimes that count, and their median. */
  readonly loss: number;
  readonly medianLoss: number;
  /** Share of queries that were classified correctly, 0 … 1. */
  readonly accuracy?: number;
  /** Lifetimes in the mean, and lifetimes left out because a loss or gradient was not finite. */
  readonly counted: number;
  readonly diverged: number;
  /** Norm of the mean meta-gradient before `clip`. */
  readonly gradientNorm: number;
  /** Tasks × inner steps per second of this meta-step. */
  readonly taskStepsPerSecond: number;
  /** Wall-clock seconds of meta-training so far, over all sessions of the run. */
  readonly seconds: number;
  /**
   * Coefficients of the rule after the meta-step, by name (theta, eta, k …), if there are not too
   * many to write down.
   */
  readonly coefficients?: Readonly<Record<string, readonly number[]>>;
  /** What the learner was after the meta-step on unseen tasks, if it was tried on them. */
  readonly validation?: Validated;
}

/**
 * What a learner is on the unseen tasks of a validation, when its lifetimes end. Lifetimes that
 * diverged count as the worst.
 */
export interface Validated {
  /** The median of the tasks' query losses. */
  readonly medianLoss: number;
  /** Mean share of queries that were classified correctly, 0 … 1. */
  readonly accuracy?: number;
  readonly diverged: number;
}

/** The best validation of a run. */
export interface Best {
  readonly metaStep: number;
  readonly validation: Validated;
  /** Validations after it, none of which was better. */
  readonly since: number;
}

/** The higher the better: the accuracy, or else the median loss below 0. */
const merit = ({ medianLoss, accuracy = -medianLoss }: Validated) =>
  Number.isNaN(accuracy) ? -Infinity : accuracy;

/** The best validation up to a line, given the best before it; of several alike the first. */
export function bestAfter(
  best: Best | undefined,
  { metaStep, validation }: Pick<LogLine, 'metaStep' | 'validation'>,
): Best | undefined {
  if (!validation) return best;
  return best && merit(validation) <= merit(best.validation)
    ? { ...best, since: best.since + 1 }
    : { metaStep, validation, since: 0 };
}

/** The best validation of a log, if it has any. */
export const bestOf = (log: readonly LogLine[]): Best | undefined =>
  log.reduce<Best | undefined>(bestAfter, undefined);

/**
 * One line of JSON, line break included. JSON knows no NaN: a number that is not finite is written
 * as null.
 */
export function formatLogLine(line: LogLine): string {
  return `${JSON.stringify(line)}\n`;
}

/**
 * Reads a log; null is NaN again. A last line that was cut off, as by a crash, is dropped; any
 * other bad line is an error.
 */
export function parseLog(text: string, where: string): LogLine[] {
  const rows = text.split('\n');
  const cutOff = rows.pop();
  const lines = rows.map((row, i) => {
    const json = parsed(row);
    return json === undefined ? failAt(where, i + 1, row) : lineAt(json, where, i + 1);
  });
  const last = cutOff ? parsed(cutOff) : undefined;
  if (last !== undefined) lines.push(lineAt(last, where, rows.length + 1));
  return lines;
}

function parsed(row: string): unknown {
  try {
    return JSON.parse(row);
  } catch {
    return undefined;
  }
}

const lineAt = (json: unknown, where: string, number: number) =>
  parseLogLine(json, `${where}: line ${number}`);

function failAt(where: string, number: number, row: string): never {
  throw new MetaplasticError({
    where: `${where}: line ${number}`,
    problem: `expected a JSON object, got ${JSON.stringify(row.length > 60 ? `${row.slice(0, 60)}…` : row)}`,
    hint: 'remove the line, or restore the file',
  });
}

/**
 * The lines of meta-steps 1 … `last` in their order, of each the last one written; and, as
 * sentences, what such a log should not have: lines that are missing or doubled.
 */
export function orderedLog(
  lines: readonly LogLine[],
  last: number,
): { readonly log: LogLine[]; readonly problems: string[] } {
  const byStep = new Map<number, LogLine>();
  const doubled = new Set<number>();
  for (const line of lines) {
    if (line.metaStep > last) continue;
    if (byStep.has(line.metaStep)) doubled.add(line.metaStep);
    byStep.set(line.metaStep, line);
  }
  const missing: number[] = [];
  for (let step = 1; step <= last; step++) if (!byStep.has(step)) missing.push(step);
  const byNumber = (a: number, b: number) => a - b;
  return {
    log: [...byStep.values()].sort((a, b) => a.metaStep - b.metaStep),
    problems: [
      ...(doubled.size
        ? [
            `meta-steps ${rangesOf([...doubled].sort(byNumber))} are there more than once, and the last line of each is kept`,
          ]
        : []),
      ...(missing.length ? [`meta-steps ${rangesOf(missing)} are missing`] : []),
    ],
  };
}

/** Ascending whole numbers as ranges, 1 – 3, 7: the first of them. */
function rangesOf(numbers: readonly number[]): string {
  const starts = numbers.filter((n, i) => n - 1 !== numbers[i - 1]);
  const ends = numbers.filter((n, i) => n + 1 !== numbers[i + 1]);
  const ranges = starts.slice(0, 5).map((n, i) => (ends[i] === n ? `${n}` : `${n} – ${ends[i]}`));
  return `${ranges.join(', ')}${starts.length > ranges.length ? ', …' : ''}`;
}

/**
 * The moving average over `span` values around each, or around those at the places `at`. Values
 * that are not finite are left out; where they are more than half, there is no average.
 */
export function smooth(
  values: readonly number[],
  span: number,
  at: Iterable<number> = values.keys(),
): number[] {
  const half = Math.floor(span / 2);
  return Array.from(at, i => {
    const near = values.slice(Math.max(0, i - half), i + half + 1);
    const finite = near.filter(Number.isFinite);
    return 2 * finite.length < near.length
      ? NaN
      : finite.reduce((sum, x) => sum + x, 0) / finite.length;
  });
}

/** Meta-steps over which the progress line averages. */
const PROGRESS_SPAN = 20;

/**
 * How a run of `metaSteps` is going, in at most 80 columns, from the lines logged so far; the loss
 * is the median over tasks.
 */
export function progressLine(log: readonly LogLine[], metaSteps: number): string {
  const recent = log.slice(-PROGRESS_SPAN);
  const last = recent.at(-1);
  if (!last) return `meta-step 0/${metaSteps}`;
  const mean = (of: (line: LogLine) => number) =>
    smooth(recent.map(of), 2 * PROGRESS_SPAN, [0])[0]!;
  const sum = (of: (line: LogLine) => number) =>
    recent.reduce((total, line) => total + of(line), 0);
  const diverged = sum(line => line.diverged) / sum(line => line.counted + line.diverged);
  // Time per meta-step from the lines themselves; the very first one also holds what came before
  // it.
  const perStep =
    recent.length > 1
      ? (last.seconds - recent[0]!.seconds) / (last.metaStep - recent[0]!.metaStep)
      : last.seconds / last.metaStep;
  return [
    `meta-step ${String(last.metaStep).padStart(String(metaSteps).length)}/${metaSteps}`,
    // one lifetime that nearly exploded would hide the others
    `loss ${formatNumber(mean(line => line.medianLoss))}`,
    // who is left out of it, so that no number of a few lifetimes passes for that of all
    ...(diverged > 0 ? [`diverged ${formatShare(diverged)}`] : []),
    ...(last.accuracy === undefined
      ? []
      : [`accuracy ${formatPercent(mean(line => line.accuracy ?? NaN))}`]),
    `${formatCount(mean(line => line.taskStepsPerSecond))} task-steps/s`,
    `${formatDuration((metaSteps - last.metaStep) * perStep)} left`,
  ]
    .join('  ')
    .slice(0, 80);
}

/** What was compared: the accuracy, or the median loss. */
export const validatedIn = ({ accuracy, medianLoss }: Validated): string =>
  accuracy === undefined
    ? `loss ${formatNumber(medianLoss)}`
    : `accuracy ${formatPercent(accuracy)}`;

/**
 * What came of the validation that the last line of a log tells of, against the best before it;
 * '' where it tells of none.
 */
export function validationLine(log: readonly LogLine[], patience = Infinity): string {
  const { metaStep, validation } = log.at(-1)!;
  if (!validation) return '';
  const best = bestOf(log)!;
  const than = `${validatedIn(best.validation)} at meta-step ${best.metaStep}`;
  const left = Number.isFinite(patience) ? ` (patience: ${best.since} of ${patience})` : '';
  return `meta-step ${metaStep}: ${validatedIn(validation)} on validation tasks, ${
    best.metaStep === metaStep ? 'the best so far' : `no better than ${than}${left}`
  }`;
}

/**
 * Curves of one unseen task: the truth, what was seen, and what was predicted after some inner
 * steps.
 */
export interface Example {
  readonly title: string;
  readonly x: readonly number[];
  readonly truth: readonly number[];
  /** In the order in which they were seen. */
  readonly support: { readonly x: readonly number[]; readonly y: readonly number[] };
  /** `after` counts inner steps. */
  readonly curves: readonly { readonly after: number; readonly y: readonly number[] }[];
}

/**
 * How well learners do on unseen tasks after `at` inner steps. The first row is the learner that
 * was meta-trained.
 */
export interface Evaluation {
  /** What tells this evaluation from others of the same run. */
  readonly title?: string;
  /** Of a run: after which meta-step the learner was as it was evaluated. */
  readonly metaStep?: number;
  readonly metric: 'mean squared error' | 'accuracy';
  readonly tasks: number;
  readonly at: readonly number[];
  readonly rows: readonly Row[];
  /** Of tasks in parts, one after another (classes, functions). */
  readonly forgetting?: Forgetting;
  readonly examples?: readonly Example[];
}

/**
 * One value for each of `at`; `ci` is the half-width of the 95 % confidence interval of the mean.
 * Accuracies are 0 … 1. `diverged` lifetimes are left out of mean and interval.
 */
export interface Row {
  readonly name: string;
  readonly mean: readonly number[];
  readonly median: readonly number[];
  readonly ci: readonly number[];
  readonly diverged?: number;
}

/**
 * The metric on the queries of each part when each part ends: how what came first survives what
 * comes later.
 */
export interface Forgetting {
  /** Inner steps after which a part ends. */
  readonly after: readonly number[];
  /** (parts)(after) means over tasks, and half-widths of their 95 % confidence intervals. */
  readonly parts: readonly (readonly number[])[];
  readonly ci: readonly (readonly number[])[];
}

/** ` (mean over 3 of 64)` where so few lifetimes are left that their mean must not stand alone. */
export const minority = ({ diverged = 0 }: Row, tasks: number) =>
  2 * diverged > tasks ? ` (mean over ${tasks - diverged} of ${tasks})` : '';

/** How a row is called wherever its mean is shown. */
export const labelOf = (row: Row, tasks: number) => row.name + minority(row, tasks);

/** How many of all, or 0. */
export const countOf = (some: number, all: number) =>
  some ? `${formatCount(some)} of ${formatCount(all)}` : '0';

/**
 * An evaluation as aligned text: one row per learner, one column per number of examples seen (inner
 * steps × `batch`), then the half-width of the 95 % interval of the last column and, of errors, its
 * median; and how many lifetimes diverged, if any.
 */
export function evaluationTable(
  { title, metric, tasks, at, rows, forgetting }: Evaluation,
  batch = 1,
): string {
  const show = metric === 'accuracy' ? formatPercent : formatNumber;
  const withMedian = metric !== 'accuracy';
  const withDiverged = rows.some(row => row.diverged);
  const table = [
    [
      'examples seen',
      ...at.map(t => String(t * batch)),
      '±',
      ...(withMedian ? ['median'] : []),
      ...(withDiverged ? ['diverged'] : []),
    ],
    ...rows.map(row => [
      labelOf(row, tasks),
      ...row.mean.map(show),
      show(row.ci.at(-1)!),
      ...(withMedian ? [show(row.median.at(-1)!)] : []),
      ...(withDiverged ? [countOf(row.diverged ?? 0, tasks)] : []),
    ]),
  ];
  return [
    `${title ? `${title}: ` : ''}${metric} on ${tasks} unseen tasks`,
    ...aligned(table),
    ...(forgetting
      ? [
          `${metric} on each part of a lifetime`,
          ...aligned([
            ['when it ends', ...forgetting.after.map((_, k) => `part ${k + 1}`)],
            ...forgetting.parts.map((part, p) => [`on part ${p + 1}`, ...part.map(show)]),
          ]),
        ]
      : []),
  ]
    .map(line => `${line}\n`)
    .join('');
}

/** Rows of text as lines: the first column to the left, the others to the right. */
export function aligned(table: readonly (readonly string[])[]): string[] {
  const widths = table[0]!.map((_, column) => greatest(table.map(row => row[column]!.length)));
  return table.map(row =>
    row
      .map((cell, column) =>
        column ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  '),
  );
}

/** Three significant digits. */
export function formatNumber(x: number): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? '–' : String(x);
  const size = Math.abs(x);
  if (size !== 0 && (size >= 1e6 || size < 1e-3)) return x.toExponential(2);
  return size >= 999.5 ? formatCount(x) : x.toPrecision(3);
}

/** A share as a percentage with one decimal. */
export const formatPercent = (x: number) =>
  Number.isFinite(x) ? `${(100 * x).toFixed(1)} %` : '–';

/** The same, but what is above 0 does not look like 0. */
export const formatShare = (x: number) => (x > 0 && x < 0.001 ? '< 0.1 %' : formatPercent(x));

/** A whole number with thousands apart. */
export const formatCount = (x: number) =>
  Number.isFinite(x) ? Math.round(x).toLocaleString('en') : '–';

/** Seconds as 0:07, 12:34 or 1:02:03. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  const s = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  const h = Math.floor(s / 3600);
  const m = Math.floor(s / 60) % 60;
  return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}
