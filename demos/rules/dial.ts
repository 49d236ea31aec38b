import { html } from 'metaplastic/report';

export interface Needle {
  readonly name: string;
  readonly angle: number | null;
}

const RADIUS = 84;
const at = (angle: number) =>
  [
    100 + RADIUS * Math.sin((angle * Math.PI) / 180),
    100 - RADIUS * Math.cos((angle * Math.PI) / 180),
  ]
    .map(v => v.toFixed(1))
    .join(' ');
const arc = (from: number, to: number) => `M${at(from)}A${RADIUS} ${RADIUS} 0 0 1 ${at(to)}`;
const degrees = (angle: number | null) => (angle === null ? '–' : `${Math.round(angle)}°`);

/**
 * A compass: up is where the true gradient points, and each needle where a network goes, the first
 * network's on the right, the second's on the left. Returns what turns the needles.
 */
export function makeDial(
  host: HTMLElement,
  title: string,
): (needles: readonly [Needle, Needle]) => void {
  host.innerHTML = html`<figure class="dial"><svg viewBox="0 0 200 200" role="img">
    <path class="good" d="${arc(-90, 90)}"/><path class="bad" d="${arc(90, 270)}"/>
    <path class="north" d="M100 8l-5 -7h10z"/><path class="axis" d="M100 16V184M16 100H184"/>
    ${[0, 1].map(k => html`<path class="needle" style="--colour: var(--learner-${k})" d="M100 104L96.5 100L100 26L103.5 100Z"/>`)}
    <circle cx="100" cy="100" r="4.5"/>
  </svg><figcaption><b>${title}</b>${[0, 1].map(k => html`<span style="--colour: var(--learner-${k})"><i></i><output></output></span>`)}</figcaption></figure>`.html;
  const turned = [...host.querySelectorAll<SVGPathElement>('.needle')];
  const said = [...host.querySelectorAll('output')];
  const picture = host.querySelector('svg')!;
  return needles => {
    picture.setAttribute(
      'aria-label',
      `${title}: ${needles.map(({ name, angle }) => `${name} ${degrees(angle)}`).join(', ')}`,
    );
    needles.forEach(({ angle }, k) => {
      turned[k]!.style.setProperty('--angle', `${(angle ?? 0) * (k ? -1 : 1)}deg`);
      turned[k]!.classList.toggle('none', angle === null);
      said[k]!.textContent = degrees(angle);
    });
  };
}
