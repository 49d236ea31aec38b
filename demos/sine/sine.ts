import { proxy, wrap } from '../frame/comlink.js';
import {
  sineTasks,
  type LogLine,
  type RunConfig,
  type RunConfigInput,
  RUN_PRESETS,
} from 'metaplastic';
import {
  formatCount,
  formatNumber,
  smooth,
  linesChart,
  smoothingSpan,
  trainingChart,
  linesTable,
  table,
  thinned,
} from 'metaplastic/report';
import { liveChart } from '../frame/chart.js';
import { copyButton, settingsForm } from '../frame/settings.js';
import { findWebGpu } from '../frame/webgpu.js';
import { UNSEEN, type Life, type Points } from './life.js';
import { pointsOf, sineOf } from './points.js';
import recordedLife from './recorded/life.json';
import { makeStage } from './stage.js';
import type { Ended, SineWorker, Told } from './worker.js';

/** Milliseconds that a step of a played lifetime is shown. */
const STEP_TIME = 420;
const RUN = new URL('./recorded/flp-sine.zip', import.meta.url);

const element = <E extends HTMLElement = HTMLElement>(id: string) =>
  document.getElementById(id) as E;
const [play, another, train, recorded, save, file] = [
  element<HTMLButtonElement>('play'),
  element<HTMLButtonElement>('another'),
  element<HTMLButtonElement>('train'),
  element<HTMLButtonElement>('recorded'),
  element<HTMLButtonElement>('save'),
  element<HTMLInputElement>('file'),
];
const slider = element<HTMLInputElement>('after');
const worker = wrap<SineWorker>(
  new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }),
);
const source = sineTasks({ steps: 20, queries: 1 });

let points: Points;
let truth: ((x: number) => number) | undefined;
let life: Life | undefined;
let log: LogLine[] = [];
let config: RunConfig | undefined;
let metaStep = 0;
let state: 'resting' | 'training' | 'stopping' = 'resting';
let begun: string | undefined;
let webGpu = false;
/** Is it known whether there is WebGPU? */
let looked = false;

// The lifetime.
const stage = makeStage(element('stage'), moved => {
  points = moved;
  truth = undefined;
  settings.keep('points', moved.x.map((x, k) => `${x}_${moved.y[k]}`).join('*'));
  settings.keep('sine', undefined);
  showLife();
  void relive();
});
const errors = liveChart(element('errors'), {
  adjust(options) {
    options.height = 260;
  },
});

function showLife(): void {
  const after = Number(slider.value);
  const { x } = points;
  element('seen').textContent = slider.value;
  stage.show(points, after, life, truth);
  if (!life) return;
  const lines = {
    x: [0, ...x.map((_, k) => k + 1)],
    xLabel: 'examples seen',
    yLabel: 'mean squared error',
    few: false,
    lines: [
      { name: 'plasticity', values: life.plastic.errors },
      { name: 'gradient descent', values: life.descent.errors },
    ],
  };
  const dots = {
    x: [after, after],
    y: lines.lines.map(line => line.values[after]!),
    colours: ['--learner-0', '--learner-1'],
  };
  errors.show({ ...linesChart(lines), dots }, () => linesTable(lines));
}

/** The sine of this number among the unseen ones. */
function takeSine(number: number): void {
  const { supportX, supportY } = source.episodes(UNSEEN, number, 1);
  const { amplitude, phase } = source.sinesOf(UNSEEN, number)[0]!;
  points = { x: [...supportX], y: [...supportY] };
  truth = x => amplitude * Math.sin(x + phase);
}

/** Takes the points of the address: a sine by its number, or a curve of somebody's own. */
function takeAddress(): void {
  const own = pointsOf(settings.kept('points'), 20);
  if (own) [points, truth] = [own, undefined];
  else takeSine(sineOf(settings.kept('sine')));
}

/**
 * Lives the points again by the network as it is now: the newest wish counts, those between are
 * left out.
 */
let reliving = false;
let wished = false;
async function relive(): Promise<void> {
  wished = true;
  showStale(true);
  if (!webGpu) tellWaiting();
  if (reliving || !webGpu) return;
  reliving = true;
  while (wished) {
    wished = false;
    try {
      life = await worker.live(points, 10 ** settings.number('rate'));
    } catch (error) {
      element('told').textContent = (error as Error).message;
      break;
    }
    showLife();
    tellLife();
  }
  reliving = false;
  showStale(false);
}

