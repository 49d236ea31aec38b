import type * as v from 'valibot';
import { MetaplasticError } from '../errors.js';
import { ADJOINT, BUDGET, LIFETIME, MOMENTS, PLAN } from '../gpu/options.js';
import { checkAdjoint, checkMoments, checkWeights } from '../gpu/plan.js';
import { INITIAL, initialOf } from '../parameters/initial.js';
import { layoutOf } from '../parameters/layout.js';
import {
  array,
  atLeast,
  callback,
  check,
  choice,
  flag,
  inWords,
  kind,
  list,
  needed,
  option,
  section,
  seed,
  thing,
  whole,
  within,
} from '../options.js';
import { checkRates, LONGEST, OPTIMISER, ratesOf, type Rates } from './optimiser.js';
import type { Lived } from './lived.js';
import { VALUES } from './values.js';

import {
  defineSystem,
  ruleOf,
  seesImages,
  type System,
  type SystemSpec,
} from '../systems/system.js';
import { checkBank, shapeOf, sizeOf, TASK_STREAMS, type ImageBank } from '../tasks/episodes.js';

/** What a learner and a configuration's `meta` say alike. */
export const META = {
  tasks: needed(whole(1, TASK_STREAMS), { about: 'Tasks (lifetimes) of a meta-step.' }),
  l1: option(
    atLeast(0),
    {
      about:
        'λ of the penalty λ Σ|θ| on the coefficients of the rule pool, which is part of the loss and lets those of useless terms vanish. A rule of your own says its own penalties: l1 of its coefficients.',
      source: 'Shervani-Tabar & Rosenbaum 2023',
    },
    0,
  ),
  clipPerTask: option(LONGEST, {
    about: 'Largest norm of one task’s gradient before the mean is taken.',
    otherwise: 'no limit',
  }),
  adjoint: ADJOINT,
  onDivergence: option(
    choice(['skip', 'error']),
    {
      about:
        'A lifetime whose loss or gradient is not finite is left out and counted (skip), or stops with an error.',
    },
    'skip',
  ),
  moments: option(MOMENTS, {
    about: 'Numbers of inner steps done at which the query set is asked.',
    otherwise: 'only after the last',
  }),
  momentWeights: option(list(within(0, 1e6), 'numbers from 0 to 1000000'), {
    about: 'Weight of the query loss at each moment.',
    otherwise: '1 for the last, 0 for the others',
  }),
};

/** The options of a learner. */
export const LEARNER = section({
  system: needed(thing<SystemSpec | System>('a system, such as { sizes: [1, 32, 1] }'), {
    about: 'The network and how it learns within a lifetime.',
  }),
  episode: needed(
    section(
      {
        ...LIFETIME,
        bank: option(thing<ImageBank>('a bank of images'), {
          about: 'The images, if inputs are image numbers.',
        }),
      },
      { open: true },
    ),
    { about: 'Shape of an episode; a source of tasks, and a meta-batch of them, has it.' },
  ),
  ...META,
  optimiser: option(
    OPTIMISER,
    { about: 'How a meta-step moves the meta-parameters: `adam({ rates, schedule, clip })`.' },
    { kind: 'adam' },
  ),
  initial: option(INITIAL, { about: 'Meta-parameters at meta-step 0.' }, {}),
  seed: option(seed, { about: 'Seed of the initial meta-parameters.' }, 0),
  budget: option(BUDGET, { about: 'What the machine allows.' }, {}),
  plan: option(PLAN, { about: 'Parts of the plan that are fixed instead of computed.' }, {}),
  onNotice: option(callback<(notice: string) => void>(), {
    about: 'Hears what a user should know, such as a fallback of adjoint reverse.',
    otherwise: 'console.warn',
  }),
});
/**
 * The options of a learner. `system`, `episode` (its shape; a source of tasks has it) and
 * `tasks`, lifetimes of a meta-step, are needed. Table of options with ranges and defaults:
 * docs/options.md.
 */
export type LearnerOptions = Readonly<v.InferInput<typeof LEARNER>>;

const numbers = array<Float32Array>('a Float32Array');
const inputs = array<Float32Array | Uint32Array>('a Float32Array, or a Uint32Array of images');

export const ORIGIN = option(
  section({
    seed: needed(seed, { about: 'The stream of tasks.' }),
    first: needed(whole(0, TASK_STREAMS - 1), { about: 'Number of the first task in it.' }),
  }),
  { about: 'Which tasks these are, for lifetimes that draw random numbers.' },
);

/** A meta-batch that a learner is given; what its arrays hold is checked by `checkEpisodes`. */
export const EPISODES = section(
  {
    tasks: needed(whole(1, TASK_STREAMS), { about: 'Lifetimes.' }),
    ...LIFETIME,
    supportX: needed(inputs, { about: '(tasks, steps, batch, n_0), or (tasks, steps, batch).' }),
    supportY: needed(numbers, { about: '(tasks, steps, batch, n_L).' }),
    queryX: needed(inputs, { about: '(tasks, queries, n_0), or (tasks, queries).' }),
    queryY: needed(numbers, { about: '(tasks, queries, n_L).' }),
    origin: ORIGIN,
    settings: option(numbers, { about: '(tasks, settings) coefficients of each task’s own.' }),
  },
  { open: true },
);

