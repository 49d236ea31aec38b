import { derivative } from '../rules/derive.js';
import { evaluator } from '../rules/evaluate.js';
import type { Local } from '../rules/handwritten.js';
import { SEEN, type WrittenRule } from '../rules/rule.js';
import { namesOf, type Tree } from '../rules/tree.js';
import type { Layer, System } from '../systems/system.js';
import { add, NONE } from './algebra.js';
import type { Fast, LayerParameters } from './parameters.js';
import { type Change, shareOf } from './plasticity.js';

/**
 * A rule that is written as text: what a step changes, every right-hand side read before anything
 * changes (docs/rules.md).
 *
 *     W_ij ← W_ij + m SHARE Σ_b dw(b, i, j)      over all looks (looks.ts)
 *     s_ij ← s_ij + mean_b d(b, i, j)            a state of the synapses of plastic layers
 *     s_i  ← s_i + 1 / batch Σ_b d(b, i)         a state of all neurons x_E … x_L, E the encoder's
 *
 * The adjoint of each is that of every name that its tree reads, by the tree's own derivative.
 */

/**
 * What the synapses of a layer see in one look, or its adjoint: besides what every rule sees, the
 * activities of its neurons, and by state those of its neurons and of those below.
 */
export interface Look extends Local {
  readonly x: Float64Array;
  readonly neuron: readonly Float64Array[];
  readonly neuronBelow: readonly Float64Array[];
}

/** Plasticity of one layer: W and the states of its synapses after a step. */
export function writtenPlasticity(
  system: System,
  rule: WrittenRule,
  layer: Layer,
  p: LayerParameters,
  W: Float64Array,
  states: readonly Float64Array[],
  looks: readonly Look[],
): Change & { readonly synapse: readonly Float64Array[] } {
  const next = W.slice();
  const synapse = states.map(state => state.slice());
  const unchanged = { v: NONE, step: new Float64Array(W.length) };
  if (!layer.plastic) return { W: next, synapse, ...unchanged };
  const { dw, synapse: changes } = expressionsOf(rule);
  const share = layer.multiplier * shareOf(system, layer, looks.length);
  forEachSynapse(rule, layer, p, states, looks, (values, ij) => {
    next[ij]! += share * dw.value(values);
    changes.forEach((change, q) => {
      synapse[q]![ij]! += change.value(values) / looks.length;
    });
  });
  return { W: next, synapse, ...unchanged };
}

/** Its adjoint: from those of W and the states after the step adds to all that they read. */
export function writtenPlasticityAdjoint(
  system: System,
  rule: WrittenRule,
  layer: Layer,
  p: LayerParameters,
  states: readonly Float64Array[],
  looks: readonly Look[],
  dNext: { readonly W: Float64Array; readonly synapse: readonly Float64Array[] },
  dW: Float64Array,
  dStates: readonly Float64Array[],
  dLooks: readonly Look[],
  dP: LayerParameters,
): void {
  add(dW, dNext.W);
  dNext.synapse.forEach((d, q) => add(dStates[q]!, d));
  if (!layer.plastic) return;
  const { dw, synapse: changes } = expressionsOf(rule);
  const share = layer.multiplier * shareOf(system, layer, looks.length);
  const seats = dLooks.map(dLook => synapseSeats(rule, layer, dP, dStates, dLook));
  forEachSynapse(rule, layer, p, states, looks, (values, ij, b, i, j) => {
    backward(dw, values, share * dNext.W[ij]!, seats[b]!, i, j);
    changes.forEach((change, q) =>
      backward(change, values, dNext.synapse[q]![ij]! / looks.length, seats[b]!, i, j),
    );
  });
}

/** What the states of neurons are changed by, or the adjoint of that. */
export interface Neurons {
  /** By state those of x_0 … x_L, empty within an encoder. */
  readonly states: Fast['neuron'];
  /** (batch) x_0 … x_{L−1}, and the answer in the place of x_L. */
  readonly x: readonly (readonly Float64Array[])[];
  /** The coefficients of the rule, of which neurons read those of the network. */
  readonly coefficients: LayerParameters['coefficients'];
}

/** The states of neurons after a step. */
export function neuronStates(rule: WrittenRule, neurons: Neurons): Float64Array[][] {
  const next = neurons.states.map(state => state.map(of => of.slice()));
  const { neuron: changes } = expressionsOf(rule);
  forEachNeuron(rule, neurons, (values, k, i) =>
    changes.forEach((change, q) => {
      next[q]![k]![i]! += change.value(values) / neurons.x.length;
    }),
  );
  return next;
}

/** Their adjoint: from that of the states after the step adds to all that they are changed by. */
export function neuronStatesAdjoint(
  rule: WrittenRule,
  neurons: Neurons,
  dNext: Fast['neuron'],
  dNeurons: Neurons,
): void {
  dNext.forEach((state, q) => state.forEach((d, k) => add(dNeurons.states[q]![k]!, d)));
  const { neuron: changes } = expressionsOf(rule);
  forEachNeuron(rule, neurons, (values, k, i, b) => {
    const seats = neuronSeats(rule, dNeurons, k, b);
    changes.forEach((change, q) =>
      backward(change, values, dNext[q]![k]![i]! / neurons.x.length, seats, i, 0),
    );
  });
}

/** A tree as a function of its names' values, and its derivatives by those that it reads. */
interface Expression {
  value(values: Float64Array): number;
  readonly partials: readonly { readonly slot: number; of(values: Float64Array): number }[];
}

