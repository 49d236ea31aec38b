import type { CoefficientSpec, RuleSpec, StateSpec } from '../rules/rule.js';
import { GRANULARITIES } from '../rules/rule.js';
import { random } from '../tasks/random.js';

/** Every third rule of a seed reads what to be, every third an error, every third neither. */
const TOLD = [['post'], ['e', 'e_pre'], []] as const;

/** How deep functions and operators stand in one another. */
const DEPTH = 3;

/**
 * A random rule, the same for the same seed: any operators, functions, states and granularities,
 * bounded so that a short lifetime stays finite, and smooth wherever it is not at a corner. Every
 * fourth is a sum of products and decays, whose update can be undone. Its coefficients start
 * uniformly in a range of their own; its rate is for an update that is a sum over so many samples
 * (`summed`), which linear networks would otherwise not survive.
 */
export function randomRule(seed: number, summed = 1): RuleSpec {
  const draw = random(seed, 0);
  const told = TOLD[seed % TOLD.length]!;
  const one = <T>(items: readonly T[]): T => items[draw.below(items.length)]!;
  const count = (most: number) => draw.below(most + 1);
  const number = () => `${(0.1 + 1.4 * draw.uniform()).toFixed(2)}`;

  const coefficients: Record<string, CoefficientSpec> = {};
  const coefficient = (low: number, high: number, per = one(GRANULARITIES)): string => {
    const name = `c${Object.keys(coefficients).length}`;
    coefficients[name] = { per, start: { uniform: [low, high] } };
    return name;
  };
  /** Coefficients that are declared may be read again; a rule has a few at most. */
  const someCoefficient = (ofNeuron: boolean): string => {
    const fitting = Object.keys(coefficients).filter(
      name => !ofNeuron || coefficients[name]!.per === 'network',
    );
    if (Object.keys(coefficients).length < 6)
      return coefficient(-0.5, 1, ofNeuron ? 'network' : undefined);
    return fitting.length > 0 ? one(fitting) : number();
  };

  /** An expression of leaves, of moderate size wherever its leaves are. */
  const expression = (leaf: () => string, depth: number): string => {
    if (depth === 0) return leaf();
    const inner = () => expression(leaf, depth - 1 - draw.below(Math.min(2, depth)));
    const a = inner();
    const b = inner();
    return one([
      () => `(${a} + ${b})`,
      () => `(${a} - ${b})`,
      () => `${factor(a)} * ${factor(b)}`,
      () => `${factor(a)} / (1 + abs(${b}))`,
      () => `-${factor(a)}`,
      () => `tanh(${a})^${one([2, 3, 4])}`,
      () => `(${number()} + abs(${a}))^${one(['-1', '-2', '0.5', '1.5', '-0.5'])}`,
      () => `(${number()} + abs(tanh(${a})))^tanh(${b})`,
      () => `exp(-(${a})^2)`,
      () => `exp(tanh(${a}))`,
      () => `log(${number()} + abs(${a}))`,
      () => `sqrt(${number()} + abs(${a}))`,
      () => `abs(${a})`,
      () => `sign(${a}) * ${factor(b)}`,
      () => `tanh(${a})`,
      () => `sigmoid(${a})`,
      () => `relu(${a})`,
      () => `softplus(${a})`,
      () => `min(${a}, ${b})`,
      () => `max(${a}, ${b})`,
    ])();
  };
  const factor = (text: string) => (/^[\w.]+$/.test(text) ? text : `(${text})`);

  const isProducts = seed % 4 === 3;
  const synapseNames = isProducts ? [] : ['h', 'r'].slice(0, count(2));
  const neuronNames = isProducts ? [] : ['m', 'theta'].slice(0, count(2));
  const seen = ['pre', 'x', 'w', ...told, ...told];
  const leaf = () => {
    const states = [...synapseNames, ...neuronNames.flatMap(name => [name, `${name}_pre`])];
    const own = states.length > 0 ? states : seen;
    return one([
      ...[1, 2, 3, 4].map(() => () => one(seen)),
      ...[1, 2].map(() => () => one(own)),
      () => someCoefficient(false),
      number,
    ])();
  };
  const neuronLeaf = () =>
    one([
      ...[1, 2, 3].map(() => () => 'x'),
      ...[1, 2].map(() => () => one(neuronNames)),
      () => someCoefficient(true),
      number,
    ])();
  const stateOf =
    (leafOf: () => string, ofNeuron: boolean) =>
    (name: string): [string, StateSpec] => {
      const rate = ofNeuron ? coefficient(0.1, 0.4, 'network') : coefficient(0.1, 0.4);
      const start = Number(one(['0', number()]));
      return [name, { d: `${rate} * (tanh(${expression(leafOf, DEPTH - 1)}) - ${name})`, start }];
    };

  const rate = coefficient(0.02 / summed, 0.1 / summed);
  const products = () => {
    const left = () => one([...told.filter(name => name !== 'e_pre'), 'x']);
    const right = () => one([...told.filter(name => name === 'e_pre'), 'pre']);
    const terms = [
      () => `${left()} * ${right()}`,
      () => `tanh(${left()}) * ${right()}`,
      () => `${someCoefficient(false)} * ${left()} * sigmoid(${right()})`,
      () => `-${number()} * ${left()}^2 * w`,
    ];
    return `${told[0] ?? 'x'} * ${right()}${[...Array(count(2))].map(() => ` + ${one(terms)()}`).join('')}`;
  };
  const change = isProducts ? `(${products()})` : `tanh(${expression(leaf, DEPTH)})`;
  const synapse = Object.fromEntries(synapseNames.map(stateOf(leaf, false)));
  const neuron = Object.fromEntries(neuronNames.map(stateOf(neuronLeaf, true)));
  // what is told is read, whatever was drawn
  const sure = told.length > 0 && !isProducts ? ` + ${rate} * ${told[0]} * pre` : '';
  const dw = `${one(['', '-'])}${rate} * ${change}${sure}`;
  const texts = [dw, ...Object.values({ ...synapse, ...neuron }).map(({ d }) => d)].join(' ');
  const isRead = (name: string) => new RegExp(`\\b${name}\\b`).test(texts);
  return {
    name: `random-${seed}`,
    dw,
    synapse,
    neuron,
    coefficients: Object.fromEntries(Object.entries(coefficients).filter(([name]) => isRead(name))),
  };
}
