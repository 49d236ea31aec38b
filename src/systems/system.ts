import { MetaplasticError } from '../errors.js';
import { PRESETS, type Preset } from './presets.js';

/**
 * The slots of a learning system and the choices each has. A choice is a WGSL module and a
 * reference function of the same name.
 */
export const SLOTS = {
  activation: ['relu', 'softplus', 'tanh', 'sigmoid', 'linear'],
  feedback: ['direct-rectified', 'chained', 'direct', 'sign-symmetric', 'backprop'],
  signal: ['error', 'target'],
  feedbackActivation: ['relu', 'linear'],
  rule: ['oja', 'hebb', 'gradient', 'pool'],
  feedbackRule: [
    'fixed',
    'weight-mirror',
    'information-alignment',
    'symmetric-alignment',
    'activation-alignment',
    'kolen-pollack',
  ],
  loss: ['squared-error', 'mean-squared-error', 'cross-entropy'],
} as const;

export type Slot = keyof typeof SLOTS;
export type Choice<S extends Slot> = (typeof SLOTS)[S][number];

/**
 * What each rule works from: what the neuron is told to be (`post`), or the error that it is told
 * (`error`), and its learned coefficient:
 * plasticity α, learning rate η, or coefficients θ of the pool's terms.
 */
export const RULES = {
  oja: { from: 'post', coefficient: 'alpha' },
  hebb: { from: 'post', coefficient: 'alpha' },
  gradient: { from: 'error', coefficient: 'eta' },
  pool: { from: 'error', coefficient: 'theta' },
} as const satisfies Record<
  Choice<'rule'>,
  { from: 'post' | 'error'; coefficient: 'alpha' | 'eta' | 'theta' }
>;

/** Terms F⁰ … F⁹ of the plasticity pool (Shervani-Tabar & Rosenbaum 2023, Eqs. 14–23). */
export const TERMS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;
/** Those that see the error of the layer below. */
const TERMS_OF_ERROR_BELOW = [1, 2, 4, 6, 7, 8];

/**
 * Primitives that the feedback rules are sums of (Kunin et al. 2020, Table 1), in the order of k.
 */
export const PRIMITIVES = ['decay', 'amp', 'null', 'sparse', 'self'] as const;
export type Primitive = (typeof PRIMITIVES)[number];

/**
 * The primitives of each feedback rule; Kolen-Pollack's also adds the transpose of the task update.
 */
export const FEEDBACK_RULES = {
  fixed: [],
  'weight-mirror': ['decay', 'amp'],
  'information-alignment': ['decay', 'amp', 'null'],
  'symmetric-alignment': ['decay', 'self'],
  'activation-alignment': ['amp', 'sparse'],
  'kolen-pollack': ['decay'],
} as const satisfies Record<Choice<'feedbackRule'>, readonly Primitive[]>;

/**
 * How finely a coefficient is resolved: one per synapse, per post-synaptic neuron, per layer, or
 * one for the network.
 */
export const GRANULARITIES = ['synapse', 'neuron', 'layer', 'network'] as const;
export type Granularity = (typeof GRANULARITIES)[number];

/**
 * Where W and B come from: inherited, so meta-learned; or drawn anew for every lifetime, B also for
 * every inner step, or B_ij all √(2 / (fan-in + fan-out)).
 */
export const ORIGINS = {
  weights: ['inherited', 'drawn'],
  feedbackWeights: ['inherited', 'drawn', 'drawn-every-step', 'constant'],
} as const;

/**
 * A network and how it learns within a lifetime. Layer l = 1 … L maps n_{l-1} to n_l; the output
 * layer is linear (its answer is the softmax
 * under cross-entropy). Everything but `sizes` has a default; without any other key it is feedback
 * and local plasticity (FLP, Lindsey & Litwin-Kumar 2020, §1).
 */
