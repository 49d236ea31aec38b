import { initialNumbers } from '../parameters/initial.js';
import { layoutOf } from '../parameters/layout.js';
import { referenceLoss } from '../reference/meta-gradient.js';
import { shareInWords, tamed } from '../reference/tame.js';
import { defineRule } from '../rules/define.js';
import type { RuleSpec, WrittenRule } from '../rules/rule.js';
import { defineSystem, writtenOf, type SystemSpec } from '../systems/system.js';
import { checkCounts, type Episodes } from '../tasks/episodes.js';

/** A system, its meta-parameters and its lifetimes, always the same numbers, in float32. */
export interface Workload {
  readonly name: 'flp' | 'pool' | 'encoder' | 'convolution';
  /** What its rule is called, if that is a written one. */
  readonly rule?: string;
  readonly system: SystemSpec;
  /** In the order of the system's layout. */
  readonly parameters: Float32Array;
  readonly episodes: Episodes;
}

/** Tasks N of T inner steps. */
export interface Sizes {
  readonly tasks: number;
  readonly steps: number;
}

/**
 * Sizes of the workload `flp`: inner steps of `batch` samples, in a network [1, H, H, 1] of width
 * H.
 */
export interface FlpSizes extends Sizes {
  readonly width: number;
  readonly batch: number;
  /**
   * Another rule than Oja's. What multiplies all of its update is drawn like α; where lifetimes
   * diverge its coefficients are a share of what they begin at.
   */
  readonly rule?: RuleSpec | WrittenRule;
}

/**
 * FLP on sine regression, as every peer is given it. Parameters are drawn from seed 1 and tasks
 * from seed 7, in a fixed order.
 */
export function flpWorkload({ tasks, steps, width, batch, rule }: FlpSizes): Workload {
  checkCounts({ tasks, steps, width, batch }, 'bench');
  const system: SystemSpec = { sizes: [1, width, width, 1], ...(rule && { rule }) };
  const episodes = sines(tasks, steps, batch, 10);
  const parameters = flpParameters(system, batch);
  return {
    name: 'flp',
    system,
    episodes,
    ...(rule ? ofRule(rule, system, parameters, episodes) : { parameters }),
  };
}

/** What is said of a written rule, and parameters with which its lifetimes do not diverge. */
function ofRule(
  given: RuleSpec | WrittenRule,
  spec: SystemSpec,
  parameters: Float32Array,
  episodes: Episodes,
): Pick<Workload, 'rule' | 'parameters'> {
  const { name } = defineRule(given);
  const system = defineSystem(spec);
  const layout = layoutOf(system);
  const found = tamed(layout, parameters, some => referenceLoss(system, layout, some, episodes));
  if (!found) return { rule: name, parameters };
  const share = shareInWords(found.share);
  return { rule: share ? `${name}, ${share}` : name, parameters: found.parameters };
}

/** The network of the workload `pool` (Shervani-Tabar & Rosenbaum 2023, §3.2). */
const POOL_SIZES = [784, 170, 130, 100, 70, 47] as const;

/**
 * The ten-term pool with chained feedback on images that are drawn, as every peer is given it; θ is
 * what is learned. W and B are inherited, so that they are the peers' numbers.
 */
export function poolWorkload(
  { tasks, steps }: Sizes,
  sizes: readonly number[] = POOL_SIZES,
): Workload {
  checkCounts({ tasks, steps }, 'bench');
  const system: SystemSpec = {
    preset: 'pool',
    sizes,
    weights: 'inherited',
    feedbackWeights: 'inherited',
  };
  return {
    name: 'pool',
    system,
    parameters: poolParameters(system),
    episodes: images(tasks, steps, sizes[0]!, sizes.at(-1)!, 50),
  };
}

/**
 * FLP behind an encoder of two frozen layers, for the kernels that only an encoder has. No peer has
 * it.
 */
export function encoderWorkload({ tasks, steps }: Sizes): Workload {
  const sizes = [784, 128, 64, 32, 10];
  const system: SystemSpec = { sizes, frozen: [1, 2], loss: 'cross-entropy' };
  return {
    name: 'encoder',
    system,
    parameters: flpParameters(system, 1),
    episodes: images(tasks, steps, sizes[0]!, sizes.at(-1)!, 20),
  };
}

/**
 * FLP behind three convolutions, the network of the preset flp-omniglot-conv, asked as many images
 * as it is taught.
 */
export function convolutionWorkload({ tasks, steps }: Sizes): Workload {
  const looking = { conv: { channels: 32, kernel: 3, stride: 2 } };
  const system: SystemSpec = {
    image: [1, 28, 28],
    layers: [looking, looking, looking, { dense: 128 }, { dense: 5 }],
    frozen: [1, 2, 3],
    loss: 'cross-entropy',
  };
  return {
    name: 'convolution',
    system,
    parameters: flpParameters(system, 1),
    episodes: images(tasks, steps, 28 * 28, 5, steps),
  };
}

