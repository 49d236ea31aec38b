import * as v from 'valibot';
import {
  choice,
  flag,
  isNumber,
  isObject,
  kind,
  list,
  needed,
  option,
  section,
  thing,
  type Kind,
  type Section,
  whole,
  within,
} from '../options.js';
import type { HandwrittenSpec } from '../rules/handwritten.js';
import type { RuleSpec, WrittenRule } from '../rules/rule.js';
import { POOLS, type LayerSpec, type Shape } from './images.js';
import { TERMS } from './pool.js';
import { SYSTEM_PRESETS, type Preset } from './presets.js';
import { GRANULARITIES, ORIGINS, PRIMITIVES, RULES, SLOTS, type Choice } from './slots.js';

/** Sizes of a network at most: kernels have a table entry for each, and WGSL promises 2,047. */
const MOST_SIZES = 1024;

const isTerm = (x: unknown) => (TERMS as readonly unknown[]).includes(x);

/** How the name of a file with a rule ends, which a configuration may name in the rule's place. */
export const RULE_FILE = '.rule.json';

/**
 * A rule by its name, or one of one's own, which `defineRule` checks: a system keeps what was
 * written, which is JSON.
 */
const RULE = v.pipe(
  v.lazy(given =>
    typeof given === 'object'
      ? thing<RuleSpec | WrittenRule | HandwrittenSpec>(
          'a rule: a name, or an object such as { dw: "…" }',
        )
      : typeof given === 'string' && given.endsWith(RULE_FILE)
        ? kind<never>(
            'a rule itself: a file beside a configuration is what the command line reads',
            () => false,
          )
        : v.picklist(SLOTS.rule, `${SLOTS.rule.join(', ')}, { dw: '…' }, or a file *${RULE_FILE}`),
  ),
  v.transform(rule =>
    isObject(rule) && rule['kind'] === 'written' && isObject(rule['spec']) ? rule['spec'] : rule,
  ),
  v.metadata({ range: `${SLOTS.rule.join(', ')}, or a rule of your own: { dw: '…', … }` }),
) as unknown as Kind<
  Choice<'rule'> | RuleSpec | WrittenRule | HandwrittenSpec,
  Choice<'rule'> | RuleSpec | HandwrittenSpec
>;

const CONV = section({
  channels: needed(whole(1), { about: 'Maps that it makes, each with a kernel and a bias.' }),
  kernel: needed(whole(1), { about: 'Height and width of the patch that a neuron sees.' }),
  stride: option(whole(1), { about: 'Pixels from one patch to the next.', standard: 1 }),
  padding: option(whole(0), {
    about: 'Zeros around the image, on each of its four sides.',
    standard: 0,
  }),
  pool: option(choice(POOLS), {
    about:
      'After the activation, the largest or the average of every window of poolSize × poolSize; windows do not overlap, and what fills none at the border is dropped.',
    otherwise: 'no pooling',
  }),
  poolSize: option(whole(1), { about: 'Height and width of a window.', otherwise: '2 with pool' }),
});

const LAYER = {
  conv: option(CONV, {
    about:
      'A convolution, as the field means it: z = b + Σ W x over the channels and places of a patch, which is not turned around. It may be frozen, meta-learned alone, or plastic.',
    otherwise: 'a dense layer',
  }),
  dense: option(whole(1), {
    about: 'A dense layer of so many neurons.',
    otherwise: 'a convolution',
  }),
};

/** What is neither gets told what there is; the rest, which key of it is wrong. */
const ONE_LAYER = v.lazy(given => {
  const [key, ...others] = isObject(given) ? Object.keys(given) : [];
  if (others.length === 0 && key === 'conv') return v.strictObject({ conv: CONV });
  if (others.length === 0 && key === 'dense') return v.strictObject({ dense: whole(1) });
  return kind<never>('{ conv: … } or { dense: … }', () => false);
}) as unknown as Kind<LayerSpec>;

const LAYERS = {
  ...list(ONE_LAYER, 'layers', 1, MOST_SIZES - 1),
  entries: LAYER,
} as Kind<readonly LayerSpec[]>;

