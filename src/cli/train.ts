import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MetaplasticError, shown } from '../errors.js';
import type { Gpu } from '../gpu/device.js';
import { openNodeGpu } from '../node/open.js';
import { CONFIG, parseConfig, VALIDATION, type RunConfig } from '../config/config.js';
import { RUN_PRESETS } from '../config/presets.js';
import { kind, option, whole } from '../options.js';
import { writeCheckpoint, type Checkpoint } from '../runs/checkpoint.js';
import {
  bestOf,
  formatLogLine,
  orderedLog,
  progressLine,
  validatedIn,
  validationLine,
  type LogLine,
} from '../runs/log.js';
import type { Environment } from '../runs/recorded.js';
import { learnerOf, toWriteDown, train, usableHere, withPlan } from '../runs/train.js';
import { validationOf } from '../runs/validation.js';
import type { World } from '../config/worlds.js';
import { openWorldOn } from './data.js';
import { append, readPlain, sync, writeWhole } from './disk.js';
import { EvaluationError, evaluateTrained } from './eval.js';
import type { FolderLock } from './lock.js';
import { DATA, dataFolder, folder, likewise, listed, optionsHelp, parse } from './options.js';
import {
  describeAdapter,
  readCheckpointAt,
  differences,
  environmentOf,
  FILES,
  lockRun,
  newFolder,
  readConfig,
  readLog,
  readEnvironment,
  readRun,
  shellWord,
  writeReport,
} from './run-folder.js';
import { onStop, unlessStopped, type Stop } from './stop.js';
import { NO_TUNE, tunedConfig } from './tuned.js';

const OPTIONS = {
  seed: { value: 'N', entry: likewise(CONFIG.entries.seed, 'the configuration’s') },
  'meta-steps': {
    value: 'N',
    entry: option(whole(1), {
      about: 'Meta-steps; of a run that is resumed, at least as many as it has made.',
      otherwise: 'the configuration’s',
    }),
  },
  'evaluate-every': {
    value: 'N',
    entry: likewise(VALIDATION.evaluateEvery, 'the configuration’s'),
  },
  patience: { value: 'N', entry: likewise(VALIDATION.patience, 'the configuration’s') },
  out: folder('Folder for the run.', 'runs/NAME'),
  data: DATA,
  resume: {
    value: 'RUN',
    entry: option(
      kind<string>('the folder of a run', x => typeof x === 'string' && x !== ''),
      { about: 'Goes on with a run from its last checkpoint.' },
    ),
  },
  'no-tune': NO_TUNE,
};

export const HELP = `meta-trains a system and evaluates it on unseen tasks

Usage: metaplastic train CONFIG|PRESET [options]
       metaplastic train --resume RUN [--meta-steps N] [--evaluate-every N] [--patience N] [--data DIR]

CONFIG is a JSON file, PRESET one of
${listed(Object.keys(RUN_PRESETS))}

${optionsHelp(OPTIONS)}

Ctrl-C finishes the meta-step, saves, and says how to go on. A run leaves config.json, env.json, log.jsonl,
checkpoint.safetensors, evaluation.json and report.html in its folder, which nobody else may work in meanwhile; and
best.safetensors, if it is validated. One that patience has ended goes on only with more patience.`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, OPTIONS);
  if (positionals.length !== (values.resume === undefined ? 1 : 0))
    throw new MetaplasticError({
      where: 'train',
      expected: 'one CONFIG or PRESET, or --resume RUN',
      got: `${positionals.length} and ${values.resume === undefined ? 'no --resume' : '--resume'}`,
      hint: 'see metaplastic train --help',
    });
  const data = dataFolder(values);
  const { seed, 'meta-steps': steps, 'evaluate-every': evaluateEvery, patience } = values;
  const asked = { steps, evaluateEvery, patience };

  if (values.resume === undefined) {
    const config = changed(readConfig(positionals[0]!), asked, seed);
    if (config.plan)
      say(
        `the plan is fixed by ${positionals[0]}; without its key plan this machine computes its own`,
      );
    const { folder, lock } = newFolder(values.out, config.name);
    return locked(lock, async () => {
      const world = await openWorldOn(data, config);
      return withGpu(gpu =>
        meta(gpu, tunedConfig(gpu, config, world, values['no-tune']), world, { folder, lock }),
      );
    });
  }

  const folder = values.resume;
  for (const option of ['out', 'no-tune'] as const)
    if (values[option] !== undefined)
      throw new MetaplasticError({
        where: `--${option}`,
        expected: 'none with --resume',
        got: `${values[option]}`,
        hint: 'a run goes on in its own folder, by its own plan',
      });
  const lock = lockRun(folder, 'train');
  return locked(lock, async () => {
    const found = readRun(folder);
    if (seed !== undefined && seed !== found.seed)
      throw new MetaplasticError({
        where: '--seed',
        expected: `${found.seed}, the seed of ${folder}, or none`,
        got: `${seed}`,
        hint: 'another seed is another run: train it in a folder of its own',
      });
    const config = changed(found, asked);
    const from = readMade(folder, config, steps === undefined ? undefined : '--meta-steps');
    const world = await openWorldOn(data, config);
    return withGpu(gpu => meta(gpu, config, world, { folder, lock, from }));
  });
}

