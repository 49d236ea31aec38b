import { MetaplasticError } from '../errors.js';
import { greatest } from '../extremes.js';
import type { Gpu } from '../gpu/device.js';
import { inOrder, tensorsOf, type Layout } from '../parameters/layout.js';
import type { Tensors } from '../tensor.js';
import { adam as optimiser, type Rates } from '../learner/optimiser.js';
import { Learner, type LearnerOptions, type Lived } from '../learner/learner.js';
import { adam, adamStart, meanGradient } from '../reference/adam.js';
import type { OracleCase } from '../reference/case.js';
import { inFloat32 } from '../reference/episode.js';
import { systemInFloat32 } from '../reference/rounded.js';
import { referenceGradient, type ReferenceGradient } from '../reference/meta-gradient.js';
import type { Weights } from '../reference/parameters.js';
import {
  type Problem,
  type ProblemSpec,
  randomProblem,
  solve,
} from '../reference/random-problem.js';
import { RULE_PRESETS } from '../rules/presets.js';
import type { RuleSpec } from '../rules/rule.js';
import {
  ERROR_PATHS,
  GRANULARITIES,
  SLOTS,
  type System,
  type SystemSpec,
} from '../systems/system.js';

/** The largest ‖x − x*‖ / ‖x*‖ of a tensor that passes for float32. */
export const TOLERANCE = 1e-4;

/** Parts of a learner's options that a problem may set; the rest follows from the problem. */
type Settings = Pick<
  LearnerOptions,
  'adjoint' | 'moments' | 'momentWeights' | 'clipPerTask' | 'l1' | 'plan'
> & { readonly clip?: number };

/**
 * One row of `check`: a random problem, how the learner is to solve it, and how many steps of Adam
 * are then compared (default none).
 */
export interface CheckProblem extends Omit<ProblemSpec, 'spec'> {
  readonly name: string;
  readonly spec: Partial<SystemSpec>;
  readonly settings?: Settings;
  readonly updates?: number;
}

/** ‖x − x*‖ / ‖x*‖ of one tensor, or ‖x − x*‖ where x* is 0; NaN if x is not finite. */
export interface Comparison {
  // final weights are W, plastic b and the B that lifetimes have of their own; final states those of
  // a written rule, h.1 of the synapses of layer 1, theta.0 of the neurons of x_0; differences what
  // the reference's gradient is from central differences
  readonly of: 'loss' | 'gradient' | 'final weights' | 'final states' | 'update' | 'differences';
  readonly tensor: string;
  readonly error: number;
  /**
   * The same of a float64 reference that is asked the question as float32 holds it: what no kernel
   * can do better than by luck. Told of results with an error beyond the tolerance.
   */
  readonly rounding?: number;
}

/**
 * Does it pass? An error that is beyond the tolerance does if the case is as ill-conditioned as
 * that: if rounding what was asked to float32 alone moves the answer by a quarter of it.
 */
const passes = ({ error, rounding = 0 }: Comparison): boolean =>
  error <= Math.max(TOLERANCE, 4 * rounding);

export interface CheckResult {
  readonly name: string;
  readonly passed: boolean;
  readonly comparisons: readonly Comparison[];
  /** Why there is nothing to compare: a kernel does not compile here, say. */
  readonly error?: string;
  /** True if adjoint `reverse` was made again with checkpoints. */
  readonly fellBack: boolean;
}

/** States of one task by their names: of synapses (layers)(…), of neurons (L + 1)(…). */
type States = Readonly<Record<string, Weights>>;

/** What the kernels are asked, and what they should answer. */
interface Question extends Omit<Problem, 'parameters'> {
  readonly name: string;
  readonly parameters: Float64Array;
  readonly settings: Settings;
  readonly expected: {
    readonly loss: number;
    readonly gradient: Float64Array;
    readonly finalWeights: readonly Weights[];
    readonly finalFeedback?: readonly Weights[];
    readonly finalBiases?: readonly Weights[];
    readonly finalSynapse?: readonly States[];
    readonly finalNeuron?: readonly States[];
    /**
     * Query losses, (tasks, moments), and the change of the meta-parameters by Adam, where they are
     * known.
     */
    readonly losses?: Float64Array;
    readonly update?: Float64Array;
  };
  readonly updates?: number;
}

/** Asks the kernels and the float64 reference the same random problem. */
export const checkProblem = (gpu: Gpu, problem: CheckProblem): Promise<CheckResult> =>
  checkAnswer(gpu, problem, problemOf(problem));

