import { checkMade } from '../options.js';
import type { Coefficient } from '../rules/rule.js';
import { ruleOf, writtenOf, type Granularity, type Layer, type System } from '../systems/system.js';
import type { Tensor, Tensors } from '../tensor.js';

/** The groups of meta-parameters, each with its own meta-learning rate. */
export const GROUPS = ['W', 'B', 'alpha', 'beta', 'theta', 'eta', 'rule', 'alignment'] as const;
/** The name of a group of meta-parameters: one of GROUPS. */
export type Group = (typeof GROUPS)[number];

/**
 * A meta-parameter and its place among all of them, row by row; `offset` and `size` count numbers.
 */
export interface MetaParameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly group: Group;
  readonly offset: number;
  readonly size: number;
}

/**
 * Every meta-parameter by its name and shape, and where it lies among all of them: their gradient
 * and Adam's two moments have the same layout, and a checkpoint is this table. Groups are
 * contiguous, in the order of GROUPS:
 *
 * - W: W1 … WL (n_l, n_{l-1}), of convolutions (channels, channels below, kernel, kernel), unless
 *   drawn, then b1 … bL (n_l) or (channels) if there are biases;
 * - B, unless drawn: of FLP for layers told `mixed` B (n_l, n_L) and c (n_l), of a convolution a
 *   row for each of its neurons before pooling (channel, row, column); of an error path for layers
 *   that carry on their error B (n_{l-1}, n_l), of a convolution (channels below, channels, kernel,
 *   kernel), or (n_{l-1}, n_L) if it is direct;
 * - alpha: plasticity coefficients of plastic layers by granularity: of the shape of W, (n_l, 1) or
 *   (channels, 1), (1, 1), or one tensor `alpha` (1, 1) for the network; behind those of synapses
 *   those of plastic biases, alphaBias1 … alphaBiasL (n_l, 1);
 * - beta: one feedback strength for each layer told `mixed`;
 * - theta: coefficients of the pool's terms, (terms) for the network, or theta1 … thetaL for each
 *   plastic layer;
 * - eta: learning rates like alpha, then weightDecay (1) and momentum (1);
 * - rule: coefficients of a written rule in the order of their declaration, `rule.NAME` (1, 1) for
 *   the network, or rule.NAME.1 … rule.NAME.L of plastic layers by their granularity;
 * - alignment: k (primitives) and etaB (1) of a feedback rule.
 */
export interface Layout {
  readonly tensors: readonly MetaParameter[];
  readonly size: number;
  /** First element of each group, then the end. */
  readonly groupStart: readonly number[];
  /** The tensor of that name, or undefined. */
  get(name: string): MetaParameter | undefined;
}

type Named = [name: string, shape: number[]];

/** Refuses what is no layout. */
export const checkLayout = (layout: unknown, where: string): void =>
  checkMade(layout, ['tensors', 'size'], where, 'a layout, as layoutOf returns it');

/** Refuses what is no checked system. */
export const checkSystem = (system: unknown, where: string): void =>
  checkMade(system, ['layers', 'sizes'], where, 'a system, as defineSystem returns it');

