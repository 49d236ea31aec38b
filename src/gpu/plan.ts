import * as v from 'valibot';
import { MetaplasticError } from '../errors.js';
import { greatest } from '../extremes.js';
import { layoutOf, type Layout } from '../parameters/layout.js';
import {
  check,
  checkMade,
  choice,
  flag,
  list,
  needed,
  number,
  option,
  section,
  whole,
} from '../options.js';
import type { Normalisation } from '../tasks/episodes.js';
import { defineSystem, widthsOf, writtenOf, type System } from '../systems/system.js';
import { encoderDispatches } from './encoder.js';
import { fastLayout, type FastLayout } from './fast.js';
import { metricsSizes } from './metrics.js';
import {
  ADJOINTS,
  BUDGET,
  LIFETIME,
  MOMENTS,
  PLAN,
  type Adjoint,
  type Budget,
  type PlanChoices,
} from './options.js';
import { powerOfTwo } from './lanes.js';
import { fours, placesOf, type Places } from './places.js';
import { isBatched, recordLayout, type RecordLayout } from './record.js';
import {
  cutOf,
  evenly,
  largest,
  QUERY_BLOCK,
  segmentsAtMost,
  segmentsOf,
  type Segment,
} from './segments.js';
import { estimateSeconds, secondsOfSegment, secondsOfSteps } from './time.js';

/** The work of one meta-step (or of one forward-only adaptation). */
export interface Work {
  readonly system: System;
  /** Lifetimes of a meta-batch. */
  readonly tasks: number;
  /** T: inner steps of a lifetime, ≥ 1. */
  readonly steps: number;
  /** Samples per inner step. */
  readonly batch: number;
  readonly queries: number;
  readonly adjoint: Adjoint | 'none';
  /** Numbers of inner steps done at which the query set is asked, ascending, each in 0 … T. */
  readonly moments: readonly number[];
  /** Weight of each moment's query loss in the loss of a task. */
  readonly momentWeights: readonly number[];
  /** Number of images in the bank that inputs index, 0 if inputs are numbers. */
  readonly images: number;
  /** How their levels are normalised, if they are. */
  readonly normalise?: Normalisation;
  /**
   * Number of last meta-parameters that every task has its own of (a sweep of settings), 0 if none.
   */
  readonly settings: number;
  /** Look at the network from inside at every moment; forward only. */
  readonly metrics?: boolean;
}

/** What a plan needs to know of an adapter. */
export interface Machine {
  readonly software: boolean;
  /** Number of lanes that run in lockstep. */
  readonly subgroup: number;
  /** Cores of the CPU, among which a software adapter divides workgroups. */
  readonly cores: number;
  /**
   * Is a task done sooner by lanes that wait for each other than by one? Not on llvmpipe: its
   * barriers are coroutines, dear to run and dearer to compile.
   */
  readonly teamwork: boolean;
  readonly maxBindingBytes: number;
  readonly maxWorkgroups: number;
  readonly maxInvocations: number;
}

/**
 * The plan of a meta-step: computed, printed by `metaplastic plan`, and all that the kernels are
 * made from.
 */
export interface Plan extends Work {
  readonly layout: Layout;
  readonly places: Places;
  /** Lanes that work together on a task, and tasks (teams) that share a workgroup. */
  readonly lanes: number;
  readonly teams: number;
  /** Do lanes lie in rows and columns? */
  readonly grid: boolean;
  /** Lanes of a workgroup that collects the gradient: few where a barrier is dear. */
  readonly collecting: number;
  /**
   * Lanes of it that add up a quad of the gradient together, each a block of tasks at a time: many
   * on a GPU, where few would wait for memory.
   */
  readonly slices: number;
  readonly tasksPerChunk: number;
  readonly chunks: number;
  /** Inner steps of a segment at most, and queries of a moment in one. */
  readonly stepsPerSegment: number;
  readonly queriesPerSegment: number;
  readonly segments: readonly Segment[];
  /** Every `interval`-th W is kept (adjoint `checkpoint`; 1 for `store`). */
  readonly interval: number;
  /**
   * Float32 elements per task of each array, and what they are made of; see `shaders/memory.wgsl`.
   */
  readonly perTask: PerTask;
  readonly record: RecordLayout;
  /** Are an update's products so many that they are made in tiles? */
  readonly batched: boolean;
  readonly fast: FastLayout;
  /** GPU memory by purpose, in bytes. */
  readonly bytes: Readonly<Record<string, number>>;
  readonly totalBytes: number;
  /**
   * Those of them that belong to this plan alone, where several share a learner's meta-parameters.
   */
  readonly ownBytes: number;
  /** Dispatches of one meta-step, optimiser included. */
  readonly dispatches: number;
  readonly estimatedDispatchSeconds: number;
}

