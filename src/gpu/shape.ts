import { outcomeSize, type Plan } from './plan.js';

/** A named constant for the shader linker: whole numbers become u32, `real` numbers f32, arrays tables. */
type Constant = number | boolean | { readonly real: number | readonly number[] } | readonly number[] | readonly boolean[];

const TOLD = { nothing: 0, activity: 1, mixed: 2, target: 3 } as const;

/** How the tasks' gradients become one: clips of the gradient's norm, and whether a step needs every task to be finite. */
export interface MeanRules {
  /** Each task's gradient norm is clipped to this before the mean. */
  readonly clipPerTask?: number;
  /** The norm of the mean gradient is clipped to this. */
  readonly clip?: number;
  readonly everyTask?: boolean;
}

/**
 * How far W_0, recalled by undoing the updates (adjoint `reverse`), may lie from the initial weights, relative to the largest of them.
 * Beyond it the gradient's error would come near 1e-4, and the meta-step is made again with checkpoints.
 */
export const DRIFT_LIMIT = 3e-5;

/** Everything about sizes and places that the kernels of a plan know at compile time: the module `shape`. */
export function shapeModule(plan: Plan, rules: MeanRules = {}): string {
  const { system, layout, perTask, steps, batch, queries, moments } = plan;
  const { encoderLayers, layers, sizes } = system, inLifetime = layers.slice(encoderLayers);
  const at = (name: string) => layout.get(name)?.offset ?? 0;
  const xAt = activityOffsets(plan).slice(encoderLayers);
  const neurons = perTask.row - xAt[1]!;
  const plasticSize = inLifetime.filter(l => l.plastic).reduce((n, l) => n + l.fanIn * l.fanOut, 0);
  const fastAt: number[] = [];
  let plastic = 0, frozen = perTask.slots * plasticSize;
  for (const l of inLifetime) {
    fastAt.push(l.plastic ? plastic : frozen);
    if (l.plastic) plastic += l.fanIn * l.fanOut; else frozen += l.fanIn * l.fanOut;
  }
  const told = inLifetime.map(l => l.plastic ? TOLD[l.told] : TOLD.nothing);
  const mixed = layers.filter(l => l.plastic && l.told === 'mixed');
  const keptRows = plan.adjoint === 'none' && !encoderLayers ? 0 : batch;
  return emit({
    LANES: plan.lanes, TEAMS: plan.teams, WORKGROUP: plan.lanes * plan.teams,
    // The episode.
    STEPS: steps, BATCH: batch, QUERIES: queries, SAMPLES: perTask.samples, INPUTS: sizes[0]!, OUTPUTS: sizes.at(-1)!, TASKS: plan.tasks, CHUNK: plan.tasksPerChunk, PADDED: Math.ceil(plan.tasksPerChunk / plan.teams) * plan.teams, IMAGES: plan.images,
    MOMENTS: moments.length, MOMENT_AT: moments, MOMENT_WEIGHT: { real: plan.momentWeights },
    // The network inside the lifetime: layer l + 1 maps WIDTH[l] to WIDTH[l + 1].
    DEPTH: inLifetime.length, WIDTH: sizes.slice(encoderLayers), NEURONS: neurons,
    PLASTIC: inLifetime.map(l => l.plastic), MULTIPLIER: { real: inLifetime.map(l => l.multiplier) },
    TOLD: told, TOLD_NOTHING: TOLD.nothing, TOLD_ACTIVITY: TOLD.activity, TOLD_MIXED: TOLD.mixed, TOLD_TARGET: TOLD.target,
    INPUT_GRADIENT: encoderLayers > 0,
    // Places among the meta-parameters.
    WEIGHT_AT: inLifetime.map(l => at(`W${l.index}`)), BIAS_AT: inLifetime.map(l => at(`b${l.index}`)),
    B_AT: inLifetime.map(l => at(`B${l.index}`)), C_AT: inLifetime.map(l => at(`c${l.index}`)),
    ALPHA_AT: inLifetime.map(l => system.alpha === 'network' ? at('alpha') : at(`alpha${l.index}`)),
    ALPHA_ROW: inLifetime.map(l => system.alpha === 'synapse' ? l.fanIn : system.alpha === 'neuron' ? 1 : 0),
    ALPHA_COLUMN: system.alpha === 'synapse' ? 1 : 0, ALPHA_PER_LAYER: system.alpha === 'layer' || system.alpha === 'network',
    BETA_AT: inLifetime.map(l => at('beta') + Math.max(0, mixed.indexOf(l))),
    GROUP_START: layout.groupStart, GRADIENT: layout.size,
    // Places in a task's activities (ROWS, ROW), fast weights, scratch and outcome.
    ROW: perTask.row, ROWS: perTask.rows, X_AT: xAt, ACTIVITY: perTask.activity, ROWS_PER_STEP: keptRows, QUERY_ROW: perTask.rows - moments.length * queries,
    FAST: perTask.fast, FAST_AT: fastAt, FAST_STEP: inLifetime.map(l => l.plastic ? plasticSize : 0),
    INTERVAL: plan.interval, KEPT: Math.floor(steps / plan.interval) + 1, ONE_SLOT: plan.adjoint === 'reverse' || plan.adjoint === 'none',
    SCRATCH: perTask.scratch, POST: 0, D_POST: batch * neurons, D_X: 2 * batch * neurons,
    OUTCOME: outcomeSize(moments.length), OUTCOME_NORM: 2 * moments.length, OUTCOME_WEIGHT: 2 * moments.length + 1, OUTCOME_DRIFT: 2 * moments.length + 2,
    CLIP_PER_TASK: { real: rules.clipPerTask ?? LARGEST }, CLIP: { real: rules.clip ?? LARGEST },
    FEWEST: { real: rules.everyTask ? plan.tasks : 1 }, DRIFT_LIMIT: { real: DRIFT_LIMIT },
  });
}

/** What the kernels of encoder layer `index` (from 1) know besides: the module `layer`. */
export function encoderLayerModule(plan: Plan, index: number): string {
  const layer = plan.system.layers[index - 1]!, xAt = activityOffsets(plan);
  return emit({
    FAN_IN: layer.fanIn, FAN_OUT: layer.fanOut, WEIGHT_AT: plan.layout.get(`W${index}`)!.offset, BIAS_AT: plan.layout.get(`b${index}`)!.offset,
    X_AT: xAt[index]!, BELOW: xAt[index - 1]!,
  });
}

/** Where x_0 … x_L begin in a row of activities. With an encoder the row begins at x_1, and x_0 stays in the inputs. */
export function activityOffsets(plan: Plan): number[] {
  const { sizes, encoderLayers } = plan.system, offsets: number[] = [];
  let offset = encoderLayers ? -sizes[0]! : 0;
  for (const n of sizes) { offsets.push(Math.max(0, offset)); offset += n; }
  return offsets;
}

/** The largest clip: no clip at all. */
const LARGEST = 3e38;

function emit(constants: Record<string, Constant>): string {
  return Object.entries(constants).map(([name, value]) => `const ${name} = ${literal(value)};`).join('\n');
}

function literal(value: Constant): string {
  if (typeof value === 'number') return `${value}u`;
  if (typeof value === 'boolean') return String(value);
  if ('real' in value) return typeof value.real === 'number' ? real(value.real) : `array<f32, ${value.real.length}>(${value.real.map(real).join(', ')})`;
  const type = typeof value[0] === 'boolean' ? 'bool' : 'u32';
  return `array<${type}, ${value.length}>(${value.map(v => literal(v)).join(', ')})`;
}

const real = (x: number) => `f32(${x})`;
