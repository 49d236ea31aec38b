import * as v from 'valibot';
import { MetaplasticError } from '../errors.js';
import { ADJOINTS, DEFAULT_BUDGET, type PlanChoices } from '../gpu/plan.js';
import { initialParameters } from '../inner/initial.js';
import { GROUPS, layoutOf, type Group, type Layout } from '../inner/layout.js';
import { PRESETS, type Preset } from '../systems/presets.js';
import {
  defineSystem,
  GRANULARITIES,
  ORIGINS,
  PRIMITIVES,
  SLOTS,
  type System,
  type SystemSpec,
} from '../systems/system.js';

/** Order of a support stream that has parts: one after the other, or shuffled. */
const ORDERS = ['continual', 'iid'] as const;

// Building blocks. Each says in one message what was expected and what came; the dotted key is put
// in front by `parseConfig`.
type Issue = v.BaseIssue<unknown>;
type Entries = Record<string, v.GenericSchema<any, any>>;

const show = (input: unknown) => {
  if (input === undefined) return 'nothing';
  if (typeof input === 'number') return String(input);
  try {
    return JSON.stringify(input);
  } catch {
    return 'lists or objects nested too deeply to show'; // the writer of JSON recurses
  }
};
export const expects = (what: string) => (issue: Issue) =>
  `expected ${what}, got ${show(issue.input)}`;

export const whole = (min: number) =>
  v.custom<number>(
    x => Number.isSafeInteger(x) && (x as number) >= min,
    expects(`a whole number ≥ ${min}`),
  );
const seed = v.custom<number>(
  x => Number.isInteger(x) && (x as number) >= 0 && (x as number) < 2 ** 32,
  expects('a whole number from 0 to 2³² − 1'),
);
const number = v.custom<number>(Number.isFinite, expects('a finite number'));
const atLeast = (min: number) =>
  v.custom<number>(x => Number.isFinite(x) && (x as number) >= min, expects(`a number ≥ ${min}`));
const within = (min: number, max: number) =>
  v.custom<number>(
    x => Number.isFinite(x) && (x as number) >= min && (x as number) <= max,
    expects(`a number from ${min} to ${max}`),
  );
const positive = v.custom<number>(
  x => Number.isFinite(x) && (x as number) > 0,
  expects('a number > 0'),
);
export const text = v.custom<string>(
  x => typeof x === 'string' && x !== '',
  expects('a text that is not empty'),
);
const isBelow = (x: unknown): x is string =>
  typeof x === 'string' && x !== '' && !x.split(/[\\/]/).includes('..');
const pathBelow = v.custom<string>(isBelow, expects('a path below the folder of data'));
const interval = v.custom<readonly [number, number]>(
  x => Array.isArray(x) && x.length === 2 && x.every(Number.isFinite) && x[0] <= x[1],
  expects('[from, to] with from ≤ to'),
);
const flag = v.boolean(expects('true or false'));
export const list = <S extends v.GenericSchema<any, any>>(item: S, what: string) =>
  v.array(item, expects(`a list of ${what}`));
export const choice = <const T extends readonly string[]>(known: T) =>
  v.picklist(known, issue =>
    typeof issue.input === 'string'
      ? `unknown choice ${show(issue.input)}; known: ${known.join(', ')}`
      : `expected one of ${known.join(', ')}, got ${show(issue.input)}`,
  );

/**
 * An object with exactly these keys. A key too many lists the known ones; a key too few says what
 * its value should be.
 */
export function section<const E extends Entries>(entries: E) {
  const known = Object.keys(entries).join(', ');
  return v.strictObject(entries, issue => {
    if (issue.expected === 'Object')
      return `expected an object with the keys ${known}; got ${show(issue.input)}`;
    if (issue.expected === 'never') return `unknown key; known: ${known}`;
    const missing = entries[String(issue.path?.at(-1)?.key)];
    return (missing && v.safeParse(missing, undefined).issues?.[0].message) ?? 'missing';
  });
}

/** An object whose shape depends on the value of one of its keys. */
const variant = <const K extends string, const O extends v.VariantOptions<K>>(
  key: K,
  known: readonly string[],
  options: O,
) =>
  v.variant(key, options, issue =>
    issue.expected === 'Object'
      ? `expected an object with the key ${key}, got ${show(issue.input)}`
      : `expected ${key} to be one of ${known.join(', ')}; got ${show(issue.input)}`,
  );

