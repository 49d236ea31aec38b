import { greatest } from '../extremes.js';
import { layoutOf } from '../parameters/layout.js';
import { defineSystem, widthsOf, type SystemSpec } from '../systems/system.js';
import type { RunConfig } from '../config/config.js';
import {
  bestOf,
  formatCount,
  formatDuration,
  formatNumber,
  countOf,
  formatPercent,
  formatShare,
  labelOf,
  minority,
  smooth,
  validatedIn,
  type Evaluation,
  type LogLine,
} from '../runs/log.js';
import type { Environment } from '../runs/recorded.js';
import {
  adaptationChart,
  exampleChart,
  forgettingLines,
  linesChart,
  smoothingSpan,
  trainingChart,
  type Lines,
} from './chart.js';
import { trajectories } from './coefficients.js';
import { evaluationCsv, logCsv } from './csv.js';
import { histograms } from './learned.js';
import type { Tensors } from '../tensor.js';
import { html, type Content, type Html } from './html.js';
import {
  details,
  facts,
  figure,
  linesTable,
  listed,
  plural,
  renderPage,
  table,
  thinned,
  type Place,
} from './page.js';

/** All that a report tells of: what a run folder holds. */
export interface Report {
  readonly config: RunConfig;
  /** Adapter, versions, seed …; nested objects are shown with dotted keys. */
  readonly environment: Environment;
  readonly log: readonly LogLine[];
  readonly evaluation?: Evaluation | readonly Evaluation[];
  /** Meta-parameters by name, as a checkpoint has them: what was learned, as histograms. */
  readonly parameters?: Tensors;
}

/**
 * A run as one HTML page that needs nothing else: charts, their numbers as tables, configuration
 * and environment.
 */
export function renderReport({
  config,
  environment,
  log,
  evaluation = [],
  parameters = {},
}: Report): string {
  const evaluations = 'rows' in evaluation ? [evaluation] : evaluation;
  const curves = greatest([
    0,
    ...evaluations.flatMap(e => (e.examples ?? []).map(example => example.curves.length)),
  ]);
  const settings = facts(environment);
  const adapter = settings.find(([name]) => /^adapter(\.(description|name))?$/.test(name))?.[1];
  return renderPage(config.name, curves, place => ({
    header: html`  <p class="kind">Report of a metaplastic run</p>
  <h1>${config.name}</h1>
  <p class="summary">${summary(config, log, evaluations)}</p>
  ${adapter && html`<p class="note adapter">On ${adapter}.</p>`}
  <dl class="numbers">${keyNumbers(config, log, evaluations).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`,
    main: html`${evaluations.map(e => [adaptation(config, e, place), forgetting(config, e, place), examples(config, e, place)])}
${log.length > 0 && training(config, log, place)}
${coefficients(config, log, place)}
${spreadOf(parameters, place)}
<section>
  <h2>Data</h2>
  <p>${downloads(log, evaluations)}</p>
</section>
<section>
  <h2>Environment</h2>
  <dl class="facts">${settings.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
  <details><summary>Configuration</summary><pre tabindex="0" aria-label="Configuration">${JSON.stringify(config, null, 2)}</pre></details>
</section>`,
  }));
}

/** Curves under headings of their own, and the numbers behind them; nothing where there are none. */
function figureOf(
  title: string,
  note: Html,
  pictures: readonly { readonly title: string; readonly lines: Lines }[],
  place: Place,
  more: Content = '',
): Html | undefined {
  return pictures.length
    ? html`<figure>
  <figcaption><h2>${title}</h2><p class="note">${note}</p>${more}</figcaption>
  ${pictures.map(picture => html`<h3>${picture.title}</h3>${place(linesChart(picture.lines))}`)}
  ${details(
    'Numbers',
    pictures.map(picture => linesTable(picture.lines, picture.title)),
  )}
</figure>`
    : undefined;
}

/** How what was meta-learned is spread. */
function spreadOf(parameters: Tensors, place: Place): Html | undefined {
  return figureOf(
    'What was inherited in the end',
    html`How the numbers of each layer are spread in the last checkpoint: the share of them around each value.`,
    histograms(parameters),
    place,
  );
}

/** Meta-steps beyond which a page does not hold their numbers once more. */
const MOST_IN_PAGE = 20_000;

/** The numbers of the run as files. */
function downloads(log: readonly LogLine[], evaluations: readonly Evaluation[]): Html {
  const link = (name: string, csv: string) =>
    html`<a download="${name}" href="data:text/csv;charset=utf-8,${encodeURIComponent(csv)}">${name}</a>`;
  const tooLong = log.length > MOST_IN_PAGE;
  return html`${tooLong ? 'log.jsonl, beside this page' : link('log.csv', logCsv(log))}, ${link('evaluation.csv', evaluationCsv(evaluations))}`;
}

