import { derivative } from '../rules/derive.js';
import { evaluator } from '../rules/evaluate.js';
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
 *     W_ij ← W_ij + m SHARE Σ_b dw(b, i, j)      SHARE is 1, or 1 / batch under `mean`
 *     s_ij ← s_ij + 1 / batch Σ_b d(b, i, j)     a state of the synapses of plastic layers
 *     s_i  ← s_i + 1 / batch Σ_b d(b, i)         a state of all neurons x_E … x_L, E the encoder's
 *
 * The adjoint of each is that of every name that its tree reads, by the tree's own derivative.
 */

/** What expressions read, or the adjoint of that; (batch)(…) what samples show. */
export interface Surroundings {
  readonly fast: Pick<Fast, 'W' | 'synapse' | 'neuron'>;
  readonly parameters: readonly LayerParameters[];
  /** x_0 … x_{L−1}, and the answer in the place of x_L. */
  readonly x: readonly (readonly Float64Array[])[];
  /** What layers 1 … L are told to be, and errors e_0 … e_L. */
  readonly post: readonly (readonly Float64Array[])[];
  readonly error: readonly (readonly Float64Array[])[];
}

/** Plasticity of layers[k]: W and the states of its synapses after a step. */
export function writtenPlasticity(
  system: System,
  rule: WrittenRule,
  layer: Layer,
  around: Surroundings,
): Change & { readonly synapse: readonly Float64Array[] } {
  const k = layer.index - 1;
  const { fast } = around;
  const W = fast.W[k]!.slice();
  const synapse = fast.synapse.map(state => state[k]!.slice());
  const unchanged = { v: NONE, step: new Float64Array(W.length) };
  if (!layer.plastic) return { W, synapse, ...unchanged };
  const { dw, synapse: changes } = expressionsOf(rule);
  const batch = around.x.length;
  const share = layer.multiplier * shareOf(system, batch);
  forEachSynapse(rule, layer, around, (values, ij) => {
    W[ij]! += share * dw.value(values);
    changes.forEach((change, q) => {
      synapse[q]![ij]! += change.value(values) / batch;
    });
  });
  return { W, synapse, ...unchanged };
}

/** Its adjoint: from `dNext`, that of what it made, adds to all that is around. */
export function writtenPlasticityAdjoint(
  system: System,
  rule: WrittenRule,
  layer: Layer,
  around: Surroundings,
  dNext: Pick<Fast, 'W' | 'synapse'>,
  dAround: Surroundings,
): void {
  const k = layer.index - 1;
  add(dAround.fast.W[k]!, dNext.W[k]!);
  dNext.synapse.forEach((state, q) => add(dAround.fast.synapse[q]![k]!, state[k]!));
  if (!layer.plastic) return;
  const { dw, synapse: changes } = expressionsOf(rule);
  const batch = around.x.length;
  const share = layer.multiplier * shareOf(system, batch);
  forEachSynapse(rule, layer, around, (values, ij, b, i, j) => {
    const seats = synapseSeats(rule, layer, dAround, b);
    backward(dw, values, share * dNext.W[k]![ij]!, seats, i, j);
    changes.forEach((change, q) =>
      backward(change, values, dNext.synapse[q]![k]![ij]! / batch, seats, i, j),
    );
  });
}

/** The states of neurons after a step: by state those of x_0 … x_L, empty within an encoder. */
export function neuronStates(rule: WrittenRule, around: Surroundings): Float64Array[][] {
  const next = around.fast.neuron.map(state => state.map(of => of.slice()));
  const { neuron: changes } = expressionsOf(rule);
  forEachNeuron(rule, around, (values, k, i) =>
    changes.forEach((change, q) => {
      next[q]![k]![i]! += change.value(values) / around.x.length;
    }),
  );
  return next;
}

/** Their adjoint: from that of the states after the step adds to all that is around. */
export function neuronStatesAdjoint(
  rule: WrittenRule,
  around: Surroundings,
  dNext: Fast['neuron'],
  dAround: Surroundings,
): void {
  dNext.forEach((state, q) => state.forEach((d, k) => add(dAround.fast.neuron[q]![k]!, d)));
  const { neuron: changes } = expressionsOf(rule);
  forEachNeuron(rule, around, (values, k, i, b) => {
    const seats = neuronSeats(rule, dAround, k, b);
    changes.forEach((change, q) =>
      backward(change, values, dNext[q]![k]![i]! / around.x.length, seats, i, 0),
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
  { index, fanIn }: Layer,
  { fast, parameters, x, post, error }: Surroundings,
  b: number,
): Seat[] {
  const k = index - 1;
  const own = (numbers: Float64Array): Seat => ({ numbers, row: fanIn, column: 1 });
  const above = (numbers: Float64Array): Seat => ({ numbers, row: 1, column: 0 });
  const below = (numbers: Float64Array): Seat => ({ numbers, row: 0, column: 1 });
  const seen = {
    pre: below(x[b]![k]!),
    x: above(x[b]![index]!),
    post: above(post[b]![k]!),
    e: above(error[b]![index]!),
    e_pre: below(error[b]![k]!),
  } satisfies Record<(typeof SEEN)[number], Seat>;
  return [
    own(fast.W[k]!),
    ...SEEN.map(name => seen[name]),
    ...fast.synapse.map(state => own(state[k]!)),
    ...fast.neuron.map(state => above(state[index]!)),
    ...fast.neuron.map(state => below(state[k]!)),
    ...rule.coefficients.map(({ per }, c): Seat => {
      const numbers = parameters[k]!.coefficients[c]!;
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
  { fast, parameters, x }: Surroundings,
  k: number,
  b: number,
): Seat[] {
  const own = (numbers: Float64Array): Seat => ({ numbers, row: 1, column: 0 });
  return [
    own(x[b]![k]!),
    ...fast.neuron.map(state => own(state[k]!)),
    ...rule.coefficients.flatMap(({ per }, c) =>
      per === 'network' ? [shared(parameters[0]!.coefficients[c]!)] : [],
    ),
  ];
}

const shared = (numbers: Float64Array): Seat => ({ numbers, row: 0, column: 0 });

/** Calls `visit` for every sample and synapse with the values of all names. */
function forEachSynapse(
  rule: WrittenRule,
  layer: Layer,
  around: Surroundings,
  visit: (values: Float64Array, ij: number, b: number, i: number, j: number) => void,
): void {
  around.x.forEach((_, b) => {
    const seats = synapseSeats(rule, layer, around, b);
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
  around: Surroundings,
  visit: (values: Float64Array, k: number, i: number, b: number) => void,
): void {
  const [state] = around.fast.neuron;
  state?.forEach((numbers, k) =>
    around.x.forEach((_, b) => {
      const seats = neuronSeats(rule, around, k, b);
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
