import { drawsOf, PURPOSES } from '../parameters/draws.js';
import { feedbackMatrix, isMixed } from '../parameters/layout.js';
import type { Penalty } from '../parameters/penalties.js';
import { PRIMITIVES, ruleOf, statesOf, TERMS, type Convolution } from '../systems/system.js';
import { metricsShape } from './metrics.js';
import { gridLayout } from './lanes.js';
import { handsOn, livesWithConvolutions, lookOf, looksAtCopy } from './looks.js';
import { fours, oneAfterAnother } from './places.js';
import { rateOf } from './slots.js';
import { QUERY_BLOCK } from './segments.js';
import { BLOCK, collectors, outcomeSize, roomFor, totalTail, type Plan } from './plan.js';

/**
 * A named constant for the shader linker: whole numbers become u32, `real` numbers f32, arrays
 * tables.
 */
type Constant =
  | number
  | boolean
  | { readonly real: number | readonly number[] }
  | readonly number[]
  | readonly boolean[];

const TOLD = { nothing: 0, activity: 1, mixed: 2, target: 3 } as const;

/**
 * How the tasks' gradients become one: clips of the gradient's norm, whether a step needs every
 * task to be finite, and the penalties
 * on coefficients.
 */
export interface MeanRules {
  /** Each task's gradient norm is clipped to this before the mean. */
  readonly clipPerTask?: number;
  /** The norm of the mean gradient is clipped to this. */
  readonly clip?: number;
  readonly everyTask?: boolean;
  /** Penalties on coefficients, over the layout's numbers. */
  readonly penalties?: readonly Penalty[];
}

/**
 * How far W_0, recalled by undoing the updates (adjoint `reverse`), may lie from the initial
 * weights, relative to the largest of them. Beyond it the gradient's error would come near 1e-4,
 * and the meta-step is made again with checkpoints.
 */
export const DRIFT_LIMIT = 3e-5;

/** What kernels know of the normalisation of images; nothing is asked of it where there is none. */
const levelsOf = ({ normalise = { mean: [0], std: [1] }, system }: Plan) => ({
  PLANE: system.sizes[0]! / normalise.mean.length,
  LEVEL_MEAN: { real: normalise.mean },
  LEVEL_STD: { real: normalise.std },
});

/**
 * Everything about sizes and places that the kernels of a plan know at compile time: the module
 * `shape`.
 */