/** Curves of other points than those that are shown are faint until they are lived anew. */
function showStale(stale: boolean): void {
  for (const id of ['stage', 'errors']) element(id).classList.toggle('stale', stale);
}

function tellWaiting(): void {
  element('told').textContent = looked
    ? 'Without WebGPU no network can live these points: the curves are those of others.'
    : 'These points are lived as soon as the GPU is ready.';
}

function tellLife(): void {
  const after = Number(slider.value);
  const of = (course: Life['plastic']) => formatNumber(course.errors[after]!);
  if (life)
    element('told').textContent =
      `After ${after} example${after === 1 ? '' : 's'} the mean squared error is ${of(life.plastic)} with plasticity and ${of(life.descent)} with gradient descent.`;
}

let playing: ReturnType<typeof setInterval> | undefined;
function pause(): void {
  clearInterval(playing);
  playing = undefined;
  play.textContent = 'Play';
}
play.addEventListener('click', () => {
  if (playing) {
    pause();
    return;
  }
  if (Number(slider.value) === points.x.length) slider.value = '0';
  play.textContent = 'Pause';
  showLife();
  playing = setInterval(() => {
    slider.value = String(Number(slider.value) + 1);
    showLife();
    if (Number(slider.value) < points.x.length) return;
    pause();
    tellLife();
  }, STEP_TIME);
});
slider.addEventListener('input', () => {
  pause();
  showLife();
});
slider.addEventListener('change', tellLife);
another.addEventListener('click', () => {
  const number = 1 + Math.floor(Math.random() * 9999);
  takeSine(number);
  settings.keep('points', undefined);
  settings.keep('sine', String(number));
  void relive();
});

// Meta-training.
const losses = liveChart(element('losses'));
function showTraining(): void {
  // a screen reader would not come to rest
  element('told').setAttribute('aria-live', state === 'training' ? 'off' : 'polite');
  const last = log.at(-1);
  const recent = log.slice(-20);
  const mean = (of: (line: LogLine) => number) => smooth(recent.map(of), 40)[0] ?? NaN;
  element('meta-step').textContent = config
    ? `${formatCount(metaStep)} of ${formatCount(config.meta.steps)}`
    : '–';
  element('loss').textContent = last ? formatNumber(mean(line => line.medianLoss)) : '–';
  element('speed').textContent = last ? formatCount(mean(line => line.taskStepsPerSecond)) : '–';
  const smoothed = smooth(
    log.map(line => line.medianLoss),
    smoothingSpan(log),
  );
  // The median of a meta-step: the mean is at the mercy of one lifetime that nearly exploded.
  const chart = trainingChart(
    log.map(line => ({ ...line, loss: line.medianLoss })),
    'loss',
  );
  const [each, overall] = chart.series;
  losses.show(
    {
      ...chart,
      series: [
        { ...each!, label: 'median of each meta-step' },
        { ...overall!, label: 'smoothed' },
      ],
    },
    () =>
      table(
        ['meta-step', 'median loss', 'smoothed', 'task-steps/s'],
        thinned(
          log.map((line, i) => [
            String(line.metaStep),
            formatNumber(line.medianLoss),
            formatNumber(smoothed[i]!),
            formatCount(line.taskStepsPerSecond),
          ]),
        ),
      ),
  );
  train.textContent =
    state === 'training'
      ? 'Pause'
      : state === 'stopping'
        ? 'Pausing…'
        : goesOn()
          ? 'Go on'
          : 'Train from scratch';
  train.disabled = !webGpu || state === 'stopping';
  recorded.disabled = state !== 'resting';
  file.disabled = !webGpu || state !== 'resting';
}

/**
 * Can the run be gone on with? Not if it has ended, nor if other settings are asked for since it
 * began.
 */
const goesOn = () =>
  config &&
  metaStep > 0 &&
  metaStep < config.meta.steps &&
  (begun === undefined || begun === JSON.stringify(asked()));

function take(told: Told): void {
  ({ config, metaStep } = told);
  log = [...told.log];
  showTraining();
}

