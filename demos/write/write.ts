import { proxy, wrap } from '../frame/comlink.js';
import {
  defineRule,
  defineSystem,
  layoutOf,
  mathmlOfRule,
  type LogLine,
  type RuleSpec,
  type RunConfig,
  type WrittenRule,
} from 'metaplastic';
import {
  formatCount,
  formatNumber,
  html,
  linesChart,
  linesTable,
  smooth,
  smoothingSpan,
} from 'metaplastic/report';
import { liveChart } from '../frame/chart.js';
import { copyButton, settingsForm } from '../frame/settings.js';
import { findWebGpu } from '../frame/webgpu.js';
import { coefficientsView } from './coefficients.js';
import { draftOf, MOST } from './draft.js';
import { EXAMPLES, FIRST } from './examples.js';
import { makeEditor, type Read } from './editor.js';
import { factsOf } from './facts.js';
import { readRecorded } from './recorded.js';
import { makeStage } from './stage.js';
import { configOf, LEARNERS, taskOf, type Asked, type LearnerName } from './tasks.js';
import type { Ended, Look, Told, WriteWorker } from './worker.js';

/** Milliseconds that a step of a played lifetime is shown, and between two looks at a training. */
const STEP_TIME = 420;
const LOOK_EVERY = 1200;
/** Milliseconds without a key before the rule’s error is read out. */
const QUIET = 900;

type Line = Pick<
  LogLine,
  'metaStep' | 'medianLoss' | 'accuracy' | 'taskStepsPerSecond' | 'coefficients'
>;
const none = (): Record<LearnerName, Line[]> => ({ rule: [], descent: [], oja: [] });

const element = <E extends HTMLElement = HTMLElement>(id: string) =>
  document.getElementById(id) as E;
const [train, save, another, play, tellTarget] = ['train', 'save', 'another', 'play', 'tell'].map(
  id => element<HTMLButtonElement>(id),
) as [
  HTMLButtonElement,
  HTMLButtonElement,
  HTMLButtonElement,
  HTMLButtonElement,
  HTMLButtonElement,
];
const preset = element<HTMLSelectElement>('preset');
const file = element<HTMLInputElement>('file');
const slider = element<HTMLInputElement>('after');
const worker = wrap<WriteWorker>(
  new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }),
);

/** What stands in the editor. */
let read: Read = {};
/** The run that is shown, and by what it began. */
let ran: { readonly rule: WrittenRule; readonly config: RunConfig };
let logs = none();
let look: Look;
let begun: string | undefined;
let state: 'resting' | 'training' | 'stopping' = 'resting';
let ownRun = false;
let webGpu = false;

// The rule.
preset.innerHTML = html`${Object.entries(EXAMPLES).map(
  ([name, { about }]) =>
    html`<option value="${name}" title="${about}">${name.replaceAll('-', ' ')}</option>`,
)}<option value="" hidden>a rule of your own</option>`.html;

const same = (a: RuleSpec, b: RuleSpec) =>
  JSON.stringify(draftOf(a)) === JSON.stringify(draftOf(b));
const presetOf = (spec: RuleSpec | undefined): string | undefined =>
  spec && Object.keys(EXAMPLES).find(name => same(EXAMPLES[name]!.rule, spec));

const editor = makeEditor(element('editor'), next => {
  read = next;
  const name = presetOf(read.spec);
  preset.value = name ?? '';
  element('about').textContent = name
    ? `${EXAMPLES[name]!.about} ${EXAMPLES[name]!.source}.`
    : 'A rule of your own. The link in the address carries it.';
  if (read.spec) {
    const linked = name === FIRST ? undefined : (name ?? JSON.stringify(read.spec));
    if (settings.kept('rule') !== linked) settings.keep('rule', linked);
  }
  showUnderstood();
  showTraining();
});

/** Tells a screen reader of the rule when the keys are quiet. */
let quiet: ReturnType<typeof setTimeout> | undefined;
function showUnderstood(): void {
  const { rule, error } = read;
  element('mathematics').classList.toggle('stale', !rule);
  element('facts').classList.toggle('stale', !rule);
  element('untold').hidden = rule?.from !== 'nothing';
  if (rule) {
    element('mathematics').innerHTML = mathmlOfRule(rule);
    element('program').textContent =
      `import { defineRule } from 'metaplastic';\n\nconst rule = defineRule(${JSON.stringify(read.spec, undefined, 2)});\n// Learner.create(gpu, { system: { sizes: [1, 32, 32, 1], rule }, … })`;
    element('facts').innerHTML = factsOf(rule, settings.values['feedback']!, numbersOf(rule)).html;
  }
  clearTimeout(quiet);
  quiet = setTimeout(() => {
    element('rule-status').textContent = error
      ? `Not a rule yet. ${error.where.replace(/^rule\.?/, '')}${error.column === undefined ? '' : `, character ${error.column + 1}`}: ${error.problem}`
      : 'The rule is understood.';
  }, QUIET);
}