export function shapeModule(plan: Plan, rules: MeanRules = {}): string {
  const { system, layout, places, perTask, record, fast, steps, batch, queries, moments } = plan;
  const grid = gridLayout(plan.system, plan.lanes);
  const { encoderLayers, layers, sizes } = system;
  const inLifetime = layers.slice(encoderLayers);
  const { coefficient, granularity } = rateOf(system);
  const at = (name: string) => places.at(name) ?? 0;
  const xAt = record.xAt.slice(encoderLayers);
  const looks = inLifetime.map(lookOf);
  const mirrorDraws = oneAfterAnother(sizes.slice(encoderLayers));
  const draws = drawsOf(system);
  const told = inLifetime.map(l => (l.plastic && l.told !== 'error' ? TOLD[l.told] : TOLD.nothing));
  const feedback = inLifetime.map(l => feedbackMatrix(system, l));
  const mixed = layers.filter(isMixed);
  const plastic = inLifetime.flatMap((layer, l) => (layer.plastic ? [l] : []));
  const aligned = inLifetime.flatMap((layer, l) => (layer.aligned ? [l] : []));
  const penalties = rules.penalties ?? [];
  const penalised = penalties.map(({ from, to }) => {
    const { offset, size } = places.range({ offset: from, size: to - from });
    return [offset, offset + size] as const;
  });
  const rateAt = (index: number) =>
    coefficient === undefined
      ? 0
      : granularity === 'network'
        ? at(coefficient)
        : at(`${coefficient}${index}`);
  // How many quads behind the rates of a layer's first column those of its biases lie.
  const biasRateColumn = (index: number) => {
    const own = places.at(`${coefficient}Bias${index}`);
    return own === undefined ? 0 : (own - rateAt(index)) / 4;
  };
  return emit({
    LANES: plan.lanes,
    TEAMS: plan.teams,
    WORKGROUP: plan.lanes * plan.teams,
    PARTS: (plan.grid ? 4 : 1) * plan.lanes * plan.teams,
    ROW_LANES: grid.rowLanes,
    COLUMN_LANES: grid.columnLanes,
    // The episode.
    STEPS: steps,
    BATCH: batch,
    QUERIES: queries,
    QUERY_BLOCK,
    SAMPLES: perTask.samples,
    INPUTS: sizes[0]!,
    OUTPUTS: sizes.at(-1)!,
    TASKS: plan.tasks,
    CHUNK: plan.tasksPerChunk,
    PADDED: roomFor(plan.tasksPerChunk, plan.teams),
    IMAGES: plan.images,
    ...levelsOf(plan),
    MOMENTS: moments.length,
    MOMENT_AT: moments,
    MOMENT_WEIGHT: { real: plan.momentWeights },
    SETTINGS: plan.settings,
    // The network inside the lifetime: layer l + 1 maps WIDTH[l] to WIDTH[l + 1].
    DEPTH: inLifetime.length,
    WIDTH: sizes.slice(encoderLayers),
    FAN_IN: inLifetime.map(l => l.fanIn),
    FAN_OUT: inLifetime.map(l => l.fanOut),
    QUADS: inLifetime.map(l => fours(l.fanOut)),
    UNITS: inLifetime.map(l => l.units),
    NEURONS: record.neurons,
    BELOW: record.below,
    PLASTIC: inLifetime.map(l => l.plastic),
    PLASTIC_COUNT: plastic.length,
    PLASTIC_LAYERS: tableOf(plastic),
    MULTIPLIER: { real: inLifetime.map(l => l.multiplier) },
    BIASED: system.bias,
    TOLD: told,
    TOLD_NOTHING: TOLD.nothing,
    TOLD_ACTIVITY: TOLD.activity,
    TOLD_MIXED: TOLD.mixed,
    TOLD_TARGET: TOLD.target,
    CARRIES: inLifetime.map(l => l.carries),
    ...(livesWithConvolutions(system) && {
      CHANNELS: looks.map(l => l.channels),
      MAP_HEIGHT: looks.map(l => l.height),
      MAP_WIDTH: looks.map(l => l.width),
      KERNEL: looks.map(l => l.kernel),
      STRIDE: looks.map(l => l.stride),
      PADDING: looks.map(l => l.padding),
      LOOKS_HIGH: looks.map(l => l.high),
      LOOKS_WIDE: looks.map(l => l.wide),
      // What a dense layer sums over samples, a convolution that is told post takes the mean of.
      LOOK_SHARE: {
        real: inLifetime.map(l => (ruleOf(system).from === 'error' ? 1 : 1 / l.positions)),
      },
      // What neurons hand on to the layer above: is it another array, and how is it pooled?
      HANDS_ON: inLifetime.map((l, k) => handsOn(l, inLifetime[k + 1])),
      POOL_SIZE: inLifetime.map(l => l.conv?.poolSize ?? 1),
      POOLS_MAX: inLifetime.map(l => l.conv?.pool === 'max'),
      POOLED_WIDE: inLifetime.map(l => l.conv?.output[2] ?? 1),
    }),
    ENCODED_AT: record.encodedAt,
    LOOKS_AT_COPY: looksAtCopy(system),
    INPUT_GRADIENT: encoderLayers > 0,
    ENCODER_POOLS: layers[encoderLayers - 1]?.conv?.pool !== undefined,
    SECOND_ORDER: !system.firstOrder,
    // The rule: SHARE of the batch's sum, and the terms of the pool.
    SHARE: { real: system.reduction === 'mean' ? 1 / batch : 1 },
    DECAYS: system.weightDecay,
    HAS_TERM: TERMS.map(r => system.terms.includes(r)),
    TERM_AT: TERMS.map(r => Math.max(0, system.terms.indexOf(r))),
    TERM_COUNT: system.terms.length,
    RIGHTS_ARE_OWN: system.rule === 'pool',
    // The feedback rule.
    ALIGNS: system.feedbackRule !== 'fixed',
    ALIGNED: inLifetime.map(l => l.aligned),
    ALIGNED_COUNT: aligned.length,
    ALIGNED_LAYERS: tableOf(aligned),
    ALIGN_EVERY: system.alignEvery,
    TIED: system.feedbackRule === 'kolen-pollack',
    HAS_PRIMITIVE: PRIMITIVES.map(p => system.primitives.includes(p)),
    PRIMITIVE_AT: PRIMITIVES.map(p => Math.max(0, system.primitives.indexOf(p))),
    // Random numbers.
    DRAWS: draws.W.total,
    DRAW_W_AT: draws.W.at,
    DRAW_W_LIMIT: { real: draws.W.limit },
    DRAW_B_AT: draws.B.at,
    DRAW_B_LIMIT: { real: draws.B.limit },
    DRAW_WEIGHTS: PURPOSES.weights,
    DRAW_NOISE: PURPOSES.noise,
    DRAW_MIRROR: PURPOSES.mirror,
    DRAW_MIRROR_AT: mirrorDraws.starts,
    MIRROR_DRAWS: mirrorDraws.size,
    NOISE: { real: system.noise * Math.sqrt(3) },
    BIRTH_B_DRAWN: system.feedbackWeights === 'drawn',
    // Places among the meta-parameters. What is no meta-parameter but has an adjoint has a place
    // for that behind them.
    PARAMETERS: places.size,
    GRADIENT: perTask.gradient,
    WEIGHT_AT: fast.gradientW,
    BIAS_RATE_COLUMN: inLifetime.map(l => biasRateColumn(l.index)),
    BIAS_AT: inLifetime.map(l => at(`b${l.index}`)),
    B_AT: fast.gradientB,
    KEEPS_D_B: fast.keepsGradientB,
    ANY_D_B: fast.keepsGradientB.includes(true),
    C_AT: inLifetime.map(l => at(`c${l.index}`)),
    VELOCITY_GRADIENT: fast.gradientV,
    STATE_GRADIENT: fast.gradientS,
    STATE_GRADIENT_STEP: fast.gradientStep,
    NEURON_GRADIENT: fast.neurons.gradient,
    RATE_AT: inLifetime.map(l => rateAt(l.index)),
    BETA_AT: inLifetime.map(l => at('beta') + Math.max(0, mixed.indexOf(l))),
    THETA_AT: inLifetime.map(l =>
      system.granularity === 'network' ? at('theta') : at(`theta${l.index}`),
    ),
    THETA_SHARED: system.granularity === 'network',
    WEIGHT_DECAY_AT: at('weightDecay'),
    MOMENTUM_AT: at('momentum'),
    K_AT: at('k'),
    ETA_B_AT: at('etaB'),
    TENSORS: layout.tensors.length,
    TOTAL: places.size + totalTail(plan),
    COLLECTORS: collectors(plan),
    COLLECTING: plan.collecting,
    SLICES: plan.slices,
    BLOCK,
    // Places in a task's rows, fast weights and outcome.
    ROW: record.row,
    ROWS: perTask.rows,
    X_AT: xAt,
    UNITS_AT: record.unitsAt.slice(encoderLayers + 1),
    NEURON_AT: record.neuronsAt,
    BELOW_AT: record.belowAt,
    ERROR_AT: record.errorsAt,
    RIGHT_AT: system.rule === 'pool' ? record.belowAt.map(at => record.fields.RIGHT + at) : xAt,
    MIRROR_X_AT: record.mirrored ? record.belowAt.map(at => record.fields.MIRROR_X + at) : xAt,
    RECORD: record.size,
    RANK: record.rank,
    ...record.fields,
    KEEPS_Z: record.keepsZ,
    ACTIVITY: perTask.activity,
    RECORDS_PER_STEP: perTask.records > batch ? batch : 0,
    QUERY_ROW: perTask.records,
    QUERY_AT: perTask.records * record.size,
    FAST: perTask.fast,
    FAST_AT: fast.W,
    SLOT: fast.slot,
    NEURON_STATES: statesOf(system).neuron.length,
    NEURON_STATES_AT: fast.neurons.at,
    NEURON_STATE_SIZE: fast.neurons.size,
    NEURON_STATE_AT: fast.neurons.layers,
    FAST_STEP: inLifetime.map(l => (l.plastic ? fast.slot : 0)),
    PLASTIC_SIZE: fast.plastic,
    FAST_B_AT: fast.B,
    FAST_B_STEP: inLifetime.map(l => (l.aligned ? fast.slot : 0)),
    KEEPS_B: fast.keepsB,
    FEEDBACK_ROWS: feedback.map(([rows]) => rows),
    FEEDBACK_WIDTH: feedback.map(([, columns]) => columns),
    FEEDBACK_QUADS: feedback.map(([, columns]) => fours(columns)),
    INTERVAL: plan.interval,
    KEPT: Math.floor(steps / plan.interval) + 1,
    ONE_SLOT: plan.adjoint === 'reverse' || plan.adjoint === 'none',
    SCRATCH: perTask.scratch,
    ...metricsShape(system),
    OUTCOME: outcomeSize(moments.length, perTask.metrics),
    OUTCOME_METRICS: outcomeSize(moments.length),
    OUTCOME_NORM: 2 * moments.length,
    OUTCOME_WEIGHT: 2 * moments.length + 1,
    OUTCOME_DRIFT: 2 * moments.length + 2,
    CLIP_PER_TASK: { real: rules.clipPerTask ?? LARGEST },
    CLIP: { real: rules.clip ?? LARGEST },
    // Penalty p is PENALTY_WEIGHT[p] Σ|·| over places PENALTY_FROM[p] … PENALTY_TO[p] − 1.
    PENALTIES: penalties.length,
    PENALTY_FROM: tableOf(penalised.map(([from]) => from)),
    PENALTY_TO: tableOf(penalised.map(([, to]) => to)),
    PENALTY_WEIGHT: { real: tableOf(penalties.map(({ weight }) => weight)) },
    FEWEST: { real: rules.everyTask ? plan.tasks : 1 },
    DRIFT_LIMIT: { real: DRIFT_LIMIT },
  });
}

