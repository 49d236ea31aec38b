import { DivergenceError, errorWithin, MetaplasticError } from '../errors.js';
import type { Gpu } from '../gpu/device.js';
import type { PlanChoices } from '../gpu/options.js';
import { makePlan, type Machine } from '../gpu/plan.js';
import { initialParameters } from '../parameters/initial.js';
import { layoutOf, type Group } from '../parameters/layout.js';
import {
  adaptChoices,
  adaptWork,
  Learner,
  workOf,
  type LearnerOptions,
} from '../learner/learner.js';
import { checkOptions } from '../learner/options.js';
import { areClasses } from '../tasks/classes.js';
import { defineSystem } from '../systems/system.js';
import type { TaskSource } from '../tasks/episodes.js';
import { scheduleOf, type RunConfig } from '../config/config.js';
import { adam, rateOfEach } from '../learner/optimiser.js';
import type { Checkpoint } from './checkpoint.js';
import type { LogLine } from './log.js';
import type { Validation } from './validation.js';
import type { World } from '../config/worlds.js';

/** The learner that a configuration describes, for this world's tasks. */
export function learnerOf(
  gpu: Gpu,
  config: RunConfig,
  world: World,
  onNotice?: (notice: string) => void,
): Promise<Learner> {
  const options = learnerOptions(config, world.train, world.bank, onNotice);
  for (const notice of idleCoefficients(config)) (onNotice ?? console.warn)(notice);
  const { evaluation, meta } = config;
  checkEvaluation(gpu.machine, 'evaluation.tasks', evaluation, world, options);
  if (meta.evaluateEvery !== undefined)
    checkEvaluation(
      gpu.machine,
      'meta.evaluateTasks',
      { tasks: meta.evaluateTasks, at: evaluation.at.slice(-1) },
      { ...world, tests: world.tests.slice(0, 1) },
      options,
    );
  return Learner.create(gpu, options);
}

/** Groups of coefficients that multiply every update. */
const FACTORS: readonly Group[] = ['alpha', 'theta', 'eta', 'rule'];

/** What should be known of coefficients that are 0 and stay 0: no synapse ever changes by them. */
function idleCoefficients({ system: spec, seed, initial, meta }: RunConfig): readonly string[] {
  const system = defineSystem(spec);
  const layout = layoutOf(system);
  const numbers = initialParameters(system, layout, seed, initial);
  const rates = rateOfEach(layout, meta.rates);
  return FACTORS.flatMap(group => {
    const own = [...layout.tensors.entries()].filter(([, tensor]) => tensor.group === group);
    const idle = own.every(([k, { name }]) => {
      return rates[k] === 0 && numbers[name]!.data.every(x => x === 0);
    });
    return own.length && idle
      ? [
          `the coefficients ${group} begin at 0 and have no rate, so that no synapse will ever change by them: give meta.rates.${group}, or let them begin elsewhere`,
        ]
      : [];
  });
}

/** Bytes that an evaluation may take on the host: what a typed array can hold everywhere. */
const MOST_EVALUATED = 2 ** 31;

/** What a task costs besides its numbers: maps of its weights by name. */
const BYTES_A_TASK = 1024;

/**
 * Checks that a run can be evaluated, before it is meta-trained: that so many unseen tasks, which
 * `where` says, can be lived at once, here and on the GPU.
 */
function checkEvaluation(
  machine: Machine,
  where: string,
  { tasks, at }: Pick<RunConfig['evaluation'], 'tasks' | 'at'>,
  { tests, bank }: World,
  options: LearnerOptions,
): void {
  const { system, budget, plan } = checkOptions(options);
  const synapses = system.layers.reduce((n, l) => n + l.fanIn * l.fanOut, 0);
  for (const { source, parts = 0 } of tests) {
    const { steps, batch, queries, inputs, outputs } = source;
    const samples = (steps * batch + queries) * ((bank ? 1 : inputs) + outputs);
    const answers = (1 + at.length + parts) * queries * outputs;
    const bytes = 4 * (samples + answers + synapses) + BYTES_A_TASK;
    if (tasks * bytes > MOST_EVALUATED)
      throw new MetaplasticError({
        where,
        expected: `at most ${Math.floor(MOST_EVALUATED / bytes)}, for each takes ${bytes} bytes and all are lived at once`,
        got: `${tasks}`,
        hint: 'evaluate on fewer tasks',
      });
    const work = adaptWork(system, options, { ...source, tasks }, at);
    try {
      makePlan(work, machine, budget, adaptChoices(plan));
    } catch (error) {
      if (!(error instanceof MetaplasticError)) throw error;
      throw new MetaplasticError({ where, problem: error.message, cause: error });
    }
  }
}

