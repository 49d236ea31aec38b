import { feedbackShape } from '../parameters/layout.js';
import type { System } from '../systems/system.js';
import { sizeOf, type Places } from './places.js';

/**
 * Where a task keeps the weights of its moment, and the adjoints of those that are no
 * meta-parameters, in quads (src/gpu/places.ts). Tables have an entry for each layer inside the
 * lifetime.
 */
export interface FastLayout {
  /** Numbers in a slot: plastic W, their velocities if there is momentum, and aligned B. */
  readonly slot: number;
  readonly plastic: number;
  /**
   * Numbers in all, for so many slots: behind the slots lie W of frozen layers, and B that a
   * lifetime keeps but does not change.
   */
  readonly size: number;
  readonly W: readonly number[];
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
  readonly gradient: number;
}

export function fastLayout(system: System, places: Places, slots: number): FastLayout {
  const inside = system.layers.slice(system.encoderLayers);
  const sizeOfW = inside.map(l => sizeOf('rows', l.fanOut, l.fanIn));
  const keepsB = inside.map(
    l => l.carries && (system.feedbackRule !== 'fixed' || system.feedbackWeights === 'drawn'),
  );
  const sizeB = inside.map((l, k) =>
    keepsB[k] ? sizeOf('columns', ...feedbackShape(system, l)) : 0,
  );
  const total = (sizes: readonly number[], which: (k: number) => boolean) =>
    sizes.reduce((sum, n, k) => (which(k) ? sum + n : sum), 0);
  const plastic = total(sizeOfW, k => inside[k]!.plastic);
  const slot = plastic * (system.momentum ? 2 : 1) + total(sizeB, k => inside[k]!.aligned);
  let inSlot = 0;
  let behind = slots * slot;
  const place = (size: number, changes: boolean): number => {
    const at = changes ? inSlot : behind;
    if (changes) inSlot += size;
    else behind += size;
    return at;
  };
  const W = inside.map((l, k) => place(sizeOfW[k]!, l.plastic));
  if (system.momentum) place(plastic, true);
  const B = inside.map((l, k) => place(sizeB[k]!, l.aligned));

  let gradient = places.size;
  const adjoint = (name: string, size: number) => places.at(name) ?? (gradient += size) - size;
  const gradientW = inside.map((l, k) => adjoint(`W${l.index}`, sizeOfW[k]!));
  const gradientB = inside.map((l, k) => adjoint(`B${l.index}`, l.aligned ? sizeB[k]! : 0));
  // The velocities' adjoint lies behind everything, like W: one distance serves all layers, because
  // W's places have no gaps but biases.
  const gradientV = system.momentum ? gradient - gradientW[0]! : 0;
  if (system.momentum) gradient += gradientW.at(-1)! + sizeOfW.at(-1)! - gradientW[0]!;
  return {
    slot,
    plastic,
    size: behind,
    W,
    B,
    keepsB,
    gradientW,
    gradientB,
    keepsGradientB: inside.map(l => l.aligned || places.at(`B${l.index}`) !== undefined),
    gradientV,
    gradient,
  };
}