/**
 * Layer by layer W, b, B, c, α, uniform around 0; α is divided by the batch, over which an update
 * is summed, and so is what multiplies all of a written rule's update. β is not drawn; a written
 * rule's other coefficients begin as it says.
 */
function flpParameters(spec: SystemSpec, batch: number): Float32Array {
  const system = defineSystem(spec);
  const layout = layoutOf(system);
  const factor = writtenOf(system)?.product?.factor;
  const parameters = initialNumbers(system, layout, 1);
  const draw = drawInto(parameters, mulberry32(1));
  for (const { index, fanIn } of system.layers) {
    const halfWidths = {
      W: index > 1 ? Math.sqrt(6 / fanIn) : 1,
      b: 0.1,
      B: 1,
      c: 0,
      [factor === undefined ? 'alpha' : `rule.${factor}.`]: 0.001 / batch,
    };
    for (const [kind, halfWidth] of Object.entries(halfWidths))
      draw(layout.get(`${kind}${index}`), halfWidth);
  }
  const beta = layout.get('beta');
  return beta ? parameters.fill(0.3, beta.offset, beta.offset + beta.size) : parameters;
}

const THETA = [1e-3, 2e-4, -5e-4, 1e-4, 5e-5, 1e-5, 1e-5, 1e-5, 1e-5, 1e-4];

/** Layer by layer W and B, Xavier-uniform; θ is not drawn. */
function poolParameters(spec: SystemSpec): Float32Array {
  const system = defineSystem(spec);
  const layout = layoutOf(system);
  const parameters = new Float32Array(layout.size);
  const draw = drawInto(parameters, mulberry32(1));
  for (const { index, fanIn, fanOut } of system.layers)
    for (const kind of ['W', 'B'])
      draw(layout.get(`${kind}${index}`), Math.sqrt(6 / (fanIn + fanOut)));
  parameters.set(THETA, layout.get('theta')!.offset);
  return parameters;
}

/** Fills a tensor, where the system has it, with numbers uniform in ± halfWidth. */
function drawInto(parameters: Float32Array, r: () => number) {
  return (tensor: { offset: number; size: number } | undefined, halfWidth: number): void => {
    if (tensor)
      for (let i = tensor.offset; i < tensor.offset + tensor.size; i++)
        parameters[i] = (2 * r() - 1) * halfWidth;
  };
}

/**
 * Task after task: amplitude, phase, then every support and every query input, y = amplitude ·
 * sin(x + phase).
 */
function sines(tasks: number, steps: number, batch: number, queries: number): Episodes {
  const r = mulberry32(7);
  const support = steps * batch;
  const [supportX, supportY] = [
    new Float32Array(tasks * support),
    new Float32Array(tasks * support),
  ];
  const [queryX, queryY] = [new Float32Array(tasks * queries), new Float32Array(tasks * queries)];
  for (let task = 0; task < tasks; task++) {
    const amplitude = 0.1 + 4.9 * r();
    const phase = Math.PI * r();
    const draw = (X: Float32Array, Y: Float32Array, count: number) => {
      for (let k = task * count; k < (task + 1) * count; k++) {
        const x = -5 + 10 * r();
        X[k] = x;
        Y[k] = amplitude * Math.sin(x + phase);
      }
    };
    draw(supportX, supportY, support);
    draw(queryX, queryY, queries);
  }
  return { tasks, steps, batch, queries, supportX, supportY, queryX, queryY };
}

/**
 * Task after task, sample after sample: pixels 0.6 |u₁ + u₂ + u₃ − 1.5|, then a label. Batches of
 * one.
 */
function images(
  tasks: number,
  steps: number,
  pixels: number,
  classes: number,
  queries: number,
): Episodes {
  const r = mulberry32(7);
  const [supportX, supportY] = [
    new Float32Array(tasks * steps * pixels),
    new Float32Array(tasks * steps * classes),
  ];
  const [queryX, queryY] = [
    new Float32Array(tasks * queries * pixels),
    new Float32Array(tasks * queries * classes),
  ];
  for (let task = 0; task < tasks; task++) {
    const draw = (X: Float32Array, Y: Float32Array, count: number) => {
      for (let k = task * count; k < (task + 1) * count; k++) {
        for (let j = 0; j < pixels; j++) X[k * pixels + j] = 0.6 * Math.abs(r() + r() + r() - 1.5);
        Y[k * classes + Math.floor(classes * r())] = 1;
      }
    };
    draw(supportX, supportY, steps);
    draw(queryX, queryY, queries);
  }
  return { tasks, steps, batch: 1, queries, supportX, supportY, queryX, queryY };
}

/** Uniform in [0, 1), 32 bits. */
function mulberry32(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
