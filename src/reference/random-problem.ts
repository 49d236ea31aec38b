import {
  coefficientName,
  fansOf,
  type Layout,
  layoutOf,
  ofAllLayers,
} from '../parameters/layout.js';
import {
  type ReferenceGradient,
  referenceGradient,
  type ReferenceOptions,
} from './meta-gradient.js';
import { defineSystem, type System, type SystemSpec } from '../systems/system.js';
import type { Episodes, ImageBank, Normalisation } from '../tasks/episodes.js';
import { type Random, random } from '../tasks/random.js';

/** What the rows of targets under cross-entropy may be. */
export const TARGETS = {
  'one-hot': (r, row) => {
    row[r.below(row.length)] = 1;
  },
  'several classes': (r, row) => {
    row.forEach((_, o) => (row[o] = r.below(2)));
    row[r.below(row.length)] = 1;
  },
  'soft labels': (r, row) => {
    row.fill(0.1 / row.length);
    row[r.below(row.length)]! += 0.9;
  },
  weights: (r, row) => {
    row[r.below(row.length)] = between(r, 0.1, 3);
  },
  masks: (r, row) => {
    row[r.below(row.length)] = r.below(2);
  },
  'negative numbers': (r, row) => {
    row.forEach((_, o) => (row[o] = between(r, -1, 1)));
  },
  'large numbers': (r, row) => {
    row.forEach((_, o) => (row[o] = between(r, 0, 10)));
  },
} satisfies Record<string, (r: Random, row: Float32Array) => void>;

export interface ProblemSpec {
  readonly spec: SystemSpec | System;
  readonly tasks?: number;
  readonly steps?: number;
  readonly batch?: number;
  readonly queries?: number;
  readonly seed?: number;
  /**
   * Draw inputs as indices into a bank of this many grey images, each of n_0 pixels in one row
   * unless the system says their shape. Default:
   * numbers in −1 … 1, or in 0 … 1 for softplus, which has no slope below.
   */
  readonly images?: number;
  /** How their levels are normalised, if they are. */
  readonly normalise?: Normalisation;
  /** Targets of this kind. Default: one-hot under cross-entropy, else numbers in −1 … 1. */
  readonly targets?: keyof typeof TARGETS;
}

export interface Problem {
  readonly system: System;
  readonly layout: Layout;
  /**
   * (layout.size) float64 that float32 holds exactly, so that a kernel and the reference are asked
   * the very same question.
   */
  readonly parameters: Float64Array;
  readonly episodes: Episodes;
  readonly bank?: ImageBank;
}

/**
 * A seeded problem of any system, with meta-parameters of the scale that a life needs to be neither
 * dull nor divergent.
 */
export function randomProblem({
  spec,
  tasks = 1,
  steps = 1,
  batch = 1,
  queries = 4,
  seed = 1,
  images,
  normalise,
  targets: kind,
}: ProblemSpec): Problem {
  const system = defineSystem(spec);
  const layout = layoutOf(system);
  const n0 = system.sizes[0]!;
  const nL = system.sizes.at(-1)!;
  const support = tasks * steps * batch;
  const query = tasks * queries;
  const r = random(seed, 0);
  const input =
    system.activation === 'softplus' ? () => Math.abs(between(r, -1, 1)) : () => between(r, -1, 1);
  const inputs = (count: number) =>
    images ? Uint32Array.from({ length: count }, () => r.below(images)) : filled(count * n0, input);
  const targets = (count: number) =>
    kind || system.loss === 'cross-entropy'
      ? rowsOf(kind ?? 'one-hot', count, nL, r)
      : filled(count * nL, () => between(r, -1, 1));
  return {
    system,
    layout,
    parameters: randomParameters(system, layout, seed, system.reduction === 'sum' ? batch : 1),
    episodes: {
      tasks,
      steps,
      batch,
      queries,
      origin: { seed, first: 3 },
      supportX: inputs(support),
      supportY: targets(support),
      queryX: inputs(query),
      queryY: targets(query),
    },
    ...(images && {
      bank: { ...randomBank(images, system, random(seed, 1)), ...(normalise && { normalise }) },
    }),
  };
}

/** What the reference answers. */
export function solve(
  { system, layout, parameters, episodes, bank }: Problem,
  options: ReferenceOptions = {},
): ReferenceGradient {
  return referenceGradient(system, layout, parameters, episodes, { bank, ...options });
}

/** Element i of a tensor of that kind. */
const DRAWS: Readonly<
  Record<string, (r: Random, shape: readonly number[], system: System, i: number) => number>
