import { DeviceLostError, MetaplasticError } from '../errors.js';
import { greatest, least } from '../extremes.js';
import type { Gpu } from '../gpu/device.js';
import { PLAN, ADJOINTS, type Adjoint, type PlanChoices } from '../gpu/options.js';
import { powerOfTwo, powersOfTwo } from '../gpu/lanes.js';
import { DEFAULT_BUDGET, makePlan, type Machine, type Work } from '../gpu/plan.js';
import { check, choice, needed, section } from '../options.js';
import { defineSystem } from '../systems/system.js';
import type { Episodes } from '../tasks/episodes.js';
import { Learner, workOf, type LearnerOptions, type Values } from './learner.js';

/**
 * What changes a meta-step's speed, but its results only by rounding: options of a learner,
 * `Learner.create(gpu, { ...options, ...tuning })`.
 */
export interface Tuning {
  readonly adjoint: Adjoint;
  readonly plan: PlanChoices;
}

/** Where tunings are remembered: `localStorage` in a browser, a file in Node. */
export type TuningMemory = Pick<Storage, 'getItem' | 'setItem'>;

/** One choice that was tried: seconds of its fastest meta-gradient, or why it is none. */
export interface Trial extends Tuning {
  readonly seconds?: number;
  readonly refused?: string;
}

/** How `tune` measures. */
export interface TuneOptions {
  readonly memory?: TuningMemory;
  /** Meta-parameters to measure with, by name. Default: the learner's initial ones. */
  readonly parameters?: Readonly<Record<string, Values>>;
  /** Timed meta-gradients of a choice, after one that only warms up. Default 5. */
  readonly repeats?: number;
  /** Hears of every choice that was timed. */
  readonly onTrial?: (trial: Trial) => void;
  /** Stops after the meta-gradient that is being timed; nothing is remembered then. */
  readonly signal?: AbortSignal;
}

/**
 * The learner's own choice, and the best one: the same where nothing else was faster by more than
 * MARGIN.
 */
export interface Tuned {
  readonly own: Trial;
  readonly best: Trial;
}

/** A choice must be so much faster than the best before, so that noise does not decide. */
const MARGIN = 0.03;
/** A choice whose first meta-gradient takes so many times the best is not timed further. */
const HOPELESS = 1.5;

/**
 * Measures on this adapter which choices make the meta-gradient of these options fastest, and
 * remembers them. Rejects with the reason of the signal if that stopped it.
 */
export async function tune(
  gpu: Gpu,
  options: LearnerOptions,
  episodes: Episodes,
  { memory, parameters, repeats = 5, onTrial, signal }: TuneOptions = {},
): Promise<Tuned> {
  const work = workOf(defineSystem(options.system), options);
  const time = (tuning: Tuning, toBeat?: number) =>
    attempt(gpu, options, tuning, episodes, { repeats, parameters, signal }, toBeat);
  const own = await time({ adjoint: options.adjoint ?? 'store', plan: options.plan ?? {} });
  if (own.seconds === undefined)
    throw new MetaplasticError({
      where: 'tune',
      problem: `expected options that can be timed as they are, got: ${own.refused}`,
    });
  onTrial?.(own);
  let best = own;
  const tried = new Set([nameOf(own)]);
  for (const variants of VARIANTS) {
    for (const tuning of variants(best, work, gpu.machine)) {
      if (tried.has(nameOf(tuning))) continue;
      tried.add(nameOf(tuning));
      const trial = await time(tuning, best.seconds);
      onTrial?.(trial);
      if (trial.seconds !== undefined && trial.seconds < (1 - MARGIN) * best.seconds!) best = trial;
    }
  }
  const result = best === own ? { own, best } : await again(time, own, best);
  memory?.setItem(
    keyOf(gpu, options),
    JSON.stringify({ adjoint: result.best.adjoint, plan: result.best.plan } satisfies Tuning),
  );
  return result;
}

/**
 * The winner meets the learner's own choice once more, so that it did not win because another
 * program rested.
 */
async function again(
  time: (tuning: Tuning) => Promise<Trial>,
  own: Trial,
  best: Trial,
): Promise<Tuned> {
  const faster = async (trial: Trial) => ({
    ...trial,
    seconds: Math.min(trial.seconds!, (await time(trial)).seconds ?? Infinity),
  });
  const last = { own: await faster(own), best: await faster(best) };
  return last.best.seconds < (1 - MARGIN) * last.own.seconds
    ? last
    : { own: last.own, best: last.own };
}

/** What a memory holds of one choice: it lay outside of the program, so it may be anything. */
const TUNING = section({
  adjoint: needed(choice(ADJOINTS), { about: 'How the adjoint gets W_t back.' }),
  plan: needed(PLAN, { about: 'Parts of the plan that are fixed.' }),
});