const SYSTEM = section({
  preset: v.optional(choice(Object.keys(PRESETS) as readonly Preset[])),
  sizes: list(whole(1), 'whole numbers ≥ 1'),
  activation: v.optional(choice(SLOTS.activation)),
  bias: v.optional(flag),
  feedback: v.optional(choice(SLOTS.feedback)),
  signal: v.optional(choice(SLOTS.signal)),
  feedbackActivation: v.optional(choice(SLOTS.feedbackActivation)),
  feedbackTo: v.optional(choice(['all', 'output'])),
  rule: v.optional(choice(SLOTS.rule)),
  terms: v.optional(list(whole(0), 'numbers of terms')),
  feedbackRule: v.optional(choice(SLOTS.feedbackRule)),
  primitives: v.optional(list(choice(PRIMITIVES), 'primitives')),
  mirror: v.optional(choice(['activity', 'noise'])),
  alignEvery: v.optional(whole(1)),
  loss: v.optional(choice(SLOTS.loss)),
  alpha: v.optional(choice(GRANULARITIES)),
  eta: v.optional(choice(GRANULARITIES)),
  theta: v.optional(choice(['layer', 'network'])),
  reduction: v.optional(choice(['sum', 'mean'])),
  weightDecay: v.optional(flag),
  momentum: v.optional(flag),
  noise: v.optional(atLeast(0)),
  multiplier: v.optional(
    v.custom<number | readonly number[]>(
      x => Number.isFinite(x) || (Array.isArray(x) && x.every(Number.isFinite)),
      expects('a number, or a list with one for each layer'),
    ),
  ),
  frozen: v.optional(list(whole(1), 'layer numbers ≥ 1')),
  weights: v.optional(choice(ORIGINS.weights)),
  feedbackWeights: v.optional(choice(ORIGINS.feedbackWeights)),
  firstOrder: v.optional(flag),
} satisfies { [K in keyof Required<SystemSpec>]: v.GenericSchema<any, SystemSpec[K]> });

/** Sinusoids y = A sin(x + φ), one a lifetime. Ranges that are left out are the paper's. */
const SINE = section({
  kind: v.literal('sine'),
  steps: whole(1),
  batch: whole(1),
  queries: whole(1),
  amplitude: v.optional(interval),
  phase: v.optional(interval),
  x: v.optional(interval),
});

/**
 * Several sinusoids in one lifetime, told apart by a one-hot slot input (paper 1, `papers.md`
 * §1.2).
 */
const SINE_SEQUENCE = section({
  kind: v.literal('sine-sequence'),
  functions: whole(1),
  slots: whole(1),
  stepsPerFunction: whole(1),
  batch: whole(1),
  queriesPerFunction: whole(1),
  /** How many functions meta-training knows. */
  pool: whole(1),
  order: choice(ORDERS),
});

/**
 * Images and labels in the format of MNIST, below the folder given as `--data`; `maxBytes` is how
 * many bytes a file may unpack to (left out: 2³⁰).
 */
const IDX = {
  format: v.literal('idx'),
  images: pathBelow,
  labels: pathBelow,
  maxBytes: v.optional(whole(1)),
};

/** Where the images of a few-shot task lie, below the folder given as `--data`. */
const SOURCE = variant(
  'format',
  ['omniglot', 'idx'],
  [
    section({
      format: v.literal('omniglot'),
      train: pathBelow,
      test: pathBelow,
      folder: v.optional(pathBelow, 'omniglot'),
      size: v.optional(whole(1), 28),
      maxBytes: v.optional(whole(1)),
      /**
       * Meta-train also on every character turned by 90°, 180° and 270°, each as a character of its
       * own (the usual augmentation of Omniglot).
       */
      rotations: v.optional(flag, false),
    }),
    section({
      ...IDX,
      /**
       * Share of the classes that meta-training never sees; 0: tests are fresh draws of the same
       * classes (paper 2, `papers.md` §2.3).
       */
      testFraction: v.custom<number>(
        x => Number.isFinite(x) && (x as number) >= 0 && (x as number) < 1,
        expects('a number from 0 to below 1'),
      ),
    }),
  ],
);

