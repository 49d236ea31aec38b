import { MetaplasticError } from '../errors.js';

/** The slots of a learning system and the choices each has. A choice is a WGSL module and a reference function of the same name. */
export const SLOTS = {
  activation: ['relu', 'softplus', 'tanh', 'sigmoid', 'linear'],
  signal: ['error', 'target'],
  feedbackActivation: ['relu', 'linear'],
  rule: ['oja', 'hebb'],
  loss: ['squared-error', 'cross-entropy'],
} as const;

export type Slot = keyof typeof SLOTS;
export type Choice<S extends Slot> = (typeof SLOTS)[S][number];

/** How finely the plasticity coefficient α is resolved: one per synapse, per post-synaptic neuron, per layer, or one for the network. */
export const GRANULARITIES = ['synapse', 'neuron', 'layer', 'network'] as const;
export type Granularity = (typeof GRANULARITIES)[number];

/**
 * A network and how it learns within a lifetime: feedback and local plasticity (FLP, Lindsey & Litwin-Kumar 2020, §1).
 *
 * Layer l = 1 … L maps n_{l-1} to n_l; the output layer is linear. Everything but `sizes` has a default.
 */
export interface SystemSpec {
  /** n_0 … n_L: inputs, hidden widths, outputs; each ≥ 1, at least two entries. */
  readonly sizes: readonly number[];
  /** What a hidden neuron does. Default `relu`. */
  readonly activation?: Choice<'activation'>;
  /** What is fed back: `error` s = y − x_L, or `target` s = y, which also clamps the output layer to y. Default: `error` for squared error, `target` for cross-entropy. */
  readonly signal?: Choice<'signal'>;
  /** Rectified (`relu`, as published) or `linear` feedback: f_l = φ(B_l s + c_l). */
  readonly feedbackActivation?: Choice<'feedbackActivation'>;
  /** Which plastic layers receive feedback: `all`, or only the `output` layer (the others then learn unsupervised). Default `all`. */
  readonly feedbackTo?: 'all' | 'output';
  /** How a synapse changes. Default `oja`. */
  readonly rule?: Choice<'rule'>;
  /** Default `squared-error`. */
  readonly loss?: Choice<'loss'>;
  /** Resolution of α. Default `synapse`. */
  readonly alpha?: Granularity;
  /** Factor m_l on the update of layer l: one number for all layers, or one a layer. Default 1. */
  readonly multiplier?: number | readonly number[];
  /** Layers (1 … L) that do not change within a lifetime; their W and b are still meta-learned. Default none. */
  readonly frozen?: readonly number[];
}

/** What layer l is told: `mixed` post = β f + (1 − β) x, `activity` post = x, `target` post = y. */
export type Told = 'mixed' | 'activity' | 'target';

/** One layer of a checked system. `index` counts from 1; `plastic` layers have α, and those told `mixed` also B, c, β. */
export interface Layer {
  readonly index: number;
  readonly fanIn: number;
  readonly fanOut: number;
  readonly plastic: boolean;
  readonly told: Told;
  readonly multiplier: number;
}

/** A checked system: every default filled in, every layer described. */
export interface System extends Required<Omit<SystemSpec, 'multiplier'>> {
  readonly multiplier: readonly number[];
  readonly layers: readonly Layer[];
  /** Number of leading frozen layers, which form the encoder: they run once over all samples, outside the lifetime's loop. */
  readonly encoderLayers: number;
}

/** Checks a system and fills in its defaults. Throws a MetaplasticError that names the key. */
export function defineSystem(spec: SystemSpec): System {
  const { sizes } = spec;
  if (!Array.isArray(sizes) || sizes.length < 2) throw new MetaplasticError('system.sizes', `expected at least two sizes (inputs … outputs), got ${JSON.stringify(sizes)}`);
  for (const n of sizes) if (!Number.isInteger(n) || n < 1) throw new MetaplasticError('system.sizes', `expected whole numbers ≥ 1, got ${n} in [${sizes.join(', ')}]`);
  const depth = sizes.length - 1;
  const loss = choose('loss', spec.loss, 'squared-error');
  const signal = choose('signal', spec.signal, loss === 'cross-entropy' ? 'target' : 'error');
  const feedbackTo = oneOf('system.feedbackTo', ['all', 'output'] as const, spec.feedbackTo ?? 'all');
  const frozen = [...new Set(spec.frozen ?? [])].sort((a, b) => a - b);
  for (const l of frozen) if (!Number.isInteger(l) || l < 1 || l > depth) throw new MetaplasticError('system.frozen', `expected layer numbers 1 … ${depth}, got ${l}`);
  if (frozen.length === depth) throw new MetaplasticError('system.frozen', `expected at least one plastic layer, got all ${depth} frozen`, 'leave a layer out of the list');
  const given = spec.multiplier ?? 1;
  const multiplier = typeof given === 'number' ? new Array<number>(depth).fill(given) : [...given];
  if (multiplier.length !== depth) throw new MetaplasticError('system.multiplier', `expected one number, or one for each of ${depth} layers, got ${multiplier.length}`);
  for (const m of multiplier) if (!Number.isFinite(m)) throw new MetaplasticError('system.multiplier', `expected finite numbers, got ${m}`);

  const layers = multiplier.map((m, k): Layer => {
    const index = k + 1, plastic = !frozen.includes(index), output = index === depth;
    const told: Told = output && signal === 'target' ? 'target' : plastic && (feedbackTo === 'all' || output) ? 'mixed' : 'activity';
    return { index, fanIn: sizes[k]!, fanOut: sizes[index]!, plastic, told, multiplier: m };
  });
  return {
    sizes: [...sizes], loss, signal, feedbackTo, frozen, multiplier, layers,
    activation: choose('activation', spec.activation, 'relu'),
    feedbackActivation: choose('feedbackActivation', spec.feedbackActivation, 'relu'),
    rule: choose('rule', spec.rule, 'oja'),
    alpha: oneOf('system.alpha', GRANULARITIES, spec.alpha ?? 'synapse'),
    encoderLayers: layers.findIndex(l => l.plastic),
  };
}

function choose<S extends Slot>(slot: S, given: string | undefined, byDefault: Choice<S>): Choice<S> {
  return oneOf(`system.${slot}`, SLOTS[slot] as readonly Choice<S>[], (given ?? byDefault) as Choice<S>);
}

function oneOf<T extends string>(where: string, known: readonly T[], got: T): T {
  if (!known.includes(got)) throw new MetaplasticError(where, `unknown choice ${JSON.stringify(got)}`, `known: ${known.join(', ')}`);
  return got;
}