/** The problem of a row, whose sizes and counts are odd where it does not say its own. */
export const problemOf = (row: CheckProblem): Problem =>
  randomProblem({ ...BASE, ...row, spec: { sizes: SIZES, ...row.spec } });

/** Asks the kernels and the float64 reference a problem as a row says. */
export async function checkAnswer(
  gpu: Gpu,
  { name, settings = {}, updates = 0 }: Pick<CheckProblem, 'name' | 'settings' | 'updates'>,
  problem: Problem,
): Promise<CheckResult> {
  const exact = answer(problem, settings);
  const {
    loss,
    losses,
    finalWeights,
    finalFeedback,
    finalBiases,
    finalSynapse,
    finalNeuron,
    taskGradients,
    gradient: whole,
  } = exact;
  const gradient = settings.clipPerTask
    ? meanGradient(taskGradients, new Float64Array(problem.episodes.tasks), settings.clipPerTask)
        .gradient
    : whole;
  const question: Question = {
    name,
    ...problem,
    settings,
    updates,
    expected: {
      loss,
      losses,
      gradient,
      finalWeights,
      finalFeedback,
      finalBiases,
      finalSynapse,
      finalNeuron,
      ...(updates && { update: updateOf(problem, settings, updates) }),
    },
  };
  return judged(await ask(gpu, question), question, () => exact);
}

/**
 * Asks the kernels a case of the oracle: loss, gradient of every meta-parameter, and every fast
 * weight and state after the last step.
 */
export async function checkCase(
  gpu: Gpu,
  { name, system, layout, parameters, episodes, l1, expected }: OracleCase,
): Promise<CheckResult> {
  const question: Question = {
    name,
    system,
    layout,
    parameters: Float64Array.from(parameters, Math.fround),
    episodes: inFloat32(episodes),
    settings: { l1 },
    expected,
  };
  const exact = () => referenceGradient(system, layout, parameters, episodes, { l1 });
  return judged(await ask(gpu, question), question, exact);
}

/** A result with errors beyond the tolerance, which are put beside what rounding alone does. */
function judged(
  result: CheckResult,
  question: Question,
  exact: () => ReferenceGradient,
): CheckResult {
  if (result.passed || result.error) return result;
  const moved = roundingOf(question, exact());
  const comparisons = result.comparisons.map(one => {
    const rounding = moved.find(({ of, tensor }) => of === one.of && tensor === one.tensor)?.error;
    return { ...one, rounding };
  });
  return { ...result, comparisons, passed: comparisons.every(passes) };
}

/**
 * How far the answer moves when what is asked is rounded to float32, the numbers of a written rule
 * too, and nothing else: from the reference's own, whatever the case expects.
 */
function roundingOf(question: Question, exact: ReferenceGradient): Comparison[] {
  const { system, layout, expected } = question;
  const own = Object.fromEntries(
    Object.keys(expected).map(key => [key, exact[key as keyof ReferenceGradient]]),
  ) as unknown as Question['expected'];
  const rounded = { ...question, system: systemInFloat32(system) };
  const { loss, gradient, ...lived } = answer(rounded, question.settings);
  const named = (kind: string, tasks: readonly Weights[]) =>
    tasks.map(layers => tensorsNamed(layers, k => `${kind}${k + 1}`));
  const states = (tasks: readonly States[], first: number) =>
    tasks.map(task =>
      Object.assign(
        {},
        ...Object.entries(task).map(([state, layers]) =>
          tensorsNamed(layers, k => `${state}.${k + first}`),
        ),
      ),
    );
  return comparisonsOf(system, layout, own, {
    loss,
    gradient: tensorsOf(layout, Float32Array.from(gradient)),
    finalWeights: named('W', lived.finalWeights),
    finalFeedback: named('B', lived.finalFeedback),
    finalSynapse: states(lived.finalSynapse, 1),
    finalNeuron: states(lived.finalNeuron, 0),
  });
}

const tensorsNamed = (layers: Weights, name: (k: number) => string): Tensors =>
  Object.fromEntries(
    layers.map((layer, k) => [name(k), { data: Float32Array.from(layer), shape: [layer.length] }]),
  );

/** What goes wrong with one question is its result: the others may still pass. */
async function ask(gpu: Gpu, question: Question): Promise<CheckResult> {
  try {
    return await compare(gpu, question);
  } catch (error) {
    if (!(error instanceof MetaplasticError)) throw error;
    return {
      name: question.name,
      passed: false,
      comparisons: [],
      error: error.message,
      fellBack: false,
    };
  }
}