export interface PerTask {
  /** Records of the support stream that are kept, and these and the rows of all queries. */
  readonly records: number;
  readonly rows: number;
  readonly activity: number;
  readonly slots: number;
  readonly fast: number;
  readonly gradient: number;
  readonly scratch: number;
  readonly samples: number;
  /** Numbers of the metrics, which lie behind the outcome. */
  readonly metrics: number;
}

/** The budget where none is given: 256 MB, and half a second for a dispatch. */
export const DEFAULT_BUDGET: Budget = v.getDefaults(BUDGET);

/** Makes the plan, or says what does not fit and what to lower. */
export function makePlan(
  given: Work,
  machine: Machine,
  budget: Budget = DEFAULT_BUDGET,
  choices: PlanChoices = {},
): Plan {
  const work = checkedWork(given);
  check(MACHINE, machine, 'plan.machine');
  check(PLAN, choices, 'plan');
  check(BUDGET, budget, 'budget');
  const layout = layoutOf(work.system);
  const places = placesOf(work.system, layout);
  const outputs = work.system.sizes.at(-1)!;
  const interval =
    work.adjoint === 'checkpoint' ? (choices.interval ?? Math.ceil(Math.sqrt(work.steps))) : 1;
  const slots =
    work.adjoint === 'store'
      ? work.steps + 1
      : work.adjoint === 'checkpoint'
        ? Math.floor(work.steps / interval) + interval
        : 1;
  const record = recordLayout(work.system);
  const batched = isBatched(work.system, work.batch, record);
  const fast = fastLayout(work.system, places, slots);
  const perTask = countPerTask(work, record, fast, slots);
  const { lanes, teams, grid } = chooseTeams(work, machine, choices);
  const inputs = work.images ? 1 : work.system.sizes[0]!;

  const optimiser = work.adjoint === 'none' ? 0 : 1;
  const outcome = work.tasks * outcomeSize(work.moments.length, perTask.metrics);
  const { collecting, slices } = machine.software
    ? { collecting: 4, slices: 1 }
    : { collecting: 64, slices: 16 };
  const tail = totalTail({ places, collecting, slices });
  const shared = {
    'meta-parameters': 4 * places.size,
    'optimiser moments and rates': optimiser * (8 * places.size + ratesBytes(layout)),
    'gradient of the meta-batch': optimiser * 4 * (places.size + tail),
    'image bank': 4 * work.images * fours(work.system.sizes[0]!),
  };
  const chunk = (tasks: number) => {
    const room = roomFor(tasks, teams);
    return {
      'outcomes (and their read-back)': 8 * outcome + 4 * tail,
      'inputs and targets': 4 * tasks * (perTask.samples * (inputs + outputs) + work.settings),
      activities: 4 * room * perTask.activity,
      'fast weights': 4 * room * perTask.fast,
      'gradients of tasks': 4 * room * perTask.gradient,
      scratch: 4 * room * perTask.scratch,
      'read-back of activities and weights': optimiser
        ? 0
        : 4 * room * (perTask.activity + perTask.fast),
    };
  };
  const secondsOf = (tasks: number) =>
    estimateSeconds({ ...work, tasks }, machine, { lanes, teams, interval });
  const cut = (tasks: number) =>
    cutOf(work, secondsOf(tasks), budget.dispatchSeconds, choices.stepsPerSegment);
  const need = (tasks: number) => ({
    ...shared,
    ...chunk(tasks),
    passes: segmentsAtMost(work, cut(tasks)) * PASS_STRIDE,
  });
  const fits = (tasks: number) =>
    sum(need(tasks)) <= budget.memory &&
    greatest(Object.values(need(tasks))) <= machine.maxBindingBytes &&
    tasks <= machine.maxWorkgroups;
  const least = choices.tasksPerChunk
    ? Math.min(choices.tasksPerChunk, work.tasks)
    : Math.min(teams, work.tasks);
  if (!fits(least)) throw doesNotFit(work, budget, machine, need(least), least);

  // As many tasks as fit, or fewer, and segments of the lifetime, if one dispatch would take too
  // long.
  let tasksPerChunk = choices.tasksPerChunk ? least : largest(least, work.tasks, fits);
  const leastSeconds = (tasks: number) => {
    const seconds = secondsOf(tasks);
    const { query, whole } = seconds;
    return Math.max(secondsOfSteps(1, seconds), Math.min(work.queries, QUERY_BLOCK) * query, whole);
  };
  if (!choices.tasksPerChunk) {
    const half = () => Math.max(least, roomFor(tasksPerChunk / 2, teams));
    while (
      leastSeconds(tasksPerChunk) > budget.dispatchSeconds &&
      leastSeconds(half()) < leastSeconds(tasksPerChunk) // fewer would leave cores idle
    )
      tasksPerChunk = half();
    // All chunks alike, as many, with less memory; and of whole blocks, if they have any.
    const piece =
      slices > 1 && tasksPerChunk >= BLOCK && tasksPerChunk < work.tasks ? BLOCK : teams;
    const most = piece === BLOCK ? tasksPerChunk - (tasksPerChunk % BLOCK) : tasksPerChunk;
    tasksPerChunk = Math.min(tasksPerChunk, roomFor(evenly(work.tasks, most), piece));
  }
  const chunks = Math.ceil(work.tasks / tasksPerChunk);
  const { steps: stepsPerSegment, queries: queriesPerSegment, ...rest } = cut(tasksPerChunk);
  const segments = segmentsOf(work, {
    steps: stepsPerSegment,
    queries: queriesPerSegment,
    ...rest,
  });
  const seconds = secondsOf(tasksPerChunk);
  const bytes = { ...shared, ...chunk(tasksPerChunk), passes: segments.length * PASS_STRIDE };
  const encoder = encoderDispatches(work.system);
  const perChunk =
    encoder.forward +
    segments.length +
    (work.metrics ? work.moments.length : 0) +
    // behind an encoder norm is a dispatch of its own
    optimiser * (segments.length + encoder.back + (encoder.back ? 1 : 0) + 1);
  return {
    ...work,
    layout,
    places,
    lanes,
    teams,
    grid,
    collecting,
    slices,
    tasksPerChunk,
    chunks,
    stepsPerSegment,
    queriesPerSegment,
    segments,
    interval,
    perTask,
    record,
    batched,
    fast,
    bytes,
    totalBytes: sum(bytes),
    ownBytes: sum(bytes) - sum(shared),
    dispatches: chunks * perChunk + optimiser,
    estimatedDispatchSeconds: segments.reduce(
      (most, segment) => Math.max(most, secondsOfSegment(segment, seconds)),
      seconds.whole,
    ),
  };
}