/** How `adapt` looks at lifetimes. */
export const ADAPT = section({
  moments: option(MOMENTS, {
    about: 'Numbers of inner steps done at which the query set is asked.',
    otherwise: 'only after the last',
  }),
  metrics: option(flag, { about: 'Look at the network from inside at every moment.' }, false),
  from: option(thing<Lived>('what an earlier adapt returned'), {
    about: 'Lifetimes that go on, instead of being born: what an earlier `adapt` returned.',
  }),
  signal: option(
    kind<AbortSignal>('an AbortSignal', x => x instanceof AbortSignal),
    {
      about: 'Stops between two chunks of lifetimes; `adapt` then rejects with its reason.',
      otherwise: 'lives to the end',
    },
  ),
});
/**
 * Options of `learner.adapt`: `moments`, `metrics`, `from`, `signal`. Table of options:
 * docs/options.md.
 */
export type AdaptOptions = Readonly<v.InferInput<typeof ADAPT>>;

/** What is told of a meta-gradient. */
export const GRADIENT = section({
  read: option(
    flag,
    { about: 'Bring the gradient from the GPU; false leaves only the numbers of the meta-step.' },
    true,
  ),
});
/** Options of `learner.gradient`: `read`, default true. */
export type GradientOptions = Readonly<v.InferInput<typeof GRADIENT>>;

/** All that a learner goes on from. */
export const STATE = section({
  parameters: needed(VALUES, { about: 'Every meta-parameter.' }),
  moment1: needed(VALUES, { about: 'Adam’s first moment of each.' }),
  moment2: needed(VALUES, { about: 'Its second moments, ≥ 0.' }),
  updates: needed(whole(0), { about: 'Updates made.' }),
  metaSteps: needed(whole(0), { about: 'Meta-steps made, those without an update included.' }),
});

/** A learner's options with every default filled in, and the system that they are about. */
export interface CheckedOptions extends Readonly<v.InferOutput<typeof LEARNER>> {
  readonly system: System;
  readonly optimiser: v.InferOutput<typeof OPTIMISER> & { readonly rates: Rates };
}

/** Checks the options of a learner, and that they fit each other. */
export function checkOptions(given: LearnerOptions): CheckedOptions {
  const options = check(LEARNER, given, 'learner');
  const system = defineSystem(options.system);
  const layout = layoutOf(system);
  const { bank, steps } = options.episode;
  if (bank) checkBank(bank, 'learner.episode.bank');
  if (bank && !seesImages(system, bank))
    throw new MetaplasticError({
      where: 'learner.episode.bank',
      expected: system.image
        ? `images of [${system.image.join(', ')}], channels, height and width (system.image)`
        : `images of ${system.sizes[0]} pixels (system.sizes[0])`,
      got: system.image ? shapeOf(bank) : sizeOf(bank),
    });
  checkMeta(options, system, steps, 'learner');
  initialOf(system, options.initial, 'learner.initial');
  const rates = ratesOf(system, layout, options.optimiser.rates);
  checkRates(rates, layout, 'learner.optimiser.rates');
  return { ...options, system, optimiser: { ...options.optimiser, rates } };
}

/**
 * What no single option of META can tell: whether they fit the system, its lifetimes of so many
 * inner steps and each other.
 */
export function checkMeta(
  { l1, adjoint, moments, momentWeights }: Pick<v.InferOutput<typeof LEARNER>, keyof typeof META>,
  system: System,
  steps: number,
  where: string,
): void {
  if (moments) checkMoments(moments, steps, `${where}.moments`);
  if (momentWeights) checkWeights(momentWeights, moments ?? [], `${where}.momentWeights`);
  if (momentWeights?.every(weight => weight === 0))
    throw new MetaplasticError({
      where: `${where}.momentWeights`,
      expected: 'a weight above 0 at some moment',
      got: inWords(momentWeights),
      hint: 'without one there is nothing to learn from',
    });
  checkAdjoint(adjoint, system, `${where}.adjoint`);
  if (l1 > 0 && system.rule !== 'pool')
    throw new MetaplasticError({
      where: `${where}.l1`,
      expected: `0 for the rule ${ruleOf(system).name}`,
      got: `${l1}`,
      hint:
        typeof system.rule === 'string'
          ? 'it is a penalty on the coefficients of the rule pool'
          : 'it is a penalty on the coefficients of the rule pool: a rule of your own says l1 of each of its coefficients',
    });
}

/** Adam's second moments are means of squares, and its steps divide by their roots. */
export function checkMoment2(moment2: Float32Array, tensor: string, where: string): void {
  const bad = moment2.findIndex(v => v < 0);
  if (bad >= 0)
    throw new MetaplasticError({
      where,
      expected: 'numbers ≥ 0, means of squares',
      got: `${moment2[bad]} in ${tensor} at ${bad}`,
      tensor,
    });
}