/** How many numbers of the rule are meta-learned in the network that is asked for. */
function numbersOf(rule: WrittenRule): number {
  const { system } = configOf({ ...asked(), rule: rule.spec });
  return layoutOf(defineSystem(system))
    .tensors.filter(({ group }) => group === 'rule')
    .reduce((sum, { size }) => sum + size, 0);
}

preset.addEventListener('change', () => {
  editor.show(draftOf(EXAMPLES[preset.value]!.rule));
});

tellTarget.addEventListener('click', () => {
  const told = (text: string) => text.replaceAll(/\bx\b/g, 'post');
  const { synapse, dw, ...rest } = editor.draft;
  editor.show({ ...rest, dw: told(dw), synapse: synapse.map(s => ({ ...s, d: told(s.d) })) });
  element('editor').querySelector<HTMLTextAreaElement>('textarea')!.focus();
});

/** Shows a rule of somebody else’s, or throws what is wrong with it. */
function takeRule(given: unknown): void {
  const spec = given as RuleSpec;
  try {
    const draft = draftOf(spec);
    for (const of of ['synapse', 'neuron', 'coefficients'] as const)
      if (draft[of].length > MOST[of]) defineRule(spec);
    editor.show(draft);
  } catch (error) {
    defineRule(spec); // says what is wrong with it
    throw error;
  }
}

/** The rule that a text says in JSON; `where` is what it stands in. */
function ruleIn(text: string, where: string): RuleSpec {
  try {
    return JSON.parse(text) as RuleSpec;
  } catch {
    const names = Object.keys(EXAMPLES).join(', ');
    const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
    throw new Error(`${where}: expected a rule in JSON, or one of ${names}, got ${shown}`);
  }
}

/** The rule of the address: the name of a published one, or JSON; what came before stays if it is none. */
function takeAddress(): void {
  const linked = settings.kept('rule') ?? FIRST;
  if (read.spec && linked === (presetOf(read.spec) ?? JSON.stringify(read.spec))) return;
  try {
    takeRule(Object.hasOwn(EXAMPLES, linked) ? EXAMPLES[linked]!.rule : ruleIn(linked, 'the link'));
  } catch (error) {
    tell(`The link’s rule is none: ${(error as Error).message}`);
    if (!read.rule) editor.show(draftOf(EXAMPLES[FIRST]!.rule));
  }
}

// Meta-training.
const asked = (): Asked => {
  const { task, activation, feedback } = settings.values;
  return {
    rule: read.spec ?? EXAMPLES[FIRST]!.rule,
    task: task as Asked['task'],
    activation: activation as Asked['activation'],
    feedback: feedback as Asked['feedback'],
    width: settings.number('width'),
    tasks: settings.number('tasks'),
    steps: settings.number('steps'),
    seed: settings.number('seed'),
  };
};
const wish = () => JSON.stringify([asked(), settings.values['beside']]);
const metaStep = () => logs.rule.at(-1)?.metaStep ?? 0;
/** Can the run be gone on with? Not if it has ended, nor if something else is asked for by now. */
const goesOn = () =>
  ownRun && metaStep() > 0 && metaStep() < ran.config.meta.steps && begun === wish();

const labels = (): Record<LearnerName, string> => ({
  rule: ran.rule.name,
  descent: 'gradient descent',
  oja: 'FLP’s Oja',
});

const losses = liveChart(element('losses'));
const viewCoefficients = coefficientsView(element('coefficients'));
function showTraining(): void {
  if (!ran) return;
  const drawn = taskOf(ran.config) === 'symbols';
  // a screen reader would not come to rest
  element('told').setAttribute('aria-live', state === 'training' ? 'off' : 'polite');
  const score = (line: Line) => (drawn ? (line.accuracy ?? NaN) : line.medianLoss);
  const recent = logs.rule.slice(-20);
  const mean = (of: (line: Line) => number) => smooth(recent.map(of), 40)[0] ?? NaN;
  element('meta-step').textContent =
    `${formatCount(metaStep())} of ${formatCount(ran.config.meta.steps)}`;
  element('score-name').textContent = drawn ? 'accuracy' : 'query loss';
  element('loss').textContent = !recent.length
    ? '–'
    : drawn
      ? `${(100 * mean(score)).toFixed(1)} %`
      : formatNumber(mean(score));
  element('speed').textContent = recent.length
    ? formatCount(mean(line => line.taskStepsPerSecond))
    : '–';
  showLosses(drawn, score);
  viewCoefficients({ rule: ran.rule, log: logs.rule, spreads: look.spreads });
  const many = ran.rule.coefficients.some(({ per }) => per === 'synapse' || per === 'neuron');
  element('learned-note').textContent =
    `Coefficients of ${ran.rule.name} after ${formatCount(metaStep())} meta-steps${many ? '; in a histogram the line is where they were at first' : ''}.`;
  train.textContent =
    state === 'training'
      ? 'Pause'
      : state === 'stopping'
        ? 'Pausing…'
        : goesOn()
          ? 'Go on'
          : 'Meta-train';
  train.disabled = !webGpu || state === 'stopping' || (state === 'resting' && !read.rule);
  save.disabled = !webGpu || !ownRun;
  file.disabled = state !== 'resting';
  another.disabled = !webGpu || !ownRun;
}