export interface SystemSpec {
  /** A published system to start from; every other key overrides what it says. */
  readonly preset?: Preset;
  /** n_0 … n_L: inputs, hidden widths, outputs; each ≥ 1, at least two entries. */
  readonly sizes: readonly number[];
  /** What a hidden neuron does. Default `relu`. */
  readonly activation?: Choice<'activation'>;
  /**
   * Biases b, meta-learned, never plastic. Default true, but false for the rule `pool` and for
   * systems that learn B.
   */
  readonly bias?: boolean;
  /**
   * How neurons are told: `direct-rectified` (FLP: a signal, mixed into their activity), or an
   * error e_l that comes down by feedback weights B of
   * Wᵀ's shape (`chained`), straight from the output (`direct`), by |B| ⊙ sign(Wᵀ)
   * (`sign-symmetric`), or by Wᵀ (`backprop`).
   * Default: `direct-rectified` for oja and hebb, `backprop` for gradient, `chained` for pool.
   */
  readonly feedback?: Choice<'feedback'>;
  /**
   * Of direct-rectified feedback: `error` s = y − answer, or `target` s = y, which also clamps the
   * output layer to y. Default: `target` for cross-entropy, `error` for the others.
   */
  readonly signal?: Choice<'signal'>;
  /** Rectified (`relu`, as published) or `linear` direct feedback: f_l = φ(B_l s + c_l). */
  readonly feedbackActivation?: Choice<'feedbackActivation'>;
  /**
   * Which plastic layers receive direct-rectified feedback: `all`, or only the `output` layer (the
   * others then learn unsupervised). Default `all`.
   */
  readonly feedbackTo?: 'all' | 'output';
  /** How a synapse changes. Default `oja`. */
  readonly rule?: Choice<'rule'>;
  /** Terms of the pool, of 0 … 9. Default all. */
  readonly terms?: readonly number[];
  /** How a feedback synapse changes. Default `fixed`. */
  readonly feedbackRule?: Choice<'feedbackRule'>;
  /** Primitives of the feedback rule that have a coefficient in k. Default: those of the rule. */
  readonly primitives?: readonly Primitive[];
  /**
   * x and W x that a feedback rule sees: the lifetime's own `activity`, or `noise` U(−1, 1) sent
   * into each layer alone (a mirror phase). Default `activity`.
   */
  readonly mirror?: 'activity' | 'noise';
  /** The feedback rule acts on every so many-th inner step. Default 1. */
  readonly alignEvery?: number;
  /**
   * What queries are judged by, and what error e_L an error path begins with:
   * - `squared-error` Σ (x − y)² / n_L, but e_L = x − y, the gradient of ½ ‖x − y‖², as papers have
   *   it;
   * - `mean-squared-error` the same number, and e_L is its gradient 2 (x − y) / n_L, as PyTorch's
   *   `mse_loss` has it;
   * - `cross-entropy` −Σ y log softmax(x), for two outputs or more; e_L is its gradient
   *   (Σ y) softmax(x) − y. Targets may be any numbers: one-hot, several classes, soft labels, all
   *   of these times a sample's weight, zeros for a sample that is masked.
   * Default `squared-error`.
   */
  readonly loss?: Choice<'loss'>;
  /**
   * Resolution of α (oja, hebb; default `synapse`), of η (gradient; default `layer`), and of θ
   * (pool; `layer` or `network`, the default).
   */
  readonly alpha?: Granularity;
  readonly eta?: Granularity;
  readonly theta?: 'layer' | 'network';
  /**
   * The update of W and B sums over the batch, or takes its mean, as losses of PyTorch and JAX do by
   * default. Default `sum`.
   */
  readonly reduction?: 'sum' | 'mean';
  /**
   * Rule gradient: W also shrinks by η · weightDecay a step. Default false, but true for
   * Kolen-Pollack.
   */
  readonly weightDecay?: boolean;
  /** Rule gradient: the update is v ← momentum · v + gradient, W ← W − η v. Default false. */
  readonly momentum?: boolean;
  /**
   * After every update, noise · U(−√3, √3), which has unit variance, is added to each plastic
   * weight; under Kolen-Pollack to B instead. Default 0.
   */
  readonly noise?: number;
  /** Factor m_l on the update of layer l: one number for all layers, or one a layer. Default 1. */
  readonly multiplier?: number | readonly number[];
  /**
   * Layers (1 … L) that do not change within a lifetime; their W and b are still meta-learned.
   * Default none.
   */
  readonly frozen?: readonly number[];
  readonly weights?: (typeof ORIGINS.weights)[number];
  readonly feedbackWeights?: (typeof ORIGINS.feedbackWeights)[number];
  /**
   * Meta-gradient that holds pre, post and errors of every inner step constant (first-order MAML),
   * instead of the exact one. Default false.
   */
  readonly firstOrder?: boolean;
}

/**
 * What layer l is told: `mixed` post = β f + (1 − β) x, `activity` post = x, `target` post = y; or
 * its `error`.
 */
export type Told = 'mixed' | 'activity' | 'target' | 'error';