const say = (notice: string) => console.error(`note: ${notice}`);

async function locked<T>(lock: FolderLock, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    lock.release();
  }
}

async function withGpu<T>(work: (gpu: Gpu) => Promise<T>): Promise<T> {
  const gpu = await openNodeGpu();
  try {
    console.error(describeAdapter(gpu));
    return await work(gpu);
  } finally {
    gpu.destroy();
  }
}

const changed = (
  config: RunConfig,
  asked: Partial<Pick<RunConfig['meta'], 'steps' | 'evaluateEvery' | 'patience'>>,
  seed = config.seed,
): RunConfig => {
  const given = Object.entries(asked).filter(([, value]) => value !== undefined);
  const meta = { ...config.meta, ...Object.fromEntries(given) };
  return parseConfig({ ...config, seed, meta }, 'train');
};

/** Meta-trains in a folder, and says what came of it. */
async function meta(
  gpu: Gpu,
  config: RunConfig,
  world: World,
  place: Omit<Place, 'again' | 'stop'>,
): Promise<number> {
  const { folder } = place;
  const again = (made: number) =>
    made < config.meta.steps
      ? `go on with: metaplastic train --resume ${shellWord(folder)}`
      : `evaluate with: metaplastic eval ${shellWord(folder)}`;
  const stop = onStop();
  try {
    if (!(await trainIn(gpu, config, world, { ...place, again, stop }))) return 130;
  } finally {
    stop.end();
  }
  console.log(`report: ${join(folder, FILES.report)}`);
  return 0;
}

/** Where a run is trained, and from where it goes on. */
export interface Place {
  readonly folder: string;
  readonly lock: FolderLock;
  readonly stop: Stop;
  readonly from?: Made;
  /** How to go on after so many meta-steps were saved: the end of a sentence. */
  readonly again: (saved: number) => string;
}

/** What a run that stopped has made. */
export interface Made {
  readonly checkpoint?: Checkpoint;
  /** The lines up to the checkpoint. */
  readonly log: readonly LogLine[];
  readonly environment: Environment;
}

/**
 * What the run in a folder has made, which is to be gone on with up to `meta.steps` of `config`.
 * `option` is where these were asked for, if not in the configuration.
 */
export function readMade(folder: string, config: RunConfig, option?: string): Made {
  const path = (file: keyof typeof FILES) => join(folder, FILES[file]);
  const environment = readEnvironment(folder);
  if (!existsSync(path('checkpoint'))) return { log: [], environment };
  const checkpoint = readCheckpointAt(path('checkpoint'), config.system);
  if (checkpoint.metaStep > config.meta.steps)
    throw new MetaplasticError({
      where: option ?? `${path('config')}: meta.steps`,
      expected: `at least ${checkpoint.metaStep}, the meta-steps that ${folder} has made`,
      got: `${config.meta.steps}`,
      hint: 'a run cannot be taken back: train a shorter one in a folder of its own',
    });
  // what came after the checkpoint is lived again
  const { log, problems } = orderedLog(readLog(folder), checkpoint.metaStep);
  for (const problem of problems) say(`${path('log')}: ${problem}`);
  return { checkpoint, log, environment };
}

