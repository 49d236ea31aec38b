import type * as v from 'valibot';
import { MetaplasticError } from '../errors.js';
import {
  atLeast,
  check,
  choice,
  list,
  number,
  option,
  section,
  seed as kindOfSeed,
  within,
} from '../options.js';
import { writtenOf, type Choice, type Primitive, type System } from '../systems/system.js';
import type { Start } from '../rules/rule.js';
import { random, type Random } from '../tasks/random.js';
import type { Tensors } from '../tensor.js';
import {
  checkLayout,
  checkSystem,
  fansOf,
  ofAllLayers,
  tensorsOf,
  type Layout,
  type MetaParameter,
} from './layout.js';

/** A scale that no draw makes larger than float32 holds. */
const scale = within(0, 1e37);

/**
 * How meta-parameters begin (docs/papers.md §1.1, §2.3 and §3.1 have the published values). Biases
 * b and c begin at 0, coefficients of a written rule where it says; what is drawn for every lifetime is
 * none of them.
 */
export const INITIAL = section({
  weights: option(
    choice(['kaiming', 'xavier']),
    {
      about:
        'kaiming: normal with std √(2 / columns), the fan-in; xavier: uniform within ±√(6 / (rows + columns)).',
    },
    'kaiming',
  ),
  weightScale: option(scale, { about: 'Factor on the initial weights.' }, 1),
  feedback: option(choice(['normal', 'kaiming', 'xavier']), {
    about: 'Feedback weights: normal N(0, 1), or like weights.',
    otherwise: 'normal for direct-rectified feedback, xavier for error paths',
  }),
  feedbackScale: option(scale, { about: 'Factor on the initial feedback weights.' }, 1),
  alpha: option(number, { about: 'Plasticity coefficients, all alike.' }, 0),
  beta: option(number, { about: 'Feedback strengths, all alike.' }, 0.5),
  theta: option(list(number, 'finite numbers'), {
    about: 'Coefficients of the pool, one for each of the system’s terms.',
    otherwise: '1e-3 for term 0, and 0 for the others',
    source: 'Shervani-Tabar & Rosenbaum 2023, Algorithm 1',
  }),
  k: option(list(number, 'finite numbers'), {
    about: 'Coefficients of the feedback rule, one for each of the system’s primitives.',
    otherwise: 'the published ones of the rule, and 0 for primitives that are not among them',
    source: 'Kunin et al. 2020',
  }),
  eta: option(atLeast(0), { about: 'Learning rates, all alike.' }, 0.01),
  weightDecay: option(atLeast(0), { about: 'Weight decay.' }, 1e-4),
  momentum: option(atLeast(0), { about: 'Momentum.' }, 0.9),
  etaB: option(atLeast(0), { about: 'Rate of the feedback rule.' }, 1),
});
/** How meta-parameters begin; each key may be left out. Table of options: docs/options.md. */
export type Initial = Readonly<v.InferInput<typeof INITIAL>>;

/**
 * Published defaults of the feedback rules (docs/papers.md §3.1). k multiplies a direction, so what
 * is a factor on a squared norm there counts twice here.
 */
const ALIGNMENT: Readonly<
  Record<Choice<'feedbackRule'>, Readonly<Partial<Record<Primitive, number>>>>
> = {
  fixed: {},
  'weight-mirror': { decay: 2e-3, amp: 1e-3 },
  'information-alignment': { decay: 2e-3, amp: 2e-3, null: 2e-3 },
  'symmetric-alignment': { decay: 2e-3, self: 2e-3 },
  'activation-alignment': { amp: 2e-3, sparse: 2e-3 },
  'kolen-pollack': { decay: 2e-3 },
};