/** In whole sentences: what learned, how much, and against what. */
function summary(
  { task, system, meta }: RunConfig,
  log: readonly LogLine[],
  evaluations: readonly Evaluation[],
): string {
  const done = log.at(-1)?.metaStep ?? 0;
  const of = done < meta.steps ? ` of ${formatCount(meta.steps)}` : '';
  const sentences = [
    `A network of ${widthsOf(defineSystem(system)).join('–')} neurons was meta-trained for ${formatCount(done)}${of} meta-steps of ${plural(meta.tasks, 'lifetime')} each.`,
  ];
  const best = bestOf(log);
  if (best && meta.patience !== undefined && best.since >= meta.patience && done < meta.steps)
    sentences.push(
      `It ended early: ${plural(best.since, 'validation')} in a row ${best.since === 1 ? 'was' : 'were'} no better than that of meta-step ${formatCount(best.metaStep)}.`,
    );
  const evaluated = evaluations[0]?.metaStep;
  if (best && evaluated !== undefined)
    sentences.push(
      evaluated === done
        ? 'Evaluated is the last checkpoint.'
        : `Evaluated is the best checkpoint by validation, of meta-step ${formatCount(evaluated)}.`,
    );
  for (const { title, metric, tasks, at, rows } of evaluations) {
    const [own, ...others] = rows;
    const show = showing(metric);
    const seen = at.at(-1)! * task.batch;
    if (!own) continue;
    const start =
      at.length < 2
        ? ''
        : `goes from ${show(own.mean[0]!)} ${at[0] ? `after ${plural(at[0] * task.batch, 'example')}` : 'before learning'} to `;
    sentences.push(
      `On ${plural(tasks, 'unseen task')}${title ? ` (${title})` : ''} its ${metric}${minority(own, tasks)} ${start || 'is '}${show(own.mean.at(-1)!)} after ${plural(seen, 'example')}${chanceOf({ task, system }, metric, ', where guessing gives ')}.`,
    );
    if (others.length)
      sentences.push(
        `After as many examples ${listed(others.map(row => `${labelOf(row, tasks)} is at ${show(row.mean.at(-1)!)}`))}.`,
      );
  }
  return sentences.join(' ');
}

function keyNumbers(
  config: RunConfig,
  log: readonly LogLine[],
  evaluations: readonly Evaluation[],
): [string, string][] {
  const last = log.at(-1);
  const best = bestOf(log);
  const sum = (of: (line: LogLine) => number) => log.reduce((total, line) => total + of(line), 0);
  const counted = sum(line => line.counted);
  const diverged = sum(line => line.diverged);
  const speeds = log
    .map(line => line.taskStepsPerSecond)
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  return [
    ...evaluations.flatMap(({ title, metric, tasks, rows }): [string, string][] =>
      rows[0]
        ? [
            [
              `${title ? `${title}: ` : ''}${metric}, unseen tasks${minority(rows[0], tasks)}`,
              showing(metric)(rows[0].mean.at(-1)!),
            ],
          ]
        : [],
    ),
    ...(last
      ? ([
          [
            'median query loss, smoothed',
            formatNumber(
              smooth(
                log.map(line => line.medianLoss),
                smoothingSpan(log),
                [log.length - 1],
              )[0]!,
            ),
          ],
          ...(best
            ? [
                [
                  `best validation, at meta-step ${formatCount(best.metaStep)}`,
                  validatedIn(best.validation),
                ] as [string, string],
              ]
            : []),
          ['lifetimes lived', formatCount(counted + diverged)],
          [
            'lifetimes that diverged',
            diverged
              ? `${formatCount(diverged)} (${formatShare(diverged / (counted + diverged))})`
              : '0',
          ],
          ['task-steps per second', formatCount(speeds[Math.floor(speeds.length / 2)] ?? NaN)],
          ['time', formatDuration(last.seconds)],
        ] satisfies [string, string][])
      : []),
    ['meta-parameters', formatCount(layoutOf(defineSystem(config.system)).size)],
  ];
}

