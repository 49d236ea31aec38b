import type { RunConfig } from '../config/config.js';
import {
  countOf,
  formatCount,
  formatNumber,
  formatPercent,
  smooth,
  type Evaluation,
  type LogLine,
} from '../runs/log.js';
import { smoothingSpan } from './chart.js';
import { html } from './html.js';
import { figure, renderPage, table } from './page.js';

/** A run among others: what it is called there, and what its folder holds. */
export interface ComparedRun {
  readonly name: string;
  readonly config: RunConfig;
  readonly log: readonly LogLine[];
  readonly evaluations: readonly Evaluation[];
}

/** Points of a curve of meta-training. */
const POINTS = 400;

/**
 * Several runs on one HTML page that needs nothing else: how they learn within a lifetime on each
 * set of unseen tasks that they have in common, and how they were meta-trained.
 */
export function renderComparison(runs: readonly ComparedRun[]): string {
  const titles = [...new Set(runs.flatMap(run => run.evaluations.map(e => e.title ?? '')))];
  const sets = titles.map(title => ({
    title,
    found: runs.flatMap(run => {
      const evaluation = run.evaluations.find(e => (e.title ?? '') === title);
      return evaluation?.rows[0] ? [{ run, evaluation, row: evaluation.rows[0] }] : [];
    }),
  }));
  return renderPage(`${runs.length} runs`, 0, place => ({
    header: html`  <p class="kind">Runs of metaplastic, compared</p>
  <h1>${runs.length} runs</h1>`,
    main: html`${sets
      .filter(({ found }) => found.length > 0)
      .map(({ title, found }) => {
        const { metric, tasks, at } = found[0]!.evaluation;
        const { batch } = found[0]!.run.config.task;
        const alike = found.filter(({ evaluation: e }) => {
          return e.metric === metric && e.at.join() === at.join();
        });
        return figure(
          `Learning within a lifetime${title ? `: ${title}` : ''}`,
          `The mean ${metric} on ${formatCount(tasks)} unseen tasks, with its 95 % confidence interval.${alike.length < found.length ? ' Runs that were asked at other moments are in the table only.' : ''}`,
          {
            x: at.map(t => t * batch),
            xLabel: 'examples seen',
            yLabel: metric,
            percent: metric === 'accuracy',
            few: true,
            lines: alike.map(({ run, row }) => ({ name: run.name, values: row.mean, ci: row.ci })),
          },
          place,
        );
      })}
${figure('Meta-training', 'The median query loss over the tasks of each meta-step, smoothed.', trainingOf(runs), place)}
<section><h2>In the end</h2>
${table(
  ['run', 'meta-steps', 'evaluation', 'mean', '± (95 %)', 'median', 'diverged'],
  sets.flatMap(({ title, found }) =>
    found.map(({ run, evaluation, row }) => {
      const show = evaluation.metric === 'accuracy' ? formatPercent : formatNumber;
      return [
        run.name,
        formatCount(evaluation.metaStep ?? run.log.at(-1)?.metaStep ?? 0),
        title || evaluation.metric,
        ...[row.mean, row.ci, row.median].map(values => show(values.at(-1)!)),
        countOf(row.diverged ?? 0, evaluation.tasks),
      ];
    }),
  ),
)}</section>`,
  }));
}

/** Each run's smoothed loss at the same meta-steps; NaN where it had ended. */
function trainingOf(runs: readonly ComparedRun[]) {
  const last = runs.reduce((most, { log }) => Math.max(most, log.at(-1)?.metaStep ?? 0), 0);
  const every = Math.max(1, Math.ceil(last / POINTS));
  const x = Array.from({ length: Math.ceil(last / every) }, (_, k) => 1 + k * every);
  return {
    x,
    xLabel: 'meta-step',
    yLabel: 'query loss',
    lines: runs.map(({ name, log }) => {
      const steps = x.filter(step => step <= log.length);
      const values = smooth(
        log.map(line => line.medianLoss),
        smoothingSpan(log),
        steps.map(step => step - 1),
      );
      return { name, values: [...values, ...x.slice(values.length).map(() => NaN)] };
    }),
  };
}
