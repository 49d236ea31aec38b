import type { System } from '../systems/system.js';

/** The four groups of meta-parameters, each with its own meta-learning rate (paper 1 uses four Adam instances). */
export const GROUPS = ['W', 'B', 'alpha', 'beta'] as const;
export type Group = (typeof GROUPS)[number];

/** One named tensor in the flat buffer; `offset` and `size` count float32 elements, row-major. */
export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly group: Group;
  readonly offset: number;
  readonly size: number;
}

/**
 * Where every meta-parameter lies. Meta-parameters, their gradient and Adam's two moments are four flat buffers with this one
 * layout, and a checkpoint is this table. Groups are contiguous, in the order of GROUPS.
 *
 * Names: W1 … WL (n_l, n_{l-1}), b1 … bL (n_l), then for layers told `mixed` B (n_l, n_L) and c (n_l), then for plastic layers
 * alpha, by granularity (n_l, n_{l-1}), (n_l, 1), (1, 1), or one tensor `alpha` (1, 1) for the network, and last `beta` (one for each layer told `mixed`).
 */
export interface Layout {
  readonly tensors: readonly Tensor[];
  readonly size: number;
  /** First element of each group, then the end. */
  readonly groupStart: readonly number[];
  /** The tensor of that name, or undefined. */
  get(name: string): Tensor | undefined;
}

export function layoutOf(system: System): Layout {
  const plastic = system.layers.filter(l => l.plastic), mixed = plastic.filter(l => l.told === 'mixed');
  const outputs = system.sizes.at(-1)!;
  const groups: Record<Group, [string, number[]][]> = {
    W: [...system.layers.map((l): [string, number[]] => [`W${l.index}`, [l.fanOut, l.fanIn]]), ...system.layers.map((l): [string, number[]] => [`b${l.index}`, [l.fanOut]])],
    B: [...mixed.map((l): [string, number[]] => [`B${l.index}`, [l.fanOut, outputs]]), ...mixed.map((l): [string, number[]] => [`c${l.index}`, [l.fanOut]])],
    alpha: system.alpha === 'network' ? [['alpha', [1, 1]]] : plastic.map(l => [`alpha${l.index}`, {
      synapse: [l.fanOut, l.fanIn], neuron: [l.fanOut, 1], layer: [1, 1] }[system.alpha as 'synapse' | 'neuron' | 'layer']]),
    beta: mixed.length ? [['beta', [mixed.length]]] : [],
  };
  const tensors: Tensor[] = [], groupStart: number[] = [];
  let offset = 0;
  for (const group of GROUPS) {
    groupStart.push(offset);
    for (const [name, shape] of groups[group]) {
      const size = shape.reduce((a, b) => a * b, 1);
      tensors.push({ name, shape, group, offset, size });
      offset += size;
    }
  }
  groupStart.push(offset);
  const byName = new Map(tensors.map(t => [t.name, t]));
  return { tensors, size: offset, groupStart, get: name => byName.get(name) };
}