/**
 * Loss and accuracy of every moment, then norm, weight in the mean, drift, then the metrics if they
 * are asked.
 */
export const outcomeSize = (moments: number, metrics = 0): number => 2 * moments + 3 + metrics;

/**
 * Numbers reported behind the gradient of a meta-batch: tasks counted, worst drift, penalty, and
 * each collecting workgroup's part of the squared norm.
 */
export const totalTail = (plan: Pick<Plan, 'places' | 'collecting' | 'slices'>): number =>
  3 + collectors(plan);

/**
 * Workgroups that collect the gradient, and that make Adam's step: a quad for every `slices` lanes,
 * or several, so that a lane of Adam adds up the squares of 16 workgroups at most.
 */
export const collectors = ({
  places,
  collecting,
  slices,
}: Pick<Plan, 'places' | 'collecting' | 'slices'>): number =>
  Math.min(16 * collecting, Math.ceil(((places.size / 4) * slices) / collecting));

/**
 * Tasks whose gradients a slice adds up before they are added to those of other blocks: chunks are
 * so many, or several times, where they can be, so that sums do not depend on them.
 */
export const BLOCK = 64;

/**
 * Bytes of one entry in the uniform buffer of passes (the alignment of dynamic offsets); one entry
 * for each segment.
 */
export const PASS_STRIDE = 256;

