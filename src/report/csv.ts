import type { Evaluation, LogLine } from '../runs/log.js';

const cell = (value: number | string | undefined): string =>
  typeof value === 'string' && /[",\n]/.test(value)
    ? `"${value.replaceAll('"', '""')}"`
    : String(value ?? '');
const table = (rows: readonly (readonly (number | string | undefined)[])[]): string =>
  rows.map(row => `${row.map(cell).join(',')}\n`).join('');

const COLUMNS = [
  'metaStep',
  'loss',
  'medianLoss',
  'accuracy',
  'counted',
  'diverged',
  'gradientNorm',
  'taskStepsPerSecond',
  'seconds',
] as const satisfies readonly (keyof LogLine)[];

/** A log as CSV, a row for each meta-step; coefficients are left to the log itself. */
export const logCsv = (log: readonly LogLine[]): string =>
  table([COLUMNS, ...log.map(line => COLUMNS.map(column => line[column]))]);

/** Evaluations as CSV, a row for each learner and moment. */
export const evaluationCsv = (evaluations: readonly Evaluation[]): string =>
  table([
    ['evaluation', 'metric', 'tasks', 'learner', 'after', 'mean', 'ci95', 'median', 'diverged'],
    ...evaluations.flatMap(({ title = '', metric, tasks, at, rows }) =>
      rows.flatMap(({ name, mean, ci, median, diverged = 0 }) =>
        at.map((after, k) => {
          return [title, metric, tasks, name, after, mean[k], ci[k], median[k], diverged];
        }),
      ),
    ),
  ]);
