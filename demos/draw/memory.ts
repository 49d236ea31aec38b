import { html, type Html } from 'metaplastic/report';
import { pathOf } from '../symbols/path.js';
import type { Drawing } from 'metaplastic/symbols';
import { surest, type Course, type Taught } from './lesson.js';

/** A small picture of a drawing on paper of the unit square. */
export const picture = (drawing: Drawing | undefined): Html =>
  html`<svg class="picture" viewBox="-0.08 -0.08 1.16 1.16" aria-hidden="true"><path d="${drawing ? pathOf(drawing) : ''}"/></svg>`;

const percent = (share: number | null) => (share === null ? '–' : `${Math.round(100 * share)} %`);

/**
 * What a learner remembers of each symbol after each drawing: squares for the eye, numbers for a
 * screen reader.
 */
export function memoryTable(
  name: string,
  colour: number,
  course: Course | undefined,
  taught: readonly Taught[],
  after: number,
): Html {
  const symbols = [...new Set(taught.map(({ symbol }) => symbol))].sort((a, b) => a - b);
  const rows = symbols.map(
    symbol =>
      html`<tr><th scope="row"><span class="visually-hidden">symbol ${symbol + 1}</span>${picture(taught.find(one => one.symbol === symbol)!.drawing)}</th>${taught.map(
        (one, k) => {
          const share = k < after ? (course?.memory[k + 1]?.[symbol] ?? null) : null;
          return html`<td${one.symbol === symbol ? html` class="taught"` : ''} style="--share: ${share === null ? '0' : share.toFixed(3)}" title="after drawing ${k + 1}: ${percent(share)}"><span class="visually-hidden">${percent(share)}</span></td>`;
        },
      )}</tr>`,
  );
  const head = taught.map((_, k) => html`<th scope="col">drawing ${k + 1}</th>`);
  return html`<table class="memory" style="--colour: var(--learner-${colour})"><caption><span><i></i>${name}</span></caption><colgroup><col class="symbols-column"></colgroup><thead class="visually-hidden"><tr><th scope="col">symbol</th>${head}</tr></thead><tbody>${rows}</tbody></table>`;
}

/** A learner's shares for the drawing asked, the surest marked. */
export function guessBars(
  name: string,
  colour: number,
  shares: readonly number[],
  taught: readonly Taught[],
): Html {
  const best = surest(shares);
  return html`<div class="guess" style="--colour: var(--learner-${colour})"><h3><i></i>${name}</h3><ol>${shares.map(
    (share, symbol) => {
      const own = taught.find(one => one.symbol === symbol);
      return own
        ? html`<li${symbol === best ? html` class="best"` : ''} style="--share: ${share.toFixed(3)}"><span class="visually-hidden">symbol ${symbol + 1}</span>${picture(own.drawing)}<b>${percent(share)}</b></li>`
        : '';
    },
  )}</ol></div>`;
}
