import { MetaplasticError } from '../errors.js';
import { check, inWords, saidOf } from '../options.js';
import { defineRule } from '../rules/define.js';
import type { HandwrittenRule } from '../rules/handwritten.js';
import type { WrittenRule } from '../rules/rule.js';
import { count, shapesOf, type Convolution, type Shape, type Shapes } from './images.js';
import { SYSTEM, type SystemSpec } from './options.js';
import { poolNeeds, TERMS } from './pool.js';
import { SYSTEM_PRESETS } from './presets.js';
import {
  ERROR_PATHS,
  FEEDBACK_RULES,
  PRIMITIVES,
  RULES,
  SLOTS,
  type Choice,
  type Granularity,
  type RuleFacts,
} from './slots.js';

export * from './slots.js';
export type { SystemSpec } from './options.js';
export { productsOf, seesImages, shapeInWords, widthsOf } from './images.js';
export type { Convolution, LayerSpec, Shape } from './images.js';
export { TERMS } from './pool.js';

/**
 * What layer l is told: `mixed` post = β f + (1 − β) x, `activity` post = x, `target` post = y;
 * its `error`; or, without feedback, `nothing`.
 */
export type Told = 'mixed' | 'activity' | 'target' | 'error' | 'nothing';

/**
 * One layer of a checked system. `index` counts from 1; `plastic` layers change, and those told
 * `mixed` have B, c, β.
 */
export interface Layer {
  readonly index: number;
  /** Columns of its weights: inputs that one of its neurons sees. */
  readonly fanIn: number;
  /** Rows of its weights: neurons, or channels of a convolution; x_l has sizes[l] numbers. */
  readonly fanOut: number;
  /** Positions from which a convolution looks at a sample, one neuron of each channel at each; else 1. */
  readonly positions: number;
  /** Neurons, before any pooling: those of all positions. */
  readonly units: number;
  /** If it is a convolution. */
  readonly conv?: Convolution;
  readonly plastic: boolean;
  readonly told: Told;
  /** Its error goes on to the layer below: by B_l, unless by backprop. */
  readonly carries: boolean;
  /** Its B changes by the feedback rule. */
  readonly aligned: boolean;
  readonly multiplier: number;
}

/** Keys that only say how finely the rule's coefficient is resolved. */
type Coefficient = 'alpha' | 'eta' | 'theta';

/** A built-in rule by its name, or one that is written, as text or by hand. */
export type SystemRule = Choice<'rule'> | WrittenRule | HandwrittenRule;

/** Every key of a system but those, with its default filled in. */
type Chosen = Required<Omit<SystemSpec, 'preset' | 'rule' | 'image' | 'layers' | Coefficient>> &
  Shapes & { readonly rule: SystemRule };

