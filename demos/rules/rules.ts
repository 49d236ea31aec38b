import { proxy, wrap } from '../frame/comlink.js';
import {
  linesChart,
  type Chart,
  type Series,
  formatCount,
  smooth,
  html,
  linesTable,
} from 'metaplastic/report';
import { liveChart } from '../frame/chart.js';
import { copyButton, settingsForm } from '../frame/settings.js';
import { findWebGpu } from '../frame/webgpu.js';
import { pathOf } from '../symbols/path.js';
import { drawSymbol } from 'metaplastic/symbols';
import { makeDial, type Needle } from './dial.js';
import { CLASSES, LOOKS, symbolOf, UNSEEN, type Look } from './life.js';
import recorded from './recorded/race.json';
import { WAYS, type Way, type WayName } from './ways.js';
import type { RulesWorker, Runner } from './worker.js';

const element = <E extends HTMLElement = HTMLElement>(id: string) =>
  document.getElementById(id) as E;
const run = element<HTMLButtonElement>('run');
const form = element<HTMLFormElement>('settings');
const worker = wrap<RulesWorker>(
  new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }),
);
const LAYERS = ['first layer', 'second layer', 'output'];
const HIDDEN = LAYERS.slice(0, 2);
const DASHES: readonly (readonly number[])[] = [[], [8, 4], [2, 3]];
/** Looks over which the angle of updates is smoothed. */
const SPAN = 8;

let looks: (readonly Look[])[] = recorded.looks as (readonly Look[])[];
let names: readonly [WayName, WayName] = recorded.ways as [WayName, WayName];
let running = false;
let webGpu = false;

for (const [name, first] of [
  ['a', recorded.ways[0]],
  ['b', recorded.ways[1]],
] as const)
  form.querySelector<HTMLSelectElement>(`[name=${name}]`)!.innerHTML = Object.entries(WAYS)
    .map(
      ([key, way]) =>
        html`<option value="${key}"${key === first ? html` selected` : ''}>${way.name}</option>`
          .html,
    )
    .join('');

/**
 * What the two networks are called: by their ways, and by their numbers where these are the same.
 */
const called = () =>
  names.map((name, k) => (names[0] === names[1] ? `${WAYS[name].name} ${k + 1}` : WAYS[name].name));

const charts = {
  accuracy: liveChart(element('accuracy'), {
    adjust(options) {
      options.height = 260;
    },
  }),
  error: liveChart(element('error'), { adjust }),
  weights: liveChart(element('weights'), { adjust }),
  update: liveChart(element('update'), { adjust }),
};
const dials = HIDDEN.map((name, layer) =>
  makeDial(element(`dial-${layer}`), `neurons of the ${name}`),
);
const seen = () => looks[1]!.at(-1)?.images ?? 0;

function adjust(options: uPlot.Options): void {
  options.height = 230;
  options.legend = { show: false };
}

function show(): void {
  const x = (looks[0]!.length > looks[1]!.length ? looks[0]! : looks[1]!).map(look => look.images);
  const both = called();
  const accuracy = {
    x,
    xLabel: 'drawings seen',
    yLabel: 'accuracy',
    percent: true,
    few: false,
    lines: both.map((name, k) => ({ name, values: looks[k]!.map(look => look.accuracy) })),
  };
  charts.accuracy.show({ ...linesChart(accuracy), range: [0, 100] }, () => linesTable(accuracy));
  for (const angle of ['error', 'weights', 'update'] as const) {
    const lines = both.flatMap((name, k) =>
      (angle === 'error' ? HIDDEN : LAYERS)
        .map((layer, l) => ({
          name: `${name}, ${layer}`,
          values: looks[k]!.map(look => look[angle][l] ?? NaN),
          colour: `--learner-${k}`,
          layer: l,
        }))
        .filter(({ values }) => values.some(Number.isFinite)),
    );
    const series = lines.map(({ name, values, colour, layer }): Series => ({
      label: name,
      values: angle === 'update' ? smooth(values, SPAN) : values,
      colour,
      width: 2,
      dash: DASHES[layer],
    }));
    const chart: Chart = {
      label: `Line chart: angles over ${x.length} looks. The numbers are in the table below.`,
      x,
      xLabel: 'drawings seen',
      yLabel: 'degrees',
      series,
      range: [0, 120],
    };
    charts[angle].show(chart, () =>
      linesTable({ x, xLabel: 'drawings seen', yLabel: 'degrees', lines }),
    );
  }
  const last = looks.map(own => own.at(-1));
  dials.forEach((turn, layer) =>
    turn(
      [0, 1].map(k => ({ name: both[k]!, angle: last[k]?.error[layer] ?? null })) as [
        Needle,
        Needle,
      ],
    ),
  );
  element('numbers').innerHTML =
    html`${both.map((name, k) => html`<div style="--colour: var(--learner-${k})"><dt>${name} recognises</dt><dd>${last[k] ? `${Math.round(100 * last[k]!.accuracy)} %` : '–'}</dd></div>`)}<div><dt>drawings seen</dt><dd>${formatCount(seen())}</dd></div>`.html;
  element('key').innerHTML = both
    .map((name, k) => html`<li><i style="--colour: var(--learner-${k})"></i>${name}</li>`.html)
    .join('');
}

function showSettings(): void {
  ['a', 'b'].forEach((name, k) => {
    element(`about-${k}`).textContent = (WAYS[settings.values[name] as WayName] as Way).about;
  });
  element('bank').innerHTML = Array.from(
    { length: CLASSES },
    (_, k) =>
      html`<svg viewBox="-0.08 -0.08 1.16 1.16"><path d="${pathOf(drawSymbol(UNSEEN, symbolOf(settings.number('seed'), k), 0))}"/></svg>`
        .html,
  ).join('');
  run.textContent = running ? 'Stop' : 'Let them learn';
  run.disabled = !webGpu;
}

const tell = (text: string) => {
  element('told').textContent = text;
};
const asked = (): readonly [Runner, Runner] => {
  const runner = (way: string, factor: string): Runner => ({
    way: settings.values[way] as WayName,
    rate: WAYS[settings.values[way] as WayName].rate * 10 ** settings.number(factor),
  });
  return [runner('a', 'fa'), runner('b', 'fb')];
};

run.addEventListener('click', async () => {
  if (running) {
    await worker.stop();
    return;
  }
  const runners = asked();
  running = true;
  names = [runners[0].way, runners[1].way];
  looks = [[], []];
  showSettings();
  tell('Making the kernels …');
  let stopped = false;
  try {
    await worker.run(
      runners,
      settings.number('seed'),
      proxy((runner: number, look: Look) => {
        looks[runner] = [...looks[runner]!, look];
        if (runner === 1 || looks[0]!.length > looks[1]!.length + 1) {
          if (looks[1]!.length === 1) tell('They learn.');
          show();
        }
      }),
    );
    stopped = looks[1]!.length <= LOOKS;
    const result = called()
      .map((name, k) => `${name} ${Math.round(100 * (looks[k]!.at(-1)?.accuracy ?? 0))} %`)
      .join(', ');
    tell(`${stopped ? 'Stopped' : 'Done'} after ${formatCount(seen())} drawings: ${result}.`);
  } catch (error) {
    tell((error as Error).message);
  }
  running = false;
  show();
  showSettings();
});
copyButton(element<HTMLButtonElement>('link'), () => location.href);

const settings = settingsForm(form, showSettings);
show();
showSettings();
webGpu = await findWebGpu('What you see was recorded.');
showSettings();
