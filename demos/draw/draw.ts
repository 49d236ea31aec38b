import { wrap } from '../frame/comlink.js';
import { linesChart, html, linesTable, table } from 'metaplastic/report';
import { liveChart } from '../frame/chart.js';
import { copyButton, settingsForm } from '../frame/settings.js';
import { findWebGpu } from '../frame/webgpu.js';
import { framed, type Drawing, type Point } from 'metaplastic/symbols';
import { WAYS } from './learners.js';
import { MOST, surest, type Course, type Lesson, type Taught } from './lesson.js';
import { lessonOf, type LessonKind } from './lessons.js';
import { guessBars, memoryTable, picture } from './memory.js';
import { makePad, PAPER } from './pad.js';
import recorded from './recorded/lesson.json';
import type { Courses, DrawWorker } from './worker.js';

/** Milliseconds between two drawings of a lesson that is watched. */
const PAUSE = 350;
const RIVALS = { plain: 'plain gradient descent', maml: 'meta-learned gradient descent' } as const;

const element = <E extends HTMLElement = HTMLElement>(id: string) =>
  document.getElementById(id) as E;
const [watch, ghost, wipe, undo, forget] = ['watch', 'ghost', 'wipe', 'undo', 'forget'].map(id =>
  element<HTMLButtonElement>(id),
) as [
  HTMLButtonElement,
  HTMLButtonElement,
  HTMLButtonElement,
  HTMLButtonElement,
  HTMLButtonElement,
];
const worker = wrap<DrawWorker>(
  new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }),
);

let taught: readonly Taught[] = [];
let asked: Drawing = [];
let courses: Courses | undefined;
let shown = 0;
let watching = 0;
let webGpu = false;
let awake = false;
let examples = 0;
/** The recorded lesson is there to be looked at, until somebody draws. */
let sample = true;

const pad = makePad(element('pad') as HTMLElement as unknown as SVGSVGElement, () => {
  stopWatching();
  begin();
  asked = framed(pad.drawing, PAPER);
  show();
  tell(''); // what was said of the drawing before
  if (taught.length && webGpu) void relive();
});
/** Somebody draws: where only the recorded lesson was shown, a lesson of their own begins. */
function begin(): void {
  if (!sample || !webGpu) return;
  sample = false;
  forgetAll();
}
function forgetAll(): void {
  [taught, asked, shown, courses, examples] = [[], [], 0, undefined, 0];
}
/** A framed drawing as it lies on the paper. */
const onPaper = (drawing: Drawing): Drawing =>
  drawing.map(stroke =>
    stroke.map(([x, y]): Point => [(0.14 + 0.72 * x) * PAPER, (0.14 + 0.72 * y) * PAPER]),
  );

const tell = (text: string) => {
  if (element('told').textContent !== text) element('told').textContent = text;
};

// The five symbols.
const symbols = Array.from({ length: WAYS }, (_, symbol) => {
  const button = Object.assign(document.createElement('button'), {
    type: 'button',
    className: 'symbol',
  });
  button.addEventListener('click', () => void teach(symbol));
  element('symbols').append(button);
  return button;
});
function showSymbols(): void {
  const full = taught.length >= MOST;
  const ready = pad.drawing.length > 0 && !full && !watching;
  symbols.forEach((button, symbol) => {
    const own = sample ? [] : taught.slice(0, shown).filter(one => one.symbol === symbol);
    button.innerHTML =
      html`<span class="visually-hidden">It is symbol </span><b>${symbol + 1}</b>${picture(own[0]?.drawing)}<small>${own.length ? `taught ${own.length} ×` : 'new'}</small>`.html;
    button.disabled = !ready || !webGpu;
  });
  element('this').textContent =
    full && !watching
      ? `A life here ends with ${MOST} drawings: forget everything, and begin anew.`
      : pad.drawing.length && !watching
        ? 'It is symbol …'
        : 'Draw, then say which symbol it is:';
  element('ask').hidden = pad.drawing.length > 0 || watching > 0;
  undo.disabled = forget.disabled = !taught.length || watching > 0 || sample || !webGpu;
  watch.textContent = watching ? 'Stop' : 'Watch a lesson';
}

