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

const VALIDATED = ['medianLoss', 'accuracy', 'diverged'] as const;

/**
 * A log as CSV, a row for each meta-step, with its validations if it has any; coefficients are left
 * to the log itself.
 */
export function logCsv(log: readonly LogLine[]): string {
  const validated = log.some(line => line.validation) ? VALIDATED : [];
  return table([
    [...COLUMNS, ...validated.map(column => `validation.${column}`)],
    ...log.map(line => [
      ...COLUMNS.map(column => line[column]),
      ...validated.map(column => line.validation?.[column]),
    ]),
  ]);
}

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