/**
 * Meta-trains in a folder that is locked, from what was made there; then evaluates and reports,
 * unless a signal stopped it. Returns whether it came to its end; whatever else ends it, it says what
 * is saved and how to go on.
 */
export async function trainIn(
  gpu: Gpu,
  asked: RunConfig,
  world: World,
  { folder, lock, stop, from, again }: Place,
): Promise<boolean> {
  const path = (file: keyof typeof FILES) => join(folder, FILES[file]);
  const { steps } = asked.meta;
  const begun = from?.checkpoint?.metaStep ?? 0;
  let saved = begun;
  let isOver = false;
  const tellSaved = (what: string) => {
    const kept = !existsSync(path('config'))
      ? 'nothing is saved'
      : !saved
        ? `nothing is saved but the configuration; ${again(0)}`
        : !existsSync(path('checkpoint'))
          ? `the checkpoint of meta-step ${saved} is gone`
          : `saved up to meta-step ${saved} of ${steps}; ${again(isOver ? steps : saved)}`;
    console.error(`${what}: ${kept}`);
  };
  let began = from !== undefined;
  let opened: { destroy(): void } | undefined;
  stop.now(() => tellSaved('stopped while compiling'));
  try {
    const config = from ? usableHere(gpu, asked, world, say) : withPlan(gpu, asked, world);
    const written = parsedAgain(toWriteDown(asked, config));
    const learner = await learnerOf(gpu, config, world, say);
    opened = learner;
    if (from?.checkpoint) learner.restore(from.checkpoint.state);
    const log = [...(from?.log ?? [])];
    const environment = environmentOf(gpu, config);
    if (from) tellChanges(folder, written, from, environment);
    lock.check();
    began = true;
    if (from?.checkpoint) keepBest(folder, config, from.checkpoint, log);
    writeWhole(path('config'), `${JSON.stringify(written, null, 2)}\n`);
    writeWhole(path('environment'), `${JSON.stringify(environment, null, 2)}\n`);
    writeWhole(path('log'), log.map(formatLogLine).join(''));

    const validation = validationOf(config, learner, world, log);
    const { evaluateEvery = 0 } = config.meta;
    if (evaluateEvery > steps)
      say(`meta.evaluateEvery is ${evaluateEvery}: in ${steps} meta-steps nothing is validated`);
    const progress = makeProgress(config.meta);
    stop.afterThis();
    const training = train({
      config,
      learner,
      tasks: world.train,
      from: { metaStep: saved, seconds: log.at(-1)?.seconds ?? 0 },
      validation,
      signal: stop.signal,
      onStep(line) {
        log.push(line);
        lock.check();
        append(path('log'), formatLogLine(line));
        progress.show(log);
      },
      onCheckpoint(checkpoint, isBest) {
        lock.check();
        sync(path('log'));
        const bytes = writeCheckpoint(checkpoint, learner.layout, config.system);
        writeWhole(path('checkpoint'), bytes);
        // after the checkpoint, of which it can be made again
        if (isBest) writeWhole(path('best'), bytes);
        saved = checkpoint.metaStep;
      },
    });
    const made = await unlessStopped(stop.signal, training).finally(() => progress.end());
    const finished = made !== undefined;
    if (finished) {
      isOver = true;
      stop.now(() => tellSaved('stopped while evaluating'));
      tellBest(folder, log, config.meta);
      await evaluateTrained(folder, config, learner, world, saved, saved > begun);
      lock.check();
      writeReport(folder, config);
    } else console.error(`stopped after meta-step ${saved} of ${steps}; ${again(saved)}`);
    return finished;
  } catch (error) {
    if (began && !(error instanceof EvaluationError)) tellSaved('failed');
    throw error;
  } finally {
    opened?.destroy();
  }
}