async function teach(symbol: number): Promise<void> {
  if (!pad.drawing.length || watching || !webGpu || taught.length >= MOST) return;
  taught = [...taught, { symbol, drawing: framed(pad.drawing, PAPER) }];
  [asked, shown] = [[], taught.length];
  pad.show([]);
  show();
  await relive();
}

addEventListener('keydown', event => {
  const symbol = Number(event.key) - 1;
  const inField =
    event.target instanceof Element && event.target.closest('input, select, textarea');
  if (inField || event.ctrlKey || event.metaKey || event.altKey || !(symbol >= 0 && symbol < WAYS))
    return;
  event.preventDefault();
  void teach(symbol);
});

// What the learners make of it.
/**
 * Lives the lesson anew: the newest wish counts, those between are left out. False if it could not
 * be lived; then it says why.
 */
let reliving: Promise<boolean> | undefined;
let wished = false;
function relive(): Promise<boolean> {
  wished = true;
  return (reliving ??= liveWishes().finally(() => {
    reliving = undefined;
  }));
}
async function liveWishes(): Promise<boolean> {
  while (wished) {
    wished = false;
    const lesson: Lesson = { taught, asked };
    if (!awake) tell('Waking the networks …');
    try {
      const next = await worker.live(lesson);
      if (!awake) tell(`The networks live on ${await worker.adapter()}.`);
      awake = true;
      if (lesson.taught === taught) courses = next;
    } catch (error) {
      tell((error as Error).message);
      return false;
    }
    show();
    if (!watching) tellGuess();
  }
  return true;
}

const rival = () => settings.values['rival'] as keyof typeof RIVALS;
const both = (): readonly (readonly [name: string, course: Course | undefined])[] => [
  ['plasticity', courses?.plasticity],
  [RIVALS[rival()], courses?.[rival()]],
];
const remembered = (course: Course | undefined, after: number): number => {
  const known = (course?.memory[after] ?? []).filter(share => share !== null);
  return known.length ? known.reduce((a, b) => a + b, 0) / known.length : NaN;
};

const recall = liveChart(element('recall'), {
  adjust(options) {
    options.height = 240;
  },
});
function show(): void {
  showSymbols();
  const asking = asked.length > 0 && shown > 0 && !sample;
  element('guesses').hidden = !asking;
  element('how').hidden = taught.length > 0 && !sample;
  if (asking)
    element('guesses').innerHTML =
      html`${watching ? html`<p class="asking">What is this? ${picture(asked)}</p>` : ''}${both().map(([name, course], k) => guessBars(name, k, course?.guess[shown] ?? [], taught.slice(0, shown)))}`.html;
  element('memories').innerHTML = both()
    .map(([name, course], k) => memoryTable(name, k, course, taught, shown).html)
    .join('');
  const x = [0, ...taught.map((_, k) => k + 1)];
  const lines = {
    x,
    xLabel: 'drawings taught',
    yLabel: 'sure of the symbols taught so far',
    percent: true,
    few: true,
    lines: both().map(([name, course]) => ({
      name,
      values: x.map(after => (after && after <= shown ? remembered(course, after) : NaN)),
    })),
  };
  if (taught.length)
    recall.show({ ...linesChart(lines), range: [0, 100] }, () => linesTable(lines));
  element('recall').hidden = !taught.length;
}

function tellGuess(): void {
  if (!courses || !shown) {
    tell(''); // no sentence about a drawing that is gone
    return;
  }
  const [own, other] = both().map(([name, course]) => {
    const shares = course?.guess[shown] ?? [];
    const best = surest(shares);
    return asked.length
      ? `${name} says symbol ${best + 1} (${Math.round(100 * shares[best]!)} %)`
      : `${name} is ${Math.round(100 * remembered(course, shown))} % sure of what it was taught`;
  });
  tell(`${own![0]!.toUpperCase()}${own!.slice(1)}, ${other}.`);
}