/** The options of that learner, for a plan without a GPU as well. */
export function learnerOptions(
  { system, meta, initial, seed, budget, plan }: RunConfig,
  { steps, batch, queries }: Pick<TaskSource, 'steps' | 'batch' | 'queries'>,
  bank?: World['bank'],
  onNotice?: (notice: string) => void,
): LearnerOptions {
  const { tasks, adjoint, moments, momentWeights, rates, l1, clipPerTask, clip, onDivergence } =
    meta;
  const schedule = scheduleOf(meta);
  return {
    system,
    episode: { steps, batch, queries, bank },
    tasks,
    adjoint,
    moments,
    momentWeights,
    optimiser: adam({ rates, schedule, clip }),
    l1,
    clipPerTask,
    onDivergence,
    initial,
    seed,
    budget,
    plan,
    onNotice,
  };
}

/**
 * The configuration with the parts of its plan on this machine that decide how sums are rounded, so
 * that a run which goes on elsewhere, where another plan would be computed, has the same numbers.
 */
export function withPlan(
  { machine }: Pick<Gpu, 'machine'>,
  config: RunConfig,
  { train, bank }: Pick<World, 'train' | 'bank'>,
): RunConfig {
  const work = workOf(defineSystem(config.system), learnerOptions(config, train, bank));
  const { lanes, teams, grid, tasksPerChunk, stepsPerSegment, interval } = makePlan(
    work,
    machine,
    config.budget,
    config.plan,
  );
  const checkpoints = config.meta.adjoint === 'checkpoint' && { interval };
  return {
    ...config,
    plan: { lanes, teams, grid, tasksPerChunk, stepsPerSegment, ...checkpoints },
  };
}

/**
 * The configuration of a run as it can go on here: with its plan, or with one of this machine's
 * where it cannot keep that one, and then `onNotice` hears why.
 */
export function usableHere(
  gpu: Pick<Gpu, 'machine'>,
  config: RunConfig,
  world: Pick<World, 'train' | 'bank'>,
  onNotice: (notice: string) => void,
): RunConfig {
  const { plan, ...rest } = config;
  try {
    return withPlan(gpu, config, world);
  } catch (error) {
    if (!plan || !(error instanceof MetaplasticError)) throw error;
    const own = withPlan(gpu, rest, world);
    onNotice(
      `this machine cannot keep the run's plan (${error.message}); it computes one of its own, and numbers are the same only up to rounding`,
    );
    return own;
  }
}

/**
 * The configuration to write down of a run that goes on here as `usable`: the plan that it asked
 * for stays, even if this machine cannot keep it, for one that can.
 */
export function toWriteDown(asked: RunConfig, usable: RunConfig): RunConfig {
  const keeps = Object.entries(asked.plan ?? {}).every(
    ([key, value]) => usable.plan?.[key as keyof PlanChoices] === value,
  );
  return keeps ? usable : asked;
}

/** Groups whose coefficients are logged, and how many numbers a tensor may have for that. */
const COEFFICIENTS: readonly Group[] = ['beta', 'theta', 'eta', 'rule', 'alignment'];
const MOST_COEFFICIENTS = 32;

/**
 * A meta-step all of whose lifetimes diverged changes nothing, and so many of them on end stop a
 * run. With one task a meta-step that happens now and then.
 */
const PATIENCE = 10;
const NOTHING = { loss: NaN, medianLoss: NaN, accuracy: NaN, counted: 0, gradientNorm: NaN };