/**
 * One layer of a checked system. `index` counts from 1; `plastic` layers change, and those told
 * `mixed` have B, c, β.
 */
export interface Layer {
  readonly index: number;
  readonly fanIn: number;
  readonly fanOut: number;
  readonly plastic: boolean;
  readonly told: Told;
  /** Its error goes on to the layer below: by B_l, unless by backprop. */
  readonly carries: boolean;
  /** Its B changes by the feedback rule. */
  readonly aligned: boolean;
  readonly multiplier: number;
}

/** A checked system: every default filled in, every layer described. */
export interface System extends Required<
  Omit<SystemSpec, 'multiplier' | 'preset' | 'alpha' | 'eta' | 'theta'>
> {
  readonly multiplier: readonly number[];
  readonly layers: readonly Layer[];
  /**
   * Number of leading frozen layers, which form the encoder: they run once over all samples,
   * outside the lifetime's loop.
   */
  readonly encoderLayers: number;
  /** Resolution of the rule's coefficient. */
  readonly granularity: Granularity;
}

/**
 * Checks a system and fills in its defaults; a checked one is left as it is. Throws a
 * MetaplasticError that names the key.
 */
export function defineSystem(given: SystemSpec | System): System {
  if ('layers' in given) return given;
  if (given.preset !== undefined)
    oneOf('system.preset', Object.keys(PRESETS) as Preset[], given.preset);
  const spec: SystemSpec = { ...(given.preset && PRESETS[given.preset]), ...given };
  const { sizes } = spec;
  if (!Array.isArray(sizes) || sizes.length < 2)
    throw new MetaplasticError({
      where: 'system.sizes',
      expected: 'at least two sizes (inputs … outputs)',
      got: `${JSON.stringify(sizes)}`,
    });
  for (const n of sizes)
    if (!Number.isInteger(n) || n < 1)
      throw new MetaplasticError({
        where: 'system.sizes',
        expected: 'whole numbers ≥ 1',
        got: `${n} in [${sizes.join(', ')}]`,
      });
  const depth = sizes.length - 1;
  const loss = choose('loss', spec.loss, 'squared-error');
  if (loss === 'cross-entropy' && sizes.at(-1)! < 2)
    throw new MetaplasticError({
      where: 'system.loss',
      expected: 'two outputs or more for cross-entropy, one for each class',
      got: `sizes [${sizes.join(', ')}]`,
      hint: 'the softmax of one output is always 1: give two classes two outputs, or choose squared-error',
    });
  const rule = choose('rule', spec.rule, 'oja');
  const { from, coefficient } = RULES[rule];
  const feedback = choose(
    'feedback',
    spec.feedback,
    from === 'post' ? 'direct-rectified' : rule === 'pool' ? 'chained' : 'backprop',
  );
  if ((feedback === 'direct-rectified') !== (from === 'post')) {
    const fitting = SLOTS.rule.filter(r => RULES[r].from === (from === 'post' ? 'error' : 'post'));
    throw new MetaplasticError({
      where: 'system.feedback',
      expected: `${from === 'post' ? 'direct-rectified' : SLOTS.feedback.slice(1).join(', ')} for the rule ${rule}`,
      got: `${feedback}`,
      hint: `${feedback} goes with the rules ${fitting.join(', ')}`,
    });
  }
  const signal = choose('signal', spec.signal, loss === 'cross-entropy' ? 'target' : 'error');
  const feedbackTo = oneOf(
    'system.feedbackTo',
    ['all', 'output'] as const,
    spec.feedbackTo ?? 'all',
  );
  const frozen = [...new Set(spec.frozen ?? [])].sort((a, b) => a - b);
  for (const l of frozen)
    if (!Number.isInteger(l) || l < 1 || l > depth)
      throw new MetaplasticError({
        where: 'system.frozen',
        expected: `layer numbers 1 … ${depth}`,
        got: `${l}`,
      });
  if (frozen.length === depth)
    throw new MetaplasticError({
      where: 'system.frozen',
      expected: 'at least one plastic layer',
      got: `all ${depth} frozen`,
      hint: 'leave a layer out of the list',
    });
  const multiplier =
    typeof (spec.multiplier ?? 1) === 'number'
      ? new Array<number>(depth).fill((spec.multiplier ?? 1) as number)
      : [...(spec.multiplier as readonly number[])];
  if (multiplier.length !== depth)
    throw new MetaplasticError({
      where: 'system.multiplier',
      expected: `one number, or one for each of ${depth} layers`,
      got: `${multiplier.length}`,
    });
  for (const m of multiplier)
    if (!Number.isFinite(m))
      throw new MetaplasticError({
        where: 'system.multiplier',
        expected: 'finite numbers',
        got: `${m}`,
      });

  const { terms, errorBelow } = chooseTerms(rule, spec.terms);
  const { feedbackRule, primitives } = chooseFeedbackRule(feedback, spec);
  const rated = rule === 'gradient';
  for (const key of ['weightDecay', 'momentum'] as const)
    if (spec[key] && !rated)
      throw new MetaplasticError({
        where: `system.${key}`,
        expected: 'the rule gradient',
        got: `${rule}`,
        hint: 'leave it out',
      });
  for (const key of ['alpha', 'eta', 'theta'] as const)
    if (spec[key] !== undefined && key !== coefficient)
      throw new MetaplasticError({
        where: `system.${key}`,
        expected: `${coefficient}, the coefficient of the rule ${rule}`,
        got: `${key}`,
      });
  if (from === 'error')
    for (const key of ['signal', 'feedbackActivation', 'feedbackTo'] as const) {
      if (spec[key] !== undefined)
        throw new MetaplasticError({
          where: `system.${key}`,
          expected: 'only with direct-rectified feedback',
          got: `it with ${feedback}`,
          hint: 'leave it out',
        });
    }
  const granularity =
    coefficient === 'theta'
      ? oneOf('system.theta', ['layer', 'network'] as const, spec.theta ?? 'network')
      : oneOf(
          `system.${coefficient}`,
          GRANULARITIES,
          spec[coefficient] ?? (rated ? 'layer' : 'synapse'),
        );
  const weights = oneOf('system.weights', ORIGINS.weights, spec.weights ?? 'inherited');
  const feedbackWeights = oneOf(
    'system.feedbackWeights',
    ORIGINS.feedbackWeights,
    spec.feedbackWeights ?? 'inherited',
  );
  if (
    feedbackWeights !== 'inherited' &&
    (feedback === 'direct-rectified' || feedback === 'backprop')
  )
    throw new MetaplasticError({
      where: 'system.feedbackWeights',
      expected: `inherited for the feedback ${feedback}`,
      got: `${feedbackWeights}`,
    });
  if (feedbackRule !== 'fixed' && !['inherited', 'drawn'].includes(feedbackWeights))
    throw new MetaplasticError({
      where: 'system.feedbackWeights',
      expected: 'inherited or drawn with a feedback rule',
      got: `${feedbackWeights}`,
    });
  if (spec.firstOrder && feedbackRule !== 'fixed')
    throw new MetaplasticError({
      where: 'system.firstOrder',
      expected: 'false with a feedback rule',
      got: `true with ${feedbackRule}`,
      hint: 'B acts through errors alone, which first order holds constant',
    });
  const noise = spec.noise ?? 0;
  const alignEvery = spec.alignEvery ?? 1;
  if (!(noise >= 0 && Number.isFinite(noise)))
    throw new MetaplasticError({
      where: 'system.noise',
      expected: 'a number ≥ 0',
      got: `${noise}`,
    });
  if (!Number.isInteger(alignEvery) || alignEvery < 1)
    throw new MetaplasticError({
      where: 'system.alignEvery',
      expected: 'a whole number ≥ 1',
      got: `${alignEvery}`,
    });

  const encoderLayers = multiplier.findIndex((_, k) => !frozen.includes(k + 1));
  if (weights === 'drawn' && encoderLayers)
    throw new MetaplasticError({
      where: 'system.weights',
      expected: `inherited weights for an encoder (frozen layers 1 … ${encoderLayers})`,
      got: 'drawn',
    });
  const layers = multiplier.map((m, k): Layer => {
    const index = k + 1;
    const plastic = !frozen.includes(index);
    const output = index === depth;
    const told: Told =
      from === 'error'
        ? 'error'
        : output && signal === 'target'
          ? 'target'
          : plastic && (feedbackTo === 'all' || output)
            ? 'mixed'
            : 'activity';
    const inside = from === 'error' && k >= encoderLayers;
    const aligned = inside && plastic && feedbackRule !== 'fixed';
    return {
      index,
      fanIn: sizes[k]!,
      fanOut: sizes[index]!,
      plastic,
      told,
      carries: inside && (k > encoderLayers || errorBelow || aligned),
      aligned,
      multiplier: m,
    };
  });
  return {
    sizes: [...sizes],
    loss,
    signal,
    feedback,
    feedbackTo,
    frozen,
    multiplier,
    layers,
    rule,
    terms,
    feedbackRule,
    primitives,
    granularity,
    weights,
    feedbackWeights,
    noise,
    alignEvery,
    encoderLayers,
    activation: choose('activation', spec.activation, 'relu'),
    feedbackActivation: choose('feedbackActivation', spec.feedbackActivation, 'relu'),
    bias: spec.bias ?? (rule !== 'pool' && feedbackRule === 'fixed'),
    mirror: oneOf('system.mirror', ['activity', 'noise'] as const, spec.mirror ?? 'activity'),
    reduction: oneOf('system.reduction', ['sum', 'mean'] as const, spec.reduction ?? 'sum'),
    weightDecay: spec.weightDecay ?? (rated && feedbackRule === 'kolen-pollack'),
    momentum: spec.momentum ?? false,
    firstOrder: spec.firstOrder ?? false,
  };
}