function adaptation({ task, system }: RunConfig, evaluation: Evaluation, place: Place): Html {
  const { title, metric, tasks, at, rows } = evaluation;
  const show = showing(metric);
  const median = metric !== 'accuracy';
  const diverged = rows
    .filter(row => row.diverged)
    .map(row => `${row.name} ${countOf(row.diverged!, tasks)}`);
  const chance = metric === 'accuracy' ? chanceIn(task, system) : undefined;
  return html`<figure>
  <figcaption><h2>Learning within a lifetime${title && `: ${title}`}</h2>
    <p class="note">${capital(metric)} on ${plural(tasks, 'unseen task')} against the number of examples seen, with its 95 % confidence interval${median && '; the median is dashed'}.${diverged.length > 0 && ` Lifetimes that diverged are left out of the mean: ${listed(diverged)}.`}</p></figcaption>
  ${place(adaptationChart(evaluation, task.batch, chance))}
  ${details(
    'Numbers',
    table(
      [
        'examples seen',
        ...rows.flatMap(row => [labelOf(row, tasks), ...(median ? [`${row.name}, median`] : [])]),
      ],
      at.map((t, k) => [
        String(t * task.batch),
        ...rows.flatMap(row => [
          `${show(row.mean[k]!)} ± ${show(row.ci[k]!)}`,
          ...(median ? [show(row.median[k]!)] : []),
        ]),
      ]),
    ),
  )}
</figure>`;
}

function examples(
  { task }: RunConfig,
  { title, examples = [] }: Evaluation,
  place: Place,
): Html | undefined {
  const most = examples.reduce(
    (a, b) => (b.curves.length > a.length ? b.curves : a),
    examples[0]?.curves ?? [],
  );
  return most.length
    ? html`<figure>
  <figcaption><h2>What it predicts${title && `: ${title}`}</h2>
    <p class="note">${plural(examples.length, 'unseen task')}. Rings are the examples, in the colour of the first curve that has seen them.</p></figcaption>
  <ul class="key"><li><i class="dashed" style="--colour: var(--ink)"></i>true function</li><li><i class="dot" style="--colour: var(--muted)"></i>example</li>
    ${most.map(({ after }, k) => html`<li><i style="--colour: var(--ramp-${k})"></i>${after ? `after ${plural(after * task.batch, 'example')}` : 'before learning'}</li>`)}</ul>
  <div class="small">${examples.map(example => html`<div><h3>${example.title}</h3>${place(exampleChart(example, task.batch))}</div>`)}</div>
  ${details(
    'Numbers',
    examples.map(({ title, x, truth, support, curves }) => [
      table(
        ['x', 'truth', ...curves.map(c => `after ${c.after * task.batch}`)],
        thinned([...x.keys()]).map(i =>
          [x, truth, ...curves.map(c => c.y)].map(values => formatNumber(values[i]!)),
        ),
        title,
      ),
      table(
        ['example', 'x', 'y'],
        support.x.map((_, i) => [
          String(i + 1),
          formatNumber(support.x[i]!),
          formatNumber(support.y[i]!),
        ]),
        `${title}: examples in the order seen`,
      ),
    ]),
  )}
</figure>`
    : undefined;
}

function training({ meta }: RunConfig, log: readonly LogLine[], place: Place): Html {
  const shown = thinned([...log.keys()]);
  const smoothed = smooth(
    log.map(line => line.medianLoss),
    smoothingSpan(log),
    shown,
  );
  const withAccuracy = log.some(line => line.accuracy !== undefined);
  const diverged = log.filter(line => line.diverged > 0).length;
  const minorities = log.filter(line => line.diverged > line.counted).length;
  const loss = trainingChart(log, 'loss');
  const validated = log.filter(line => line.validation);
  const above = loss.dots?.x.length ?? 0;
  const norms: Lines = {
    x: log.map(line => line.metaStep),
    xLabel: 'meta-step',
    yLabel: 'gradient norm',
    lines: [{ name: 'norm of the mean meta-gradient', values: log.map(l => l.gradientNorm) }],
  };
  return html`<figure>
  <figcaption><h2>Meta-training</h2>
    <p class="note">Query loss at the end of a lifetime, for each meta-step and smoothed over ${smoothingSpan(log)}${loss.log && ', on a logarithmic scale'}.${above > 0 && ` Rings at the border are meta-steps far above all others, ${formatNumber(greatest(log.map(line => (Number.isFinite(line.loss) ? line.loss : 0))))} at most.`} ${diverged ? `Lifetimes diverged, and were left out, in ${plural(diverged, 'meta-step')} of ${formatCount(log.length)}${minorities ? `, more than half of them in ${formatCount(minorities)}: there the loss is that of a minority` : ''}.` : 'No lifetime diverged.'}${validated.length > 0 && ` Dots are validations, each on the same ${plural(meta.evaluateTasks, 'unseen task')}, which are not those of the evaluation.`}</p></figcaption>
  ${place(loss)}
  ${details(
    'Numbers',
    table(
      [
        'meta-step',
        'loss',
        'smoothed',
        'median',
        ...(withAccuracy ? ['accuracy'] : []),
        'gradient norm',
        'diverged',
        'task-steps/s',
      ],
      shown.map((i, k) => {
        const line = log[i]!;
        return [
          String(line.metaStep),
          formatNumber(line.loss),
          formatNumber(smoothed[k]!),
          formatNumber(line.medianLoss),
          ...(withAccuracy ? [formatPercent(line.accuracy ?? NaN)] : []),
          formatNumber(line.gradientNorm),
          formatCount(line.diverged),
          formatCount(line.taskStepsPerSecond),
        ];
      }),
    ),
  )}
  ${validated.length > 0 && details('Validations', validations(validated))}
</figure>
<figure>
  <figcaption><h2>Meta-gradient</h2><p class="note">Norm of the mean meta-gradient of each meta-step, before clip. The numbers are in the table above.</p></figcaption>
  ${place(linesChart(norms))}
</figure>
${
  withAccuracy &&
  html`<figure>
  <figcaption><h2>Accuracy while meta-training</h2><p class="note">Share of queries answered correctly at the end of a lifetime, on the tasks of each meta-step. The numbers are in the table above.</p></figcaption>
  ${place(trainingChart(log, 'accuracy'))}
</figure>`
}`;
}

