import { unzipSync, zipSync } from 'fflate';
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
  type RuleSpec,
  type World,
} from 'metaplastic';
import { version } from '../../package.json';
import { numbersOf, spreadsOf, type Spread } from './spreads.js';
import { courseOf, unseenTask, type Course, type Life } from './life.js';
import {
  configOf,
  drawingFiles,
  LEARNERS,
  readDrawings,
  rivalOf,
  taskOf,
  type Asked,
  type LearnerName,
} from './tasks.js';

/** What the page is told of the run that the worker has. */
export interface Told {
  readonly config: RunConfig;
  readonly rule: RuleSpec;
  readonly metaStep: number;
  readonly log: readonly LogLine[];
}

/** How training ended: at the last meta-step, by request, or because the GPU was lost. */
export interface Ended {
  /** Meta-steps made by each. */
  readonly metaSteps: Readonly<Record<LearnerName, number>>;
  readonly lost?: string;
}

/** How the networks fare now. */
export interface Look {
  readonly life: Life;
  /** Of coefficients per synapse and per neuron. */
  readonly spreads: readonly Spread[];
}

/** Milliseconds between two reports of a training. */
const REPORT_EVERY = 300;

/** One that is meta-trained. */
interface Training {
  config: RunConfig;
  log: LogLine[];
  checkpoint?: Run['checkpoint'];
}
interface Alive {
  readonly on: Gpu;
  readonly world: World;
  readonly learners: Readonly<Partial<Record<LearnerName, Learner>>>;
  readonly born: Readonly<Record<string, Float32Array>>;
}

let trainings: Partial<Record<LearnerName, Training>> = {};
let environment: Run['environment'] = {};
let gpu: Gpu | undefined;
let alive: Promise<Alive> | undefined;
let stopping = new AbortController();

/** The learners on an open GPU: made when they are first asked for, and anew when it was lost. */
function ready(): Promise<Alive> {
  if (alive) return alive;
  const making = (alive = makeAlive());
  making.catch((error: unknown) => {
    if (alive === making) alive = undefined;
    if (error instanceof DeviceLostError) forget(gpu);
  });
  return making;
}

async function makeAlive(): Promise<Alive> {
  const on = (gpu ??= await openGpu());
  const world = await openWorld(trainings.rule!.config, readDrawings);
  const learners: Partial<Record<LearnerName, Learner>> = {};
  let born: Record<string, Float32Array> = {};
  try {
    for (const name of LEARNERS) {
      const training = trainings[name];
      if (!training) continue;
      const usable = usableHere(on, training.config, world, notice => console.warn(notice));
      training.config = toWriteDown(training.config, usable);
      const learner = (learners[name] = await learnerOf(on, usable, world));
      if (name === 'rule') born = await numbersOf(learner);
      if (training.checkpoint) learner.restore(training.checkpoint.state);
      else training.checkpoint = { metaStep: 0, state: await learner.state() };
    }
  } catch (error) {
    for (const learner of Object.values(learners)) learner.destroy();
    throw error;
  }
  environment = {
    adapter: { description: adapterName(on.adapter), software: on.adapter.software },
    seed: trainings.rule!.config.seed,
    metaplastic: version,
    browser: navigator.userAgent,
    date: new Date().toISOString(),
  };
  return { on, world, learners, born };
}

/** Frees the learners. */
async function release(): Promise<void> {
  const old = await alive?.catch(() => undefined);
  alive = undefined;
  for (const learner of Object.values(old?.learners ?? {})) learner.destroy();
}

/** After a loss: forgets the GPU and what lived on it, unless another has taken its place. */
function forget(lost: Gpu | undefined): void {
  if (!lost || gpu !== lost) return;
  [gpu, alive] = [undefined, undefined];
  lost.destroy();
}

const told = (): Told => {
  const { config, log, checkpoint } = trainings.rule!;
  return { config, rule: ruleOf(config), metaStep: checkpoint?.metaStep ?? 0, log };
};
function ruleOf({ system }: RunConfig): RuleSpec {
  return system.rule as RuleSpec;
}