/** Bytes of the uniform struct `Rates` of shaders/adam.wgsl. */
export const ratesBytes = ({ tensors }: Layout): number => 32 * fours(tensors.length) + 16;

/** Tasks that the workgroups of so many have room for. */
export const roomFor = (tasks: number, teams: number): number => Math.ceil(tasks / teams) * teams;

const sum = (bytes: Readonly<Record<string, number>>): number =>
  Object.values(bytes).reduce((a, b) => a + b, 0);

/** What a plan needs to know of the work, in the words of those who ask for it. */
const WORK = section(
  {
    tasks: needed(whole(1), { about: 'Lifetimes.' }),
    ...LIFETIME,
    adjoint: needed(choice([...ADJOINTS, 'none']), { about: 'How the adjoint gets W_t back.' }),
    momentWeights: needed(list(number, 'finite numbers'), { about: 'Weights of the moments.' }),
    images: needed(whole(0), { about: 'Images in the bank.' }),
    settings: needed(whole(0), { about: 'Meta-parameters that every task has its own of.' }),
    metrics: option(flag, { about: 'Is the network looked at from inside?' }),
  },
  { open: true },
);

/** What it needs to know of a machine. */
const MACHINE = section(
  {
    software: needed(flag, { about: 'Is it a CPU?' }),
    subgroup: needed(whole(1), { about: 'Lanes in lockstep.' }),
    cores: needed(whole(1), { about: 'Cores of the CPU.' }),
    teamwork: needed(flag, { about: 'Are lanes that wait for each other faster than one?' }),
    maxBindingBytes: needed(whole(1, Infinity), { about: 'Bytes of a binding.' }),
    maxWorkgroups: needed(whole(1), { about: 'Workgroups of a dispatch.' }),
    maxInvocations: needed(whole(1), { about: 'Lanes of a workgroup.' }),
  } satisfies Record<keyof Machine, unknown>,
  { open: true },
);

function checkedWork(given: Work): Work {
  check(WORK, given, 'plan');
  const work = { ...given, system: defineSystem(given.system, 'plan.system') };
  checkMoments(work.moments, work.steps, 'plan.moments');
  checkAdjoint(work.adjoint, work.system, 'plan.adjoint');
  if (work.metrics && work.adjoint !== 'none')
    throw new MetaplasticError({
      where: 'plan.metrics',
      expected: 'false with an adjoint',
      got: `true with ${JSON.stringify(work.adjoint)}`,
      hint: 'metrics are for learner.adapt',
    });
  checkWeights(work.momentWeights, work.moments, 'plan.momentWeights');
  return work;
}

/**
 * Checks numbers of inner steps done at which a query set is asked: ascending, each in 0 … steps.
 */
export function checkMoments(given: readonly number[], steps: number, where: string): void {
  check(MOMENTS, given, where);
  given.forEach((t, k) => {
    if (t > steps)
      throw new MetaplasticError({
        where,
        expected: `inner steps up to ${steps}, the length of a lifetime`,
        got: `${t}`,
      });
    if (k > 0 && t <= given[k - 1]!)
      throw new MetaplasticError({
        where,
        expected: 'inner steps in rising order',
        got: `${given[k - 1]} before ${t}`,
      });
  });
}

export function checkWeights(
  weights: readonly number[],
  moments: readonly number[],
  where: string,
): void {
  if (weights.length !== moments.length)
    throw new MetaplasticError({
      where,
      expected: `${moments.length} weights, one a moment`,
      got: `${weights.length}`,
    });
}