/**
 * What was remembered for these options on this adapter. Nothing, if nothing was, or if it is
 * damaged or makes no plan here: the plan's own choice is as right, and `onNotice` hears of it.
 */
export function rememberedTuning(
  gpu: Gpu,
  options: LearnerOptions,
  memory: TuningMemory,
  onNotice: (notice: string) => void = notice => console.warn(notice),
): Tuning | undefined {
  const remembered = memory.getItem(keyOf(gpu, options));
  if (remembered === null) return undefined;
  try {
    const { adjoint, plan } = check(TUNING, parsed(remembered), 'tuning');
    makePlan(
      workOf(defineSystem(options.system), { ...options, adjoint }),
      gpu.machine,
      { ...DEFAULT_BUDGET, ...options.budget },
      plan,
    );
    return { adjoint, plan };
  } catch (error) {
    if (!(error instanceof MetaplasticError)) throw error;
    onNotice(`what was remembered of tuning this is not used: ${error.message}; tune it again`);
    return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new MetaplasticError({
      where: 'tuning',
      problem: `expected JSON, ${(error as Error).message}`,
      cause: error,
    });
  }
}

/**
 * Adapter and shape: everything that the speed of a meta-step depends on, but for what is tuned.
 */
function keyOf({ adapter }: Gpu, options: LearnerOptions): string {
  const {
    system,
    adjoint: _,
    momentWeights: __,
    ...work
  } = workOf(defineSystem(options.system), options);
  const { layers, ...slots } = system;
  const convolutions = layers.flatMap(({ conv }) => conv ?? []);
  const { vendor, architecture, device, description } = adapter;
  return `metaplastic tuning: ${JSON.stringify([vendor, architecture, device, description, { ...work, ...slots, ...(convolutions.length && { convolutions }), budget: { ...DEFAULT_BUDGET, ...options.budget } }])}`;
}

/** What is tried, one kind after the other, each from the best so far. */
const VARIANTS: readonly ((best: Tuning, work: Work, machine: Machine) => Tuning[])[] = [
  // Lanes up to the widest layer's neurons, on a GPU four times as many, and few or many tasks
  // beside each other in a workgroup.
  ({ adjoint, plan }, { system, tasks }, { maxInvocations, software }) => {
    const widest = greatest(system.sizes.slice(system.encoderLayers));
    const most = Math.min(maxInvocations, powerOfTwo(software ? widest : 4 * widest));
    return powersOfTwo(most).flatMap(lanes =>
      [...new Set([1, 4, 32, 64].map(workgroup => Math.ceil(workgroup / lanes)))]
        .filter(teams => lanes * teams <= maxInvocations && teams <= tasks)
        .map(teams => ({ adjoint, plan: { ...plan, lanes, teams } })),
    );
  },
  ({ adjoint, plan }) => ADJOINTS.filter(a => a !== adjoint).map(a => ({ adjoint: a, plan })),
  // A GPU's lanes lie in rows and columns: what if they do not?
  ({ adjoint, plan }, _work, { software }) =>
    software ? [] : [{ adjoint, plan: { ...plan, grid: false } }],
];

const nameOf = ({ adjoint, plan }: Tuning): string =>
  JSON.stringify([
    adjoint,
    Object.entries(plan)
      .filter(([, n]) => n !== undefined)
      .sort(),
  ]);

/** A choice is told with the lanes and teams that its plan has, given or not. */
async function attempt(
  gpu: Gpu,
  options: LearnerOptions,
  { adjoint, plan }: Tuning,
  episodes: Episodes,
  {
    repeats,
    parameters,
    signal,
  }: Pick<TuneOptions, 'parameters' | 'signal'> & {
    readonly repeats: number;
  },
  toBeat = Infinity,
): Promise<Trial> {
  signal?.throwIfAborted();
  let learner: Learner | undefined;
  try {
    learner = await Learner.create(gpu, { ...options, adjoint, plan, onNotice: () => {} });
    if (parameters) learner.write(parameters);
    const { lanes, teams } = learner.plan;
    const tuning = { adjoint, plan: { ...plan, lanes, teams } };
    const seconds: number[] = [];
    for (let k = 0; k <= repeats; k++) {
      signal?.throwIfAborted();
      const start = performance.now();
      const { fellBack } = await learner.gradient(episodes, { read: false });
      const took = (performance.now() - start) / 1e3;
      if (fellBack) return { ...tuning, refused: 'undoing the updates is ill-conditioned here' };
      if (k === 0 && took > HOPELESS * toBeat) return { ...tuning, seconds: took };
      if (k > 0) seconds.push(took);
    }
    return { ...tuning, seconds: least(seconds) };
  } catch (error) {
    if (!(error instanceof MetaplasticError) || error instanceof DeviceLostError) throw error;
    return { adjoint, plan, refused: error.message };
  } finally {
    learner?.destroy();
  }
}
