import * as v from 'valibot';
import { MetaplasticError } from '../errors.js';
import { BUDGET, MOMENTS, PLAN } from '../gpu/options.js';
import { checkMoments } from '../gpu/plan.js';
import { INITIAL, initialOf } from '../parameters/initial.js';
import { layoutOf, type Layout } from '../parameters/layout.js';
import {
  checkAll,
  isNumber,
  kind,
  literal,
  needed,
  option,
  section,
  seed,
  text,
  variant,
  whole,
} from '../options.js';
import {
  checkRates,
  DECAY,
  MOVES,
  rateOfEach,
  ratesAt,
  ratesOf,
  type Rates,
  type Schedule,
} from '../learner/optimiser.js';
import { checkMeta, META } from '../learner/options.js';
import { SYSTEM } from '../systems/options.js';
import { defineSystem, shapeInWords, type System } from '../systems/system.js';
import { pixelsOf, TASK_STREAMS } from '../tasks/episodes.js';
import {
  CIFAR,
  CLASSES,
  FEW_SHOT,
  IDX,
  NORMALISE,
  SIDE,
  IMAGES,
  MODULE,
  OMNIGLOT,
  SINE,
  SINE_SEQUENCE,
  STREAM,
  SYMBOLS,
} from '../tasks/options.js';

const share = kind<number>('a number from 0 to below 1', x => isNumber(x) && x >= 0 && x < 1);

/** A share of unseen classes where the data come with test images of their own. */
const testFraction = option(share, {
  about:
    'Share of the classes that meta-training never sees, of all images; 0: tests are fresh draws of the same classes.',
  otherwise: 'the data tell which images are to test on',
});

const SOURCE = variant(
  'format',
  ['omniglot', 'images', 'cifar10', 'idx', 'symbols'],
  [
    section({ format: literal('omniglot'), ...OMNIGLOT }),
    section({ format: literal('images'), ...IMAGES, testFraction }),
    section({ format: literal('cifar10'), ...CIFAR, testFraction }),
    section({
      format: literal('idx'),
      ...IDX,
      testFraction: needed(share, {
        about:
          'Share of the classes that meta-training never sees; 0: tests are fresh draws of the same classes.',
        source: 'docs/papers.md §2.3',
      }),
    }),
    section({
      format: literal('symbols'),
      ...SYMBOLS,
      testFraction: option(
        share,
        { about: 'Share of the symbols that meta-training never sees.' },
        0.5,
      ),
    }),
  ],
);

const TASK = variant(
  'kind',
  ['sine', 'sine-sequence', 'few-shot', 'stream', 'module'],
  [
    section({ kind: literal('sine'), ...SINE }),
    section({ kind: literal('sine-sequence'), ...SINE_SEQUENCE }),
    section({
      kind: literal('few-shot'),
      source: needed(SOURCE, { about: 'The images, below the folder of data.' }),
      classes: option(CLASSES, {
        about: 'Which classes tasks draw from, by their numbers in the data; not of Omniglot.',
        otherwise: 'all that have images',
      }),
      normalise: NORMALISE,
      ...FEW_SHOT,
    }),
    section({
      kind: literal('stream'),
      source: needed(
        variant(
          'format',
          ['idx', 'images', 'cifar10'],
          [
            section({ format: literal('idx'), ...IDX }),
            section({ format: literal('images'), ...IMAGES }),
            section({ format: literal('cifar10'), ...CIFAR }),
          ],
        ),
        { about: 'The images, below the folder of data.' },
      ),
      normalise: NORMALISE,
      ...STREAM,
    }),
    section({ kind: literal('module'), ...MODULE }),
  ],
);

const { tasks, l1, clipPerTask, ...ofLifetimes } = META;

/** How a meta-training is watched: on unseen tasks that are not those of the evaluation. */
export const VALIDATION = {
  evaluateEvery: option(whole(1), {
    about:
      'Meta-steps between two validations: the learner is tried on unseen tasks, of another stream than those of `evaluation`, and its best checkpoint is kept beside the last. Compared is the median loss, or the accuracy of tasks about classes, at the last of `evaluation.at`.',
    otherwise: 'never',
  }),
  evaluateTasks: option(whole(1, TASK_STREAMS), { about: 'Unseen tasks of a validation.' }, 64),
  patience: option(whole(1), {
    about:
      'Validations in a row that are no better than the best before them, after which meta-training ends early.',
    otherwise: 'never ends early',
  }),
};