/** A checked system: every default filled in, every layer described. */
export interface System extends Readonly<Omit<Chosen, 'multiplier' | 'convolutions'>> {
  /** Numbers of x_0 … x_L, of images and maps as well. */
  readonly sizes: readonly number[];
  /** Shape of x_0, if it is an image. */
  readonly image?: Shape;
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

/** What there is to know about a system's rule, built in or written. */
export function ruleOf({ rule }: { readonly rule: SystemRule }): RuleFacts & {
  readonly name: string;
} {
  if (typeof rule === 'string') return { name: rule, ...RULES[rule] };
  const { name, from } = rule;
  const feedback = { post: 'direct-rectified', error: 'chained', nothing: 'none' } as const;
  const told = { name, from, feedback: feedback[from] };
  if (rule.kind === 'handwritten')
    return { ...told, coefficient: rule.coefficient, granularity: rule.per };
  const factor = rule.coefficients.find(c => c.name === rule.product?.factor);
  return { ...told, granularity: factor?.per ?? 'network' };
}

/** The rule that a system has as text, if it has one. */
export const writtenOf = ({ rule }: { readonly rule: SystemRule }): WrittenRule | undefined =>
  typeof rule === 'object' && rule.kind === 'written' ? rule : undefined;

/** The states of synapses and of neurons that a system's rule has; only one as text has some. */
export const statesOf = (system: {
  readonly rule: SystemRule;
}): Pick<WrittenRule, 'synapse' | 'neuron'> => writtenOf(system) ?? { synapse: [], neuron: [] };

/** Systems that were checked here. */
const CHECKED = new WeakSet<object>();

/**
 * Checks a system and fills in its defaults; a checked one is left as it is. Throws a
 * MetaplasticError that names the key behind `where`.
 */
export function defineSystem(given: SystemSpec | System, where = 'system'): System {
  if (CHECKED.has(given)) return given as System;
  const written = check(SYSTEM, given, where);
  const spec: SystemSpec = { ...(written.preset && SYSTEM_PRESETS[written.preset]), ...written };
  const chosen = withDefaults(
    spec,
    checkedShapes(spec, where),
    checkedRule(spec.rule ?? 'oja', `${where}.rule`),
  );
  for (const { key, holds, refuse } of TOGETHER)
    if (!holds(chosen, spec))
      throw new MetaplasticError({ where: `${where}.${key}`, ...refuse(chosen, spec) });
  const system = describe(chosen, spec);
  CHECKED.add(system);
  return system;
}

/** Defaults that depend on what other keys say, which come before them in the table. */
const DEFAULTS: { readonly [K in keyof Chosen]?: (chosen: Chosen) => Chosen[K] } = {
  feedback: chosen => ruleOf(chosen).feedback,
  signal: ({ loss }) => (loss === 'cross-entropy' ? 'target' : 'error'),
  terms: ({ rule }) => (rule === 'pool' ? TERMS : []),
  primitives: ({ feedbackRule }) => FEEDBACK_RULES[feedbackRule],
  bias: ({ rule, feedbackRule }) => rule !== 'pool' && feedbackRule === 'fixed',
  weightDecay: ({ rule, feedbackRule }) => rule === 'gradient' && feedbackRule === 'kolen-pollack',
};

const checkedRule = (rule: NonNullable<SystemSpec['rule']>, where: string): SystemRule =>
  typeof rule === 'string' ? rule : defineRule(rule, where);

/** Either `sizes`, or `image` and `layers`. */
function checkedShapes({ sizes, image, layers }: SystemSpec, where: string): Shapes {
  if (sizes && layers)
    throw new MetaplasticError({
      where: `${where}.layers`,
      expected: 'either sizes or layers',
      got: 'both',
      hint: 'sizes is the short form for dense layers: leave one of them out',
    });
  if (image && !layers)
    throw new MetaplasticError({
      where: `${where}.image`,
      expected: 'layers beside an image',
      got: sizes ? 'sizes' : 'none',
      hint: 'say { layers: [{ conv: … }, …, { dense: n }] }, or leave image out',
    });
  if (layers && !image)
    throw new MetaplasticError({
      where: `${where}.image`,
      expected: '[channels, height, width] beside layers',
      got: 'nothing',
      hint: 'of an input that is no image say sizes instead of layers',
    });
  if (image && layers) return shapesOf(image, layers, where);
  if (sizes) return { sizes, convolutions: [] };
  throw new MetaplasticError({
    where: `${where}.sizes`,
    expected: 'sizes, or image and layers',
    got: 'neither',
  });
}

function withDefaults(spec: SystemSpec, shapes: Shapes, rule: SystemRule): Chosen {
  const chosen: Partial<Chosen> & Record<string, unknown> = { ...spec, ...shapes, rule };
  for (const [key, entry] of Object.entries(SYSTEM.entries))
    chosen[key] ??= DEFAULTS[key as keyof Chosen]?.(chosen as Chosen) ?? saidOf(entry).standard;
  return chosen as Chosen;
}

/**
 * What keys have to do with each other: `key` is refused where it does not hold, of the system with
 * its defaults (`s`) and as it is written.
 */
interface Rule {
  readonly key: keyof SystemSpec;
  readonly holds: (s: Chosen, written: SystemSpec) => boolean;
  readonly refuse: (
    s: Chosen,
    written: SystemSpec,
  ) => { readonly expected: string; readonly got: string; readonly hint?: string };
}

/** Feedback that a rule may have by what it works from. */
const FITTING = {
  post: ['direct-rectified'],
  error: ERROR_PATHS,
  nothing: ['none'],
} satisfies Record<RuleFacts['from'], readonly Choice<'feedback'>[]>;
const fits = (feedback: Choice<'feedback'>, from: RuleFacts['from']) =>
  (FITTING[from] as readonly Choice<'feedback'>[]).includes(feedback);
const READ = { post: 'post', error: 'e or e_pre', nothing: 'neither post nor an error' } as const;

const depthOf = ({ sizes }: Pick<Chosen, 'sizes'>) => sizes.length - 1;
const learnsB = ({ feedbackRule }: Chosen) => feedbackRule !== 'fixed';

/** A key that means something only in some systems: `when` says in which, in words. */
const only = (
  key: keyof SystemSpec,
  when: string,
  means: (s: Chosen) => boolean,
  got: (s: Chosen) => string,
): Rule => ({
  key,
  holds: (s, written) => !isSaid(written[key]) || means(s),
  refuse: s => ({ expected: when, got: got(s), hint: 'leave it out' }),
});

/** Is something asked for? `false` and an empty list ask for nothing. */
const isSaid = (value: unknown) =>
  value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);