/** A list of classes of the data, such as [1, 2, 3]. */
const CLASSES = v.custom<readonly number[]>(
  x => Array.isArray(x) && x.length > 0 && x.every(c => Number.isInteger(c) && c >= 0),
  expects('a list of whole numbers ≥ 0'),
);

const FEW_SHOT = section({
  kind: v.literal('few-shot'),
  source: SOURCE,
  /** Which classes of IDX files tasks draw from; left out: all that have images. */
  classes: v.optional(CLASSES),
  ways: whole(2),
  shots: whole(1),
  queriesPerClass: whole(1),
  batch: whole(1),
  order: choice(ORDERS),
  /**
   * `own`: a class keeps its number in the data instead of one of 0 … ways − 1, and the network has
   * an output for every class.
   */
  labels: v.optional(choice(['permuted', 'own']), 'permuted'),
});

/** Ordinary classification, one network from scratch. */
const STREAM = section({
  kind: v.literal('stream'),
  source: section(IDX),
  steps: whole(1),
  batch: whole(1),
  queries: whole(1),
  order: choice(ORDERS),
  /** Only the classes 0 … classes − 1 of the data, or those listed; left out: all. */
  classes: v.optional(
    v.custom<number | readonly number[]>(
      x => (Number.isSafeInteger(x) && (x as number) >= 2) || v.is(CLASSES, x),
      expects('a whole number ≥ 2, or a list of whole numbers ≥ 0'),
    ),
  ),
  /** Images that no lifetime sees, which queries are drawn from: a share below 1, or how many. */
  heldOut: v.optional(
    v.custom<number>(
      x => Number.isFinite(x) && (x as number) > 0 && ((x as number) < 1 || Number.isInteger(x)),
      expects('a share between 0 and 1, or a whole number ≥ 1'),
    ),
    0.2,
  ),
});

/** What becomes of the meta-learning rates over a run. */
const DECAY = variant(
  'kind',
  ['constant', 'cosine', 'step'],
  [
    section({ kind: v.literal('constant') }),
    section({ kind: v.literal('cosine'), floor: within(0, 1) }),
    section({ kind: v.literal('step'), at: list(whole(0), 'meta-steps'), factor: positive }),
  ],
);

const RATE = v.optional(atLeast(0), 0);

const CONFIG = section({
  name: text,
  seed: v.optional(seed, 0),
  task: variant(
    'kind',
    ['sine', 'sine-sequence', 'few-shot', 'stream'],
    [SINE, SINE_SEQUENCE, FEW_SHOT, STREAM],
  ),
  system: SYSTEM,
  /** Meta-parameters at meta-step 0; biases b and c are 0. */
  initial: v.optional(
    section({
      /** `kaiming`: normal, std √(2 / columns). `xavier`: uniform, ± √(6 / (rows + columns)). */
      weights: v.optional(choice(['kaiming', 'xavier']), 'kaiming'),
      weightScale: v.optional(atLeast(0), 1),
      /**
       * `normal`: N(0, 1), or like weights. What is left out here and below depends on the system
       * (`src/inner/initial.ts`).
       */
      feedback: v.optional(choice(['normal', 'kaiming', 'xavier'])),
      feedbackScale: v.optional(atLeast(0), 1),
      alpha: v.optional(number, 0),
      beta: v.optional(number, 0.5),
      /**
       * Coefficients of the pool, one for each of `system.terms`, and of the feedback rule, one for
       * each of `system.primitives`.
       */
      theta: v.optional(list(number, 'numbers')),
      k: v.optional(list(number, 'numbers')),
      eta: v.optional(number),
      weightDecay: v.optional(number),
      momentum: v.optional(number),
      etaB: v.optional(number),
    }),
    {},
  ),
  meta: section({
    /** Tasks (lifetimes) per meta-step. */
    tasks: whole(1),
    /** Number of meta-steps. */
    steps: whole(1),
    /** Meta-learning rate of each group of meta-parameters; left out: 0, it stays as it begins. */
    rates: section({
      W: RATE,
      B: RATE,
      alpha: RATE,
      beta: RATE,
      theta: RATE,
      eta: RATE,
      alignment: RATE,
    } satisfies Record<Group, unknown>),
    /**
     * λ of the penalty λ Σ|θ| on the coefficients of the rule pool, which lets those of useless
     * terms vanish (paper 2, `papers.md` §2.3).
     */
    l1: v.optional(atLeast(0), 0),
    decay: v.optional(DECAY, { kind: 'constant' }),
    /** Largest norm of one task's gradient before the mean is taken. */
    clipPerTask: v.optional(positive),
    /** Largest norm of the mean gradient. */
    clip: v.optional(positive),
    adjoint: v.optional(choice(ADJOINTS), 'checkpoint'),
    onDivergence: v.optional(choice(['skip', 'error']), 'skip'),
    /**
     * Numbers of inner steps done at which the query set is asked; left out: only after the last.
     */
    moments: v.optional(list(whole(0), 'inner steps ≥ 0')),
    /** Weight of the query loss at each moment; left out: 1 for the last, 0 for the others. */
    momentWeights: v.optional(list(atLeast(0), 'numbers ≥ 0')),
  }),
  evaluation: section({
    /** Unseen tasks. */
    tasks: whole(1),
    /** Inner steps after which the query set is tried; 0 is before learning. */
    at: list(whole(0), 'inner steps ≥ 0'),
    seed: v.optional(seed),
  }),
  budget: v.optional(
    section({
      /** Bytes of GPU memory. */
      memory: v.optional(whole(1), DEFAULT_BUDGET.memory),
      /** Longest time that one dispatch may take. */
      dispatchSeconds: v.optional(positive, DEFAULT_BUDGET.dispatchSeconds),
    }),
    {},
  ),
  /**
   * Parts of the plan that are fixed instead of computed, such as what `metaplastic tune` found.
   */
  plan: v.optional(
    section({
      lanes: v.optional(whole(1)),
      teams: v.optional(whole(1)),
      grid: v.optional(v.boolean()),
    } satisfies Partial<Record<keyof PlanChoices, unknown>>),
  ),
  /** Meta-steps between two checkpoints. */
  checkpointEvery: v.optional(whole(1), 100),
});