/** What the kernels of encoder layer `index` (from 1) know besides: the module `layer`. */
export function encoderLayerModule({ system, places, record }: Plan, index: number): string {
  const layer = system.layers[index - 1]!;
  const { conv } = layer;
  return emit({
    FAN_IN: conv ? system.sizes[index - 1]! : layer.fanIn,
    FAN_OUT: layer.fanOut,
    WEIGHT_AT: places.at(`W${index}`)!,
    BIAS_AT: places.at(`b${index}`) ?? 0,
    X_AT: index === system.encoderLayers ? record.encodedAt : record.xAt[index]!,
    BELOW: record.xAt[index - 1]!,
    BELOW_POOLED: system.layers[index - 2]?.conv?.pool !== undefined,
    ...(conv && convolution(conv, record.unitsAt[index]!)),
  });
}

/** What a convolution's kernels know besides. */
function convolution(
  { channels, kernel, stride, padding, poolSize, input, units, output }: Convolution,
  unitsAt: number,
) {
  return {
    CHANNELS: channels,
    KERNEL: kernel,
    STRIDE: stride,
    PADDING: padding,
    POOL_SIZE: poolSize,
    CHANNELS_BELOW: input[0],
    BELOW_HEIGHT: input[1],
    BELOW_WIDTH: input[2],
    UNITS_AT: unitsAt,
    UNITS_HEIGHT: units[1],
    UNITS_WIDTH: units[2],
    POOLED_HEIGHT: output[1],
    POOLED_WIDTH: output[2],
  };
}

/** The largest clip: no clip at all. */
const LARGEST = 3e38;

function emit(constants: Record<string, Constant>): string {
  return Object.entries(constants)
    .map(([name, value]) => `const ${name} = ${literal(value)};`)
    .join('\n');
}

function literal(value: Constant): string {
  if (typeof value === 'number') return `${value}u`;
  if (typeof value === 'boolean') return String(value);
  if ('real' in value)
    return typeof value.real === 'number'
      ? real(value.real)
      : `array<f32, ${value.real.length}>(${value.real.map(real).join(', ')})`;
  const type = typeof value[0] === 'boolean' ? 'bool' : 'u32';
  return `array<${type}, ${value.length}>(${value.map(v => literal(v)).join(', ')})`;
}

/** A table has a number at least, which nobody asks for if it is none of `numbers`. */
const tableOf = (numbers: readonly number[]): readonly number[] => (numbers.length ? numbers : [0]);

const real = (x: number) => `f32(${x})`;
