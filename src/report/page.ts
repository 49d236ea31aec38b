import { isObject } from '../options.js';
import uplotCss from 'uplot/dist/uPlot.min.css?raw';
import uplotJs from 'uplot/dist/uPlot.iife.min.js?raw';
import { formatCount, formatNumber, formatPercent } from '../runs/log.js';
import type { Environment } from '../runs/recorded.js';
import { linesChart, ramp, type Chart, type Lines } from './chart.js';
import drawJs from './draw.js?raw';
import { html, json, trusted, type Content, type Html } from './html.js';
import languageJs from './language.js?raw';
import pageCss from './page.css?raw';
import plotJs from './plot.js?raw';

/** Puts a chart where the result stands. */
export type Place = (chart: Chart) => Html;

/** Rows that a table of a long log or a dense curve is thinned to. */
const TABLE_ROWS = 50;

/**
 * An HTML page that needs nothing else. `write` makes its header and main part; `ramp` is how many
 * colours in order its charts use.
 */
export function renderPage(
  title: string,
  ramps: number,
  write: (place: Place) => { readonly header: Content; readonly main: Content },
): string {
  const charts: Chart[] = [];
  const { header, main } = write(
    chart => html`<div class="y-label" aria-hidden="true">${!chart.small && chart.yLabel}</div>
    <div class="chart" role="img" aria-label="${chart.label}" data-chart="${charts.push(chart) - 1}"></div>`,
  );
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – metaplastic</title>
<style>${trusted(uplotCss)}
${trusted(pageCss)}
:root { ${trusted(ramp(ramps, 'light'))} }
@media (prefers-color-scheme: dark) { :root { ${trusted(ramp(ramps, 'dark'))} } }</style>
</head>
<body>
<header>
${header}
</header>
<main>
<noscript><p class="note">Charts need JavaScript; their numbers are in the tables.</p></noscript>
${main}
</main>
${script(json(charts), ' type="application/json" id="charts"')}
${script(trusted(languageJs))}
${script(trusted(`/* uPlot: Copyright (c) 2022 Leon Sorokin, MIT licence */\n${uplotJs}`))}
${script(trusted(`${plotJs.replaceAll(/^export /gm, '')}${drawJs}`), ' type="module"')}
</body>
</html>
`.html;
}

/** A picture of lines and their numbers. */
export function figure(title: string, note: Content, lines: Lines, place: Place): Html {
  return html`<figure>
  <figcaption><h2>${title}</h2><p class="note">${note}</p></figcaption>
  ${place(linesChart(lines))}
  ${details('Numbers', linesTable(lines))}
</figure>`;
}

/** The numbers of lines, each with the half-width of its interval if it has one. */
export function linesTable(
  { x, xLabel, percent, lines, references = [] }: Lines,
  caption?: string,
): Html {
  const show = percent ? formatPercent : formatNumber;
  return table(
    [xLabel, ...lines.map(line => line.name), ...references.map(r => r.name)],
    thinned([...x.keys()]).map(k => [
      formatCount(x[k]!),
      ...lines.map(({ values, ci }) =>
        ci && Number.isFinite(ci[k]) ? `${show(values[k]!)} ± ${show(ci[k]!)}` : show(values[k]!),
      ),
      ...references.map(r => show(r.value)),
    ]),
    caption,
  );
}

/** The numbers of a chart, for those who read rather than look. */
export function details(name: string, content: Content): Html {
  return html`<details><summary>${name}</summary><div class="scroll" tabindex="0" role="group" aria-label="${name}">${content}</div></details>`;
}

/** A table: the first cell of each row is its head; every text is escaped. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  caption?: string,
): Html {
  return html`<table class="data">${caption !== undefined && html`<caption>${caption}</caption>`}
    <thead><tr>${head.map(cell => html`<th scope="col">${cell}</th>`)}</tr></thead>
    <tbody>${rows.map(([first, ...rest]) => html`<tr><th scope="row">${first}</th>${rest.map(cell => html`<td>${cell}</td>`)}</tr>`)}</tbody>
  </table>`;
}

/** At most TABLE_ROWS of the rows, evenly spread, the first and last among them. */
export function thinned<T>(rows: readonly T[]): readonly T[] {
  if (rows.length <= TABLE_ROWS) return rows;
  return Array.from(
    { length: TABLE_ROWS },
    (_, i) => rows[Math.round((i * (rows.length - 1)) / (TABLE_ROWS - 1))]!,
  );
}

/** Everything in an environment as pairs of text; nested objects have dotted keys. */
export function facts(environment: Environment, path = ''): [string, string][] {
  return Object.entries(environment).flatMap(([key, x]): [string, string][] =>
    isObject(x)
      ? facts(x, `${path}${key}.`)
      : [[path + key, Array.isArray(x) ? x.join(', ') : String(x ?? '–')]],
  );
}

// Not a tagged template: compilers rewrite those that end a script.
const script = (content: Html, attributes = '') =>
  trusted(`<script${attributes}>${content.html}</script>`);
export const plural = (n: number, thing: string) =>
  `${formatCount(n)} ${thing}${n === 1 ? '' : 's'}`;
export const listed = (items: readonly string[]) =>
  items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