/** Every value that meta-parameters of a system begin with; `where` is what the errors name. */
export function initialOf(system: System, given: Initial, where: string) {
  const initial = check(INITIAL, given, where);
  const { terms, primitives, feedback, feedbackRule } = system;
  const published = ALIGNMENT[feedbackRule];
  return {
    ...initial,
    feedback: initial.feedback ?? (feedback === 'direct-rectified' ? 'normal' : 'xavier'),
    theta: listed(`${where}.theta`, initial.theta, terms, 'terms', r => (r === 0 ? 1e-3 : 0)),
    k: listed(`${where}.k`, initial.k, primitives, 'primitives', p => published[p] ?? 0),
  };
}

/** Meta-parameters at most: 2 GiB, which is what a typed array can hold everywhere. */
const MOST_PARAMETERS = 2 ** 29;

/** The meta-parameters before meta-training; the same seed gives the same numbers. */
export const initialParameters = (
  system: System,
  layout: Layout,
  seed: number,
  given: Initial = {},
): Tensors => {
  checkSystem(system, 'initialParameters');
  checkLayout(layout, 'initialParameters');
  return tensorsOf(layout, initialNumbers(system, layout, seed, given));
};

/** The same in the order of the layout. */
export function initialNumbers(
  system: System,
  layout: Layout,
  seed: number,
  given: Initial = {},
): Float32Array {
  const initial = initialOf(system, given, 'initial');
  check(kindOfSeed, seed, 'initialParameters.seed');
  if (layout.size > MOST_PARAMETERS)
    throw new MetaplasticError({
      where: 'initialParameters',
      expected: `a system with at most ${MOST_PARAMETERS} meta-parameters`,
      got: `${layout.size}`,
      hint: 'lower system.sizes or system.layers',
    });
  const parameters = new Float32Array(layout.size);
  layout.tensors.forEach((tensor, stream) => {
    const [rows, columns] = fansOf(tensor);
    // a stream of its own: task i of a seed draws from stream i
    const own = random(seed ^ 0x696e6974, stream);
    const { normal, uniform } = own;
    const drawn = {
      normal,
      kaiming: () => normal() * Math.sqrt(2 / columns),
      xavier: () => (2 * uniform() - 1) * Math.sqrt(6 / (rows + columns)),
    };
    const ofPublished: Readonly<Record<string, (i: number) => number>> = {
      W: () => drawn[initial.weights]() * initial.weightScale,
      b: () => 0,
      B: () => drawn[initial.feedback]() * initial.feedbackScale,
      c: () => 0,
      alpha: () => initial.alpha,
      alphaBias: () => initial.alpha,
      beta: () => initial.beta,
      theta: (i: number) => initial.theta[i]!,
      eta: () => initial.eta,
      etaBias: () => initial.eta,
      weightDecay: () => initial.weightDecay,
      momentum: () => initial.momentum,
      k: (i: number) => initial.k[i]!,
      etaB: () => initial.etaB,
    };
    const entry =
      tensor.group === 'rule'
        ? begun(startOf(system, tensor), own)
        : ofPublished[tensor.name.replace(/\d+$/, '')]!;
    for (let i = 0; i < tensor.size; i++) parameters[tensor.offset + i] = entry(i);
  });
  return parameters;
}

/** Where the numbers of a written rule's coefficient begin. */
function startOf(system: System, { name }: MetaParameter): Start {
  return writtenOf(system)!.coefficients.find(c => `rule.${c.name}` === ofAllLayers(name))!.start;
}

function begun(start: Start, { normal, uniform }: Random): () => number {
  if (typeof start === 'number') return () => start;
  if ('normal' in start) return () => start.normal * normal();
  const [from, to] = start.uniform;
  return () => from + (to - from) * uniform();
}

/** One coefficient for each of `what`, as given or by default. */
function listed<T>(
  where: string,
  given: readonly number[] | undefined,
  what: readonly T[],
  noun: string,
  byDefault: (one: T) => number,
): readonly number[] {
  if (given && given.length !== what.length)
    throw new MetaplasticError({
      where,
      expected: what.length
        ? `${what.length} coefficients, one for each of the ${noun} ${what.join(', ')}`
        : `none for a system without ${noun}`,
      got: `${given.length}`,
    });
  return given ?? what.map(byDefault);
}