/** d value, times each derivative, to where the names lie for synapse (i, j) or neuron i. */
function backward(
  { partials }: Expression,
  values: Float64Array,
  d: number,
  seats: readonly Seat[],
  i: number,
  j: number,
): void {
  for (const { slot, of } of partials) {
    const { numbers, row, column } = seats[slot]!;
    numbers[row * i + column * j]! += d * of(values);
  }
}

/**
 * Where what a name means lies for one sample and layer: that of synapse (i, j) at row · i +
 * column · j, so that what all of them share has row and column 0.
 */
interface Seat {
  readonly numbers: Float64Array;
  readonly row: number;
  readonly column: number;
}

/** The names of a synapse's expressions, in the order of `synapseSeats`. */
const synapseNames = ({ synapse, neuron, coefficients }: WrittenRule): string[] => [
  'w',
  ...SEEN,
  ...synapse.map(s => s.name),
  ...neuron.map(s => s.name),
  ...neuron.map(s => `${s.name}_pre`),
  ...coefficients.map(c => c.name),
];

function synapseSeats(
  rule: WrittenRule,
  { fanIn }: Layer,
  { coefficients }: LayerParameters,
  states: readonly Float64Array[],
  look: Look,
): Seat[] {
  const own = (numbers: Float64Array): Seat => ({ numbers, row: fanIn, column: 1 });
  const above = (numbers: Float64Array): Seat => ({ numbers, row: 1, column: 0 });
  const below = (numbers: Float64Array): Seat => ({ numbers, row: 0, column: 1 });
  const seen = {
    pre: below(look.pre),
    x: above(look.x),
    post: above(look.post),
    e: above(look.error),
    e_pre: below(look.errorBelow),
  } satisfies Record<(typeof SEEN)[number], Seat>;
  return [
    own(look.W),
    ...SEEN.map(name => seen[name]),
    ...states.map(own),
    ...look.neuron.map(above),
    ...look.neuronBelow.map(below),
    ...rule.coefficients.map(({ per }, c): Seat => {
      const numbers = coefficients[c]!;
      if (per === 'synapse') return own(numbers);
      return per === 'neuron' ? above(numbers) : shared(numbers);
    }),
  ];
}

/** The names of a neuron's expressions, in the order of `neuronSeats`. */
const neuronNames = ({ neuron, coefficients }: WrittenRule): string[] => [
  'x',
  ...neuron.map(s => s.name),
  ...coefficients.filter(c => c.per === 'network').map(c => c.name),
];

function neuronSeats(
  rule: WrittenRule,
  { states, x, coefficients }: Neurons,
  k: number,
  b: number,
): Seat[] {
  const own = (numbers: Float64Array): Seat => ({ numbers, row: 1, column: 0 });
  return [
    own(x[b]![k]!),
    ...states.map(state => own(state[k]!)),
    ...rule.coefficients.flatMap(({ per }, c) =>
      per === 'network' ? [shared(coefficients[c]!)] : [],
    ),
  ];
}

const shared = (numbers: Float64Array): Seat => ({ numbers, row: 0, column: 0 });

/** Calls `visit` for every look and synapse with the values of all names. */
function forEachSynapse(
  rule: WrittenRule,
  layer: Layer,
  p: LayerParameters,
  states: readonly Float64Array[],
  looks: readonly Look[],
  visit: (values: Float64Array, ij: number, b: number, i: number, j: number) => void,
): void {
  looks.forEach((look, b) => {
    const seats = synapseSeats(rule, layer, p, states, look);
    const values = new Float64Array(seats.length);
    for (let i = 0; i < layer.fanOut; i++)
      for (let j = 0; j < layer.fanIn; j++) {
        read(seats, i, j, values);
        visit(values, i * layer.fanIn + j, b, i, j);
      }
  });
}

/** Calls `visit` for every sample and neuron i of x_k that has states, with the values of names. */
function forEachNeuron(
  rule: WrittenRule,
  neurons: Neurons,
  visit: (values: Float64Array, k: number, i: number, b: number) => void,
): void {
  const [state] = neurons.states;
  state?.forEach((numbers, k) =>
    neurons.x.forEach((_, b) => {
      const seats = neuronSeats(rule, neurons, k, b);
      const values = new Float64Array(seats.length);
      numbers.forEach((_number, i) => {
        read(seats, i, 0, values);
        visit(values, k, i, b);
      });
    }),
  );
}

function read(seats: readonly Seat[], i: number, j: number, values: Float64Array): void {
  seats.forEach(({ numbers, row, column }, slot) => {
    values[slot] = numbers[row * i + column * j]!;
  });
}

interface Expressions {
  readonly dw: Expression;
  readonly synapse: readonly Expression[];
  readonly neuron: readonly Expression[];
}

/** Those of rules that were asked for before: every step asks. */
const KNOWN = new WeakMap<WrittenRule, Expressions>();

function expressionsOf(rule: WrittenRule): Expressions {
  const known = KNOWN.get(rule);
  if (known) return known;
  const ofSynapse = synapseNames(rule);
  const made: Expressions = {
    dw: expression(rule.dw, ofSynapse),
    synapse: rule.synapse.map(({ change }) => expression(change, ofSynapse)),
    neuron: rule.neuron.map(({ change }) => expression(change, neuronNames(rule))),
  };
  KNOWN.set(rule, made);
  return made;
}

function expression(tree: Tree, names: readonly string[]): Expression {
  const slotOf = (name: string) => names.indexOf(name);
  const found = namesOf(tree);
  return {
    value: evaluator(tree, slotOf),
    partials: names.flatMap((name, slot) =>
      found.has(name) ? [{ slot, of: evaluator(derivative(tree, name), slotOf) }] : [],
    ),
  };
}