export function checkAdjoint(adjoint: Work['adjoint'], system: System, where: string): void {
  if (adjoint === 'reverse' && system.momentum)
    throw new MetaplasticError({
      where,
      expected: `'store' or 'checkpoint' for a rule with momentum`,
      got: `'reverse'`,
      hint: 'undoing momentum multiplies every rounding error by 1 / momentum a step',
    });
  const written = writtenOf(system);
  if (adjoint === 'reverse' && written && !written.undoable)
    throw new MetaplasticError({
      where,
      expected: `'store' or 'checkpoint' for the rule ${written.name}`,
      got: `'reverse'`,
      hint: 'an update can be undone where dw is affine in w and the rule has no states',
    });
}

function countPerTask(
  { system, steps, batch, queries, moments, adjoint, metrics }: Work,
  record: RecordLayout,
  fast: FastLayout,
  slots: number,
): PerTask {
  const records = adjoint === 'none' && !system.encoderLayers ? batch : steps * batch;
  const asked = moments.length * queries;
  const inside = metrics
    ? metricsSizes(system, moments.length, queries, fast.plastic)
    : { reported: 0, scratch: 0 };
  return {
    records,
    rows: records + asked,
    slots,
    activity: records * record.size + asked * record.row,
    fast: fast.size,
    gradient: adjoint === 'none' ? 0 : fast.gradient,
    scratch:
      adjoint === 'none'
        ? inside.scratch
        : Math.max(batch * record.size, Math.min(queries, QUERY_BLOCK) * record.row),
    samples: steps * batch + queries,
    metrics: inside.reported,
  };
}

/**
 * Lanes take four rows at a time, and share a row's columns where they are more. A software adapter
 * runs a subgroup as one vector on a CPU core and pays for barriers, so a task is one lane there
 * and a subgroup of tasks a workgroup; with too few tasks to fill the vectors of all cores that
 * way, a subgroup works on each task, if that is any faster. On a GPU lanes are as many as there
 * are fours of rows times fours of columns, or fewer where tasks are many, and at least all rows'
 * fours, if a workgroup has so many; and teams smaller than a subgroup share a workgroup.
 */
function chooseTeams(
  work: Work,
  machine: Machine,
  choices: PlanChoices,
): { lanes: number; teams: number; grid: boolean } {
  const { software, subgroup, cores, teamwork } = machine;
  const most = Math.min(MOST_LANES, machine.maxInvocations);
  const ofACore = Math.ceil(work.tasks / cores);
  const inside = work.system.layers.slice(work.system.encoderLayers);
  const lanesFor = (sizes: readonly number[]) => powerOfTwo(fours(greatest(sizes)));
  const rows = lanesFor(inside.map(l => l.fanOut));
  const lies = (lanes: number) => (choices.grid ?? !software) && lanes > 1 && lanes >= rows;
  const ofATask = lies(most)
    ? Math.min(
        rows * lanesFor(inside.map(l => l.fanIn)),
        Math.max(rows, 2 ** Math.floor(Math.log2(CROWD / work.tasks))),
      )
    : lanesFor(inside.flatMap(l => [work.system.sizes[l.index - 1]!, l.units]));
  const sharing =
    software && !choices.grid
      ? teamwork && ofACore < subgroup
        ? subgroup
        : 1
      : Math.min(most, Math.max(8, ofATask));
  const lanes = choices.lanes ?? sharing;
  const grid = lies(lanes);
  const teams =
    choices.teams ??
    (software && lanes > 1
      ? 1
      : Math.max(1, Math.min(subgroup / lanes, software ? ofACore : work.tasks)));
  if (2 ** Math.round(Math.log2(lanes)) !== lanes || lanes * teams > most)
    throw new MetaplasticError({
      where: 'plan.lanes',
      expected: `a power of two with lanes × teams ≤ ${most}`,
      got: `${lanes} × ${teams}`,
    });
  if (choices.grid && !grid)
    throw new MetaplasticError({
      where: 'plan.grid',
      expected: `${Math.max(2, rows)} … ${most} lanes, one for every four rows of the widest layer at least`,
      got: `${lanes}`,
      hint: 'give plan.lanes so many, or leave plan.grid out',
    });
  return { lanes, teams, grid };
}

/**
 * Workgroup memory that every adapter has; lanes of a workgroup, whose four vectors each fit into
 * it.
 */
