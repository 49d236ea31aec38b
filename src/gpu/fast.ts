import { feedbackMatrix } from '../parameters/layout.js';
import { greatest, least } from '../extremes.js';
import { statesOf, type System } from '../systems/system.js';
import { lookOf } from './looks.js';
import { inQuads, oneAfterAnother, sizeOf, type Places } from './places.js';

/**
 * States of neurons: each has a number for every neuron of x_0 … x_L inside the lifetime, which lie
 * as `placesOfStates` says; a layer's in whole quads.
 */
export interface NeuronStates {
  /** Numbers of one state, and where those of each x_l begin among them. */
  readonly size: number;
  readonly layers: readonly number[];
  /** Where the first state begins in a slot, and its adjoint in the gradient. */
  readonly at: number;
  readonly gradient: number;
}

/**
 * Where a task keeps the weights of its moment, and the adjoints of those that are no
 * meta-parameters, in quads (src/gpu/places.ts). Tables have an entry for each layer inside the
 * lifetime.
 */
export interface FastLayout {
  /**
   * Numbers in a slot: plastic W (with their biases, if they change), as many again of velocities
   * if there is momentum and of every state of synapses, states of neurons, and aligned B.
   */
  readonly slot: number;
  readonly plastic: number;
  /**
   * Numbers in all, for so many slots: behind the slots lie W of frozen layers, and B that a
   * lifetime keeps but does not change.
   */
  readonly size: number;
  readonly W: readonly number[];
  /** Of plastic biases: one more column of W. */
  readonly bias: readonly number[];
  readonly B: readonly number[];
  /** Does a lifetime keep B of a layer? Else it is read elsewhere. */
  readonly keepsB: readonly boolean[];
  /**
   * Places in a task's gradient: of W, of B, and how far behind W its velocity's; and the size of
   * all.
   */
  readonly gradientW: readonly number[];
  readonly gradientB: readonly number[];
  readonly keepsGradientB: readonly boolean[];
  readonly gradientV: number;
  /** How far behind W the adjoint of the first state of synapses lies, and each further one. */
  readonly gradientS: number;
  readonly gradientStep: number;
  readonly neurons: NeuronStates;
  readonly gradient: number;
}

export function fastLayout(system: System, places: Places, slots: number): FastLayout {
  const inside = system.layers.slice(system.encoderLayers);
  const sizeOfW = inside.map(l => sizeOf('rows', l.fanOut, l.fanIn));
  const sizeOfBias = inside.map(l => (system.plasticBias ? sizeOf('rows', l.fanOut, 1) : 0));
  const sizeOfBoth = sizeOfW.map((size, k) => size + sizeOfBias[k]!);
  const keepsB = inside.map(
    l => l.carries && (system.feedbackRule !== 'fixed' || system.feedbackWeights === 'drawn'),
  );
  const sizeB = inside.map((l, k) =>
    keepsB[k] ? sizeOf('columns', ...feedbackMatrix(system, l)) : 0,
  );
  const total = (sizes: readonly number[], which: (k: number) => boolean) =>
    sizes.reduce((sum, n, k) => (which(k) ? sum + n : sum), 0);
  const plastic = total(sizeOfBoth, k => inside[k]!.plastic);
  const { synapse, neuron } = statesOf(system);
  const moving = (system.momentum ? 1 : 0) + synapse.length;
  const { starts: layers, size: perState } = oneAfterAnother(
    [...inside.map(l => lookOf(l).quads), system.sizes.at(-1)!].map(inQuads),
  );
  const slot =
    plastic * (1 + moving) + perState * neuron.length + total(sizeB, k => inside[k]!.aligned);
  let inSlot = 0;
  let behind = slots * slot;
  const place = (size: number, changes: boolean): number => {
    const at = changes ? inSlot : behind;
    if (changes) inSlot += size;
    else behind += size;
    return at;
  };
  const W = inside.map((l, k) => place(sizeOfBoth[k]!, l.plastic));
  place(plastic * moving, true);
  const neuronsAt = place(perState * neuron.length, true);
  const B = inside.map((l, k) => place(sizeB[k]!, l.aligned));

  let gradient = places.size;
  const adjoint = (name: string, size: number) => places.at(name) ?? (gradient += size) - size;
  const gradientW = inside.map((l, k) => adjoint(`W${l.index}`, sizeOfW[k]!));
  const gradientB = inside.map((l, k) => adjoint(`B${l.index}`, l.aligned ? sizeB[k]! : 0));
  // What moves with the weights has its adjoint behind everything, laid out like that of the
  // weights: one distance serves W of all layers, which has hardly a gap, and plastic biases.
  const moved = [
    ...gradientW.map((at, k) => [at, sizeOfW[k]!] as const),
    ...inside.flatMap((l, k) =>
      system.plasticBias ? [[places.at(`b${l.index}`)!, sizeOfBias[k]!] as const] : [],
    ),
  ];
  const firstMoved = least(moved.map(([at]) => at));
  const gradientStep = greatest(moved.map(([at, size]) => at + size)) - firstMoved;
  const behindW = gradient - firstMoved;
  const gradientV = system.momentum ? behindW : 0;
  const gradientS = behindW + (system.momentum ? gradientStep : 0);
  gradient += gradientStep * moving;
  const neurons = { size: perState, layers, at: neuronsAt, gradient };
  gradient += perState * neuron.length;
  return {
    slot,
    plastic,
    size: behind,
    W,
    bias: W.map((at, k) => at + sizeOfW[k]!),
    B,
    keepsB,
    gradientW,
    gradientB,
    keepsGradientB: inside.map(l => l.aligned || places.at(`B${l.index}`) !== undefined),
    gradientV,
    gradientS,
    gradientStep,
    neurons,
    gradient,
  };
}