async function compare(
  gpu: Gpu,
  { name, system, layout, parameters, episodes, bank, settings, updates = 0, expected }: Question,
): Promise<CheckResult> {
  const { tasks, steps, batch, queries } = episodes;
  const { clip, ...rest } = settings;
  const rates = Object.fromEntries(layout.tensors.map(({ group }) => [group, RATES[group]]));
  const learner = await Learner.create(gpu, {
    system,
    episode: { steps, batch, queries, bank },
    tasks,
    optimiser: optimiser({ rates, clip }),
    onNotice: () => {},
    ...rest,
  });
  try {
    learner.write(tensorsOf(layout, Float32Array.from(parameters)));
    const { loss, fellBack, gradient } = await learner.gradient(episodes);
    const lived = await learner.adapt(episodes, { moments: settings.moments });
    for (let n = 0; n < updates; n++) await learner.step(episodes);
    const updated = updates ? inOrder(layout, await learner.parameters()) : undefined;
    const comparisons: Comparison[] = [
      ...comparisonsOf(system, layout, expected, { loss, gradient, ...lived }),
      ...(expected.losses
        ? [
            {
              of: 'loss',
              tensor: 'losses',
              error: distance(lived.losses.data, expected.losses),
            } as const,
          ]
        : []),
      ...(updated && expected.update
        ? [
            {
              of: 'update',
              tensor: 'parameters',
              error: distance(
                updated.map((p, i) => p - parameters[i]!),
                expected.update,
              ),
            } as const,
          ]
        : []),
    ];
    return {
      name,
      comparisons,
      fellBack,
      passed: comparisons.every(passes),
    };
  } finally {
    learner.destroy();
  }
}

/** What is answered to a question. */
interface Answer extends Pick<
  Lived,
  'finalWeights' | 'finalFeedback' | 'finalSynapse' | 'finalNeuron'
> {
  readonly loss: number;
  readonly gradient: Tensors;
}

function comparisonsOf(
  system: System,
  layout: Layout,
  expected: Question['expected'],
  got: Answer,
): Comparison[] {
  const isPlastic = (index: number) => system.layers[index - 1]!.plastic;
  const isInside = (index: number) => index >= system.encoderLayers;
  return [
    { of: 'loss', tensor: 'loss', error: distance([got.loss], [expected.loss]) },
    ...compareTensors(layout, got.gradient, expected.gradient),
    ...compareWeights(system, 'W', got.finalWeights, expected.finalWeights),
    ...compareWeights(system, 'b', got.finalWeights, expected.finalBiases ?? []),
    ...compareWeights(system, 'B', got.finalFeedback, expected.finalFeedback ?? []),
    ...compareStates(got.finalSynapse, expected.finalSynapse ?? [], 1, isPlastic),
    ...compareStates(got.finalNeuron, expected.finalNeuron ?? [], 0, isInside),
  ];
}

function compareTensors(layout: Layout, got: Tensors, expected: Float64Array): Comparison[] {
  return layout.tensors.map(({ name, offset, size }) => ({
    of: 'gradient',
    tensor: name,
    error: distance(got[name]!.data, expected.subarray(offset, offset + size)),
  }));
}

/**
 * The worst task of each layer that has such weights of its own in a lifetime. Layers of the
 * encoder have none: they run before it.
 */
function compareWeights(
  system: System,
  kind: 'W' | 'b' | 'B',
  got: readonly Tensors[],
  expected: readonly Weights[],
): Comparison[] {
  return system.layers
    .filter(({ index }) => expected.length && got[0]![`${kind}${index}`])
    .map(({ index }) => ({
      of: 'final weights',
      tensor: `${kind}${index}`,
      error: greatest(
        expected.map((task, i) => distance(got[i]![`${kind}${index}`]!.data, task[index - 1]!)),
      ),
    }));
}

/**
 * The worst task of each state and layer, `first` the number of the first. A lifetime has none of
 * the synapses of frozen layers, and none within an encoder; others that it should have and has not
 * are NaN.
 */
function compareStates(
  got: readonly Tensors[],
  expected: readonly States[],
  first: number,
  has: (index: number) => boolean,
): Comparison[] {
  return Object.entries(expected[0] ?? {}).flatMap(([state, layers]) =>
    layers
      .map((_, k) => k + first)
      .filter(has)
      .map((index): Comparison => {
        const tensor = `${state}.${index}`;
        const errors = expected.map((task, i) =>
          distance(got[i]![tensor]?.data ?? [], task[state]![index - first]!),
        );
        return { of: 'final states', tensor, error: greatest(errors) };
      }),
  );
}