/** The layout of a system’s meta-parameters; Layout tells their names, shapes and order. */
export function layoutOf(system: System): Layout {
  checkSystem(system, 'layoutOf');
  const plastic = system.layers.filter(l => l.plastic);
  const { coefficient } = ruleOf(system);
  const groups: Record<Group, Named[]> = {
    W: [
      ...(system.weights === 'inherited'
        ? system.layers.map((l): Named => [`W${l.index}`, weightShape(l)])
        : []),
      ...(system.bias ? system.layers.map((l): Named => [`b${l.index}`, [l.fanOut]]) : []),
    ],
    B: feedbackTensors(system),
    alpha: coefficient === 'alpha' ? coefficients('alpha', system, plastic) : [],
    beta: system.layers.some(isMixed) ? [['beta', [system.layers.filter(isMixed).length]]] : [],
    theta:
      coefficient !== 'theta'
        ? []
        : system.granularity === 'network'
          ? [['theta', [system.terms.length]]]
          : plastic.map(l => [`theta${l.index}`, [system.terms.length]]),
    eta: [
      ...(coefficient === 'eta' ? coefficients('eta', system, plastic) : []),
      ...(system.weightDecay ? [['weightDecay', [1]] satisfies Named] : []),
      ...(system.momentum ? [['momentum', [1]] satisfies Named] : []),
    ],
    rule: written(writtenOf(system)?.coefficients ?? [], plastic),
    alignment:
      system.feedbackRule === 'fixed'
        ? []
        : [
            ['k', [system.primitives.length]],
            ['etaB', [1]],
          ],
  };
  const tensors: MetaParameter[] = [];
  const groupStart: number[] = [];
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

/** Numbers in the order of the layout, by name. */
export const tensorsOf = ({ tensors }: Layout, all: Float32Array): Tensors =>
  Object.fromEntries(
    tensors.map(({ name, shape, offset, size }): [string, Tensor] => [
      name,
      { data: all.subarray(offset, offset + size), shape },
    ]),
  );

/** Every meta-parameter's numbers in the order of the layout. */
export function inOrder({ tensors, size }: Layout, byName: Tensors): Float32Array<ArrayBuffer> {
  const all = new Float32Array(size);
  for (const { name, offset } of tensors) all.set(byName[name]!.data, offset);
  return all;
}

/** Shape of a layer's weights. */
export const weightShape = ({ fanOut, fanIn, conv }: Layer): number[] =>
  conv ? [fanOut, conv.input[0], conv.kernel, conv.kernel] : [fanOut, fanIn];

/**
 * Outputs that an input of a matrix reaches, and inputs that an output sees: of the kernels of a
 * convolution (channels, channels below, height, width) those at all its places.
 */
export function fansOf({ shape }: Pick<MetaParameter, 'shape'>): [rows: number, columns: number] {
  const [rows = 1, columns = 1, ...places] = shape;
  const area = places.reduce((a, b) => a * b, 1);
  return [rows * area, columns * area];
}

/** Told `mixed`: plastic, with B, c and β of direct-rectified feedback. */
export const isMixed = (layer: Layer): boolean => layer.plastic && layer.told === 'mixed';

/**
 * Shape of the feedback weights of a layer that carries on its error: to the layer below, from
 * itself, or (direct) from the output to every number of x_{l-1}.
 */
export function feedbackShape({ feedback, sizes }: System, layer: Layer): number[] {
  const { index, fanIn, fanOut, conv } = layer;
  if (feedback === 'direct') return [sizes[index - 1]!, sizes.at(-1)!];
  return conv ? [conv.input[0], fanOut, conv.kernel, conv.kernel] : [fanIn, fanOut];
}

/** The same weights as a matrix: rows by what one neuron sees (direct: all of x_{l-1}). */
export const feedbackMatrix = (
  { feedback, sizes }: System,
  { index, fanIn, fanOut }: Layer,
): [rows: number, columns: number] =>
  feedback === 'direct' ? [sizes[index - 1]!, sizes.at(-1)!] : [fanIn, fanOut];

function feedbackTensors(system: System): Named[] {
  if (system.feedbackWeights !== 'inherited' || system.feedback === 'backprop') return [];
  const mixed = system.layers.filter(isMixed);
  if (mixed.length)
    return [
      ...mixed.map((l): Named => [`B${l.index}`, [l.units, system.sizes.at(-1)!]]),
      ...mixed.map((l): Named => [`c${l.index}`, [l.units]]),
    ];
  return system.layers.filter(l => l.carries).map(l => [`B${l.index}`, feedbackShape(system, l)]);
}

function coefficients(
  name: string,
  { granularity, plasticBias }: System,
  plastic: readonly Layer[],
): Named[] {
  if (granularity === 'network') return [[name, [1, 1]]];
  const ofBiases = granularity === 'synapse' && plasticBias ? plastic : [];
  return [
    ...plastic.map((l): Named => [`${name}${l.index}`, shapeOf(granularity, l)]),
    ...ofBiases.map((l): Named => [`${name}Bias${l.index}`, [l.fanOut, 1]]),
  ];
}

/** The coefficients of a written rule, one after the other. */
const written = (coefficients: readonly Coefficient[], plastic: readonly Layer[]): Named[] =>
  coefficients.flatMap(({ name, per }): Named[] =>
    per === 'network'
      ? [[coefficientName(name), [1, 1]]]
      : plastic.map(l => [coefficientName(name, l), shapeOf(per, l)]),
  );

/** Name of the meta-parameter that a written rule's coefficient is, of the network or of a layer. */
export const coefficientName = (name: string, layer?: Layer): string =>
  layer ? `rule.${name}.${layer.index}` : `rule.${name}`;

/** The meta-parameters that a coefficient of a written rule is, from the first layer up. */
export const coefficientsOf = (
  { tensors }: Layout,
  coefficient: string,
): readonly MetaParameter[] =>
  tensors.filter(
    ({ group, name }) => group === 'rule' && ofAllLayers(name) === `rule.${coefficient}`,
  );

/** The name of a written rule's coefficient in all layers: rule.eta of rule.eta.2. */
export const ofAllLayers = (name: string): string => name.replace(/\.\d+$/, '');

/** Shape of a layer's coefficients. */
const shapeOf = (granularity: Exclude<Granularity, 'network'>, l: Layer): number[] =>
  ({ synapse: weightShape(l), neuron: [l.fanOut, 1], layer: [1, 1] })[granularity];
