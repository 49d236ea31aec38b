import * as v from 'valibot';
import { MetaplasticError } from '../errors.js';
import {
  GROUPS,
  ofAllLayers,
  type Group,
  type Layout,
  type MetaParameter,
} from '../parameters/layout.js';
import { writtenOf, type System } from '../systems/system.js';
import {
  atLeast,
  callback,
  check,
  isNumber,
  list,
  literal,
  needed,
  option,
  positive,
  section,
  unknownName,
  variant,
  whole,
  within,
  type Kind,
} from '../options.js';

/**
 * Meta-learning rates by groups of meta-parameters (see Layout), and of single meta-parameters by
 * their names, which count for more than their group's. 0 leaves a meta-parameter as it is.
 */
export type Rates = Readonly<Record<Group, number>> & Readonly<Partial<Record<string, number>>>;
export type GivenRates = Readonly<Partial<Record<string, number>>>;

/**
 * Meta-learning rates where `rates` is left out. Plasticity and learning rates multiply whole
 * lifetimes, so theirs are lower.
 */
export const DEFAULT_RATES: Readonly<Record<Group, number>> = {
  W: 1e-3,
  B: 1e-3,
  alpha: 1e-4,
  beta: 1e-3,
  theta: 1e-3,
  eta: 1e-4,
  rule: 1e-3,
  alignment: 1e-3,
};

/**
 * A rate beyond this can only throw meta-parameters away: Adam's steps are about as long as it says.
 */
const RATE = within(0, 1e6);

const rateOf = (what: string) =>
  option(
    RATE,
    { about: `Meta-learning rate of ${what}. A group that is left out stays as it begins.` },
    0,
  );

/** What may be the name of a meta-parameter; which ones there are, the layout knows. */
const PARAMETER =
  /^(?:[WBbc]|alpha|eta|alphaBias|etaBias|theta)[1-9]\d*$|^(?:weightDecay|momentum|k|etaB)$|^rule\.[A-Za-z_]\w*(?:\.[1-9]\d*)?$/;

const RATES = section(
  {
    W: rateOf('initial weights W and biases b'),
    B: rateOf('feedback weights B and their biases c'),
    alpha: rateOf('plasticity coefficients α'),
    beta: rateOf('feedback strengths β'),
    theta: rateOf('the pool’s coefficients θ'),
    eta: rateOf('learning rates η, weight decay and momentum'),
    rule: option(RATE, {
      about:
        'Meta-learning rate of the coefficients of a rule of your own; counts for more than what the rule says of each.',
      otherwise: 'what the rule says of each coefficient, and 0 for those of which it says nothing',
    }),
    alignment: rateOf('the feedback rule’s k and its rate'),
  } satisfies Record<Group, unknown>,
  { others: { names: PARAMETER, kind: RATE } },
) as unknown as Kind<GivenRates, GivenRates>;

const DEFAULTS = Object.entries(DEFAULT_RATES).map(([group, rate]) => `${group} ${rate}`);

const CONSTANT = section({ kind: literal('constant') });
const STEP = section({
  kind: literal('step'),
  at: needed(list(whole(0), 'meta-steps'), { about: 'Meta-steps at which rates change.' }),
  factor: needed(positive, { about: 'Factor on the rates at each of them.' }),
});
const COSINE = {
  kind: literal('cosine'),
  floor: needed(within(0, 1), { about: 'Factor at the end.' }),
};
const KINDS = ['constant', 'cosine', 'step'] as const;

/** What becomes of the rates over a run, whose configuration says how many meta-steps it has. */
export const DECAY = variant('kind', KINDS, [CONSTANT, section(COSINE), STEP]);

const NAMED = variant('kind', KINDS, [
  CONSTANT,
  section({
    ...COSINE,
    steps: needed(whole(1), { about: 'Meta-steps until then; the factor stays there.' }),
  }),
  STEP,
]);

/**
 * The factor on the rates at every meta-step: by name, or a function of the meta-steps made before.
 */
export type Schedule = v.InferOutput<typeof NAMED> | ((metaStep: number) => number);

const SCHEDULE = v.pipe(
  v.lazy(given => (typeof given === 'function' ? callback<(metaStep: number) => number>() : NAMED)),
  v.metadata({
    range:
      '{ kind: constant }, { kind: cosine, floor, steps }, { kind: step, at, factor }, or a function of the meta-steps made before',
  }),
) as unknown as Kind<Schedule>;

/** The longest that a gradient may be. Kernels divide it by the gradient's norm, in float32. */
export const LONGEST = atLeast(1e-20);

/** What Adam and a configuration's `meta` say alike. */
export const MOVES = {
  rates: option(RATES, {
    about:
      'Meta-learning rates of groups of meta-parameters, and of single ones by their names (W1, alpha2; of a rule of your own rule.NAME in all layers, or rule.NAME.2), which count for more. A rate of 0 leaves them as they begin.',
    otherwise: `${DEFAULTS.join(', ')}, of those that the system has; a coefficient of a rule of your own has the rate that the rule says`,
  }),
  clip: option(LONGEST, {
    about: 'Largest norm of the mean gradient, before Adam.',
    otherwise: 'no limit',
  }),
};

