import { expose } from '../frame/comlink.js';
import {
  adapterName,
  DeviceLostError,
  learnerOf,
  openGpu,
  openWorld,
  parseConfig,
  readRun,
  toWriteDown,
  train,
  usableHere,
  writeRun,
  type Gpu,
  type Learner,
  type LogLine,
  type Run,
  type RunConfig,
  type RunConfigInput,
  type World,
} from 'metaplastic';
import { version } from '../../package.json';
import { descentOf, live, type Life, type Points } from './life.js';

/** What the page is told of the run that the worker has. */
export interface Told {
  readonly config: RunConfig;
  readonly metaStep: number;
  readonly log: readonly LogLine[];
}

/**
 * How training ended: at the last meta-step, by request, or because the GPU was lost; then `train`
 * goes on from the last checkpoint on a new one.
 */
export interface Ended {
  readonly metaStep: number;
  readonly lost?: string;
}

/** Milliseconds between two reports of a training. */
const REPORT_EVERY = 200;

let config: RunConfig;
let log: LogLine[] = [];
let checkpoint: Run['checkpoint'] | undefined;
let environment: Run['environment'] = {};
let gpu: Gpu | undefined;
let alive:
  | Promise<{
      readonly on: Gpu;
      readonly learner: Learner;
      readonly descent: Learner;
      readonly world: World;
    }>
  | undefined;
let stopping = new AbortController();

/**
 * The learners of the run on an open GPU: made when they are first asked for, and anew when the GPU
 * was lost.
 */
function ready(): NonNullable<typeof alive> {
  if (alive) return alive;
  const making = (alive = (async () => {
    const on = (gpu ??= await openGpu());
    const world = await openWorld(config, () =>
      Promise.reject(new Error('a page has no data folder')),
    );
    const usable = usableHere(on, config, world, notice => console.warn(notice));
    config = toWriteDown(config, usable);
    const learner = await learnerOf(on, usable, world);
    try {
      if (checkpoint) learner.restore(checkpoint.state);
      else checkpoint = { metaStep: 0, state: await learner.state() };
      const descent = await descentOf(on, learner, world.train.steps);
      environment = {
        adapter: { description: adapterName(on.adapter), software: on.adapter.software },
        seed: config.seed,
        metaplastic: version,
        browser: navigator.userAgent,
        date: new Date().toISOString(),
      };
      return { on, learner, descent, world };
    } catch (error) {
      learner.destroy();
      throw error;
    }
  })());
  making.catch(error => {
    if (alive === making) alive = undefined;
    if (error instanceof DeviceLostError) forget(gpu);
  });
  return making;
}

/** Frees the learners. */
async function release(): Promise<void> {
  const old = await alive?.catch(() => undefined);
  alive = undefined;
  old?.learner.destroy();
  old?.descent.destroy();
}

/** After a loss: forgets the GPU and what lived on it, unless another has taken its place. */
function forget(lost: Gpu | undefined): void {
  if (!lost || gpu !== lost) return;
  [gpu, alive] = [undefined, undefined];
  lost.destroy();
}

const api = {
  /** A run that was saved: a zip file, or the files of its folder by name. */
  async open(
    files: Uint8Array | Readonly<Record<string, Uint8Array>>,
    where: string,
  ): Promise<Told> {
    const run = readRun(files, where);
    if (run.config.task.kind !== 'sine')
      throw new Error(
        `${where}: expected a run on sines, got one on ${run.config.task.kind}; train it with metaplastic in Node`,
      );
    await release();
    ({ config, checkpoint, environment } = run);
    log = [...run.log];
    return { config, metaStep: run.checkpoint.metaStep, log };
  },

  /** A new run, before its first meta-step. */
  async begin(asked: RunConfigInput): Promise<Told> {
    const checked = parseConfig(asked, 'settings');
    await release();
    [config, log, checkpoint] = [checked, [], undefined];
    return { config, metaStep: 0, log };
  },

  /** Lives the points as the run's network does now, during training too. */
  async live(points: Points, rate: number): Promise<Life> {
    const mine = ready();
    const { on, learner, descent } = await mine;
    return live(learner, descent, points, rate).catch((error: Error) => {
      if (error instanceof DeviceLostError) forget(on);
      else if (alive !== mine) return api.live(points, rate); // another run was opened meanwhile
      throw error;
    });
  },

  /**
   * Goes on with meta-training until the end or `stop`; `heard` gets the new lines of the log now
   * and then.
   */
  async train(heard: (lines: readonly LogLine[]) => void): Promise<Ended> {
    stopping = new AbortController();
    let unheard: LogLine[] = [];
    let told = performance.now();
    const tell = () => {
      if (unheard.length) heard(unheard);
      unheard = [];
      told = performance.now();
    };
    const { on, learner, world } = await ready();
    const from = checkpoint!.metaStep;
    try {
      log = log.filter(line => line.metaStep <= from);
      const metaStep = await train({
        config,
        learner,
        tasks: world.train,
        from: { metaStep: from, seconds: log.at(-1)?.seconds ?? 0 },
        signal: stopping.signal,
        onStep(line) {
          log.push(line);
          unheard.push(line);
          if (performance.now() - told > REPORT_EVERY) tell();
        },
        onCheckpoint(made) {
          checkpoint = made;
        },
      });
      return { metaStep };
    } catch (error) {
      if (error === stopping.signal.reason) return { metaStep: checkpoint!.metaStep };
      if (!(error instanceof DeviceLostError)) throw error;
      forget(on);
      return { metaStep: checkpoint!.metaStep, lost: error.message };
    } finally {
      tell();
    }
  },

  stop(): void {
    stopping.abort();
  },

  /** The run up to its last checkpoint, as a zip file. */
  async save(): Promise<Uint8Array> {
    if (!checkpoint) await ready();
    const { metaStep } = checkpoint!;
    return writeRun({
      config,
      environment,
      log: log.filter(line => line.metaStep <= metaStep),
      checkpoint: checkpoint!,
    });
  },

  /** What the run's GPU is called, once it is open. */
  adapter: (): string =>
    (environment['adapter'] as { description?: string } | undefined)?.description ?? '',
};

export type SineWorker = typeof api;
expose(api);
