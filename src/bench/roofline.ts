import { greatest, least } from '../extremes.js';
import { adapterName } from '../gpu/device.js';
import { html, trusted, type Html } from '../report/html.js';
import type { Ceilings } from './ceilings.js';
import type { KernelFigure } from './kernels.js';
import { percent, quantity, ratesOf, type BenchReport } from './report.js';

// A picture of 760 units' width. Panels stand one below the other, so that it can be read on a
// phone, where its style enlarges what is written.
const WIDTH = 760;
const HEAD = 128;
const PLOT = { left: 62, right: 420, height: 300 };
const LABELS_AT = 448;
const LABEL_STEP = 26;
const GAP = 96;

const STYLE = `
  svg { --page: #fcfcfb; --ink: #1a1d21; --muted: #5c646e; --line: #e4e6e9; --point: #0a5fb0; --roof: #c4520c; --warn: #fff3e6; background: var(--page); }
  text { font: 14px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; fill: var(--ink); }
  .title { font-size: 26px; font-weight: 650; letter-spacing: -0.02em; } .panel { font-size: 17px; font-weight: 620; }
  .muted, .tick, .value { fill: var(--muted); } .tick { font-size: 12.5px; font-variant-numeric: tabular-nums; } .value { font-size: 13px; font-variant-numeric: tabular-nums; }
  .roof { fill: none; stroke: var(--roof); stroke-width: 2; stroke-linejoin: round; } .second { stroke-dasharray: 2 5; stroke-linecap: round; } .roof-name { fill: var(--roof); font-size: 12.5px; }
  .under { fill: var(--roof); opacity: 0.06; } .grid { stroke: var(--line); } .frame { fill: none; stroke: var(--line); } .lead { stroke: var(--point); opacity: 0.3; fill: none; } .point { fill: var(--point); stroke: var(--page); stroke-width: 2; }
  .warning { fill: var(--warn); } .warning-text { font-weight: 560; fill: var(--roof); }
  .end { text-anchor: end; } .middle { text-anchor: middle; }
  @media (prefers-color-scheme: dark) {
    svg { --page: #121418; --ink: #e9ebee; --muted: #9ca5b0; --line: #292e35; --point: #6db5ff; --roof: #ff9c57; --warn: #2b2119; }
  }
  @media (max-width: 520px) {
    text { font-size: 22px; } .title { font-size: 36px; } .panel { font-size: 26px; } .tick, .roof-name { font-size: 19px; } .value, .wide { display: none; }
  }`;

type Scale = ((value: number) => number) & {
  readonly least: number;
  readonly most: number;
  readonly ticks: readonly number[];
};

/**
 * From `least` to `most` over so many units of the picture, with a tick at every power of ten
 * between.
 */
function logScale(least: number, most: number, from: number, to: number): Scale {
  const low = Math.log10(least);
  const high = Math.log10(most);
  const first = Math.ceil(low);
  const count = Math.floor(high) - first + 1;
  return Object.assign(
    (value: number) => from + ((Math.log10(value) - low) / (high - low)) * (to - from),
    { least, most, ticks: Array.from({ length: count }, (_, k) => 10 ** (first + k)) },
  );
}

const at = (x: number) => Number(x.toFixed(1));

/**
 * An SVG of every kernel of every workload under the adapter's roofs: operations a second against
 * operations a byte, both logarithmic.
 */