const onlyFor = (coefficient: Coefficient): Rule => ({
  key: coefficient,
  holds: (s, written) =>
    written[coefficient] === undefined || ruleOf(s).coefficient === coefficient,
  refuse: s => {
    const { name, coefficient: own } = ruleOf(s);
    return own
      ? { expected: `${own}, the coefficient of the rule ${name}`, got: coefficient }
      : {
          expected: `none of alpha, eta, theta for the rule ${name}, which is written`,
          got: coefficient,
          hint: 'leave it out: `per` of each of its coefficients says how finely that is resolved',
        };
  },
});

const TOGETHER: readonly Rule[] = [
  {
    key: 'loss',
    holds: s => s.loss !== 'cross-entropy' || s.sizes.at(-1)! >= 2,
    refuse: s => ({
      expected: 'two outputs or more for cross-entropy, one for each class',
      got: `sizes [${s.sizes.join(', ')}]`,
      hint: 'the softmax of one output is always 1: give two classes two outputs, or choose squared-error',
    }),
  },
  {
    key: 'feedback',
    holds: s => fits(s.feedback, ruleOf(s).from),
    refuse: ({ rule, feedback }) => {
      const { name, from } = ruleOf({ rule });
      const fitting = SLOTS.rule.filter(r => fits(feedback, RULES[r].from));
      return {
        expected: `${FITTING[from].join(', ')} for the rule ${name}${writtenOf({ rule }) ? `, which reads ${READ[from]}` : ''}`,
        got: feedback,
        hint: fitting.length
          ? `${feedback} goes with the rules ${fitting.join(', ')}`
          : `${feedback} is for written rules that read ${READ.nothing}`,
      };
    },
  },
  {
    key: 'frozen',
    holds: s => s.frozen.every(l => l <= depthOf(s)),
    refuse: s => ({
      expected: `layer numbers 1 … ${depthOf(s)}`,
      got: `${s.frozen.find(l => l > depthOf(s))}`,
    }),
  },
  {
    key: 'frozen',
    holds: s => new Set(s.frozen).size < depthOf(s),
    refuse: s => ({
      expected: 'at least one plastic layer',
      got: `all ${depthOf(s)} frozen`,
      hint: 'leave a layer out of the list',
    }),
  },
  {
    key: 'rule',
    holds: s => s.rule !== 'pool' || !livesWithConvolutions(s),
    refuse: s => ({
      expected: 'a rule other than pool where a convolution is plastic',
      got: `pool with a convolution as layer ${encoderOf(s) + 1}`,
      hint: `freeze layers 1 … ${s.convolutions.length}, or choose gradient, oja, hebb or a rule as text`,
    }),
  },
  {
    key: 'rule',
    holds: s => !readsNeighbours(s) || !livesWithPools(s),
    refuse: s => ({
      expected: 'convolutions without pool for a rule that reads e_pre or has states of neurons',
      got: `the pool of layer ${poolsInLife(s)[0]! + 1}, behind which no neuron stands for another`,
      hint: 'a larger stride instead of a pool makes maps smaller',
    }),
  },
  {
    key: 'multiplier',
    holds: s => typeof s.multiplier === 'number' || s.multiplier.length === depthOf(s),
    refuse: s => ({
      expected: `one number, or one for each of ${depthOf(s)} layers`,
      got: inWords(s.multiplier),
    }),
  },
  {
    key: 'plasticBias',
    holds: s => !s.plasticBias || !(writtenOf(s) || s.rule === 'pool'),
    refuse: s => ({
      expected: 'a rule under which an input of 1 means something: gradient, oja or hebb',
      got: `true with ${ruleOf(s).name}`,
      hint:
        s.rule === 'pool'
          ? 'terms of the pool ask for the error below and for Wᵀ y, which a bias has not'
          : 'a written rule changes weights alone: leave it out',
    }),
  },
  {
    key: 'plasticBias',
    holds: s => !s.plasticBias || s.bias,
    refuse: () => ({
      expected: 'a system with biases',
      got: 'true with bias false',
      hint: 'set bias: true',
    }),
  },
  only(
    'terms',
    'the rule pool',
    s => s.rule === 'pool',
    s => ruleOf(s).name,
  ),
  {
    key: 'primitives',
    holds: (s, { primitives }) => !primitives?.length || learnsB(s),
    refuse: () => ({
      expected: 'a feedback rule that learns B',
      got: 'fixed',
      hint: `choose one of ${SLOTS.feedbackRule.slice(1).join(', ')}`,
    }),
  },
  {
    key: 'feedbackRule',
    holds: s => !learnsB(s) || s.feedback === 'chained',
    refuse: ({ feedbackRule, feedback }) => ({
      expected: `feedback weights B of the shape of Wᵀ (feedback chained) for ${feedbackRule}`,
      got: `the feedback ${feedback}`,
    }),
  },
  {
    key: 'feedbackRule',
    holds: s => s.rule === 'gradient' || s.feedbackRule !== 'kolen-pollack',
    refuse: s => ({ expected: 'the rule gradient for kolen-pollack', got: ruleOf(s).name }),
  },
  {
    key: 'primitives',
    holds: s => !learnsB(s) || s.primitives.length > 0,
    refuse: () => ({
      expected: 'at least one primitive',
      got: 'none',
      hint: `known: ${PRIMITIVES.join(', ')}`,
    }),
  },
  ...(['weightDecay', 'momentum'] as const).map(key =>
    only(
      key,
      'the rule gradient',
      s => s.rule === 'gradient',
      s => ruleOf(s).name,
    ),
  ),
  ...(['alpha', 'eta', 'theta'] as const).map(onlyFor),
  ...(['signal', 'feedbackActivation', 'feedbackTo'] as const).map(key =>
    only(
      key,
      'only with direct-rectified feedback',
      s => ruleOf(s).from === 'post',
      s => `it with ${s.feedback}`,
    ),
  ),
  {
    key: 'feedbackWeights',
    holds: s =>
      s.feedbackWeights === 'inherited' ||
      !['direct-rectified', 'backprop', 'none'].includes(s.feedback),
    refuse: s => ({ expected: `inherited for the feedback ${s.feedback}`, got: s.feedbackWeights }),
  },
  {
    key: 'feedbackWeights',
    holds: s => !learnsB(s) || ['inherited', 'drawn'].includes(s.feedbackWeights),
    refuse: s => ({
      expected: 'inherited or drawn with a feedback rule',
      got: s.feedbackWeights,
    }),
  },
  {
    key: 'firstOrder',
    holds: s => !s.firstOrder || !learnsB(s),
    refuse: s => ({
      expected: 'false with a feedback rule',
      got: `true with ${s.feedbackRule}`,
      hint: 'B acts through errors alone, which first order holds constant',
    }),
  },
  {
    key: 'weights',
    holds: s => s.weights === 'inherited' || !encoderOf(s),
    refuse: s => ({
      expected: `inherited weights for an encoder (frozen layers 1 … ${encoderOf(s)})`,
      got: 'drawn',
    }),
  },
];

