import type { Environment } from '../runs/recorded.js';
import { showCell, type Study, type Summary } from './study.js';
import { html } from '../report/html.js';
import { facts, figure, renderPage, table } from '../report/page.js';

/**
 * A study as one HTML page that needs nothing else: what came out, in pictures and tables, and
 * under which conditions.
 */
export function renderStudy(
  { title, about }: Study,
  { tables, figures }: Summary,
  conditions: readonly string[],
  environment: Environment,
): string {
  return renderPage(title, 0, place => ({
    header: html`  <p class="kind">A study of metaplastic</p>
  <h1>${title}</h1>
  <p class="summary">${about[0]!.toUpperCase() + about.slice(1)}.</p>`,
    main: html`${tables.map(
      ({ title, head, rows }) => html`<section>
  <h2>${title}</h2>
  <div class="scroll" tabindex="0" role="region" aria-label="${title}">${table(
    head,
    rows.map(cells => cells.map(showCell)),
  )}</div>
</section>`,
    )}
${figures.map(({ title, note, lines }) => figure(title, note, lines, place))}
<section>
  <h2>Conditions</h2>
  <ul class="conditions">${conditions.map(line => html`<li>${line}</li>`)}</ul>
  <dl class="facts">${facts(environment).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
</section>`,
  }));
}