const api = {
  /** A run of the page that was saved: a zip file, or the files of its folder by name. */
  async open(
    files: Uint8Array | Readonly<Record<string, Uint8Array>>,
    where: string,
  ): Promise<Told> {
    const run = readRun(files, where);
    if (typeof run.config.system.rule !== 'object')
      throw new Error(
        `${where}: expected a run of a rule of your own, got one of ${run.config.system.rule}`,
      );
    if (!taskOf(run.config))
      throw new Error(
        `${where}: expected a run on sines or on this page’s symbols, got one on ${run.config.task.kind}; go on with it in Node`,
      );
    await release();
    trainings = {
      rule: { config: run.config, log: [...run.log], checkpoint: run.checkpoint },
    };
    environment = run.environment;
    return told();
  },

  /** A new run, before its first meta-step; `beside` it FLP’s rule and gradient descent. */
  async begin(asked: Asked, beside: boolean): Promise<Told> {
    const config = parseConfig(configOf(asked), 'settings');
    const rivals = (['descent', 'oja'] as const).map(name => [
      name,
      { config: parseConfig(rivalOf(config, name), name), log: [] },
    ]);
    await release();
    trainings = { rule: { config, log: [] }, ...(beside && Object.fromEntries(rivals)) };
    return told();
  },

  /** How the networks fare now at the number-th unseen task, during training too. */
  async look(number: number): Promise<Look> {
    const { on, world, learners, born } = await ready();
    try {
      const unseen = unseenTask(trainings.rule!.config, world, number);
      const courses: Partial<Record<LearnerName, Course>> = {};
      for (const name of LEARNERS) {
        const learner = learners[name];
        if (learner) courses[name] = await courseOf(learner, unseen);
      }
      return {
        life: { shown: unseen.shown, courses },
        spreads: await spreadsOf(learners.rule!, born),
      };
    } catch (error) {
      if (error instanceof DeviceLostError) forget(on);
      throw error;
    }
  },

  /**
   * Goes on with meta-training until all are done, or `stop`; `heard` gets the new lines of the logs
   * now and then. The GPU takes a meta-step of each in turn.
   */
  async train(heard: (name: LearnerName, lines: readonly LogLine[]) => void): Promise<Ended> {
    stopping = new AbortController();
    const { signal } = stopping;
    const { on, learners, world } = await ready();
    const one = async (name: LearnerName, learner: Learner): Promise<void> => {
      const training = trainings[name]!;
      const from = training.checkpoint!.metaStep;
      let unheard: LogLine[] = [];
      let last = performance.now();
      const tell = () => {
        if (unheard.length) heard(name, unheard);
        unheard = [];
        last = performance.now();
      };
      training.log = training.log.filter(line => line.metaStep <= from);
      try {
        await train({
          config: training.config,
          learner,
          tasks: world.train,
          from: { metaStep: from, seconds: training.log.at(-1)?.seconds ?? 0 },
          signal,
          onStep(line) {
            training.log.push(line);
            unheard.push(line);
            if (performance.now() - last > REPORT_EVERY) tell();
          },
          onCheckpoint(made) {
            training.checkpoint = made;
          },
        });
      } catch (error) {
        if (error === signal.reason) return;
        stopping.abort();
        throw error;
      } finally {
        tell();
      }
    };
    const ends = await Promise.allSettled(
      LEARNERS.flatMap(name => (learners[name] ? [one(name, learners[name])] : [])),
    );
    const failed = ends.find(end => end.status === 'rejected')?.reason as unknown;
    const metaSteps = Object.fromEntries(
      LEARNERS.map(name => [name, trainings[name]?.checkpoint?.metaStep ?? 0]),
    ) as Ended['metaSteps'];
    if (!failed) return { metaSteps };
    if (!(failed instanceof DeviceLostError)) throw failed;
    forget(on);
    return { metaSteps, lost: failed.message };
  },

  stop(): void {
    stopping.abort();
  },

  /**
   * The run of the written rule up to its last checkpoint, as a zip file; with the drawings, if it
   * was on these.
   */
  async save(): Promise<Uint8Array> {
    if (!trainings.rule!.checkpoint) await ready();
    const { config, log, checkpoint } = trainings.rule!;
    const { metaStep } = checkpoint!;
    const zip = writeRun({
      config,
      environment,
      log: log.filter(line => line.metaStep <= metaStep),
      checkpoint: checkpoint!,
    });
    if (taskOf(config) !== 'symbols') return zip;
    const files = unzipSync(zip);
    const folder = Object.keys(files)[0]!.replace(/\/.*$/, '');
    for (const [name, bytes] of Object.entries(drawingFiles()))
      files[`${folder}/data/${name}`] = bytes;
    return zipSync(files, { level: 6 });
  },

  /** What the run's GPU is called, once it is open. */
  adapter: (): string =>
    (environment['adapter'] as { description?: string } | undefined)?.description ?? '',
};

export type WriteWorker = typeof api;
expose(api);
