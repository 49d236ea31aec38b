import { MetaplasticError } from '../errors.js';
import { check, choice, kind, literal, needed, option, section } from '../options.js';
import { TITLE } from './options.js';
import { GRANULARITIES, type Granularity } from './rule.js';

/**
 * What is local to the synapses of one layer during one sample, row by row in float64; or its
 * adjoint. What a system does not have is empty. Of a convolution it is what one of its positions
 * sees of the sample: n_{l-1} are the numbers of a patch, n_l the channels.
 */
export interface Local {
  /** Weights before the step (n_l, n_{l-1}), and biases (n_l). */
  readonly W: Float64Array;
  readonly b: Float64Array;
  /** Coefficients of the pool's terms. */
  readonly theta: Float64Array;
  /** Activity below (n_{l-1}), and what the neurons are told to be (n_l). */
  readonly pre: Float64Array;
  readonly post: Float64Array;
  /** Errors of the layer below (n_{l-1}; none below a pool), and of this one (n_l). */
  readonly errorBelow: Float64Array;
  readonly error: Float64Array;
}

/** What a rule may know of its system. */
export interface RuleSystem {
  /** Terms of the pool. */
  readonly terms: readonly number[];
}

/**
 * A rule in float64, which its kernel is compared with: a synapse changes by a_ij (H_ij − κ_i W_ij)
 * for every sample, a_ij the coefficient.
 */
export interface RuleReference {
  /** H (n_l, n_{l-1}). */
  drive(local: Local, system: RuleSystem): Float64Array;
  /** κ (n_l). */
  decay(local: Local, system: RuleSystem): Float64Array;
  /** From dH and dκ adds to `dLocal`. The W in κ_i W_ij is not the rule's business. */
  adjoint(
    local: Local,
    system: RuleSystem,
    dDrive: Float64Array,
    dDecay: Float64Array,
    dLocal: Local,
  ): void;
}

/**
 * A rule that somebody writes by hand, as the built-in ones are: a WGSL module in the form of
 * `shaders/rules/oja.wgsl`, and the same in float64. Its updates are products,
 *   ΔW_ij = ± m_l a_ij (Σ_b left_bi pre_bj − κ_i W_ij),
 * left what the neuron is told to be (`from: 'post'`), or its error (`from: 'error'`).
 */
export interface HandwrittenSpec {
  readonly name: string;
  readonly from: 'post' | 'error';
  /** Which coefficient multiplies the update; default alpha of `post`, eta of `error`. */
  readonly coefficient?: 'alpha' | 'eta';
  /** How finely that is resolved unless the system says; default per synapse. */
  readonly per?: Granularity;
  /**
   * The module: `const DIRECTION`, and the functions `prepare`, `prepare_adjoint`, `kappa`,
   * `kappa_adjoint` and `kappa_adjoint_of_layer`.
   */
  readonly wgsl: string;
  readonly reference: RuleReference;
}

/** A checked one. */
export interface HandwrittenRule extends Required<HandwrittenSpec> {
  readonly kind: 'handwritten';
}

const MOST_CHARACTERS = 100_000;
const METHODS = ['drive', 'decay', 'adjoint'] as const;

const HANDWRITTEN = section({
  kind: option(literal('handwritten'), { about: 'Of a checked one.' }),
  name: needed(
    kind<string>(
      'a text of 1 to 40 letters, digits and plain signs',
      x => typeof x === 'string' && TITLE.test(x),
    ),
    { about: 'What it is called.' },
  ),
  from: needed(choice(['post', 'error']), { about: 'What it works from.' }),
  coefficient: option(choice(['alpha', 'eta']), { about: 'What multiplies the update.' }),
  per: option(choice(GRANULARITIES), { about: 'How finely that is resolved.' }, 'synapse'),
  wgsl: needed(
    kind<string>(
      `the text of a WGSL module, at most ${MOST_CHARACTERS} characters`,
      x => typeof x === 'string' && x.length > 0 && x.length <= MOST_CHARACTERS,
    ),
    { about: 'The module.' },
  ),
  reference: needed(
    kind<RuleReference>(
      `an object with the functions ${METHODS.join(', ')}, which no JSON can hold`,
      x =>
        METHODS.every(name => typeof (x as Record<string, unknown> | null)?.[name] === 'function'),
    ),
    { about: 'The same in float64.' },
  ),
});

/** What a module of a rule has to declare. */
export const DECLARED = [
  'DIRECTION',
  'prepare',
  'prepare_adjoint',
  'kappa',
  'kappa_adjoint',
  'kappa_adjoint_of_layer',
] as const;

/** Is it one, checked or not? */
export const isHandwritten = (given: object): given is HandwrittenSpec => 'wgsl' in given;

/** Checks a rule that is written by hand. Throws a MetaplasticError that names the key. */
export function checkHandwritten(given: HandwrittenSpec, where: string): HandwrittenRule {
  const spec = check(HANDWRITTEN, given, where);
  // A word is enough here: the linker reads the module when kernels are made of it.
  const missing = DECLARED.filter(name => !new RegExp(`\\b${name}\\b`).test(spec.wgsl));
  if (missing.length)
    throw new MetaplasticError({
      where: `${where}.wgsl`,
      expected: `a module that declares ${DECLARED.join(', ')}`,
      got: `none of ${missing.join(', ')}`,
      hint: 'start from a built-in one, such as shaders/rules/hebb.wgsl',
    });
  const coefficient = spec.coefficient ?? (spec.from === 'post' ? 'alpha' : 'eta');
  return Object.freeze({ ...spec, kind: 'handwritten', coefficient });
}
