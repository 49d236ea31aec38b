import type * as v from 'valibot';
import { MetaplasticError } from '../errors.js';
import { check, choice, option, section, seed } from '../options.js';
import { checkStream, TASK_STREAMS, type TaskSource } from './episodes.js';
import { SINE, SINE_SEQUENCE } from './options.js';
import { random, type Random } from './random.js';
import { sourceOf, type Arrays } from './source.js';

/** The function y = amplitude · sin(x + phase); phase in radians. */
export interface Sine {
  readonly amplitude: number;
  readonly phase: number;
}

/** Tasks made of sines; the sines behind a task can be asked for, to plot them. */
export interface SineSource extends TaskSource {
  /**
   * The functions of task `task` of this seed: one, or one for each slot in the order of the slots.
   */
  sinesOf(seed: number, task: number): readonly Sine[];
}

/** Uniform in [from, to). */
export type Range = readonly [from: number, to: number];

const OPTIONS = section(SINE);
/**
 * Options of `sineTasks`: `steps` and `queries` are needed. Table of options: docs/options.md,
 * task(sine).
 */
export type SineOptions = Readonly<v.InferInput<typeof OPTIONS>>;

/**
 * Regression on one sine per task: input x (1), target y = A sin(x + φ) (1), with A, φ and every x
 * uniform in their ranges. The defaults are the sine task of MAML (Finn et al. 2017, §5.1), where
 * 10 points are seen: `steps: 10`, or one step of `batch: 10`.
 *
 * @throws MetaplasticError if a count is not a whole number ≥ 1 or a range is not [from, to] with
 * from ≤ to.
 */
export function sineTasks(options: SineOptions): SineSource {
  const { steps, batch, queries, amplitude, phase, x } = check(OPTIONS, options, 'sineTasks');

  // The first two draws of a task are its function.
  const draw = (r: Random): Sine => ({
    amplitude: uniformIn(r, amplitude),
    phase: uniformIn(r, phase),
  });
  const fill = (r: Random, task: number, { supportX, supportY, queryX, queryY }: Arrays) => {
    const sine = draw(r);
    for (let i = task * steps * batch; i < (task + 1) * steps * batch; i++) {
      supportX[i] = uniformIn(r, x);
      supportY[i] = valueAt(sine, supportX[i]!);
    }
    for (let i = task * queries; i < (task + 1) * queries; i++) {
      queryX[i] = uniformIn(r, x);
      queryY[i] = valueAt(sine, queryX[i]!);
    }
  };
  return {
    ...sourceOf({ inputs: 1, outputs: 1, steps, batch, queries }, 'sineTasks', fill),
    sinesOf(seed, task) {
      checkStream(seed, task, 1, 'sineTasks.sinesOf');
      return [draw(random(seed, task))];
    },
  };
}

/** How many functions there are outside the pool (paper 1 tests on 1000). */
const TEST_FUNCTIONS = 1000;

const SEQUENCE = section({
  ...SINE_SEQUENCE,
  split: option(
    choice(['train', 'test']),
    { about: 'train draws from the pool, test from 1000 functions outside it.' },
    'train',
  ),
  seed: option(
    seed,
    {
      about:
        'Fixes the pool and the functions outside it. Sources that should share functions share this, whatever seed their tasks have.',
    },
    0,
  ),
});
/** Options of `sineSequenceTasks`. Table of options: docs/options.md, task(sine-sequence). */
export type SineSequenceOptions = Readonly<v.InferInput<typeof SEQUENCE>>;

/**
 * Several sines in one lifetime, told apart by a one-hot slot: the regression task of Lindsey &
 * Litwin-Kumar 2020, after OML (Javed & White 2019). Input [one-hot(slot), x] (slots + 1), target y
 * (1). Amplitude (U[0,1] + 0.02)·5, phase U[0,π], x U[−5,5]. A task takes `functions` different
 * ones of the pool, in random order; the k-th has slot k, and every minibatch is of one function.
 * The query set has `queriesPerFunction` fresh points of each, slot after slot. The defaults are
 * the paper's: 400 steps of 32 points, 320 queries.
 *
 * @throws MetaplasticError if a count is not a whole number ≥ 1, if functions > slots, or if
 * functions > pool.
 */
export function sineSequenceTasks(options: SineSequenceOptions): SineSource {
  const where = 'sineSequenceTasks';
  const {
    functions,
    slots,
    stepsPerFunction,
    batch,
    queriesPerFunction,
    pool,
    order,
    split,
    seed: poolSeed,
  } = check(SEQUENCE, options, where);
  if (functions > slots)
    throw new MetaplasticError({
      where: `${where}.functions`,
      expected: `at most slots = ${slots}`,
      got: `${functions}`,
      hint: 'raise slots or lower functions',
    });
  const available = split === 'train' ? pool : TEST_FUNCTIONS;
  if (functions > available) {
    throw new MetaplasticError({
      where: `${where}.functions`,
      expected: `at most ${available} functions, all that split '${split}' has`,
      got: `${functions}`,
      hint: 'raise pool or lower functions',
    });
  }

  // Function k has its own stream, so a longer pool begins with the shorter one; those outside the
  // pool come after it.
  const firstFunction = split === 'train' ? 0 : pool;
  const functionAt = (k: number): Sine => {
    const r = random(poolSeed, TASK_STREAMS + firstFunction + k);
    return { amplitude: (r.uniform() + 0.02) * 5, phase: uniformIn(r, [0, Math.PI]) };
  };
  const drawnBy = (r: Random) => r.chosenBelow(available, functions).map(functionAt);

  const x: Range = [-5, 5];
  const inputs = slots + 1;
  const steps = functions * stepsPerFunction;
  const queries = functions * queriesPerFunction;
  const inSequence = Array.from({ length: steps }, (_, step) => step);
  const fill = (r: Random, task: number, { supportX, supportY, queryX, queryY }: Arrays) => {
    const sines = drawnBy(r);
    // The order is drawn before the points and in either case, so that both orders show the very
    // same points.
    const shuffled = r.shuffled(inSequence);
    const place = order === 'continual' ? inSequence : shuffled;
    const write = (X: Arrays['queryX'], Y: Float32Array, sample: number, slot: number) => {
      const at = sample * inputs + slots;
      X[at - slots + slot] = 1;
      X[at] = uniformIn(r, x);
      Y[sample] = valueAt(sines[slot]!, X[at]!);
    };
    for (let step = 0; step < steps; step++) {
      const sample = (task * steps + place[step]!) * batch;
      for (let b = 0; b < batch; b++)
        write(supportX, supportY, sample + b, Math.floor(step / stepsPerFunction));
    }
    for (let q = 0; q < queries; q++)
      write(queryX, queryY, task * queries + q, Math.floor(q / queriesPerFunction));
  };
  return {
    ...sourceOf({ inputs, outputs: 1, steps, batch, queries }, where, fill),
    sinesOf(seed, task) {
      checkStream(seed, task, 1, `${where}.sinesOf`);
      return drawnBy(random(seed, task));
    },
  };
}

const uniformIn = (r: Random, [from, to]: Range): number => from + (to - from) * r.uniform();

const valueAt = (sine: Sine, x: number): number => sine.amplitude * Math.sin(x + sine.phase);