const WORKGROUP_BYTES = 16384;
const MOST_LANES = WORKGROUP_BYTES / 64;

/** Lanes at once beyond which a GPU gains nothing from more. */
const CROWD = 2 ** 17;

function doesNotFit(
  work: Work,
  budget: Budget,
  machine: Machine,
  need: Readonly<Record<string, number>>,
  tasks: number,
): MetaplasticError {
  const total = sum(need);
  const [name, size] = Object.entries(need).sort((a, b) => b[1] - a[1])[0]!;
  if (tasks > machine.maxWorkgroups)
    return new MetaplasticError({
      where: 'plan.tasksPerChunk',
      expected: `at most ${machine.maxWorkgroups}, the adapter's workgroups`,
      got: `${tasks}`,
    });
  const lower = whatToLower(work, name);
  if (size > machine.maxBindingBytes)
    return new MetaplasticError({
      where: 'plan',
      problem: `${name} of ${tasks} task(s) need ${mebibytes(size)} in one buffer, the adapter allows ${mebibytes(machine.maxBindingBytes)}`,
      hint: lower,
    });
  return new MetaplasticError({
    where: 'plan',
    problem: `${tasks} task(s) need ${mebibytes(total)}, the budget is ${mebibytes(budget.memory)}: ${mebibytes(total - budget.memory)} missing; the most (${mebibytes(size)}) goes to ${name}`,
    hint: lower,
  });
}

/** What makes the plan smaller where the most memory goes to `purpose`. */
function whatToLower({ adjoint, system }: Work, purpose: string): string {
  if (purpose === 'image bank') return 'use smaller or fewer images, or raise budget.memory';
  if (purpose === 'activities' && system.layers.some(l => l.conv))
    return 'lower channels, image, steps, batch or queries, take larger strides, or raise budget.memory';
  return adjoint === 'store'
    ? "use adjoint 'checkpoint' or 'reverse', or lower steps, queries or sizes"
    : 'lower steps, batch, queries or sizes, or raise budget.memory';
}

export const mebibytes = (bytes: number): string =>
  `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 2 : 0)} MiB`;

/** The plan as a table for people. */
export function describePlan(plan: Plan): string {
  checkMade(plan, ['system', 'layout', 'places'], 'describePlan', 'a plan as makePlan returns it');
  const rows: [string, string][] = [
    [
      'network',
      `${widthsOf(plan.system).join('-')}${plan.system.frozen.length ? `, frozen ${plan.system.frozen.join(', ')}` : ''}`,
    ],
    ['meta-parameters', plan.layout.size.toLocaleString('en')],
    [
      'lifetime',
      `${plan.steps} inner steps of ${plan.batch}, ${plan.queries} queries at ${plan.moments.join(', ')}`,
    ],
    ['tasks', `${plan.tasks} = ${plan.chunks} chunk(s) of ${plan.tasksPerChunk}`],
    [
      'steps per segment',
      `${plan.stepsPerSegment}${plan.queriesPerSegment < plan.queries ? `, or ${plan.queriesPerSegment} queries` : ''} (${plan.segments.length} segment(s))`,
    ],
    [
      'lanes per task',
      `${plan.lanes}${plan.grid ? ' in rows and columns' : ''}, ${plan.teams} task(s) a workgroup`,
    ],
    [
      'adjoint',
      plan.adjoint === 'checkpoint' ? `checkpoint every ${plan.interval} steps` : plan.adjoint,
    ],
    ['dispatches per meta-step', String(plan.dispatches)],
    ['submits per meta-step', String(plan.chunks)],
    ['estimated dispatch', `${(1e3 * plan.estimatedDispatchSeconds).toFixed(1)} ms`],
    ...Object.entries(plan.bytes)
      .filter(([, b]) => b > 0)
      .map(([name, b]): [string, string] => [`  ${name}`, mebibytes(b)]),
    ['GPU memory', mebibytes(plan.totalBytes)],
  ];
  const width = greatest(rows.map(([k]) => k.length));
  return rows.map(([k, v]) => `${k.padEnd(width)}  ${v}`).join('\n');
}