/** All that decides a run. */
export const CONFIG = section({
  name: needed(text, { about: 'Name of the run, and of its folder.' }),
  seed: option(seed, { about: 'Seed of tasks and of initial meta-parameters.' }, 0),
  task: needed(TASK, { about: 'What lifetimes are about.' }),
  system: needed(SYSTEM, { about: 'The network and how it learns within a lifetime.' }),
  initial: option(INITIAL, { about: 'Meta-parameters at meta-step 0; biases b and c are 0.' }, {}),
  meta: needed(
    section({
      tasks,
      rates: MOVES.rates,
      l1,
      clipPerTask,
      clip: MOVES.clip,
      ...ofLifetimes,
      steps: needed(whole(1), { about: 'Meta-steps.' }),
      decay: option(DECAY, { about: 'What becomes of the rates.' }, { kind: 'constant' }),
      ...VALIDATION,
    }),
    { about: 'Meta-training.' },
  ),
  evaluation: needed(
    section({
      tasks: needed(whole(1, TASK_STREAMS), { about: 'Unseen tasks.' }),
      at: needed(MOMENTS, {
        about: 'Inner steps after which the query set is tried; 0 is before learning.',
      }),
      seed: option(seed, { about: 'Seed of the unseen tasks.', otherwise: 'made of `seed`' }),
    }),
    { about: 'Trying the learner on unseen tasks.' },
  ),
  budget: option(BUDGET, { about: 'What the machine allows.' }, {}),
  plan: option(PLAN, {
    about:
      'Parts of the plan that are fixed instead of computed, such as what `metaplastic tune` found. A run writes its own down, since it decides how sums are rounded.',
    otherwise: 'computed',
  }),
  checkpointEvery: option(whole(1), { about: 'Meta-steps between two checkpoints.' }, 100),
  $schema: option(text, { about: 'Address of its JSON Schema, for editors.', otherwise: 'none' }),
});

type Parsed = v.InferOutput<typeof CONFIG>;
/** A checked configuration with every default filled in: all that decides a run. */
export type RunConfig = Omit<Parsed, 'meta'> & { meta: Parsed['meta'] & { rates: Rates } };
/** A configuration as written, where keys with a default may be left out. */
export type RunConfigInput = v.InferInput<typeof CONFIG>;
export type TaskConfig = RunConfig['task'];

/**
 * Checks a configuration and fills in its defaults. `where` is the file or preset that the errors
 * name.
 *
 * @example parseConfig(JSON.parse(text), 'my-run.json')
 */
export function parseConfig(json: unknown, where: string): RunConfig {
  const config = checkAll(CONFIG, json, where, ': ');
  const { task, system: spec, initial, meta, evaluation } = config;
  const at = (key: string) => `${where}: ${key}`;
  if (typeof spec.rule === 'object' && 'wgsl' in spec.rule)
    throw new MetaplasticError({
      where: at('system.rule'),
      expected: 'a rule as text or by its name, which JSON can hold',
      got: 'one that is written by hand',
      hint: 'make a learner of it in a program',
    });
  const system = defineSystem(spec, at('system'));
  const layout = layoutOf(system);
  initialOf(system, initial, at('initial'));
  for (const { key, holds, refuse } of TASKS_TOGETHER)
    if (!holds(task)) throw new MetaplasticError({ where: at(`task.${key}`), ...refuse(task) });
  checkSizes(task, system, at);
  const { steps } = shapeOf(task);
  checkMeta(meta, system, steps, at('meta'));
  if (meta.patience !== undefined && meta.evaluateEvery === undefined)
    throw new MetaplasticError({
      where: at('meta.patience'),
      expected: 'meta.evaluateEvery beside it',
      got: 'none',
    });
  checkMoments(evaluation.at, steps, at('evaluation.at'));
  const rates = ratesOf(system, layout, meta.rates);
  checkRates(rates, layout, at('meta.rates'));
  checkSchedule({ ...meta, rates }, layout, at('meta'));
  return { ...config, meta: { ...meta, rates } };
}

/** What keys of a task have to do with each other. */
interface TaskRule {
  readonly key: string;
  readonly holds: (task: TaskConfig) => boolean;
  readonly refuse: (task: any) => { readonly expected: string; readonly got: string };
}

const TASKS_TOGETHER: readonly TaskRule[] = [
  {
    key: 'batch',
    holds: task => task.kind !== 'few-shot' || (task.ways * task.shots) % task.batch === 0,
    refuse: task => ({
      expected: `a divisor of ways × shots = ${task.ways * task.shots}`,
      got: `${task.batch}`,
    }),
  },
  ...(['slots', 'pool'] as const).map((key): TaskRule => ({
    key,
    holds: task => task.kind !== 'sine-sequence' || task[key] >= task.functions,
    refuse: task => ({
      expected: `at least as many as task.functions = ${task.functions}`,
      got: `${task[key]}`,
    }),
  })),
];

