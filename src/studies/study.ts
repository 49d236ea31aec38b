import { MetaplasticError } from '../errors.js';
import type { GivenRates } from '../learner/optimiser.js';
import type { RunConfig, RunConfigInput } from '../config/config.js';
import {
  aligned,
  countOf,
  formatNumber,
  formatPercent,
  type Evaluation,
  type LogLine,
} from '../runs/log.js';
import type { Lines } from '../report/chart.js';
import type { Sweep, Swept } from './sweep.js';

/** How large a study is made. */
export interface Size {
  /** The paper's own sizes, instead of ones that a small adapter can do. */
  readonly full: boolean;
  /** Seeds of each arm; left out: what the study's size says. */
  readonly seeds?: number;
  /** Factor on the lengths: meta-steps, and images of lifetimes that are only lived. */
  readonly scale: number;
}

/** A published experiment. */
export interface Study {
  readonly name: string;
  readonly title: string;
  /** One line: what is compared on what. */
  readonly about: string;
  /** How long it takes on two CPU cores with a software adapter. */
  readonly time: string;
  design(size: Size): Design;
}

/** What a study of a size runs, and what is said about it. */
export interface Design {
  /** In the order in which they run. Names are folders. */
  readonly arms: readonly Arm[];
  /** Sizes, data, and what differs from the paper. */
  readonly conditions: readonly string[];
  summarise(results: Results): Summary;
}

/**
 * A meta-training and its evaluation; or lifetimes that are only lived. Both may depend on what was
 * learned before.
 */
export type Arm =
  | {
      readonly name: string;
      readonly config: RunConfigInput | ((results: Results) => RunConfigInput);
    }
  | { readonly name: string; readonly sweep: Sweep | ((results: Results) => Sweep) };

/** What a meta-training left behind. */
export interface Trained {
  readonly config: RunConfig;
  readonly log: readonly LogLine[];
  readonly evaluations: readonly Evaluation[];
  /** The meta-step with which it broke off, of one whose lifetimes diverged; it has no evaluation. */
  readonly divergedAt?: number;
}

/** What arms came to, by their names. */
export interface Results {
  trained(name: string): Trained;
  swept(name: string): Swept;
}

export interface Summary {
  readonly tables: readonly Table[];
  readonly figures: readonly Figure[];
}

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export type Cell = string | Measure;

export interface Measure {
  readonly mean: number;
  /** Half-width of the 95 % confidence interval, if there is one. */
  readonly ci?: number;
  readonly unit?: '%' | '°';
  /** Values that were finite, of so many, where others are left out. */
  readonly of?: readonly [finite: number, all: number];
}

export interface Figure {
  readonly title: string;
  readonly note: string;
  readonly lines: Lines;
}

export function showCell(cell: Cell): string {
  if (typeof cell === 'string') return cell;
  const show =
    cell.unit === '%'
      ? formatPercent
      : cell.unit === '°'
        ? (x: number) => (Number.isFinite(x) ? `${x.toFixed(1)}°` : '–')
        : formatNumber;
  const value =
    Number.isFinite(cell.mean) && Number.isFinite(cell.ci)
      ? `${show(cell.mean)} ± ${show(cell.ci!)}`
      : show(cell.mean);
  return cell.of ? `${value} (${cell.of[0]} of ${cell.of[1]})` : value;
}

/** Two-sided 95 % quantiles of Student's t for 1, 2 … degrees of freedom. */
const STUDENT = [
  12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
  2.131, 2.12, 2.11, 2.101, 2.093,
];

/**
 * Mean over seeds of what is finite, and the half-width of its 95 % interval, which one seed has
 * not; and of how many, if some are left out.
 */
export function over(values: readonly number[], unit?: Measure['unit']): Measure {
  const kept = values.filter(Number.isFinite);
  const n = kept.length;
  const mean = kept.reduce((a, b) => a + b, 0) / n;
  const ci =
    (STUDENT[n - 2] ?? 1.96) *
    Math.sqrt(kept.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1) / n);
  return {
    mean,
    ...(n > 1 && { ci }),
    ...(unit && { unit }),
    ...(n < values.length && { of: [n, values.length] as const }),
  };
}

/** One arm a seed: the config with seeds 0, 1 …, in folders NAME, NAME-1 … */
export const seeded = (name: string, seeds: number, config: RunConfigInput): readonly Arm[] =>
  seedNames(name, seeds).map((arm, seed) => ({ name: arm, config: { ...config, seed } }));
export const seedNames = (name: string, seeds: number): string[] =>
  Array.from({ length: seeds }, (_, seed) => (seed ? `${name}-${seed}` : name));

/**
 * The last column of an evaluation's first row (the learner that was meta-trained): over seeds, or
 * of one seed over its tasks. `title` is how the title of the evaluation begins. Runs that diverged
 * are left out, and counted.
 */
