import { formatNumber, html, table, type Html } from 'metaplastic/report';
import { liveChart, type LiveChart } from '../frame/chart.js';
import { GRID, type Life, type Shown } from './life.js';
import { LEARNERS, type LearnerName } from './tasks.js';

const HEIGHT = 6;

/** Shows what the learners make of a task after so many examples. */
export function makeStage(
  chartHost: HTMLElement,
  drawingsHost: HTMLElement,
): (life: Life, after: number, labels: Readonly<Record<LearnerName, string>>) => void {
  const chart = liveChart(chartHost, {
    adjust(options) {
      options.height = chartHost.clientWidth < 480 ? 290 : 380;
      options.cursor = { show: false };
      options.legend = { show: false };
    },
  });
  let drawn: Shown | undefined;
  return (life, after, labels) => {
    const { shown } = life;
    chartHost.hidden = shown.kind !== 'sine';
    drawingsHost.hidden = shown.kind !== 'symbols';
    if (shown.kind === 'sine') {
      showSine(chart, life, shown, after, labels);
      return;
    }
    if (JSON.stringify(drawn) !== JSON.stringify(shown)) {
      drawn = shown;
      drawingsHost.innerHTML = html`<ol class="strip">${shown.labels.map(
        (symbol, k) =>
          html`<li><canvas data-drawing="${k}"></canvas><small><span class="visually-hidden">example ${k + 1}: symbol </span>${symbol + 1}</small></li>`,
      )}</ol><div class="scroll"></div>`.html;
      paint(drawingsHost, shown);
    }
    drawingsHost
      .querySelectorAll('.strip li')
      .forEach((item, k) => item.classList.toggle('seen', k < after));
    const place = drawingsHost.querySelector('.scroll')!;
    place.innerHTML = knownTable(life, shown.ways, shown.labels, after, labels).html;
    paint(place, shown);
  };
}

function showSine(
  chart: LiveChart,
  { courses }: Life,
  { x, y, amplitude, phase }: Extract<Shown, { kind: 'sine' }>,
  after: number,
  labels: Readonly<Record<LearnerName, string>>,
): void {
  const truth = GRID.map(at => amplitude * Math.sin(at + phase));
  const present = LEARNERS.filter(name => courses[name]);
  const curve = (name: LearnerName) => courses[name]!.curves[after] ?? [];
  chart.show(
    {
      label: `Predictions of a sine after ${after} of ${x.length} examples. The numbers are in the table below.`,
      x: GRID,
      xLabel: 'x',
      yLabel: 'y',
      range: [-HEIGHT, HEIGHT],
      series: [
        { label: 'the sine', values: truth, colour: '--muted', width: 1.25, dash: [4, 4] },
        // the written rule last, so that it lies on top
        ...present.toReversed().map(name => ({
          label: labels[name],
          values: curve(name),
          colour: `--learner-${LEARNERS.indexOf(name)}`,
          width: name === 'rule' ? 3.25 : 1.75,
        })),
      ],
      dots: {
        x,
        y,
        colours: x.map((_, k) => (k < after ? '--ink' : '--faint')),
      },
    },
    () =>
      table(
        ['x', 'the sine', ...present.map(name => labels[name])],
        GRID.flatMap((at, k) =>
          k % 4 ? [] : [[at, truth[k]!, ...present.map(name => curve(name)[k]!)].map(formatNumber)],
        ),
      ),
  );
}

/** Which symbols each learner knows: of five drawings that it was not taught, how many. */
function knownTable(
  { courses }: Life,
  ways: number,
  taught: readonly number[],
  after: number,
  labels: Readonly<Record<LearnerName, string>>,
): Html {
  const symbols = Array.from({ length: ways }, (_, k) => k);
  const first = (symbol: number) => taught.indexOf(symbol);
  const cell = (share: number) =>
    html`<td style="--share: ${share.toFixed(2)}"><b>${Math.round(100 * share)} %</b></td>`;
  return html`<table class="known"><caption>Share of other drawings of each symbol that is recognised</caption>
    <thead><tr><td></td>${symbols.map(
      k =>
        html`<th scope="col"><canvas data-drawing="${first(k)}"></canvas><span class="visually-hidden">symbol </span>${k + 1}</th>`,
    )}</tr></thead>
    <tbody>${LEARNERS.filter(name => courses[name]).map(
      name =>
        html`<tr style="--colour: var(--learner-${LEARNERS.indexOf(name)})"><th scope="row">${labels[name]}</th>${symbols.map(
          k => cell(courses[name]!.known[after]?.[k] ?? 0),
        )}</tr>`,
    )}</tbody></table>`;
}

/** Paints the drawings into their canvases, as the network sees them, in the colour of the page. */
function paint(host: Element, { side, drawings }: Extract<Shown, { kind: 'symbols' }>): void {
  for (const canvas of host.querySelectorAll<HTMLCanvasElement>('canvas')) {
    const pixels = drawings[Number(canvas.dataset['drawing'])];
    if (!pixels) continue;
    canvas.width = canvas.height = side;
    canvas.setAttribute('aria-hidden', 'true');
    const context = canvas.getContext('2d')!;
    const picture = context.createImageData(side, side);
    // black ink on nothing; the style sheet turns it white in the dark
    pixels.forEach((ink, k) => {
      picture.data[4 * k + 3] = ink;
    });
    context.putImageData(picture, 0, 0);
  }
}
