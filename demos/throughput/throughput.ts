import { proxy, wrap } from '../frame/comlink.js';
import { adapterName } from 'metaplastic';
import {
  CEILINGS,
  describeReport,
  drawRoofline,
  type BenchReport,
  type Ceiling,
  type SweepFigure,
  noiseIn,
  percent,
  quantity,
  ratesOf,
} from 'metaplastic/bench';
import { formatCount, linesChart, html, details, linesTable, table } from 'metaplastic/report';
import { liveChart } from '../frame/chart.js';
import { copyButton, settingsForm } from '../frame/settings.js';
import { findWebGpu } from '../frame/webgpu.js';
import recorded from './recorded/software.json';
import type { ThroughputWorker } from './worker.js';

const element = <E extends HTMLElement = HTMLElement>(id: string) =>
  document.getElementById(id) as E;
const measure = element<HTMLButtonElement>('measure');
const progress = element<HTMLProgressElement>('progress');
const roofline = element('roofline').attachShadow({ mode: 'open' });
const sweeps = (['tasks', 'steps', 'width'] as const).map(size => ({
  size,
  chart: liveChart(element(`by-${size}`), {
    adjust(options) {
      options.height = 230;
    },
  }),
}));

let report = recorded as BenchReport;
let running: Worker | undefined;

function show(where: string): void {
  const { warning, clock, date, system, ceilings, kernels } = report;
  const warnings = [warning, noiseIn(report)].filter(Boolean).join(' ');
  element('adapter').textContent =
    `${where}: ${adapterName(report.adapter)}, ${date}${system ? `, ${system}` : ''}, kernels timed by ${clock}.`;
  Object.assign(element('warning'), { textContent: warnings, hidden: !warnings });
  element('ceilings').innerHTML = (Object.keys(CEILINGS) as Ceiling[])
    .map(
      c =>
        html`<div><dt>${CEILINGS[c].title}: ${CEILINGS[c].how}</dt><dd>${quantity(ceilings[c].value, CEILINGS[c].unit)}</dd></div>`
          .html,
    )
    .join('');
  roofline.innerHTML = `${drawRoofline(report)}<style>svg { display: block; min-width: 40rem; --page: var(--card) !important; }</style>`;
  element('kernels').innerHTML = details(
    'Numbers',
    [...new Set(kernels.map(k => k.workload))].map(workload =>
      table(
        ['kernel', 'median', 'fastest', 'GFLOP/s', 'of arithmetic', 'GB/s', 'of storage'],
        kernels
          .filter(k => k.workload === workload)
          .map(kernel => {
            const rates = ratesOf(kernel, ceilings);
            return [
              kernel.part ? `· ${kernel.kernel}` : kernel.kernel,
              ...[kernel.median, kernel.fastest].map(time =>
                time > 0 ? quantity(time, 's') : 'too short',
              ),
              ...(rates
                ? [
                    (rates.flops / 1e9).toPrecision(3),
                    percent(rates.ofArithmetic),
                    (rates.bytes / 1e9).toPrecision(3),
                    percent(rates.ofStorage),
                  ]
                : ['', '', '', '']),
            ];
          }),
        workload,
      ),
    ),
  ).html;
  for (const { size, chart } of sweeps) {
    const figures = varied(report.sweep, size);
    const lines = {
      x: figures.map(f => f[size]),
      xLabel: { tasks: 'lifetimes', steps: 'inner steps', width: 'neurons' }[size],
      yLabel: 'task-steps/s',
      few: true,
      lines: [{ name: 'metaplastic', values: figures.map(f => f.taskStepsPerSecond) }],
    };
    chart.show({ ...linesChart(lines), log: false, small: false }, () => linesTable(lines));
  }
}

/**
 * The figures that differ in this size alone from the middle of the sweep: whatever the other two
 * sizes are most often.
 */
function varied(
  sweep: readonly SweepFigure[],
  size: 'tasks' | 'steps' | 'width',
): readonly SweepFigure[] {
  const others = (f: SweepFigure) =>
    (['tasks', 'steps', 'width'] as const)
      .filter(s => s !== size)
      .map(s => f[s])
      .join(' ');
  const groups = [...new Set(sweep.map(others))].map(key => sweep.filter(f => others(f) === key));
  return groups
    .reduce((largest, group) => (group.length > largest.length ? group : largest))
    .toSorted((a, b) => a[size] - b[size]);
}

measure.addEventListener('click', async () => {
  if (running) {
    end('Stopped.');
    return;
  }
  const worker = (running = new Worker(new URL('./worker.ts', import.meta.url), {
    type: 'module',
  }));
  worker.addEventListener('error', event => end(event.message));
  [measure.textContent, progress.hidden] = ['Stop', false];
  progress.removeAttribute('value');
  tell('Opening the GPU …');
  try {
    report = await wrap<ThroughputWorker>(worker).measure(
      settings.values['patience'] === 'patient',
      proxy((what: string, done: number, of: number) => {
        progress.max = of;
        progress.value = done;
        tell(`${done + 1} of ${of}: ${what}`);
      }),
    );
    show('Measured in this page');
    end('Measured. The numbers below are your own.');
  } catch (error) {
    end((error as Error).message);
  }
});

function end(text: string): void {
  running?.terminate();
  running = undefined;
  [measure.textContent, progress.hidden] = ['Measure', true];
  tell(text);
}

function tell(text: string): void {
  element('told').textContent = text;
}

const settings = settingsForm(element<HTMLFormElement>('settings'));
copyButton(element<HTMLButtonElement>('json'), () => JSON.stringify(report, null, 2));
copyButton(element<HTMLButtonElement>('markdown'), () => describeReport(report));
show('Recorded');
tell(
  `Recorded before. ${formatCount(report.kernels.length)} kernels and parts of kernels, ${report.sweep.length} sizes of meta-steps.`,
);
measure.disabled = !(await findWebGpu('The numbers below were recorded elsewhere.'));