function distance(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return NaN;
  let difference = 0,
    norm = 0;
  for (let i = 0; i < got.length; i++) {
    difference += (got[i]! - expected[i]!) ** 2;
    norm += expected[i]! ** 2;
  }
  return Math.sqrt(difference) / (norm > 0 ? Math.sqrt(norm) : 1);
}

const answer = (
  problem: Omit<Problem, 'name'>,
  { moments, momentWeights: weights, l1 }: Settings,
) => solve(problem, { moments, weights, l1 });

/** The change of the meta-parameters by so many meta-steps on the same episodes. */
function updateOf(problem: Problem, settings: Settings, updates: number): Float64Array {
  const { layout, episodes } = problem;
  let { parameters } = problem;
  let state = adamStart(layout.size);
  for (let n = 0; n < updates; n++) {
    const { taskGradients } = answer({ ...problem, parameters }, settings);
    const { gradient } = meanGradient(
      taskGradients,
      new Float64Array(episodes.tasks),
      settings.clipPerTask,
    );
    ({ parameters, state } = adam(parameters, gradient, state, layout, RATES, settings.clip));
  }
  return parameters.map((p, i) => p - problem.parameters[i]!);
}

/**
 * Meta-learning rates, each group's another; large, so that the change is not lost in the rounding
 * of the meta-parameters.
 */
const RATES: Rates = {
  W: 0.02,
  B: 0.03,
  alpha: 0.01,
  beta: 0.04,
  theta: 0.002,
  eta: 0.003,
  rule: 0.004,
  alignment: 0.005,
};

// Odd sizes and a number of tasks that fills no workgroup evenly; every problem differs from this
// one in what its name says.
const SIZES = [3, 9, 6, 2];
const BASE = { tasks: 5, steps: 6, batch: 2, queries: 3, seed: 2 } satisfies Omit<
  ProblemSpec,
  'spec'
>;

const of = (
  name: string,
  spec: Partial<SystemSpec> = {},
  more: Omit<Partial<CheckProblem>, 'name' | 'spec'> = {},
): CheckProblem => ({ name, spec, ...more });
const classify = { loss: 'cross-entropy' } as const;

/**
 * Rules that are written as text: one product, states of synapses and neurons and the error below,
 * and what is told multiplied by what is no product of it.
 */
const WRITTEN: readonly (readonly [string, RuleSpec, Partial<SystemSpec>])[] = [
  ['of one product', RULE_PRESETS.gradient.rule, { activation: 'tanh' }],
  [
    'with states and e_pre',
    {
      dw: 'a * (h - decay * w) * (1 + tanh(m - m_pre)) - eta * e * pre + k * x * e_pre',
      synapse: { h: { d: 'gain * e * pre - decay * h', start: 0.1 } },
      neuron: { m: { d: 'k * (x - m)', start: 0.3 } },
      coefficients: {
        a: { per: 'synapse', start: { uniform: [-0.1, 0.1] } },
        gain: { per: 'neuron', start: { uniform: [0.5, 1] } },
        eta: { per: 'layer', start: 0.03 },
        decay: { per: 'network', start: 0.2 },
        k: { per: 'network', start: 0.1 },
      },
    },
    { activation: 'sigmoid', ...classify },
  ],
  ['with post', RULE_PRESETS['soft-bounds'].rule, {}],
  [
    'told nothing',
    {
      dw: 'eta * (x - m) * pre',
      neuron: { m: { d: '0.2 * (x - m)' } },
      coefficients: { eta: { per: 'layer', start: 0.05 } },
    },
    { activation: 'tanh', feedback: 'none' },
  ],
];

/**
 * The problems of `check`. Every choice of every slot is among them, for they are made from the
 * slots' own tables; the first of each is the default.
 */