export function lastOf(runs: readonly Trained[], title = ''): Cell {
  const evaluations = evaluationsOf(runs, title);
  if (evaluations.length === 0) return divergedIn(runs);
  const unit = evaluations[0]!.metric === 'accuracy' ? ('%' as const) : undefined;
  const last = evaluations.map(({ rows }) => rows[0]!.mean.at(-1)!);
  return runs.length > 1
    ? over([...last, ...lost(runs)], unit)
    : { mean: last[0]!, ci: evaluations[0]!.rows[0]!.ci.at(-1)!, ...(unit && { unit }) };
}

/**
 * The same of the median task, which near-explosions of a few do not move: over seeds, or of one
 * seed as it is.
 */
export function lastMedianOf(runs: readonly Trained[], title = ''): Cell {
  const last = evaluationsOf(runs, title).map(({ rows }) => rows[0]!.median.at(-1)!);
  if (last.length === 0) return divergedIn(runs);
  return runs.length > 1 ? over([...last, ...lost(runs)]) : { mean: last[0]! };
}

/** How many lifetimes of an evaluation diverged, in all runs that came to their end. */
export function divergedOf(runs: readonly Trained[], title = ''): string {
  const all = evaluationsOf(runs, title);
  return countOf(
    all.reduce((n, { rows }) => n + (rows[0]!.diverged ?? 0), 0),
    all.reduce((n, { tasks }) => n + tasks, 0),
  );
}

/** Runs that came to their end. */
export const ended = (runs: readonly Trained[]): readonly Trained[] =>
  runs.filter(({ divergedAt }) => divergedAt === undefined);

/** Values of runs that did not come to their end, which `over` counts. */
const lost = (runs: readonly Trained[]): number[] =>
  Array<number>(runs.length - ended(runs).length).fill(NaN);

/** Of runs none of which came to its end: with which meta-steps they broke off. */
export const divergedIn = (runs: readonly Trained[]): string =>
  `diverged at meta-step ${runs.map(({ divergedAt }) => divergedAt).join(', ')}`;

/** The evaluations of the runs that came to their end. */
export const evaluationsOf = (runs: readonly Trained[], title: string): Evaluation[] =>
  ended(runs).map(run => evaluationOf(run, title));

export function evaluationOf({ config, evaluations }: Trained, title: string): Evaluation {
  const found = evaluations.find(e => (e.title ?? '').startsWith(title) && e.rows.length > 0);
  if (found) return found;
  throw new MetaplasticError({
    where: `evaluation of ${config.name}`,
    expected: title ? `one whose title begins with ${JSON.stringify(title)}` : 'one',
    got: evaluations.map(e => JSON.stringify(e.title ?? '')).join(', ') || 'none',
    hint: 'make it again with metaplastic eval',
  });
}

/** Coefficients of the rule after the last meta-step, by name. */
export function lastCoefficients({
  config,
  log,
}: Trained): Readonly<Record<string, readonly number[]>> {
  const coefficients = log.at(-1)?.coefficients;
  if (coefficients) return coefficients;
  throw new MetaplasticError({
    where: `log of ${config.name}`,
    expected: 'coefficients of the rule in its last line',
    got: log.length ? 'none' : 'no line',
    hint: 'train it again in another folder',
  });
}

/**
 * `parts` + 1 numbers of inner steps, evenly spread from 0 to the last, fewer if there are not so
 * many.
 */
export const momentsOf = (steps: number, parts: number): number[] => [
  ...new Set(Array.from({ length: parts + 1 }, (_, k) => Math.round((steps * k) / parts))),
];

/** A count times the factor, at least `least`. */
export const scaled = (count: number, { scale }: Size, least = 1): number =>
  Math.max(least, Math.round(count * scale));

/** Few meta-steps are made with higher rates, alike for all. */
export const threefold = (rates: GivenRates): GivenRates =>
  Object.fromEntries(Object.entries(rates).map(([group, rate]) => [group, 3 * rate!]));

/** The summary as Markdown: every table, then what was done. */
export function markdown(
  title: string,
  { tables, figures }: Summary,
  conditions: readonly string[],
): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    `# ${title}`,
    '',
    ...tables.flatMap(({ title, head, rows }) => [
      `## ${title}`,
      '',
      row(head),
      row(head.map(() => '---')),
      ...rows.map(cells => row(cells.map(showCell))),
      '',
    ]),
    '## Conditions',
    '',
    ...conditions.map(line => `- ${line}`),
    '',
    `${figures.length} figure(s) in study.html, their numbers in study.json.`,
    '',
  ].join('\n');
}

/** The tables as aligned text. */
export const tablesText = ({ tables }: Summary): string =>
  tables
    .map(({ title, head, rows }) =>
      [title, ...aligned([head, ...rows.map(cells => cells.map(showCell))])].join('\n'),
    )
    .join('\n\n');