/** The validations of a run as a table. */
function validations(log: readonly LogLine[]): Html {
  const withAccuracy = log[0]!.validation!.accuracy !== undefined;
  return table(
    ['meta-step', 'median loss', ...(withAccuracy ? ['accuracy'] : []), 'diverged'],
    thinned(log).map(({ metaStep, validation }) => [
      formatCount(metaStep),
      formatNumber(validation!.medianLoss),
      ...(withAccuracy ? [formatPercent(validation!.accuracy ?? NaN)] : []),
      formatCount(validation!.diverged),
    ]),
  );
}

function forgetting(
  { task }: RunConfig,
  { title, metric, tasks, rows, forgetting: f }: Evaluation,
  place: Place,
): Html | undefined {
  return (
    f &&
    figure(
      `What is kept of each part${title ? `: ${title}` : ''}`,
      `A lifetime comes in ${plural(f.parts.length, 'part')}, one after another. ${capital(metric)} on the queries of each when a part ends, with its 95 % confidence interval over ${plural(tasks, 'unseen task')}${rows[0]?.diverged ? `, without the ${plural(rows[0].diverged, 'lifetime')} that diverged` : ''}; a part is learned where its line ${metric === 'accuracy' ? 'rises' : 'falls'} and forgotten where it ${metric === 'accuracy' ? 'falls' : 'rises'} again.`,
      forgettingLines(metric, f, task.batch),
      place,
    )
  );
}

function coefficients(
  { system }: RunConfig,
  log: readonly LogLine[],
  place: Place,
): Html | undefined {
  const note = html`Its meta-learned coefficients after each meta-step.`;
  return figureOf(
    'What the rule became',
    note,
    trajectories(system, log),
    place,
    asWritten(system),
  );
}

const showing = (metric: Evaluation['metric']) =>
  metric === 'accuracy' ? formatPercent : formatNumber;
const capital = (text: string) => text[0]!.toUpperCase() + text.slice(1);

/**
 * Accuracy of guessing: among the classes of a stream or a task, or among all outputs where a class
 * keeps its own number.
 */
const chanceIn = (task: RunConfig['task'], system: RunConfig['system']) =>
  1 /
  (task.kind === 'few-shot' && task.labels === 'permuted'
    ? task.ways
    : (task.kind === 'stream' && numberOf(task.classes)) || defineSystem(system).sizes.at(-1)!);

const numberOf = (classes: number | readonly number[] | undefined) =>
  typeof classes === 'object' ? classes.length : classes;

const chanceOf = (
  { task, system }: Pick<RunConfig, 'task' | 'system'>,
  metric: Evaluation['metric'],
  words: string,
) => (metric === 'accuracy' ? words + formatPercent(chanceIn(task, system)) : '');

/** The lines of a written rule. */
function asWritten(system: SystemSpec): Html[] {
  const { rule } = defineSystem(system);
  if (typeof rule === 'string' || rule.kind === 'handwritten') return [];
  const { dw, synapse = {}, neuron = {} } = rule.spec;
  const states = Object.entries({ ...synapse, ...neuron });
  const lines = [['w', dw], ...states.map(([name, { d }]) => [name, d])] as const;
  return lines.map(([name, change]) => html`<p class="note"><code>Δ${name} = ${change}</code></p>`);
}