function chooseTerms(
  rule: Choice<'rule'>,
  given: readonly number[] | undefined,
): { terms: readonly number[]; errorBelow: boolean } {
  if (rule !== 'pool') {
    if (given)
      throw new MetaplasticError({
        where: 'system.terms',
        expected: 'the rule pool',
        got: `${rule}`,
        hint: 'leave it out',
      });
    return { terms: [], errorBelow: false };
  }
  const terms = [...new Set(given ?? TERMS)].sort((a, b) => a - b);
  const unknown = terms.filter(r => !(TERMS as readonly number[]).includes(r));
  if (unknown.length || !terms.length)
    throw new MetaplasticError({
      where: 'system.terms',
      problem: unknown.length
        ? `unknown terms ${unknown.join(', ')}`
        : 'expected at least one term, got none',
      hint: `known: ${TERMS.join(', ')}`,
    });
  return { terms, errorBelow: terms.some(r => TERMS_OF_ERROR_BELOW.includes(r)) };
}

function chooseFeedbackRule(
  feedback: Choice<'feedback'>,
  spec: SystemSpec,
): { feedbackRule: Choice<'feedbackRule'>; primitives: readonly Primitive[] } {
  const feedbackRule = choose('feedbackRule', spec.feedbackRule, 'fixed');
  if (feedbackRule === 'fixed') {
    if (spec.primitives?.length)
      throw new MetaplasticError({
        where: 'system.primitives',
        expected: 'a feedback rule that learns B',
        got: 'fixed',
        hint: `choose one of ${SLOTS.feedbackRule.slice(1).join(', ')}`,
      });
    return { feedbackRule, primitives: [] };
  }
  if (feedback !== 'chained')
    throw new MetaplasticError({
      where: 'system.feedbackRule',
      expected: `feedback weights B of the shape of Wᵀ (feedback chained) for ${feedbackRule}`,
      got: `the feedback ${feedback}`,
    });
  if (spec.rule === 'pool' && feedbackRule === 'kolen-pollack')
    throw new MetaplasticError({
      where: 'system.feedbackRule',
      expected: 'the rule gradient for kolen-pollack',
      got: 'pool',
    });
  const given = spec.primitives ?? FEEDBACK_RULES[feedbackRule];
  const unknown = given.filter(p => !PRIMITIVES.includes(p));
  if (unknown.length)
    throw new MetaplasticError({
      where: 'system.primitives',
      problem: `unknown primitives ${unknown.join(', ')}`,
      hint: `known: ${PRIMITIVES.join(', ')}`,
    });
  if (!given.length)
    throw new MetaplasticError({
      where: 'system.primitives',
      expected: 'at least one primitive',
      got: 'none',
      hint: `known: ${PRIMITIVES.join(', ')}`,
    });
  return { feedbackRule, primitives: PRIMITIVES.filter(p => given.includes(p)) };
}

function choose<S extends Slot>(
  slot: S,
  given: string | undefined,
  byDefault: Choice<S>,
): Choice<S> {
  return oneOf(
    `system.${slot}`,
    SLOTS[slot] as readonly Choice<S>[],
    (given ?? byDefault) as Choice<S>,
  );
}

function oneOf<T extends string>(where: string, known: readonly T[], got: T): T {
  if (!known.includes(got))
    throw new MetaplasticError({
      where,
      problem: `unknown choice ${JSON.stringify(got)}`,
      hint: `known: ${known.join(', ')}`,
    });
  return got;
}