const SLOTTED = {
  sizes: option(list(whole(1), 'whole numbers ≥ 1 (inputs … outputs)', 2, MOST_SIZES), {
    about: 'n_0 … n_L of dense layers: inputs, hidden widths, outputs. Or say image and layers.',
    otherwise: 'what image and layers make',
  }),
  image: option(
    kind<Shape>(
      '[channels, height, width], whole numbers ≥ 1',
      x => Array.isArray(x) && x.length === 3 && x.every(n => Number.isInteger(n) && n >= 1),
    ),
    {
      about: 'Shape of an input that layers see as an image, row by row.',
      otherwise: 'no image, but sizes',
    },
  ),
  layers: option(LAYERS, {
    about: 'Instead of sizes: layers 1 … L, convolutions first, then dense ones.',
    otherwise: 'those of sizes',
  }),
  loss: option(choice(SLOTS.loss), {
    about:
      'What queries are judged by, and what error e_L an error path begins with. squared-error Σ (x − y)² / n_L, but e_L = x − y, the gradient of ½ ‖x − y‖², as papers have it; mean-squared-error the same number, and e_L is its gradient 2 (x − y) / n_L, as PyTorch’s mse_loss has it; cross-entropy −Σ y log softmax(x), for two outputs or more, and e_L is its gradient (Σ y) softmax(x) − y. Its targets may be any numbers: one-hot, several classes, soft labels, all of these times a sample’s weight, zeros for a sample that is masked.',
    standard: 'squared-error',
  }),
  rule: option(RULE, {
    about: 'How a synapse changes: by a built-in rule, or by one that is written as text.',
    standard: 'oja',
  }),
  feedback: option(choice(SLOTS.feedback), {
    about:
      'How neurons are told: direct-rectified (FLP: a signal, mixed into their activity), or an error that comes down by feedback weights B of the shape of Wᵀ (chained), straight from the output (direct), by |B| ⊙ sign(Wᵀ) (sign-symmetric), or by Wᵀ (backprop); none for rules that read neither post nor an error: then no B exists.',
    otherwise:
      'direct-rectified for oja and hebb, backprop for gradient, chained for pool; of a rule of your own direct-rectified if it reads post, chained if it reads e or e_pre, else none',
  }),
  activation: option(choice(SLOTS.activation), {
    about: 'What a hidden neuron does.',
    standard: 'relu',
  }),
  signal: option(choice(SLOTS.signal), {
    about:
      'Of direct-rectified feedback: error s = y − answer, or target s = y, which also clamps the output layer to y.',
    otherwise: 'target for cross-entropy, error for the others',
  }),
  feedbackActivation: option(choice(SLOTS.feedbackActivation), {
    about: 'Rectified (relu, as published) or linear direct feedback: f_l = φ(B_l s + c_l).',
    standard: 'relu',
  }),
  feedbackTo: option(choice(['all', 'output']), {
    about:
      'Which plastic layers receive direct-rectified feedback: all, or only the output layer (the others then learn unsupervised).',
    standard: 'all',
  }),
  terms: option(
    list(kind<number>(`one of the terms ${TERMS.join(', ')}`, isTerm), 'terms of the pool', 1, 100),
    {
      about: 'Terms of the pool, of 0 … 9.',
      otherwise: 'all',
      source: 'Shervani-Tabar & Rosenbaum 2023, Eqs. 14–23',
    },
  ),
  feedbackRule: option(choice(SLOTS.feedbackRule), {
    about: 'How a feedback synapse changes.',
    standard: 'fixed',
    source: 'Kunin et al. 2020, Table 1',
  }),
  primitives: option(list(choice(PRIMITIVES), 'primitives', 0, 100), {
    about: 'Primitives of the feedback rule that have a coefficient in k.',
    otherwise: 'those of the rule',
  }),
  mirror: option(choice(['activity', 'noise']), {
    about:
      'x and W x that a feedback rule sees: of the lifetime’s own activity, or of noise U(−1, 1) sent into each layer alone (a mirror phase).',
    standard: 'activity',
  }),
  alignEvery: option(whole(1), {
    about: 'The feedback rule acts on every so many-th inner step.',
    standard: 1,
  }),
  bias: option(flag, {
    about: 'Biases b, meta-learned; plasticBias lets them change within a lifetime.',
    otherwise: 'true, but false for the rule pool and for systems that learn B',
  }),
  plasticBias: option(flag, {
    about:
      'Biases change within a lifetime too, each as a synapse whose input is always 1: of layers that are not frozen, by the rule, at the rate of the neuron, layer or network (rates per synapse give every bias one of its own: etaBias1 …, alphaBias1 …), with momentum and weight decay, without noise. Rules gradient, oja and hebb.',
    standard: false,
  }),
  alpha: option(choice(GRANULARITIES), {
    about: 'Resolution of the plasticity coefficients α (rules oja, hebb).',
    standard: RULES.oja.granularity,
  }),
  eta: option(choice(GRANULARITIES), {
    about: 'Resolution of the learning rates η (rule gradient).',
    standard: RULES.gradient.granularity,
  }),
  theta: option(choice(['layer', 'network']), {
    about: 'Resolution of the coefficients θ of the pool.',
    standard: RULES.pool.granularity,
  }),
  reduction: option(choice(['sum', 'mean']), {
    about:
      'The update of W and B sums over the batch, or takes its mean, as losses of PyTorch and JAX do by default.',
    standard: 'sum',
  }),
  weightDecay: option(flag, {
    about: 'Rule gradient: W also shrinks by η · weightDecay a step.',
    otherwise: 'false, but true for kolen-pollack',
  }),
  momentum: option(flag, {
    about: 'Rule gradient: the update is v ← momentum · v + gradient, W ← W − η v.',
    standard: false,
  }),
  noise: option(within(0, 1e6), {
    about:
      'After every update, noise · U(−√3, √3), which has unit variance, is added to each plastic weight; under kolen-pollack to B instead.',
    standard: 0,
  }),
  multiplier: option(
    kind<number | readonly number[]>(
      'a finite number, or a list of finite numbers with one for each layer',
      x => isNumber(x) || (Array.isArray(x) && x.every(isNumber)),
    ),
    {
      about: 'Factor m_l on the update of layer l: one number for all layers, or one a layer.',
      standard: 1,
    },
  ),
  frozen: option(list(whole(1), 'layer numbers ≥ 1'), {
    about:
      'Layers (1 … L) that do not change within a lifetime; their W and b are still meta-learned.',
    standard: [],
  }),
  weights: option(choice(ORIGINS.weights), {
    about: 'Where W comes from: inherited, so meta-learned, or drawn anew for every lifetime.',
    standard: 'inherited',
  }),
  feedbackWeights: option(choice(ORIGINS.feedbackWeights), {
    about:
      'Where B comes from: like W, or drawn anew for every inner step, or B_ij all √(2 / (fan-in + fan-out)).',
    standard: 'inherited',
  }),
  firstOrder: option(flag, {
    about:
      'Meta-gradient that holds pre, post and errors of every inner step constant (first-order MAML), instead of the exact one.',
    standard: false,
  }),
};

/** What a published system says. */
export type Slotted = Readonly<v.InferInput<Section<typeof SLOTTED>>>;

/**
 * A network and how it learns within a lifetime. Layer l = 1 … L maps n_{l-1} to n_l; the output
 * layer is linear (its answer is the softmax under cross-entropy). Everything but `sizes`, or
 * `image` and `layers`, has a default, which `defineSystem` fills in, so that a configuration keeps a system as it is written;
 * without any other key it is feedback and local plasticity (FLP, Lindsey & Litwin-Kumar 2020, §1).
 */
export const SYSTEM = section({
  preset: option(choice(Object.keys(SYSTEM_PRESETS) as Preset[]), {
    about: 'A published system to start from; every other key overrides what it says.',
  }),
  ...SLOTTED,
});

/** A system as it is written. */
export type SystemSpec = Readonly<v.InferInput<typeof SYSTEM>>;
