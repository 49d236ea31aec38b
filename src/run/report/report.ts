import uplotCss from 'uplot/dist/uPlot.min.css?raw';
import uplotJs from 'uplot/dist/uPlot.iife.min.js?raw';
import { layoutOf } from '../../inner/layout.js';
import { defineSystem } from '../../systems/system.js';
import type { RunConfig } from '../config.js';
import { formatCount, formatDuration, formatNumber, formatPercent, smooth, type Evaluation, type LogLine } from '../log.js';
import { adaptationChart, exampleChart, ramp, smoothingSpan, trainingChart, type Chart } from './chart.js';
import drawJs from './draw.js?raw';
import { html, json, trusted, type Content, type Html } from './html.js';
import pageCss from './page.css?raw';

/** All that a report tells of: what a run folder holds. */
export interface Report {
  readonly config: RunConfig;
  /** Adapter, versions, seed …; shown as it is, nested objects with dotted keys. */
  readonly environment: Readonly<Record<string, unknown>>;
  readonly log: readonly LogLine[];
  readonly evaluation?: Evaluation | readonly Evaluation[];
}

/** Rows that a table of a long log or a dense curve is thinned to. */
const TABLE_ROWS = 50;

/** A run as one HTML page that needs nothing else: charts, their numbers as tables, configuration and environment. */
export function renderReport({ config, environment, log, evaluation = [] }: Report): string {
  const evaluations = 'rows' in evaluation ? [evaluation] : evaluation;
  const charts: Chart[] = [];
  const place = (chart: Chart) => html`<div class="y-label" aria-hidden="true">${!chart.small && chart.yLabel}</div>
    <div class="chart" role="img" aria-label="${chart.label}" data-chart="${charts.push(chart) - 1}"></div>`;
  const curves = Math.max(0, ...evaluations.flatMap(e => (e.examples ?? []).map(example => example.curves.length)));
  const settings = facts(environment), adapter = settings.find(([name]) => /^adapter(\.(description|name))?$/.test(name))?.[1];

  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${config.name} – metaplastic</title>
<style>${trusted(uplotCss)}
${trusted(pageCss)}
:root { ${trusted(ramp(curves, 'light'))} }
@media (prefers-color-scheme: dark) { :root { ${trusted(ramp(curves, 'dark'))} } }</style>
</head>
<body>
<header>
  <p class="kind">Report of a metaplastic run</p>
  <h1>${config.name}</h1>
  <p class="summary">${summary(config, log, evaluations)}</p>
  ${adapter && html`<p class="note adapter">On ${adapter}.</p>`}
  <dl class="numbers">${keyNumbers(config, log, evaluations).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</header>
<main>
<noscript><p class="note">Charts need JavaScript; their numbers are in the tables.</p></noscript>
${evaluations.map(e => adaptation(config, e, place))}
${evaluations.map(e => examples(config, e, place))}
${log.length > 0 && training(log, place)}
<section>
  <h2>Environment</h2>
  <dl class="facts">${settings.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
  <details><summary>Configuration</summary><pre tabindex="0" aria-label="Configuration">${JSON.stringify(config, null, 2)}</pre></details>
</section>
</main>
${script(json(charts), ' type="application/json" id="charts"')}
${script(trusted(`/* uPlot: Copyright (c) 2022 Leon Sorokin, MIT licence */\n${uplotJs}`))}
${script(trusted(drawJs))}
</body>
</html>
`.html;
}

type Place = (chart: Chart) => Html;

/** In whole sentences: what learned, how much, and against what. */
function summary({ task, system, meta }: RunConfig, log: readonly LogLine[], evaluations: readonly Evaluation[]): string {
  const done = log.at(-1)?.metaStep ?? 0, of = done < meta.steps ? ` of ${formatCount(meta.steps)}` : '';
  const sentences = [`A network of ${system.sizes.join('–')} neurons was meta-trained for ${formatCount(done)}${of} meta-steps of ${plural(meta.tasks, 'lifetime')} each.`];
  for (const { title, metric, tasks, at, rows } of evaluations) {
    const [own, ...others] = rows, show = showing(metric), seen = at.at(-1)! * task.batch;
    if (!own) continue;
    const start = at.length < 2 ? '' : `goes from ${show(own.mean[0]!)} ${at[0] ? `after ${plural(at[0] * task.batch, 'example')}` : 'before learning'} to `;
    sentences.push(`On ${plural(tasks, 'unseen task')}${title ? ` (${title})` : ''} its ${metric} ${start || 'is '}${show(own.mean.at(-1)!)} after ${plural(seen, 'example')}${chanceOf(task, metric, ', where guessing gives ')}.`);
    if (others.length) sentences.push(`After as many examples ${listed(others.map(({ name, mean }) => `${name} is at ${show(mean.at(-1)!)}`))}.`);
  }
  return sentences.join(' ');
}

function keyNumbers(config: RunConfig, log: readonly LogLine[], evaluations: readonly Evaluation[]): [string, string][] {
  const last = log.at(-1), sum = (of: (line: LogLine) => number) => log.reduce((total, line) => total + of(line), 0);
  const counted = sum(line => line.counted), diverged = sum(line => line.diverged);
  const speeds = log.map(line => line.taskStepsPerSecond).filter(Number.isFinite).sort((a, b) => a - b);
  return [
    ...evaluations.flatMap(({ title, metric, rows }): [string, string][] => rows[0] ? [[`${title ? `${title}: ` : ''}${metric}, unseen tasks`, showing(metric)(rows[0].mean.at(-1)!)]] : []),
    ...(last ? [
      ['median query loss, smoothed', formatNumber(smooth(log.map(line => line.medianLoss), smoothingSpan(log)).at(-1)!)],
      ['lifetimes lived', formatCount(counted + diverged)],
      ['lifetimes that diverged', diverged ? `${formatCount(diverged)} (${share(diverged / (counted + diverged))})` : '0'],
      ['task-steps per second', formatCount(speeds[Math.floor(speeds.length / 2)] ?? NaN)],
      ['time', formatDuration(last.seconds)],
    ] satisfies [string, string][] : []),
    ['meta-parameters', formatCount(layoutOf(defineSystem(config.system)).size)],
  ];
}

function adaptation({ task }: RunConfig, evaluation: Evaluation, place: Place): Html {
  const { title, metric, tasks, at, rows } = evaluation, show = showing(metric), median = metric !== 'accuracy';
  const diverged = rows.filter(row => row.diverged).map(row => `${row.name} ${row.diverged}`);
  const chance = task.kind === 'few-shot' && metric === 'accuracy' ? 1 / task.ways : undefined;
  return html`<figure>
  <figcaption><h2>Learning within a lifetime${title && `: ${title}`}</h2>
    <p class="note">${metric[0]!.toUpperCase() + metric.slice(1)} on ${plural(tasks, 'unseen task')} against the number of examples seen, with its 95 % confidence interval${median && '; the median is dashed'}.${diverged.length > 0 && ` Lifetimes that diverged are left out of the mean: ${listed(diverged)}.`}</p></figcaption>
  ${place(adaptationChart(evaluation, task.batch, chance))}
  ${details('Numbers', table(['examples seen', ...rows.flatMap(({ name }) => [name, ...(median ? [`${name}, median`] : [])])],
    at.map((t, k) => [String(t * task.batch), ...rows.flatMap(row => [`${show(row.mean[k]!)} ± ${show(row.ci[k]!)}`, ...(median ? [show(row.median[k]!)] : [])])])))}
</figure>`;
}

function examples({ task }: RunConfig, { title, examples = [] }: Evaluation, place: Place): Html | undefined {
  const most = examples.reduce((a, b) => (b.curves.length > a.length ? b.curves : a), examples[0]?.curves ?? []);
  return most.length ? html`<figure>
  <figcaption><h2>What it predicts${title && `: ${title}`}</h2>
    <p class="note">${plural(examples.length, 'unseen task')}. Rings are the examples, in the colour of the first curve that has seen them.</p></figcaption>
  <ul class="key"><li><i class="dashed" style="--colour: var(--ink)"></i>true function</li><li><i class="dot" style="--colour: var(--muted)"></i>example</li>
    ${most.map(({ after }, k) => html`<li><i style="--colour: var(--ramp-${k})"></i>${after ? `after ${plural(after * task.batch, 'example')}` : 'before learning'}</li>`)}</ul>
  <div class="small">${examples.map(example => html`<div><h3>${example.title}</h3>${place(exampleChart(example, task.batch))}</div>`)}</div>
  ${details('Numbers', examples.map(({ title, x, truth, support, curves }) => [
    table(['x', 'truth', ...curves.map(c => `after ${c.after * task.batch}`)], thinned(x.map((_, i) => [x, truth, ...curves.map(c => c.y)].map(values => formatNumber(values[i]!)))), title),
    table(['example', 'x', 'y'], support.x.map((_, i) => [String(i + 1), formatNumber(support.x[i]!), formatNumber(support.y[i]!)]), `${title}: examples in the order seen`),
  ]))}
</figure>` : undefined;
}

function training(log: readonly LogLine[], place: Place): Html {
  const smoothed = smooth(log.map(line => line.medianLoss), smoothingSpan(log)), withAccuracy = log.some(line => line.accuracy !== undefined);
  const diverged = log.filter(line => line.diverged > 0).length;
  const loss = trainingChart(log, 'loss');
  return html`<figure>
  <figcaption><h2>Meta-training</h2>
    <p class="note">Query loss at the end of a lifetime, for each meta-step and smoothed over ${smoothingSpan(log)}${loss.log && ', on a logarithmic scale'}. ${diverged ? `Lifetimes diverged, and were left out, in ${plural(diverged, 'meta-step')} of ${formatCount(log.length)}.` : 'No lifetime diverged.'}</p></figcaption>
  ${place(loss)}
  ${details('Numbers', table(['meta-step', 'loss', 'smoothed', 'median', ...(withAccuracy ? ['accuracy'] : []), 'gradient norm', 'diverged', 'task-steps/s'],
    thinned(log.map((line, i) => [String(line.metaStep), formatNumber(line.loss), formatNumber(smoothed[i]!), formatNumber(line.medianLoss),
      ...(withAccuracy ? [formatPercent(line.accuracy ?? NaN)] : []), formatNumber(line.gradientNorm), formatCount(line.diverged), formatCount(line.taskStepsPerSecond)]))))}
</figure>
${withAccuracy && html`<figure>
  <figcaption><h2>Accuracy while meta-training</h2><p class="note">Share of queries answered correctly at the end of a lifetime, on the tasks of each meta-step. The numbers are in the table above.</p></figcaption>
  ${place(trainingChart(log, 'accuracy'))}
</figure>`}`;
}

/** The numbers of a chart, for those who read rather than look. */
function details(name: string, content: Content): Html {
  return html`<details><summary>${name}</summary><div class="scroll" tabindex="0" role="region" aria-label="${name}">${content}</div></details>`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[], caption?: string): Html {
  return html`<table class="data">${caption !== undefined && html`<caption>${caption}</caption>`}
    <thead><tr>${head.map(cell => html`<th scope="col">${cell}</th>`)}</tr></thead>
    <tbody>${rows.map(([first, ...rest]) => html`<tr><th scope="row">${first}</th>${rest.map(cell => html`<td>${cell}</td>`)}</tr>`)}</tbody>
  </table>`;
}

/** At most TABLE_ROWS of the rows, evenly spread, the first and last among them. */
function thinned<T>(rows: readonly T[]): readonly T[] {
  if (rows.length <= TABLE_ROWS) return rows;
  return Array.from({ length: TABLE_ROWS }, (_, i) => rows[Math.round((i * (rows.length - 1)) / (TABLE_ROWS - 1))]!);
}

function facts(value: Readonly<Record<string, unknown>>, path = ''): [string, string][] {
  return Object.entries(value).flatMap(([key, x]): [string, string][] =>
    typeof x === 'object' && x !== null && !Array.isArray(x) ? facts(x as Record<string, unknown>, `${path}${key}.`)
      : [[path + key, Array.isArray(x) ? x.join(', ') : String(x ?? '–')]]);
}

// Not a tagged template: compilers rewrite those that end a script.
const script = (content: Html, attributes = '') => trusted(`<script${attributes}>${content.html}</script>`);
const showing = (metric: Evaluation['metric']) => (metric === 'accuracy' ? formatPercent : formatNumber);
const share = (x: number) => (x < 0.001 ? '< 0.1 %' : formatPercent(x));
const plural = (n: number, thing: string) => `${formatCount(n)} ${thing}${n === 1 ? '' : 's'}`;
const listed = (items: readonly string[]) => (items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`);
const chanceOf = (task: RunConfig['task'], metric: Evaluation['metric'], words: string) => (metric === 'accuracy' && task.kind === 'few-shot' ? words + formatPercent(1 / task.ways) : '');