/**
 * What `train` needs: a configuration, its learner and tasks, and who hears of what is made.
 */
export interface TrainOptions {
  readonly config: RunConfig;
  readonly learner: Learner;
  readonly tasks: TaskSource;
  /** Meta-steps already made, and the seconds they took. */
  readonly from?: { readonly metaStep: number; readonly seconds: number };
  /** Hears of every meta-step. */
  readonly onStep: (line: LogLine) => void;
  /**
   * Keeps a checkpoint: every `checkpointEvery` meta-steps, after a validation that is the best so
   * far (`isBest`), at the end, and when stopped.
   */
  readonly onCheckpoint: (checkpoint: Checkpoint, isBest: boolean) => void | Promise<void>;
  /**
   * Tries the learner on unseen tasks, and ends meta-training early: what `validationOf` makes of
   * the configuration. Left out: there is no validation, whatever `meta.evaluateEvery` says.
   */
  readonly validation?: Validation;
  /** Stops after the meta-step that is being made, once its checkpoint is kept. */
  readonly signal?: AbortSignal;
}

/**
 * Meta-training: one meta-step after another, from `from` to `meta.steps`. Meta-step m (from 0)
 * lives the tasks m·N … m·N + N − 1 of the config's seed at the rate that the schedule gives to m,
 * so a run that is resumed goes on as if it had not stopped. `validation` may end it before that.
 * Returns the meta-steps made; rejects with the reason of the signal if that stopped it.
 */
export async function train({
  config,
  learner,
  tasks,
  from = { metaStep: 0, seconds: 0 },
  onStep,
  onCheckpoint,
  validation,
  signal,
}: TrainOptions): Promise<number> {
  signal?.throwIfAborted();
  const { meta, seed, checkpointEvery } = config;
  const start = performance.now();
  const episodes = (m: number) => tasks.episodes(seed, m * meta.tasks, meta.tasks);
  const named = learner.layout.tensors.filter(
    ({ group, size }) => COEFFICIENTS.includes(group) && size <= MOST_COEFFICIENTS,
  );
  let skipped = 0;
  let metaStep = from.metaStep;
  let next = metaStep < meta.steps && !validation?.isOver ? episodes(metaStep) : undefined;
  const classes = next && areClasses(learner.system, next);
  let before = start;
  while (next) {
    const step = learner.step(next);
    step.catch(() => {}); // heard below, unless the next tasks cannot be drawn
    // drawn while the GPU works
    next = metaStep + 1 < meta.steps ? episodes(metaStep + 1) : undefined;
    const { loss, medianLoss, accuracy, counted, diverged, gradientNorm } = await step.catch(
      (error: Error) => {
        if (error instanceof DivergenceError && meta.onDivergence === 'skip' && skipped < PATIENCE)
          return { ...NOTHING, diverged: meta.tasks };
        if (!(error instanceof MetaplasticError)) throw error;
        throw errorWithin(error, `meta-step ${metaStep + 1}`, { metaStep: metaStep + 1 });
      },
    );
    skipped = counted ? 0 : skipped + 1;
    const coefficients = Object.fromEntries(
      await Promise.all(
        named.map(async ({ name }) => [name, [...(await learner.read(name)).data]] as const),
      ),
    );
    metaStep++;
    const now = performance.now();
    const tried = await validation?.after(metaStep);
    onStep({
      metaStep,
      loss,
      medianLoss,
      ...(classes && { accuracy }),
      counted,
      diverged,
      gradientNorm,
      taskStepsPerSecond: ((meta.tasks * tasks.steps) / (now - before)) * 1e3,
      seconds: from.seconds + (now - start) / 1e3,
      ...(named.length && { coefficients }),
      ...(tried && { validation: tried.validation }),
    });
    before = performance.now();
    if (validation?.isOver) next = undefined;
    const isBest = tried?.isBest === true;
    if (signal?.aborted || !next || isBest || metaStep % checkpointEvery === 0)
      await onCheckpoint({ metaStep, state: await learner.state() }, isBest);
    signal?.throwIfAborted();
  }
  return metaStep;
}