/** Does a lifetime have convolutions, behind those of the encoder? */
const livesWithConvolutions = (s: Chosen) => s.convolutions.length > encoderOf(s);

/** Convolutions of a lifetime that pool, counted from 0. */
const poolsInLife = (s: Chosen) =>
  s.convolutions.flatMap(({ pool }, k) => (pool && k >= encoderOf(s) ? [k] : []));
const livesWithPools = (s: Chosen) => poolsInLife(s).length > 0;

/** Does a rule read what the neuron below has of its own: its error, its states? */
const readsNeighbours = (s: Chosen) =>
  statesOf(s).neuron.length > 0 || (writtenOf(s)?.reads.includes('e_pre') ?? false);

/** Frozen layers before the first plastic one. */
function encoderOf({ frozen }: Pick<Chosen, 'frozen'>): number {
  let layers = 0;
  while (frozen.includes(layers + 1)) layers++;
  return layers;
}

/** The system that is chosen, with every layer described. */
function describe(chosen: Chosen, spec: SystemSpec): System {
  const { sizes, convolutions, signal, feedbackTo } = chosen;
  const depth = depthOf(chosen);
  const { from, coefficient, granularity } = ruleOf(chosen);
  const frozen = [...new Set(chosen.frozen)].sort((a, b) => a - b);
  const terms = [...new Set(chosen.terms)].sort((a, b) => a - b);
  const multiplier =
    typeof chosen.multiplier === 'number'
      ? new Array<number>(depth).fill(chosen.multiplier)
      : [...chosen.multiplier];
  const errorBelow = writtenOf(chosen)?.reads.includes('e_pre') ?? poolNeeds(terms).errorBelow;
  const encoderLayers = encoderOf(chosen);
  const layers = multiplier.map((m, k): Layer => {
    const index = k + 1;
    const plastic = !frozen.includes(index);
    const output = index === depth;
    const told: Told =
      from !== 'post'
        ? from
        : output && signal === 'target'
          ? 'target'
          : plastic && (feedbackTo === 'all' || output)
            ? 'mixed'
            : 'activity';
    const inside = from === 'error' && k >= encoderLayers;
    const aligned = inside && plastic && learnsB(chosen);
    const conv = convolutions[k];
    return {
      index,
      fanIn: conv ? conv.input[0] * conv.kernel ** 2 : sizes[k]!,
      fanOut: conv ? conv.channels : sizes[index]!,
      positions: conv ? conv.units[1] * conv.units[2] : 1,
      units: conv ? count(conv.units) : sizes[index]!,
      ...(conv && { conv }),
      plastic,
      told,
      carries: inside && (k > encoderLayers || errorBelow || aligned),
      aligned,
      multiplier: m,
    };
  });
  const {
    preset: _,
    alpha: __,
    eta: ___,
    theta: ____,
    convolutions: _____,
    image,
    ...slots
  } = chosen as Chosen & SystemSpec;
  return {
    ...slots,
    ...(image && { image }),
    frozen,
    terms,
    primitives: PRIMITIVES.filter(p => chosen.primitives.includes(p)),
    multiplier,
    layers,
    encoderLayers,
    granularity: (coefficient && spec[coefficient]) ?? granularity,
  };
}