// Lessons to watch.
const lessonAsked = () =>
  lessonOf(
    settings.values['lesson'] as LessonKind,
    settings.number('shots'),
    settings.number('seed'),
  );
const wait = (time: number) =>
  new Promise(done => {
    setTimeout(done, time);
  });

function stopWatching(): void {
  if (!watching) return;
  watching = 0;
  shown = taught.length;
  show();
}

watch.addEventListener('click', async () => {
  if (watching) {
    pad.show([]);
    asked = [];
    stopWatching();
    return;
  }
  const mine = (watching = performance.now());
  sample = false;
  ({ taught, asked } = webGpu ? lessonAsked() : (recorded as unknown as Lesson));
  [shown, courses] = [0, webGpu ? undefined : (recorded.courses as Courses)];
  show();
  if (webGpu && !(await relive())) {
    stopWatching();
    return;
  }
  while (watching === mine && shown < taught.length) {
    if (!(await pad.play(onPaper(taught[shown]!.drawing))) || watching !== mine) break;
    shown++;
    show();
    await wait(PAUSE);
  }
  if (watching !== mine) return;
  await pad.play(onPaper(asked));
  if (watching !== mine) return;
  stopWatching();
  tellGuess();
});

/** One more drawing of the lesson's symbols, in turn. */
ghost.addEventListener('click', async () => {
  stopWatching();
  begin();
  const kind = settings.values['lesson'] as LessonKind;
  const { taught: drawings } = lessonOf(
    kind,
    1 + Math.floor(examples / WAYS),
    settings.number('seed'),
  );
  const one = drawings.filter(({ symbol }) => symbol === examples % WAYS).at(-1)!;
  if (!(await pad.play(onPaper(one.drawing)))) return;
  examples++;
  asked = framed(pad.drawing, PAPER);
  show();
  if (taught.length && webGpu) void relive();
});
wipe.addEventListener('click', () => {
  stopWatching();
  pad.show([]);
  asked = [];
  show();
  tellGuess();
});
undo.addEventListener('click', () => {
  taught = taught.slice(0, -1);
  shown = taught.length;
  show();
  if (taught.length) void relive();
});
forget.addEventListener('click', () => {
  forgetAll();
  pad.show([]);
  show();
  tell('New networks, which know nothing yet.');
});
copyButton(element<HTMLButtonElement>('link'), () => location.href);

const settings = settingsForm(element<HTMLFormElement>('settings'), () => {
  examples = 0;
  show();
  if (!watching && !sample) tellGuess();
});

// How the networks do on what nobody has seen.
const LEARNERS = {
  plasticity: 'plasticity',
  maml: RIVALS.maml,
  plain: RIVALS.plain,
} as const satisfies Record<keyof Courses, string>;
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
element('examined').innerHTML = Object.entries({
  'Made-up symbols, none of them of those lives': recorded.examined.symbols,
  'Houses, hearts and fish, by another hand': recorded.examined.pictures,
})
  .map(
    ([title, examined]) =>
      html`<div class="scroll">${table(
        ['taught', '1 drawing of each', '5, mixed', '5, one symbol after another'],
        Object.entries(LEARNERS).map(([key, name]) => {
          const { one, mixed, oneAfterAnother } = examined[key as keyof Courses];
          return [name, percent(one), percent(mixed), percent(oneAfterAnother)];
        }),
        title,
      )}</div>`.html,
  )
  .join('');

({ taught, asked } = recorded as unknown as Lesson);
[courses, shown] = [recorded.courses as Courses, recorded.taught.length];
show();
webGpu = await findWebGpu('What you see was recorded: a lesson can be watched, but not taught.');
show();