/** A checked configuration with every default filled in: all that decides a run. */
export type RunConfig = v.InferOutput<typeof CONFIG>;
/** A configuration as written, where keys with a default may be left out. */
export type RunConfigInput = v.InferInput<typeof CONFIG>;
export type TaskConfig = RunConfig['task'];
export type Decay = RunConfig['meta']['decay'];

/**
 * Checks a configuration and fills in its defaults. `where` is the file or preset that the errors
 * name.
 *
 * @example parseConfig(JSON.parse(text), 'my-run.json')
 */
export function parseConfig(json: unknown, where: string): RunConfig {
  const config = checked(CONFIG, json, where);
  checkTogether(config, (key, problem, hint) => {
    throw new MetaplasticError({ where: `${where}: ${key}`, problem, hint });
  });
  return config;
}

/** A value of JSON that a schema accepts; the error names the file and the dotted key. */
export function checked<const S extends v.GenericSchema<any, any>>(
  schema: S,
  json: unknown,
  where: string,
  hint?: string,
): v.InferOutput<S> {
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  // A misspelt key is both unknown and missing: the unknown one explains the other.
  const issue = result.issues.find(i => i.expected === 'never') ?? result.issues[0];
  const key = v.getDotPath(issue);
  throw new MetaplasticError({
    where: key ? `${where}: ${key}` : where,
    problem: issue.message,
    hint,
  });
}

/**
 * What no single key can tell: whether task, system, meta-training and evaluation fit each other.
 */