/**
 * Sees to it that the best checkpoint of a run that goes on is there: it is written after the
 * checkpoint of the same meta-step, so that a crash between the two leaves that one to copy.
 */
function keepBest(
  folder: string,
  { system }: RunConfig,
  { metaStep }: Checkpoint,
  log: readonly LogLine[],
): void {
  const best = bestOf(log);
  if (!best) return;
  const path = join(folder, FILES.best);
  if (best.metaStep === metaStep)
    return writeWhole(path, readPlain(join(folder, FILES.checkpoint)));
  const kept = existsSync(path) ? readCheckpointAt(path, system) : undefined;
  if (kept?.metaStep !== best.metaStep)
    say(
      `${path} should be of meta-step ${best.metaStep}, and ${kept ? `is of ${kept.metaStep}` : 'is gone'}: the next one is kept that is better than ${validatedIn(best.validation)}`,
    );
}

/** Says which validation was the best, and whether patience has ended the run. */
function tellBest(folder: string, log: readonly LogLine[], { steps, patience }: RunConfig['meta']) {
  const best = bestOf(log);
  if (!best) return;
  const made = log.at(-1)!.metaStep;
  if (patience !== undefined && best.since >= patience && made < steps)
    say(
      `meta-training ended early, after meta-step ${made} of ${steps}: ${best.since} validations were no better than ${validatedIn(best.validation)} at meta-step ${best.metaStep}; to go on, raise patience: metaplastic train --resume ${shellWord(folder)} --patience ${patience + 1}`,
    );
  say(
    `this evaluates the last checkpoint; the best by validation is of meta-step ${best.metaStep}: metaplastic eval ${shellWord(folder)} --best`,
  );
}

/** As it will be read again: what cannot be read must not be written. */
const parsedAgain = (config: RunConfig): RunConfig =>
  parseConfig(JSON.parse(JSON.stringify(config)), FILES.config);

/** Says what a run that goes on will have otherwise than before: its configuration, its machine. */
function tellChanges(
  folder: string,
  config: RunConfig,
  { environment }: Made,
  now: Readonly<Record<string, unknown>>,
): void {
  const before = readRun(folder);
  const keys = differences(before, config);
  if (keys.length) say(`${join(folder, FILES.config)} is changed in ${keys.join(', ')}`);
  const nameOf = (of: Readonly<Record<string, unknown>>, key: string): unknown =>
    key === 'adapter'
      ? (of['adapter'] as { description?: unknown } | null | undefined)?.description
      : of[key];
  const others = ['adapter', 'metaplastic', 'webgpu', 'node'].flatMap(key => {
    const [was, is] = [nameOf(environment, key), nameOf(now, key)];
    return typeof was !== 'string' || was === is
      ? []
      : [`${key} ${shown(JSON.stringify(was), 80)}, now ${JSON.stringify(is)}`];
  });
  if (others.length)
    say(
      `this run was made with ${others.join('; ')}: it goes on, and its numbers are the same only up to rounding`,
    );
}

/** A line that is rewritten in place on a terminal; elsewhere a line now and then. */
function makeProgress({ steps: metaSteps, patience }: RunConfig['meta']): {
  show(log: readonly LogLine[]): void;
  end(): void;
} {
  const { stderr } = process;
  const gone = () => {}; // a terminal that was closed must not end the run before it is saved
  stderr.on('error', gone);
  let shown = 0;
  let open = false;
  return {
    show(log) {
      const validated = validationLine(log, patience);
      if (validated) stderr.write(`${open ? '\r\x1b[K' : ''}${validated}\n`);
      const now = performance.now();
      const last = log.at(-1)!.metaStep === metaSteps;
      if (!last && now - shown < (stderr.isTTY ? 100 : 10_000)) return;
      shown = now;
      open = stderr.isTTY;
      stderr.write(
        stderr.isTTY
          ? `\r\x1b[K${progressLine(log, metaSteps)}`
          : `${progressLine(log, metaSteps)}\n`,
      );
    },
    end() {
      if (open) stderr.write('\n');
      stderr.off('error', gone);
    },
  };
}