function showLosses(drawn: boolean, score: (line: Line) => number): void {
  const present = LEARNERS.filter(name => logs[name].length > 0);
  const longest = present.reduce<readonly Line[]>(
    (most, name) => (logs[name].length > most.length ? logs[name] : most),
    [],
  );
  const span = smoothingSpan(longest as readonly LogLine[]);
  const lines = {
    x: longest.map(line => line.metaStep),
    xLabel: 'meta-step',
    yLabel: drawn ? 'accuracy, smoothed' : 'query loss, median of each meta-step, smoothed',
    percent: drawn,
    lines: LEARNERS.map(name => ({
      name: labels()[name],
      values: longest.map((_, k) => smooth(logs[name].map(score), span)[k] ?? NaN),
    })).filter((_, k) => present.includes(LEARNERS[k]!)),
  };
  losses.show(linesChart(lines), () => linesTable(lines));
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
  showTraining();
  try {
    if (anew) {
      const told = await worker.begin(asked(), settings.values['beside'] !== undefined);
      take(told);
      begun = wish();
    }
    tell('Making the kernels …');
    if (!(await relook())) throw new Error(element('told').textContent!);
    const adapter = await worker.adapter();
    const heard = proxy((name: LearnerName, lines: readonly LogLine[]) => {
      for (const line of lines) logs[name].push(line);
      if (state === 'training') tell(`Training on ${adapter}.`);
      showTraining();
      if (performance.now() - lookedAt > LOOK_EVERY) void relook();
    });
    const ended: Ended | undefined = state === 'training' ? await worker.train(heard) : undefined;
    if (ended?.lost)
      for (const name of LEARNERS)
        logs[name] = logs[name].filter(line => line.metaStep <= ended.metaSteps[name]);
    tell(
      ended?.lost
        ? `The GPU was lost (${ended.lost}). Press “Go on” to take up meta-step ${metaStep()} on a new one.`
        : metaStep() < ran.config.meta.steps
          ? 'Paused.'
          : 'Trained to the end.',
    );
  } catch (error) {
    tell((error as Error).message);
  }
  state = 'resting';
  showTraining();
  await relook();
  tellLife();
});

function take(told: Told): void {
  ran = { rule: defineRule(told.rule), config: told.config };
  logs = { ...none(), rule: [...told.log] };
  ownRun = true;
}

const tell = (text: string) => {
  if (element('training-status').textContent !== text)
    element('training-status').textContent = text;
};

// A lifetime.
const stage = makeStage(element('stage'), element('drawings'));
const scores = liveChart(element('scores'), {
  adjust(options) {
    options.height = 260;
  },
});
let task = 0;

function showLife(): void {
  const { shown, courses } = look.life;
  const drawn = shown.kind === 'symbols';
  const count = drawn ? shown.labels.length : shown.x.length;
  if (Number(slider.max) !== count) {
    slider.max = String(count);
    slider.value = slider.max;
  }
  const after = Number(slider.value);
  element('seen').textContent = slider.value;
  element('scores-title').textContent = drawn
    ? 'Other drawings that are recognised'
    : 'Error on all of its points';
  const present = LEARNERS.filter(name => courses[name]);
  element('key').innerHTML =
    html`${present.map(name => html`<li><i style="--colour: var(--learner-${LEARNERS.indexOf(name)})"></i>${labels()[name]}</li>`)}${!drawn && html`<li><i class="dashed" style="--colour: var(--muted)"></i>the sine behind the points</li>`}`.html;
  stage(look.life, after, labels());
  const lines = {
    x: Array.from({ length: count + 1 }, (_, k) => k),
    xLabel: 'examples seen',
    yLabel: drawn ? 'accuracy' : 'mean squared error',
    percent: drawn,
    few: false,
    lines: present.map(name => ({
      name: labels()[name],
      values: courses[name]!.scores,
    })),
  };
  const dots = {
    x: lines.lines.map(() => after),
    y: lines.lines.map(({ values }) => (drawn ? 100 : 1) * values[after]!),
    colours: lines.lines.map((_, k) => `--learner-${k}`),
  };
  scores.show({ ...linesChart(lines), dots }, () => linesTable(lines));
}