export const PROBLEMS: readonly CheckProblem[] = [
  of('oja, relu, squared error'),
  ...SLOTS.rule.slice(1).map(rule => of(`rule ${rule}`, { rule })),
  ...ERROR_PATHS.flatMap(feedback =>
    (['gradient', 'pool'] as const).map(rule =>
      of(`rule ${rule}, feedback ${feedback}`, {
        rule,
        feedback,
        activation: 'softplus',
        ...classify,
      }),
    ),
  ),
  ...SLOTS.feedbackRule.slice(1).map(feedbackRule =>
    of(`feedback rule ${feedbackRule}`, {
      rule: 'gradient',
      feedback: 'chained',
      feedbackRule,
      activation: 'sigmoid',
      ...classify,
    }),
  ),
  of('mirror noise, every second step', {
    rule: 'gradient',
    feedback: 'chained',
    feedbackRule: 'weight-mirror',
    mirror: 'noise',
    alignEvery: 2,
    activation: 'sigmoid',
    ...classify,
  }),
  ...WRITTEN.map(([name, rule, more]) => of(`written rule ${name}`, { rule, ...more })),
  of('momentum, weight decay, noise', {
    rule: 'gradient',
    momentum: true,
    weightDecay: true,
    noise: 0.01,
    reduction: 'mean',
    activation: 'tanh',
  }),
  of('plastic biases', { plasticBias: true, rule: 'gradient', activation: 'tanh' }),
  of('plastic biases, an η for each synapse, momentum, weight decay', {
    plasticBias: true,
    rule: 'gradient',
    eta: 'synapse',
    momentum: true,
    weightDecay: true,
    activation: 'tanh',
  }),
  of(
    'plastic biases, rule oja, reverse',
    { plasticBias: true },
    { settings: { adjoint: 'reverse' } },
  ),
  of(
    'weights and feedback drawn',
    { preset: 'bioplausible' },
    { settings: { adjoint: 'reverse', l1: 0.01 } },
  ),
  of('feedback drawn every step', { preset: 'brsf', eta: 'synapse' }),
  of('first-order gradient', { preset: 'first-order-maml', eta: 'synapse', activation: 'tanh' }),
  ...SLOTS.activation.slice(1).map(activation => of(`activation ${activation}`, { activation })),
  ...SLOTS.feedbackActivation
    .slice(1)
    .map(feedbackActivation =>
      of(`feedback activation ${feedbackActivation}`, { feedbackActivation, activation: 'tanh' }),
    ),
  ...SLOTS.loss
    .filter(loss => loss !== 'mean-squared-error')
    .flatMap(loss =>
      SLOTS.signal.map(signal => of(`loss ${loss}, signal ${signal}`, { loss, signal })),
    )
    .slice(1),
  // Told their error: of the other two losses this differs by it alone.
  of('loss mean-squared-error', { loss: 'mean-squared-error', rule: 'gradient' }),
  of(
    'cross-entropy of weighted samples',
    { loss: 'cross-entropy', rule: 'gradient' },
    { targets: 'weights' },
  ),
  ...GRANULARITIES.slice(1).map(alpha => of(`α per ${alpha}`, { alpha })),
  of('feedback to the output only', { feedbackTo: 'output' }),
  of('a multiplier for each layer', { multiplier: [3, 0.5, -2] }),
  of('frozen layer inside', { frozen: [2] }),
  of('frozen output', { frozen: [3], activation: 'tanh' }),
  of('encoder of one layer', { frozen: [1], ...classify }),
  of('encoder of two layers', { frozen: [1, 2] }),
  of('images', { sizes: [25, 9, 6, 3], ...classify }, { images: 7 }),
  of(
    'images through an encoder',
    { sizes: [25, 9, 6, 3], frozen: [1], ...classify },
    { images: 7 },
  ),
  of('the smallest network', { sizes: [1, 1] }),
  of('five plastic layers', { sizes: [2, 7, 5, 6, 3, 2], activation: 'tanh' }),
  of('a layer wider than a workgroup', { sizes: [2, 67, 5, 2] }),
  of('batch 1', {}, { batch: 1 }),
  of('a lifetime of one step', {}, { steps: 1 }),
  of('a lifetime of 40 steps', {}, { steps: 40 }),
  of('one task', {}, { tasks: 1 }),
  of('moments 0, 2, 6', {}, { settings: { moments: [0, 2, 6], momentWeights: [0.3, 0.5, 1.5] } }),
  of('adjoint checkpoint', {}, { steps: 11, settings: { adjoint: 'checkpoint' } }),
  of('adjoint reverse', {}, { steps: 11, settings: { adjoint: 'reverse' } }),
  of('adjoint reverse, rule hebb', { rule: 'hebb' }, { settings: { adjoint: 'reverse' } }),
  of('one lane, 3 tasks a workgroup', {}, { settings: { plan: { lanes: 1, teams: 3 } } }),
  of('4 lanes, 2 tasks a workgroup', classify, { settings: { plan: { lanes: 4, teams: 2 } } }),
  of(
    '64 lanes, encoder, checkpoint',
    { frozen: [1], activation: 'tanh' },
    { settings: { adjoint: 'checkpoint', plan: { lanes: 64 } } },
  ),
  of(
    '32 lanes, reverse, moments 3, 6',
    {},
    {
      settings: {
        adjoint: 'reverse',
        moments: [3, 6],
        momentWeights: [0.5, 0.5],
        plan: { lanes: 32 },
      },
    },
  ),
  of(
    '32 lanes in rows and columns, reverse',
    {},
    { settings: { adjoint: 'reverse', plan: { lanes: 32, grid: true } } },
  ),
  of('32 lanes in rows and columns', {}, { settings: { plan: { lanes: 32, grid: true } } }),
  of('32 lanes along whole rows', {}, { settings: { plan: { lanes: 32, grid: false } } }),
  of('chunks of 2 tasks', {}, { settings: { plan: { tasksPerChunk: 2 } } }),
  of('segments of 4 steps', {}, { settings: { plan: { stepsPerSegment: 4 } } }),
  of(
    'chunks and segments, checkpoint',
    {},
    { settings: { adjoint: 'checkpoint', plan: { tasksPerChunk: 3, stepsPerSegment: 1 } } },
  ),
  of(
    'chunks and segments, reverse',
    {},
    { settings: { adjoint: 'reverse', plan: { tasksPerChunk: 4, stepsPerSegment: 2 } } },
  ),
  of(
    'Adam, 3 meta-steps, clipped',
    { activation: 'tanh' },
    { updates: 3, settings: { clipPerTask: 0.5, clip: 0.2 } },
  ),
];