> = {
  W: (r, shape) => r.normal() * Math.sqrt(2 / fansOf({ shape })[1]),
  b: r => r.normal() * 0.1,
  B: (r, _, { feedback }) => r.normal() * (feedback === 'direct-rectified' ? 0.7 : 0.5),
  c: r => r.normal() * 0.1,
  alpha: r => between(r, -0.02, 0.05),
  beta: r => between(r, 0.2, 0.8),
  // The answers of squared error have no bounds, and some terms grow with the cube of what they
  // see.
  theta: (r, _, { terms, loss }, i) =>
    (terms[i] === 0 ? 0.05 : between(r, -0.02, 0.02)) * (loss === 'cross-entropy' ? 1 : 0.2),
  eta: r => between(r, 0.02, 0.08),
  weightDecay: () => 0.1,
  momentum: () => 0.5,
  k: r => between(r, 0.1, 0.5),
  etaB: () => 0.05,
  alphaBias: r => between(r, -0.02, 0.05),
  etaBias: r => between(r, 0.02, 0.08),
};

/**
 * Every tensor has a stream of its own, by kind and layer, so that two systems that share a tensor
 * are given the same numbers; but rates are for an update that is a sum of so many.
 */
function randomParameters(
  system: System,
  layout: Layout,
  seed: number,
  summed: number,
): Float64Array {
  const parameters = new Float64Array(layout.size);
  for (const { name, shape, group, offset, size } of layout.tensors) {
    if (group === 'rule') {
      const draw = writtenDraw(system, name, seed);
      for (let i = 0; i < size; i++) parameters[offset + i] = Math.fround(draw());
      continue;
    }
    const [, kind, index] = /^(\D+)(\d*)$/.exec(name) as unknown as [string, string, string];
    const r = random(seed, 1000 + 100 * Object.keys(DRAWS).indexOf(kind) + Number(index));
    const ofPositions = positionsSummed(system, kind, Number(index));
    const share = RATES.includes(kind) ? 1 / (summed * ofPositions) : 1;
    for (let i = 0; i < size; i++)
      parameters[offset + i] = Math.fround(share * DRAWS[kind]!(r, shape, system, i));
  }
  return parameters;
}

/** Of a rate, of one layer or (0) of all: from how many positions errors, or mirrors, are summed. */
function positionsSummed(system: System, kind: string, layer: number): number {
  if (kind.startsWith('alpha')) return 1;
  const concerned = system.layers.filter(l => l.plastic && (layer === 0 || l.index === layer));
  return concerned.reduce((most, l) => Math.max(most, l.positions), 1);
}

/** Kinds of tensors that updates are times. */
const RATES = ['alpha', 'alphaBias', 'eta', 'etaBias', 'etaB'];

/**
 * A number of a written rule's coefficient: of the range that it begins in; near the number that it
 * begins at, if that is one; or small.
 */
function writtenDraw({ rule }: System, tensor: string, seed: number): () => number {
  const coefficients = typeof rule === 'object' && rule.kind === 'written' ? rule.coefficients : [];
  const place = coefficients.findIndex(c => coefficientName(c.name) === ofAllLayers(tensor));
  const { start, per } = coefficients[place]!;
  const layer = per === 'network' ? 0 : Number(tensor.split('.').at(-1));
  const r = random(seed, 100_000 + 1000 * place + layer);
  if (typeof start === 'number') return () => (start || 0.05) * between(r, 0.5, 1.5);
  if ('normal' in start) return () => start.normal * r.normal();
  return () => between(r, start.uniform[0], start.uniform[1]);
}

function randomBank(count: number, { sizes, image }: System, r: Random): ImageBank {
  const pixels = sizes[0]!;
  const [channels, height, width] = image ?? [1, 1, pixels];
  return {
    count,
    ...(channels === 3 && { channels }),
    width,
    height,
    classes: count,
    pixels: Uint8Array.from({ length: count * pixels }, () => r.below(256)),
    labels: Uint16Array.from({ length: count }, (_, i) => i),
  };
}

function rowsOf(
  kind: keyof typeof TARGETS,
  count: number,
  outputs: number,
  r: Random,
): Float32Array {
  const y = new Float32Array(count * outputs);
  for (let k = 0; k < count; k++) TARGETS[kind](r, y.subarray(k * outputs, (k + 1) * outputs));
  return y;
}

function filled(length: number, draw: () => number): Float32Array {
  return Float32Array.from({ length }, draw);
}

function between(r: Random, low: number, high: number): number {
  return low + (high - low) * r.uniform();
}
