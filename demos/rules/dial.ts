import { html, type Html } from '../../src/run/report/html.js';

const RADIUS = 84, at = (angle: number, radius: number) => [100 + radius * Math.sin(angle * Math.PI / 180), 100 - radius * Math.cos(angle * Math.PI / 180)].map(v => v.toFixed(1)).join(' ');
const arc = (from: number, to: number) => `M${at(from, RADIUS)}A${RADIUS} ${RADIUS} 0 0 1 ${at(to, RADIUS)}`;

/** A compass: up is where the true gradient points, and each needle where a network goes. To the right is the first network's side, to the left the second's. */
export function dial(title: string, needles: readonly { readonly name: string; readonly angle: number | null }[]): Html {
  const said = needles.map(({ name, angle }) => `${name} ${angle === null ? '–' : `${Math.round(angle)}°`}`).join(', ');
  return html`<figure class="dial"><svg viewBox="0 0 200 ${200}" role="img" aria-label="${title}: ${said}">
    <path class="good" d="${arc(-90, 90)}"/><path class="bad" d="${arc(90, 270)}"/>
    <path class="north" d="M100 8l-5 -7h10z"/><path class="axis" d="M100 16V184M16 100H184"/>
    ${needles.map(({ angle }, k) => html`<g class="needle${angle === null ? ' none' : ''}" style="--colour: var(--learner-${k}); --angle: ${(angle ?? 0) * (k ? -1 : 1)}deg"><path d="M100 104L96.5 100L100 26L103.5 100Z"/></g>`)}
    <circle cx="100" cy="100" r="4.5"/>
  </svg><figcaption><b>${title}</b>${needles.map(({ angle }, k) => html`<span style="--colour: var(--learner-${k})"><i></i>${angle === null ? '–' : `${Math.round(angle)}°`}</span>`)}</figcaption></figure>`;
}
