import type * as v from 'valibot';
import {
  atLeast,
  choice,
  flag,
  list,
  needed,
  option,
  positive,
  section,
  whole,
} from '../options.js';

/**
 * How the adjoint gets W_t back: keep every step's, keep every k-th and replay, or undo the
 * updates. `none` is a forward pass only.
 */
export const ADJOINTS = ['store', 'checkpoint', 'reverse'] as const;
/** How the adjoint has the weights of every inner step again: one of ADJOINTS. */
export type Adjoint = (typeof ADJOINTS)[number];

/** What a lifetime counts. */
export const LIFETIME = {
  steps: needed(whole(1), { about: 'T: inner steps of a lifetime.' }),
  batch: needed(whole(1), { about: 'Samples of an inner step.' }),
  queries: needed(whole(1), { about: 'Queries of a lifetime.' }),
};

/** What the machine allows; see `makePlan`. */
export const BUDGET = section({
  memory: option(atLeast(1), { about: 'Bytes of GPU memory that a learner may hold.' }, 256e6),
  dispatchSeconds: option(
    positive,
    { about: 'Longest estimated time that one dispatch may take, in seconds.' },
    0.5,
  ),
});
/**
 * What the machine allows: `memory` in bytes, and `dispatchSeconds`, how long one dispatch may
 * take. Table of options: docs/options.md.
 */
export type Budget = Readonly<v.InferOutput<typeof BUDGET>>;

/** Parts of a plan that a caller may fix; the rest is computed. */
export const PLAN = section({
  lanes: option(whole(1), {
    about: 'Lanes that work together on a task, a power of two.',
    otherwise: 'as many as the adapter and the network ask for',
  }),
  teams: option(whole(1), {
    about: 'Tasks that share a workgroup.',
    otherwise: 'as many as fill a subgroup',
  }),
  grid: option(flag, {
    about:
      'Do lanes lie in rows and columns, so that they share a layer’s columns too? Only where there are lanes for all rows.',
    otherwise: 'on a GPU, where they can',
  }),
  tasksPerChunk: option(whole(1), {
    about: 'Tasks whose lifetimes are on the GPU at a time.',
    otherwise: 'as many as fit into the budget',
  }),
  stepsPerSegment: option(whole(1), {
    about: 'Inner steps of a dispatch.',
    otherwise: 'as many as take budget.dispatchSeconds at most',
  }),
  interval: option(whole(1), {
    about: 'Adjoint checkpoint: every so many-th W is kept.',
    otherwise: '⌈√T⌉',
  }),
});
/**
 * Parts of a plan that are fixed instead of computed; what `tune` found, say. Each may be left
 * out. Table of options: docs/options.md.
 */
export type PlanChoices = Readonly<v.InferInput<typeof PLAN>>;

export const ADJOINT = option(
  choice(ADJOINTS),
  {
    about:
      'How the adjoint gets W_t back: store keeps every step’s, checkpoint every k-th and replays (less memory, to the bit the same), reverse undoes the updates and falls back to checkpoint where that is ill-conditioned, and says so.',
  },
  'store',
);

/**
 * Moments at most: kernels have a table entry for each, and Dawn's compiler takes tables of so many
 * (the standard promises 2,047).
 */
const MOST_MOMENTS = 32_767;

/**
 * Numbers of inner steps done at which queries are asked; `checkMoments` knows how many there are.
 */
export const MOMENTS = list(whole(0), 'inner steps ≥ 0', 1, MOST_MOMENTS);