const COLUMNS = [
  'loss',
  'gradient',
  'final weights',
  'final states',
  'update',
] as const satisfies readonly Comparison['of'][];
const NAME = greatest(PROBLEMS.map(p => p.name.length));
const CELL = 16;

/** The head of the table whose rows are `checkRow`. */
export function checkHead(): string {
  return [''.padEnd(NAME), ...COLUMNS.map(c => c.padEnd(CELL))].join('  ').trimEnd();
}

/** One problem in a line: the worst error of each kind with the tensor it belongs to. */
export function checkRow({ name, comparisons, passed, error, fellBack }: CheckResult): string {
  const cells = COLUMNS.map(column => worstOf(comparisons, column).padEnd(CELL));
  return [
    name.padEnd(NAME),
    ...cells,
    passed ? 'pass' : 'FAIL',
    error ?? (fellBack ? '(made again with checkpoints)' : ''),
  ]
    .join('  ')
    .trimEnd();
}

/** A case of the oracle with the error of every tensor. */
export function checkList({ name, comparisons, passed, error }: CheckResult): string {
  const lines = COLUMNS.map(column => {
    const cells = comparisons
      .filter(c => c.of === column)
      .map(c => {
        const error = column === 'loss' ? '' : `${c.tensor} `;
        const alone =
          c.error > TOLERANCE && c.rounding ? ` (${digits(c.rounding)} by rounding)` : '';
        return `${error}${digits(c.error)}${alone}`;
      });
    return cells.length ? `  ${column.padEnd(14)}${cells.join('  ')}` : '';
  });
  return [
    `${name}  ${passed ? 'pass' : 'FAIL'}  ${error ?? ''}`.trimEnd(),
    ...lines.filter(Boolean),
    ...(passed && !comparisons.every(c => c.error <= TOLERANCE)
      ? [`  ${'ill-conditioned'.padEnd(14)} ${ILL_CONDITIONED}`]
      : []),
  ].join('\n');
}

const ILL_CONDITIONED =
  'rounding what is asked to float32 moves the answer by what “by rounding” says, before any kernel runs; an error of 4 × that passes';

const digits = (x: number) => x.toExponential(1);

/** The worst error of a kind, with the tensor that it belongs to. */
export function worstOf(comparisons: readonly Comparison[], of: Comparison['of']): string {
  const worst = comparisons
    .filter(c => c.of === of)
    .reduce<Comparison | undefined>((a, b) => (a && !worse(b.error, a.error) ? a : b), undefined);
  if (!worst) return '–';
  return `${worst.error.toExponential(1)} ${of === 'loss' || of === 'update' ? '' : worst.tensor}`;
}

const worse = (a: number, b: number) => Number.isNaN(a) || a > b;
