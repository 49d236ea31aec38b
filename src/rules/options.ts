import * as v from 'valibot';
import {
  atLeast,
  choice,
  isNumber,
  isObject,
  kind,
  needed,
  number,
  option,
  section,
  text,
  type Kind,
  type Said,
  within,
} from '../options.js';
import { GRANULARITIES, type CoefficientSpec, type Start, type StateSpec } from './rule.js';

/** How much a rule may declare, so that kernels and links stay small. */
export const MOST_COEFFICIENTS = 16;
export const MOST_SYNAPSE_STATES = 4;
export const MOST_NEURON_STATES = 4;

const NAME = /^[A-Za-z]\w{0,39}$/;
const NAMES = 'a letter, then letters, digits and _, at most 40 in all';

/** What a rule is called stands in comments of its kernels, in logs and reports: in a line. */
export const TITLE = /^[\p{L}\p{N} ._,'’()+-]{1,40}$/u;

const isSpread = (x: Record<string, unknown>) =>
  (isNumber(x['normal']) && x['normal'] >= 0 && x['normal'] <= 1e37) ||
  (Array.isArray(x['uniform']) &&
    x['uniform'].length === 2 &&
    x['uniform'].every(isNumber) &&
    x['uniform'][0]! <= x['uniform'][1]!);
const isStart = (x: unknown): x is Start =>
  isNumber(x) || (isObject(x) && Object.keys(x).length === 1 && isSpread(x));

const start = (standard: string) =>
  kind<Start>(
    `a finite number, { normal: sd from 0 to 1e37 } or { uniform: [from, to] }${standard}`,
    isStart,
  );

const STATE = section({
  d: needed(text, { about: 'What an inner step adds to it, averaged over the batch.' }),
  start: option(number, { about: 'What it is at birth.' }, 0),
});

const COEFFICIENT = section({
  per: needed(choice(GRANULARITIES), { about: 'One per synapse, neuron, layer, or network.' }),
  start: option(
    start(''),
    { about: 'Where its numbers begin: all at one, N(0, sd²), or uniform.' },
    0.01,
  ),
  rate: option(within(0, 1e6), {
    about: 'Its meta-learning rate.',
    otherwise: 'that of the group rule',
  }),
  l1: option(atLeast(0), {
    about: 'Weight of its penalty Σ |·| in what is meta-learned.',
    otherwise: 'none',
  }),
});

/** An object of entries by the names that the rule gives them, of which there are at most `most`. */
function declared<S>(entry: Kind<any, S>, what: string, most: number, said: Said) {
  const fits = (x: unknown) =>
    isObject(x) && Object.keys(x).length <= most && Object.keys(x).every(name => NAME.test(name));
  const checked = v.pipe(
    kind<Readonly<Record<string, S>>>(`at most ${most} ${what} by name (${NAMES})`, fits),
    section({}, { others: { names: NAME, kind: entry } }) as unknown as Kind<any>,
    v.metadata({ range: `at most ${most} ${what} by name`, ...said }),
  );
  // what the reference of options lists
  const listed = { ...checked, entries: { NAME: needed(entry, { about: 'One of them.' }) } };
  return v.optional(listed as unknown as Kind<Readonly<Record<string, S>>>, {});
}

/** A rule as it is written (docs/rules.md). */
export const RULE = section({
  name: option(
    kind<string>(
      "a text of 1 to 40 letters, digits, spaces and . _ , ' ’ ( ) + -",
      x => typeof x === 'string' && TITLE.test(x),
    ),
    { about: 'What it is called.' },
    'rule',
  ),
  dw: needed(text, {
    about:
      'The change of a synapse for one sample of an inner step, summed over the batch (docs/rules.md).',
  }),
  synapse: declared<Required<StateSpec>>(STATE as any, 'states of synapses', MOST_SYNAPSE_STATES, {
    about: 'States of every synapse that has a weight.',
  }),
  neuron: declared<Required<StateSpec>>(STATE as any, 'states of neurons', MOST_NEURON_STATES, {
    about: 'States of every neuron, inputs and outputs too; NAME_pre is that of the neuron below.',
  }),
  coefficients: declared<CoefficientSpec & { readonly start: Start }>(
    COEFFICIENT as any,
    'coefficients',
    MOST_COEFFICIENTS,
    { about: 'Numbers that are meta-learned.' },
  ),
});
