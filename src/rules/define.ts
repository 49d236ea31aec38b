import { MetaplasticError } from '../errors.js';
import { check, isObject, unknownName } from '../options.js';
import { derivative } from './derive.js';
import {
  checkHandwritten,
  isHandwritten,
  type HandwrittenRule,
  type HandwrittenSpec,
} from './handwritten.js';
import { RULE } from './options.js';
import { parse, type Parsed } from './parse.js';
import { errorAt } from './place.js';
import { factored } from './products.js';
import { ANY, checkStart, POSITIVE, rangeOfStart, type Interval } from './range.js';
import { SEEN, type Coefficient, type RuleSpec, type State, type WrittenRule } from './rule.js';
import { simplified } from './simplify.js';
import { FUNCTIONS, namesOf, type Tree } from './tree.js';

export { RULE };

/** Rules that were checked here. */
const CHECKED = new WeakSet<object>();

/** A text of a rule, where it stands, and which names it may read. */
interface Expression {
  readonly where: string;
  readonly parsed: Parsed;
  readonly ofNeuron: boolean;
}

/**
 * Checks a plasticity rule that is written as text (docs/rules.md) and finds out what it needs, or
 * one that is written by hand, in WGSL and in float64; a checked one is left as it is. Throws a
 * MetaplasticError that names the key behind `where`, and shows the place if it is one in a text.
 */
export function defineRule(given: RuleSpec | WrittenRule, where?: string): WrittenRule;
export function defineRule(given: HandwrittenSpec, where?: string): HandwrittenRule;
export function defineRule(
  given: RuleSpec | WrittenRule | HandwrittenSpec,
  where?: string,
): WrittenRule | HandwrittenRule;
export function defineRule(
  given: RuleSpec | WrittenRule | HandwrittenSpec,
  where = 'rule',
): WrittenRule | HandwrittenRule {
  if (CHECKED.has(given)) return given as WrittenRule | HandwrittenRule;
  const rule =
    isObject(given) && isHandwritten(given)
      ? checkHandwritten(given, where)
      : checkWritten(given as RuleSpec | WrittenRule, where);
  CHECKED.add(rule);
  return rule;
}

function checkWritten(given: RuleSpec | WrittenRule, where: string): WrittenRule {
  // a checked rule that came as a copy, from a worker or a file, is checked anew
  const written = (given as Partial<WrittenRule> | undefined)?.kind === 'written';
  const spec = check(RULE, written ? (given as WrittenRule).spec : given, where);
  checkNames(spec, where);
  const read = (text: string, at: string, ofNeuron = false): Expression => ({
    where: at,
    parsed: parse(text, at),
    ofNeuron,
  });
  const states = (of: 'synapse' | 'neuron') =>
    Object.entries(spec[of]).map(([name, { d }]) =>
      read(d, `${where}.${of}.${name}.d`, of === 'neuron'),
    );
  const dw = read(spec.dw, `${where}.dw`);
  const synapse = states('synapse');
  const neuron = states('neuron');
  const all = [dw, ...synapse, ...neuron];
  const scopes = scopesOf(spec);
  for (const one of all) checkScope(one, scopes);
  checkTogether(spec, all, where);
  const ranges = rangesOf(spec);
  for (const one of all) checkStart(one.parsed, one.where, name => ranges.get(name)!);
  return understood(spec, dw, synapse, neuron);
}

/** A rule with every default. */
type Spec = ReturnType<typeof check<typeof RULE>>;

/** Refuses names that mean something else already. */
function checkNames(spec: Spec, where: string): void {
  const taken = new Map<string, string>();
  const take = (name: string, as: string) => taken.set(name, as);
  for (const name of Object.keys(FUNCTIONS)) take(name, 'a function');
  for (const name of ['w', ...SEEN]) take(name, 'what every rule may read');
  for (const name of Object.keys(spec.neuron))
    take(`${name}_pre`, `the state ${name} of the neuron below`);
  for (const of of ['synapse', 'neuron', 'coefficients'] as const)
    for (const name of Object.keys(spec[of])) {
      const before = taken.get(name);
      if (before !== undefined)
        throw new MetaplasticError({
          where: `${where}.${of}.${name}`,
          expected: 'a name that means nothing else',
          got: `\`${name}\`, ${before}`,
          hint: 'choose another name',
        });
      take(name, of === 'coefficients' ? 'a coefficient' : `a state of ${of}s`);
    }
}

/** What each text may read. */
function scopesOf(spec: Spec) {
  const neurons = Object.keys(spec.neuron);
  const coefficients = Object.entries(spec.coefficients);
  return {
    synapse: [
      'w',
      ...SEEN,
      ...Object.keys(spec.synapse),
      ...neurons.flatMap(name => [name, `${name}_pre`]),
      ...coefficients.map(([name]) => name),
    ],
    neuron: [
      'x',
      ...neurons,
      ...coefficients.filter(([, { per }]) => per === 'network').map(([name]) => name),
    ],
  };
}