function asked(): RunConfigInput {
  const preset = RUN_PRESETS['flp-sine']!;
  const { rule, alpha } = settings.values;
  const width = settings.number('width');
  return {
    ...preset,
    name: 'sine',
    seed: settings.number('seed'),
    checkpointEvery: 25,
    system: {
      ...preset.system,
      sizes: [1, width, width, 1],
      rule: rule as 'oja',
      alpha: alpha as 'synapse',
    },
    meta: { ...preset.meta, tasks: settings.number('tasks'), steps: settings.number('steps') },
  };
}

train.addEventListener('click', async () => {
  if (state === 'training') {
    state = 'stopping';
    showTraining();
    await worker.stop();
    return;
  }
  const anew = !goesOn();
  state = 'training';
  recorded.hidden = false;
  showTraining();
  try {
    if (anew) {
      take(await worker.begin(asked()));
      begun = JSON.stringify(asked());
    }
    tell('Making the kernels …');
    const heard = proxy((lines: readonly LogLine[]) => {
      for (const line of lines) log.push(line);
      metaStep = log.at(-1)!.metaStep;
      tell(`Training on ${adapter}.`);
      showTraining();
      void relive();
    });
    await worker.live(points, 10 ** settings.number('rate')); // opens the GPU
    const adapter = await worker.adapter();
    const ended: Ended = state === 'training' ? await worker.train(heard) : { metaStep };
    if (ended.lost) log = log.filter(line => line.metaStep <= ended.metaStep);
    metaStep = ended.metaStep;
    tell(
      ended.lost
        ? `The GPU was lost (${ended.lost}). Nothing but the last few meta-steps is gone: press “Go on” to take up meta-step ${metaStep} on a new one.`
        : metaStep < config!.meta.steps
          ? 'Paused.'
          : 'Trained to the end.',
    );
  } catch (error) {
    tell((error as Error).message);
  }
  state = 'resting';
  showTraining();
  void relive();
});

recorded.addEventListener('click', () => void openRecorded());
async function openRecorded(): Promise<void> {
  take(
    await worker.open(new Uint8Array(await (await fetch(RUN)).arrayBuffer()), 'the recorded run'),
  );
  [begun, recorded.hidden] = [undefined, true];
  tell('This network was trained before, in Node.');
  if (webGpu && life !== recordedLife) void relive();
}

// Saving and opening.
save.addEventListener('click', async () => {
  const bytes = await worker.save();
  const link = document.createElement('a');
  link.href = URL.createObjectURL(
    new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'application/zip' }),
  );
  link.download = `${config!.name}.zip`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
});
/** No file of a run on sines has more bytes. */
const LARGEST_FILE = 2 ** 28;
file.addEventListener('change', async () => {
  const files = [...file.files!];
  if (!files.length) return;
  const read = async (f: File) => {
    if (f.size <= LARGEST_FILE) return new Uint8Array(await f.arrayBuffer());
    throw new Error(`${f.name}: expected a file of a run on sines, got ${f.size} bytes`);
  };
  try {
    const zip = files.length === 1 && /\.zip$/i.test(files[0]!.name);
    take(
      await worker.open(
        zip
          ? await read(files[0]!)
          : Object.fromEntries(
              await Promise.all(files.map(async f => [f.name, await read(f)] as const)),
            ),
        files[0]!.name,
      ),
    );
    [begun, recorded.hidden] = [undefined, false];
    tell(`Opened ${config!.name}, after meta-step ${formatCount(metaStep)}.`);
    void relive();
  } catch (error) {
    tell((error as Error).message);
  }
  file.value = '';
});
copyButton(element<HTMLButtonElement>('link'), () => location.href);

const tell = (text: string) => {
  if (element('training-status').textContent !== text)
    element('training-status').textContent = text;
};

const settings = settingsForm(element<HTMLFormElement>('settings'), () => {
  takeAddress();
  showLife();
  showTraining();
  void relive();
});
takeAddress();
life = !settings.kept('points') && !settings.kept('sine') ? recordedLife : undefined;
showLife();
await openRecorded();
webGpu = await findWebGpu(
  'The lifetime and the training below were recorded; play it, or read its numbers.',
);
looked = true;
for (const button of [another, save]) button.disabled = !webGpu;
showTraining();
if (wished || (webGpu && !life)) void relive();
else tellLife();