function checkTogether(
  { task, system: spec, initial, meta, evaluation }: RunConfig,
  fail: (key: string, problem: string, hint?: string) => never,
): void {
  let system: System, layout: Layout;
  try {
    system = defineSystem(spec);
    layout = layoutOf(system);
    // checks its lists, and draws nothing
    initialParameters(system, { ...layout, tensors: [], size: 0 }, 0, initial);
  } catch (error) {
    if (!(error instanceof MetaplasticError)) throw error;
    const [key, ...rest] = error.message.split(': ');
    fail(key!, rest.join(': '));
  }
  if (task.kind === 'few-shot' && (task.ways * task.shots) % task.batch)
    fail(
      'task.batch',
      `expected a divisor of ways × shots = ${task.ways * task.shots}, got ${task.batch}`,
    );
  if (task.kind === 'few-shot' && task.classes && task.source.format !== 'idx')
    fail('task.classes', 'expected none for characters of Omniglot, got a list');
  if (task.kind === 'sine-sequence')
    for (const key of ['slots', 'pool'] as const)
      if (task[key] < task.functions)
        fail(
          `task.${key}`,
          `expected at least as many as task.functions = ${task.functions}, got ${task[key]}`,
        );

  const { inputs, outputs, steps } = shapeOf(task);
  const { sizes } = system;
  if (inputs !== undefined && sizes[0] !== inputs)
    fail('system.sizes', `expected ${inputs} inputs for the task ${task.kind}, got ${sizes[0]}`);
  // A classifier may have more outputs than a task has classes, as the published ones do.
  const spare = task.kind === 'few-shot' || task.kind === 'stream';
  if (spare ? sizes.at(-1)! < outputs : sizes.at(-1) !== outputs)
    fail(
      'system.sizes',
      `expected ${spare ? 'at least ' : ''}${outputs} outputs for the task ${task.kind}, got ${sizes.at(-1)}`,
    );

  const lists: [string, readonly number[]][] = [
    ['meta.moments', meta.moments ?? [steps]],
    ['evaluation.at', evaluation.at],
  ];
  for (const [key, at] of lists) {
    if (!at.length) fail(key, 'expected at least one inner step, got none');
    for (const [i, t] of at.entries()) {
      if (t > steps)
        fail(key, `expected inner steps up to ${steps}, the length of a lifetime, got ${t}`);
      if (i && t <= at[i - 1]!)
        fail(key, `expected inner steps in rising order, got ${at[i - 1]} before ${t}`);
    }
  }
  if (meta.momentWeights && meta.momentWeights.length !== meta.moments?.length)
    fail(
      'meta.momentWeights',
      `expected one weight for each of the ${meta.moments?.length ?? 0} meta.moments, got ${meta.momentWeights.length}`,
    );
  const groups = GROUPS.filter(group => layout.tensors.some(t => t.group === group));
  for (const group of GROUPS)
    if (meta.rates[group] > 0 && !groups.includes(group))
      fail(
        `meta.rates.${group}`,
        `expected 0, because the system has no meta-parameters of this group, got ${meta.rates[group]}`,
        `it has ${groups.join(', ')}`,
      );
  if (GROUPS.every(group => meta.rates[group] === 0))
    fail('meta.rates', 'expected at least one rate > 0, got 0 for all', 'nothing would be learned');
  if (meta.l1 > 0 && system.rule !== 'pool')
    fail(
      'meta.l1',
      `expected 0 for the rule ${system.rule}, got ${meta.l1}`,
      'it is a penalty on the coefficients of the rule pool',
    );
}

/**
 * Inputs and (least) outputs of a task and the inner steps T of its lifetimes. How large the images
 * of IDX files are, and how many classes, is known only when they are read.
 */
export function shapeOf(task: TaskConfig): {
  readonly inputs?: number;
  readonly outputs: number;
  readonly steps: number;
} {
  switch (task.kind) {
    case 'sine':
      return { inputs: 1, outputs: 1, steps: task.steps };
    case 'sine-sequence':
      return { inputs: task.slots + 1, outputs: 1, steps: task.functions * task.stepsPerFunction };
    case 'few-shot':
      return {
        inputs: task.source.format === 'omniglot' ? task.source.size ** 2 : undefined,
        outputs: task.ways,
        steps: (task.ways * task.shots) / task.batch,
      };
    case 'stream':
      return {
        outputs: Array.isArray(task.classes)
          ? task.classes.reduce((most, c) => Math.max(most, c + 1), 1)
          : (task.classes ?? 1),
        steps: task.steps,
      };
  }
}

/** Factor on the meta-learning rates at a meta-step, counted from 0, of a run of `totalSteps`. */
export function rateAt(decay: Decay, metaStep: number, totalSteps: number): number {
  switch (decay.kind) {
    case 'constant':
      return 1;
    case 'cosine':
      return (
        decay.floor + ((1 - decay.floor) * (1 + Math.cos((Math.PI * metaStep) / totalSteps))) / 2
      );
    case 'step':
      return decay.factor ** decay.at.filter(at => metaStep >= at).length;
  }
}