function checkScope(
  { where, parsed, ofNeuron }: Expression,
  { synapse, neuron }: ReturnType<typeof scopesOf>,
): void {
  const known = ofNeuron ? neuron : synapse;
  const { text, at } = parsed;
  for (const [part, column] of at) {
    if (part.kind !== 'name' || known.includes(part.name)) continue;
    const shown = `\`${part.name}\``;
    throw synapse.includes(part.name)
      ? errorAt(text, column, where, {
          expected: `one of ${known.join(', ')}`,
          got: shown,
          hint: 'the state of a neuron reads x, states of neurons, and coefficients per network',
        })
      : errorAt(text, column, where, unknownName('name', shown, known, part.name));
  }
}

/** Refuses what the texts of a rule say together. */
function checkTogether(spec: Spec, all: readonly Expression[], where: string): void {
  const read = new Set(all.flatMap(({ parsed }) => [...namesOf(parsed.tree)]));
  const error = read.has('e') ? 'e' : read.has('e_pre') ? 'e_pre' : undefined;
  if (read.has('post') && error) {
    const { parsed, ...one } = all.findLast(({ parsed: { tree } }) => namesOf(tree).has(error))!;
    const [, column] = [...parsed.at].find(
      ([part]) => part.kind === 'name' && part.name === error,
    )!;
    throw errorAt(parsed.text, column, one.where, {
      problem: `the rule reads \`${error}\`, and \`post\` as well`,
      hint: 'feedback tells a neuron either what to be (post) or its error (e, e_pre)',
    });
  }
  for (const name of Object.keys(spec.coefficients))
    if (!read.has(name))
      throw new MetaplasticError({
        where: `${where}.coefficients.${name}`,
        expected: 'a coefficient that the rule reads',
        got: 'one that stands nowhere in it',
        hint: 'use it, or leave it out',
      });
}

/** Where names lie at the start of a lifetime. */
function rangesOf(spec: Spec): ReadonlyMap<string, Interval> {
  const ranges = new Map<string, Interval>();
  for (const name of ['w', 'e', 'e_pre']) ranges.set(name, ANY);
  // of some activations both signs, but a rule may be made for those without
  for (const name of ['x', 'pre', 'post']) ranges.set(name, POSITIVE);
  for (const [name, { start }] of Object.entries(spec.synapse)) ranges.set(name, [start, start]);
  for (const [name, { start }] of Object.entries(spec.neuron))
    ranges.set(name, [start, start]).set(`${name}_pre`, [start, start]);
  for (const [name, { start }] of Object.entries(spec.coefficients))
    ranges.set(name, rangeOfStart(start));
  return ranges;
}

function understood(
  spec: Spec,
  dw: Expression,
  ofSynapses: readonly Expression[],
  ofNeurons: readonly Expression[],
): WrittenRule {
  const states = (of: Spec['synapse'], texts: readonly Expression[]): State[] =>
    Object.entries(of).map(([name, { start }], k) => ({
      name,
      start,
      change: simplified(texts[k]!.parsed.tree),
    }));
  const synapse = states(spec.synapse, ofSynapses);
  const neuron = states(spec.neuron, ofNeurons);
  const coefficients = Object.entries(spec.coefficients).map(([name, said]): Coefficient => ({
    name,
    ...said,
  }));
  const change = simplified(dw.parsed.tree);
  const read = new Set(
    [dw, ...ofSynapses, ...ofNeurons].flatMap(({ parsed }) => [...namesOf(parsed.tree)]),
  );
  const reads = SEEN.filter(name => read.has(name));
  const hasStates = synapse.length + neuron.length > 0;
  const rule: WrittenRule = {
    kind: 'written',
    name: spec.name,
    spec,
    from: read.has('post')
      ? 'post'
      : reads.some(name => name.startsWith('e'))
        ? 'error'
        : 'nothing',
    reads,
    coefficients,
    synapse,
    neuron,
    dw: change,
    undoable: !hasStates && isAffine(change),
    ...factored(change, { coefficients, synapse, neuron }),
  };
  return frozen(structuredClone(rule));
}

/** Is a simplified tree something times w and something else? */
function isAffine(tree: Tree): boolean {
  const degree = degreeOf(tree);
  // a polynomial may be none after all: w (w + 1) − w²
  return degree <= 1 || (degree <= HIGHEST && !namesOf(derivative(tree, 'w')).has('w'));
}
const HIGHEST = 4;

/** Of a tree as a polynomial in w, ∞ of what is none. */
function degreeOf(tree: Tree): number {
  if (tree.kind === 'number') return 0;
  if (tree.kind === 'name') return tree.name === 'w' ? 1 : 0;
  const [a, b = 0] = tree.to.map(degreeOf);
  const [, exponent] = tree.to;
  switch (tree.of) {
    case '+':
    case '-':
    case 'negate':
      return Math.max(a!, b);
    case '*':
      return a! + b;
    case '/':
      return b === 0 ? a! : Infinity;
    case '^':
      if (exponent!.kind === 'number' && Number.isInteger(exponent!.value) && exponent!.value > 0)
        return a! * exponent!.value;
  }
  return a === 0 && b === 0 ? 0 : Infinity;
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(frozen);
  return Object.freeze(value);
}