/** The options of Adam. */
export const ADAM = section({
  ...MOVES,
  schedule: option(
    SCHEDULE,
    { about: 'Factor on the rates at every meta-step.' },
    { kind: 'constant' },
  ),
});
/**
 * Options of `adam`: rates by groups or names, a schedule, a largest norm `clip`. Table of
 * options: docs/options.md.
 */
export type AdamOptions = Readonly<v.InferInput<typeof ADAM>>;

export const OPTIMISER = section({ kind: literal('adam'), ...ADAM.entries });
/** How a learner's meta-steps move meta-parameters: what `adam` returns. */
export type Optimiser = Readonly<v.InferInput<typeof OPTIMISER>>;

/**
 * Adam (Kingma & Ba 2015), with β₁ = 0.9, β₂ = 0.999 and ε = 1e-8, on the mean gradient of a
 * meta-batch.
 *
 * @example adam({ rates: { W: 1e-3, alpha: 1e-4, W1: 0 }, schedule: { kind: 'cosine', steps: 1000, floor: 0.1 } })
 *
 * @throws MetaplasticError for a rate, schedule or clip that is none.
 */
export const adam = (options: AdamOptions = {}): Optimiser => ({
  kind: 'adam',
  ...check(ADAM, options, 'adam'),
});

/**
 * The rates of a system's groups that are given, or the default ones. Where nothing is given for
 * the group rule, its coefficients have the rates that the rule itself says.
 */
export function ratesOf(system: System, layout: Layout, given: GivenRates | undefined): Rates {
  if (given?.rule !== undefined) return given as Rates;
  const coefficients = writtenOf(system)?.coefficients ?? [];
  const own = coefficients.flatMap(({ name, rate }) =>
    rate === undefined ? [] : [[`rule.${name}`, rate] as const],
  );
  const standard = GROUPS.map(
    group => [group, has(layout, group) && !given ? DEFAULT_RATES[group] : 0] as const,
  );
  return { ...Object.fromEntries([...standard, ...own]), ...given } as Rates;
}

const has = (layout: Layout, group: Group) => layout.tensors.some(t => t.group === group);

/** The rate of every meta-parameter, in the order of the layout. */
export const rateOfEach = ({ tensors }: Layout, rates: Rates): readonly number[] =>
  tensors.map(t => rates[t.name] ?? rates[sharedName(t)] ?? rates[t.group]);

/** The name by which a meta-parameter and those of other layers are given a rate, if there is one. */
const sharedName = ({ name, group }: MetaParameter): string =>
  group === 'rule' ? ofAllLayers(name) : name;

/** Are the rates those of meta-parameters that there are? */
export function checkRates(rates: Rates, layout: Layout, where: string): void {
  for (const group of GROUPS)
    if (rates[group] > 0 && !has(layout, group))
      throw new MetaplasticError({
        where: `${where}.${group}`,
        expected: '0, because the system has no meta-parameters of this group',
        got: `${rates[group]}`,
        hint: `it has ${GROUPS.filter(g => has(layout, g)).join(', ')}`,
      });
  const names = [...new Set(layout.tensors.flatMap(t => [sharedName(t), t.name]))];
  for (const name of Object.keys(rates))
    if (!(GROUPS as readonly string[]).includes(name) && !names.includes(name))
      throw new MetaplasticError({
        where: `${where}.${name}`,
        ...unknownName('meta-parameter', undefined, names, name),
      });
}

/** The factor on the rates after so many meta-steps. */
export function factorAt(schedule: Schedule, metaStep: number): number {
  if (typeof schedule === 'function') return schedule(metaStep);
  switch (schedule.kind) {
    case 'constant':
      return 1;
    case 'cosine': {
      const { floor, steps } = schedule;
      const angle = (Math.PI * Math.min(metaStep, steps)) / steps;
      return floor + ((1 - floor) * (1 + Math.cos(angle))) / 2;
    }
    case 'step':
      return schedule.factor ** schedule.at.filter(at => metaStep >= at).length;
  }
}

/** The rate of every meta-parameter after so many meta-steps, in the order of the layout. */
export function ratesAt(
  layout: Layout,
  { rates, schedule }: { readonly rates: Rates; readonly schedule: Schedule },
  metaStep: number,
  where: string,
): readonly number[] {
  const factor = check(atLeast(0), factorAt(schedule, metaStep), where);
  return rateOfEach(layout, rates).map((rate, k) => {
    if (isNumber(rate * factor)) return rate * factor;
    throw new MetaplasticError({
      where,
      expected: `a factor that leaves the rate of ${layout.tensors[k]!.name} within float32`,
      got: `${factor}`,
    });
  });
}