export function drawRoofline(report: BenchReport): string {
  const { warning, ceilings, kernels, date, clock } = report;
  const drawn = kernels.filter(
    kernel => !kernel.part && kernel.work && kernel.work.flops > 0 && kernel.fastest > 0,
  );
  const workloads = [...new Set(drawn.map(k => k.workload))];
  const every = drawn.map(kernel => ratesOf(kernel, ceilings)!);
  const ridge = ceilings.arithmetic.value / ceilings.storage.value;
  const x = logScale(
    least([0.1, ...every.map(r => r.intensity / 1.5)]),
    greatest([10, 3 * ridge, ...every.map(r => 1.5 * r.intensity)]),
    PLOT.left,
    PLOT.right,
  );
  const top = HEAD + (warning ? 66 : 0);
  const height = greatest([
    PLOT.height,
    ...workloads.map(w => LABEL_STEP * drawn.filter(k => k.workload === w).length),
  ]);
  const y = logScale(least(every.map(r => r.flops)) / 2, 3 * ceilings.arithmetic.value, height, 0);
  const total = top + workloads.length * (height + GAP);
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${total}" role="img" aria-labelledby="title about">
<title id="title">Kernels under the roofs of ${adapterName(report.adapter)}</title>
<desc id="about">${warning && `${warning} `}Operations a second against operations a byte. ${drawn.map((kernel, k) => `${kernel.workload}, ${kernel.kernel}: ${quantity(every[k]!.flops, 'flop/s')}`).join('; ')}.</desc>
<style>${trusted(STYLE)}</style>
<rect width="${WIDTH}" height="${total}" fill="var(--page)"/>
<text class="title" x="24" y="52">Kernels under their roof</text>
<text class="muted" x="24" y="82">${adapterName(report.adapter)}, ${date}<tspan class="wide">, timed by ${clock}</tspan></text>
<text class="muted wide" x="24" y="104">GFLOP/s against operations a byte. In brackets: the share of what the roof leaves a kernel.</text>
${warning && html`<rect class="warning" x="24" y="${HEAD - 4}" width="${WIDTH - 48}" height="50" rx="6"/><text class="warning-text" x="40" y="${HEAD + 27}">Software adapter: no performance of any GPU<tspan class="wide">, nor of WebGPU; only a comparison</tspan></text>`}
${workloads.map(
  (workload, k) => html`<g transform="translate(0 ${top + 52 + k * (height + GAP)})">${panel(
    workload,
    drawn.filter(kernel => kernel.workload === workload),
    ceilings,
    x,
    y,
    height,
  )}</g>
`,
)}</svg>
`.html;
}

function panel(
  workload: string,
  kernels: readonly KernelFigure[],
  ceilings: Ceilings,
  x: Scale,
  y: Scale,
  height: number,
): Html {
  const points = kernels
    .map(kernel => ({ kernel: kernel.kernel, ...ratesOf(kernel, ceilings)! }))
    .sort((a, b) => b.flops - a.flops);
  const labels = spread(
    points.map(p => y(p.flops)),
    LABEL_STEP,
    6,
    height - 6,
  );
  const { arithmetic, storage, workgroupMemory } = ceilings;
  const [network, ...sizes] = workload.split(', ').reverse();
  return html`<text class="panel" x="24" y="-18">${sizes.reverse().join(', ')}<tspan class="muted wide" dx="10" font-weight="400">${network}</tspan></text>
${x.ticks.map(tick => html`<line class="grid" x1="${at(x(tick))}" x2="${at(x(tick))}" y1="0" y2="${height}"/><text class="tick middle" x="${at(x(tick))}" y="${height + 22}">${tick}</text>`)}
${y.ticks.map(tick => html`<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${at(y(tick))}" y2="${at(y(tick))}"/><text class="tick end" x="${PLOT.left - 8}" y="${at(y(tick) + 4)}">${tick / 1e9}</text>`)}
<rect class="frame" x="${PLOT.left}" y="0" width="${PLOT.right - PLOT.left}" height="${height}"/><text class="tick" x="${PLOT.left + 8}" y="18">GFLOP/s</text><text class="tick" x="${PLOT.right + 10}" y="${height + 22}">operations a byte</text>
${roof(storage.value, arithmetic.value, x, y, height, html`storage`, true)}${roof(workgroupMemory.value, arithmetic.value, x, y, height, html`workgroup<tspan class="wide"> memory</tspan>`, false)}
<text class="roof-name end" x="${PLOT.right - 4}" y="${at(y(arithmetic.value) - 7)}">${quantity(arithmetic.value, 'flop/s')}</text>
${points.map(({ intensity, flops }, k) => html`<path class="lead" d="M${at(x(intensity))} ${at(y(flops))}L${LABELS_AT - 22} ${at(labels[k]!)}H${LABELS_AT - 6}"/>`)}
${points.map(({ kernel, intensity, flops }, k) => {
  const allowed = Math.min(arithmetic.value, intensity * storage.value);
  return html`<circle class="point" cx="${at(x(intensity))}" cy="${at(y(flops))}" r="6"/><text x="${LABELS_AT}" y="${at(labels[k]! + 5)}">${kernel}<tspan class="value" dx="8">${quantity(flops, 'flop/s').replace(/ .*/, '')} (${percent(flops / allowed)})</tspan></text>
`;
})}`;
}

/** min(peak, intensity · bandwidth), named along its slope. */
function roof(
  bandwidth: number,
  peak: number,
  x: Scale,
  y: Scale,
  height: number,
  name: Html,
  first: boolean,
): Html {
  const low = Math.max(x.least, y.least / bandwidth);
  const high = x.most;
  const ridge = Math.min(high, peak / bandwidth);
  const [from, to] = [
    [x(low), y(low * bandwidth)],
    [x(ridge), y(ridge * bandwidth)],
  ] as const;
  const flat = ridge < high ? `H${at(x(high))}` : '';
  const angle = (Math.atan2(to[1] - from[1], to[0] - from[0]) * 180) / Math.PI;
  const place = [0, 1].map(k => from[k]! + (first ? 0.88 : 0.97) * (to[k]! - from[k]!)) as [
    number,
    number,
  ];
  return html`${first && html`<path class="under" d="M${at(from[0])} ${at(from[1])}L${at(to[0])} ${at(to[1])}${flat}V${height}H${at(from[0])}Z"/>`}<path class="${first ? 'roof' : 'roof second'}" d="M${at(from[0])} ${at(from[1])}L${at(to[0])} ${at(to[1])}${flat}"/>
<text class="roof-name end" transform="translate(${at(place[0])} ${at(place[1])}) rotate(${at(angle)})" dy="${first ? -7 : 17}">${name} ${quantity(bandwidth, 'B/s')}</text>`;
}

/**
 * Places as near as can be to the wanted ones, which ascend, but `step` apart and between `low` and
 * `high`.
 */
export function spread(
  wanted: readonly number[],
  step: number,
  low: number,
  high: number,
): number[] {
  const places: number[] = [];
  for (const place of wanted) places.push(Math.max(place, (places.at(-1) ?? low - step) + step));
  for (let k = places.length - 1, most = high; k >= 0; k--, most -= step)
    places[k] = Math.min(places[k]!, most);
  return places;
}
