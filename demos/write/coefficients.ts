import { type Coefficient, type LogLine, type WrittenRule } from 'metaplastic';
import { formatNumber, html, linesTable, type Html, type Chart } from 'metaplastic/report';
import { liveChart, type LiveChart } from '../frame/chart.js';
import type { Spread } from './spreads.js';

/** What became of a rule's coefficients. */
export interface Learned {
  readonly rule: WrittenRule;
  readonly log: readonly Pick<LogLine, 'metaStep' | 'coefficients'>[];
  readonly spreads: readonly Spread[];
}

/**
 * Shows every coefficient of a rule: those that each synapse or neuron has for itself as a
 * histogram, the others as curves over meta-training.
 */
export function coefficientsView(host: HTMLElement): (learned: Learned) => void {
  let made: WrittenRule | undefined;
  const shows: ((learned: Learned) => void)[] = [];
  return learned => {
    if (made !== learned.rule) {
      made = learned.rule;
      shows.length = 0;
      host.replaceChildren();
      for (const coefficient of learned.rule.coefficients) {
        const place = document.createElement('figure');
        place.innerHTML =
          html`<figcaption><code>${coefficient.name}</code> <span>${PER[coefficient.per]}</span></figcaption><div></div>`.html;
        host.append(place);
        const inside = place.querySelector('div')!;
        shows.push(
          isMany(coefficient) ? histogramOf(inside, coefficient) : curvesOf(inside, coefficient),
        );
      }
    }
    for (const show of shows) show(learned);
  };
}

const PER = {
  synapse: 'one per synapse',
  neuron: 'one per neuron',
  layer: 'one per layer',
  network: 'one for the network',
} as const satisfies Record<Coefficient['per'], string>;
const isMany = ({ per }: Coefficient) => per === 'synapse' || per === 'neuron';

/** Lines over the meta-steps, one for each layer. */
function curvesOf(host: HTMLElement, { name }: Coefficient): (learned: Learned) => void {
  const chart: LiveChart = liveChart(host);
  const own = (key: string) => key === `rule.${name}` || key.startsWith(`rule.${name}.`);
  return ({ log }) => {
    const known = log.filter(line => line.coefficients);
    const keys = Object.keys(known[0]?.coefficients ?? {}).filter(own);
    const lines = keys.map(key => ({
      name: key === `rule.${name}` ? name : `layer ${key.split('.').at(-1)}`,
      values: known.map(line => line.coefficients![key]?.[0] ?? NaN),
    }));
    const x = known.map(line => line.metaStep);
    const all = lines.flatMap(line => line.values).filter(Number.isFinite);
    const low = all.reduce((a, b) => Math.min(a, b), 0);
    const high = all.reduce((a, b) => Math.max(a, b), 0);
    const room = 0.08 * (high - low || 1);
    const shown: Chart = {
      label: `Line chart: ${name} over ${x.length} meta-steps, ${lines
        .map(line => `${line.name} now ${formatNumber(line.values.at(-1) ?? NaN)}`)
        .join(', ')}.`,
      x,
      xLabel: 'meta-step',
      yLabel: name,
      small: true,
      range: [low < 0 ? low - room : 0, high > 0 ? high + room : 0],
      series: lines.map((line, k) => ({
        label: line.name,
        values: line.values,
        colour: '--learner-0',
        width: 2,
        ...(k > 0 && { dash: DASHES[(k - 1) % DASHES.length] }),
      })),
    };
    chart.show(shown, () => linesTable({ x, xLabel: 'meta-step', yLabel: name, lines }));
  };
}
const DASHES = [
  [8, 4],
  [2, 3],
] as const;

const BINS = 41;
const [WIDTH, HEIGHT] = [320, 120];

function histogramOf(host: HTMLElement, { name }: Coefficient): (learned: Learned) => void {
  return ({ spreads }) => {
    const spread = spreads.find(one => one.name === name);
    host.innerHTML = spread ? histogram(spread).html : '';
  };
}

/** How many of the numbers lie in each of the bins. */
function counts(numbers: Float32Array, low: number, high: number): number[] {
  const bins = new Array<number>(BINS).fill(0);
  for (const x of numbers)
    if (Number.isFinite(x))
      bins[Math.min(BINS - 1, Math.floor(((x - low) / (high - low)) * BINS))]!++;
  return bins;
}

function histogram({ name, born, now }: Spread): Html {
  const all = [...born, ...now].filter(Number.isFinite);
  const lowest = all.reduce((a, b) => Math.min(a, b), 0);
  const highest = all.reduce((a, b) => Math.max(a, b), 0);
  const room = 0.02 * (highest - lowest) || 1e-3;
  const [low, high] = [lowest - room, highest + room];
  const bars = counts(now, low, high);
  const before = counts(born, low, high);
  const most = bars.reduce((a, b) => Math.max(a, b), 1);
  const step = WIDTH / BINS;
  const at = (x: number) => ((x - low) / (high - low)) * WIDTH;
  const top = (n: number) => HEIGHT - (HEIGHT - 6) * Math.min(1, n / most);
  // numbers that were born alike are a place, others a shape
  const alike = before.filter(n => n > 0).length === 1;
  const outline = `M0 ${HEIGHT}${before
    .map((n, k) => `L${(k * step).toFixed(1)} ${top(n).toFixed(1)}h${step.toFixed(1)}`)
    .join('')}L${WIDTH} ${HEIGHT}`;
  const first = at(born[0] ?? 0).toFixed(1);
  const said = spoken(now);
  return html`<svg class="histogram" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${`Histogram of ${now.length} numbers ${name}: ${said}`}">
    ${bars.map((n, k) => n > 0 && html`<rect x="${(k * step + 0.6).toFixed(1)}" y="${top(n).toFixed(1)}" width="${(step - 1.2).toFixed(1)}" height="${(HEIGHT - top(n)).toFixed(1)}"/>`)}
    <path class="zero" d="M${at(0).toFixed(1)} 0V${HEIGHT}"/>
    <path class="born" d="${alike ? `M${first} 0V${HEIGHT}` : outline}"/>
  </svg><p class="ends" aria-hidden="true"><span>${formatNumber(low)}</span><span>${formatNumber(high)}</span></p><p class="said">${said}</p>`;
}

function spoken(numbers: Float32Array): string {
  const known = [...numbers].filter(Number.isFinite);
  const mean = known.reduce((a, b) => a + b, 0) / known.length;
  const deviation = Math.sqrt(known.reduce((a, b) => a + (b - mean) ** 2, 0) / known.length);
  const negative = known.filter(x => x < 0).length / known.length;
  return `mean ${formatNumber(mean)}, sd ${formatNumber(deviation)}, ${Math.round(100 * negative)} % negative`;
}