function tellLife(): void {
  const { shown, courses } = look.life;
  const after = Number(slider.value);
  const drawn = shown.kind === 'symbols';
  const scoreOf = (score: number) => (drawn ? `${Math.round(100 * score)} %` : formatNumber(score));
  const said = LEARNERS.filter(name => courses[name]).map(
    name => `${scoreOf(courses[name]!.scores[after]!)} with ${labels()[name]}`,
  );
  element('told').textContent =
    `After ${after} example${after === 1 ? '' : 's'} ${drawn ? 'the share recognised is' : 'the mean squared error is'} ${said.join(', ')}.`;
}

/** Looks at the networks anew: the newest wish counts, those between are left out. */
let relooking: Promise<boolean> | undefined;
let wished = false;
let lookedAt = 0;
function relook(): Promise<boolean> {
  wished = true;
  return (relooking ??= lookAll().finally(() => {
    relooking = undefined;
  }));
}
async function lookAll(): Promise<boolean> {
  while (wished && ownRun) {
    wished = false;
    try {
      look = await worker.look(task);
    } catch (error) {
      element('told').textContent = (error as Error).message;
      return false;
    }
    lookedAt = performance.now();
    showLife();
    viewCoefficients({ rule: ran.rule, log: logs.rule, spreads: look.spreads });
  }
  return true;
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
  if (slider.value === slider.max) slider.value = '0';
  play.textContent = 'Pause';
  showLife();
  playing = setInterval(() => {
    slider.value = String(Number(slider.value) + 1);
    showLife();
    if (Number(slider.value) < Number(slider.max)) return;
    pause();
    tellLife();
  }, STEP_TIME);
});
slider.addEventListener('input', () => {
  pause();
  showLife();
});
slider.addEventListener('change', tellLife);
another.addEventListener('click', async () => {
  task = 1 + Math.floor(Math.random() * 9999);
  if (await relook()) tellLife();
});

// Saving and opening.
function download(name: string, content: BlobPart, type: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
element('save-rule').addEventListener('click', () => {
  const spec = read.rule ? read.spec! : undefined;
  if (!spec) tell('What stands in the editor is not a rule yet.');
  else
    download(
      `${spec.name ?? 'my'}.rule.json`,
      `${JSON.stringify(spec, undefined, 2)}\n`,
      'application/json',
    );
});
save.addEventListener('click', async () => {
  const bytes = await worker.save();
  download(`${ran.config.name}.zip`, bytes as Uint8Array<ArrayBuffer>, 'application/zip');
});

/** No file of a run of this page has more bytes. */
const LARGEST_FILE = 2 ** 28;
file.addEventListener('change', async () => {
  const files = [...file.files!];
  if (!files.length) return;
  const bytesOf = async (f: File) => {
    if (f.size <= LARGEST_FILE) return new Uint8Array(await f.arrayBuffer());
    throw new Error(`${f.name}: expected a rule, or a file of a run, got ${f.size} bytes`);
  };
  const [first] = files as [File];
  try {
    if (files.length === 1 && /\.json$/i.test(first.name)) {
      takeRule(ruleIn(new TextDecoder().decode(await bytesOf(first)), first.name));
      tell(`Opened the rule of ${first.name}.`);
    } else {
      const zip = files.length === 1 && /\.zip$/i.test(first.name);
      const told = await worker.open(
        zip
          ? await bytesOf(first)
          : Object.fromEntries(
              await Promise.all(files.map(async f => [f.name, await bytesOf(f)] as const)),
            ),
        first.name,
      );
      take(told);
      takeRule(told.rule);
      begun = wish();
      tell(`Opened ${told.config.name}, after meta-step ${formatCount(told.metaStep)}.`);
      if (webGpu && (await relook())) tellLife();
      showTraining();
    }
  } catch (error) {
    tell((error as Error).message);
  }
  file.value = '';
});
copyButton(element<HTMLButtonElement>('link'), () => location.href);

const settings = settingsForm(element<HTMLFormElement>('settings'), () => {
  takeAddress();
  showUnderstood();
  showSettings();
  showTraining();
});
function showSettings(): void {
  element('with-data').hidden = settings.values['task'] !== 'symbols';
}

const recorded = readRecorded();
({ ran, look } = recorded);
logs = recorded.logs;
tell(
  `Recorded: ${ran.rule.name}, meta-trained on sines for ${formatCount(metaStep())} meta-steps in Node.`,
);
takeAddress();
showSettings();
showTraining();
showLife();
tellLife();
webGpu = await findWebGpu(
  'A rule is understood here all the same; the training and the lifetime below were recorded.',
);
showTraining();