function checkSizes(task: TaskConfig, { sizes, image }: System, at: (key: string) => string): void {
  const { inputs, outputs } = shapeOf(task);
  if (inputs !== undefined && sizes[0] !== inputs)
    throw new MetaplasticError({
      where: at(image ? 'system.image' : 'system.sizes'),
      expected: `${inputs} inputs for the task ${task.kind}`,
      got: image ? `${sizes[0]}, ${shapeInWords(image)}` : `${sizes[0]}`,
    });
  // A classifier may have more outputs than a task has classes, as the published ones do.
  if (outputs === undefined) return;
  const spare = task.kind === 'few-shot' || task.kind === 'stream';
  if (spare ? sizes.at(-1)! < outputs : sizes.at(-1) !== outputs)
    throw new MetaplasticError({
      where: at(image ? 'system.layers' : 'system.sizes'),
      expected: `${spare ? 'at least ' : ''}${outputs} outputs for the task ${task.kind}`,
      got: `${sizes.at(-1)}`,
    });
}

/** Are there tasks and rates for every meta-step of the run? */
function checkSchedule(meta: RunConfig['meta'], layout: Layout, where: string): void {
  const { tasks, steps, rates } = meta;
  if (rateOfEach(layout, rates).every(rate => rate === 0))
    throw new MetaplasticError({
      where: `${where}.rates`,
      expected: 'at least one rate > 0',
      got: '0 for all',
      hint: 'nothing would be learned',
    });
  if (tasks * steps > TASK_STREAMS)
    throw new MetaplasticError({
      where: `${where}.steps`,
      expected: `at most ${Math.floor(TASK_STREAMS / tasks)} meta-steps of ${tasks} tasks, for a seed has ${TASK_STREAMS} tasks`,
      got: `${steps}`,
    });
  ratesAt(layout, { rates, schedule: scheduleOf(meta) }, steps, `${where}.decay`);
}

/**
 * Inputs and (least) outputs of a task and the inner steps T of its lifetimes. How large the images
 * of IDX files are, and how many classes, is known only when they are read; of a module, when it is
 * loaded.
 */
export function shapeOf(task: TaskConfig): {
  readonly inputs?: number;
  readonly outputs?: number;
  readonly steps: number;
} {
  switch (task.kind) {
    case 'sine':
      return { inputs: 1, outputs: 1, steps: task.steps };
    case 'sine-sequence':
      return { inputs: task.slots + 1, outputs: 1, steps: task.functions * task.stepsPerFunction };
    case 'few-shot':
      return {
        inputs: pixelsAsked(task.source),
        outputs: task.ways,
        steps: (task.ways * task.shots) / task.batch,
      };
    case 'stream':
      return {
        inputs: pixelsAsked(task.source),
        outputs: Array.isArray(task.classes)
          ? task.classes.reduce((most, c) => Math.max(most, c + 1), 1)
          : (task.classes ?? 1),
        steps: task.steps,
      };
    case 'module':
      return { steps: task.steps };
  }
}

/** Numbers of an image, where the configuration decides what it becomes. */
function pixelsAsked(
  source: Extract<TaskConfig, { kind: 'few-shot' | 'stream' }>['source'],
): number | undefined {
  if (source.format === 'idx') return undefined;
  if (source.format === 'omniglot') return source.size ** 2;
  if (source.format === 'symbols') return SIDE ** 2;
  const [height, width] = source.size;
  return pixelsOf({ height, width, channels: source.colour === 'rgb' ? 3 : 1 });
}

/** Seed of the unseen tasks that a run is evaluated on. */
export const evaluationSeed = ({
  seed,
  evaluation,
}: Pick<RunConfig, 'seed' | 'evaluation'>): number => evaluation.seed ?? (seed + 0x5eed) >>> 0;

/**
 * Seed of the unseen tasks that its meta-training is watched by: neither that of the evaluation nor
 * that of the tasks that it is trained on.
 */
export function validationSeed(config: Pick<RunConfig, 'seed' | 'evaluation'>): number {
  const taken = [config.seed, evaluationSeed(config)];
  const seeds = [0, 1, 2].map(k => (config.seed + 0x7a11d + k) >>> 0);
  return seeds.find(seed => !taken.includes(seed))!;
}

/** The schedule of a run's optimiser: its decay, over so many meta-steps. */
export const scheduleOf = ({
  decay,
  steps,
}: Pick<RunConfig['meta'], 'decay' | 'steps'>): Schedule =>
  decay.kind === 'cosine' ? { ...decay, steps } : decay;
