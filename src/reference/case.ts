import { MetaplasticError } from '../errors.js';
import {
  coefficientsOf,
  feedbackShape,
  isMixed,
  type Layout,
  layoutOf,
  type MetaParameter,
  weightShape,
} from '../parameters/layout.js';
import { defineRule } from '../rules/define.js';
import type { RuleSpec, State } from '../rules/rule.js';
import { isNumber, inWords, isObject, unknownName } from '../options.js';
import {
  type Choice,
  defineSystem,
  type Layer,
  type LayerSpec,
  PRIMITIVES,
  type Shape,
  statesOf,
  type System,
  type SystemSpec,
} from '../systems/system.js';
import type { ReferenceEpisodes } from './episode.js';
import type { Weights } from './parameters.js';

/**
 * A problem with its answer, from an independent implementation; `inFloat32(episodes)` is what the
 * kernels take.
 */
export interface OracleCase {
  readonly name: string;
  readonly system: System;
  readonly layout: Layout;
  readonly parameters: Float64Array;
  readonly episodes: ReferenceEpisodes;
  /** Weight of Σ |θ| in the loss. */
  readonly l1: number;
  readonly expected: {
    /** Mean over tasks of the query loss after the last inner step, and l1 · Σ |θ|. */
    readonly loss: number;
    /** (layout.size). */
    readonly gradient: Float64Array;
    /** (tasks)(layers)(n_l, n_{l-1}), of convolutions (channels, channels below, k, k). */
    readonly finalWeights: Weights[];
    /**
     * Of cases that learn them: (tasks)(layers)(n_{l-1}, n_l), of convolutions (channels below,
     * channels, k, k).
     */
    readonly finalFeedback?: Weights[];
    /**
     * Of cases with a written rule, by the names of its states: of synapses (tasks)(layers)(n_l,
     * n_{l-1}), of neurons (tasks)(L + 1)(n_l).
     */
    readonly finalSynapse?: Readonly<Record<string, Weights>>[];
    readonly finalNeuron?: Readonly<Record<string, Weights>>[];
  };
}

const LOSSES: Readonly<Record<string, Choice<'loss'>>> = {
  mse: 'squared-error',
  cross_entropy: 'cross-entropy',
};

/**
 * Reads a parsed JSON case in the oracle's format. Throws a MetaplasticError that names the field.
 */
export function readCase(json: unknown): OracleCase {
  const root: Field = { value: json, where: 'case' };
  const name = text(member(root, 'name'));
  const system = readSystem({ value: json, where: name });
  const layout = layoutOf(system);
  const at = (...path: string[]) => path.reduce<Field>(member, { value: json, where: name });
  const steps = whole(at('steps'));
  const batch = whole(at('batch'));
  const queries = whole(at('queries'));
  const tasks = list(at('tasks'));
  if (tasks.length === 0)
    throw new MetaplasticError({ where: at('tasks').where, expected: 'a task', got: 'none' });
  const data = (key: string, shape: number[]) =>
    Float64Array.from(tasks.flatMap(task => tensor(member(task, key), shape)));
  const finals = (key: string, shape: (k: number) => number[]) =>
    list(at('expected', key), tasks.length).map(task =>
      list(task, system.layers.length).map((field, k) =>
        Float64Array.from(tensor(field, shape(k))),
      ),
    );
  const states = (key: string, of: readonly State[], shapes: readonly number[][]) =>
    list(at('expected', key), tasks.length).map(task =>
      Object.fromEntries(
        of.map(({ name: state }) => [
          state,
          list(member(task, state), shapes.length).map((field, k) =>
            Float64Array.from(tensor(field, shapes[k]!)),
          ),
        ]),
      ),
    );
  const { synapse, neuron } = statesOf(system);
  const input = system.image ?? [system.sizes[0]!];
  const nL = system.sizes.at(-1)!;
  return {
    name,
    system,
    layout,
    parameters: readParameters(at('parameters'), system, layout),
    l1: has(at('config'), 'l1') ? tensor(at('config', 'l1'), [])[0]! : 0,
    episodes: {
      tasks: tasks.length,
      steps,
      batch,
      queries,
      supportX: data('support_x', [steps, batch, ...input]),
      supportY: data('support_y', [steps, batch, nL]),
      queryX: data('query_x', [queries, ...input]),
      queryY: data('query_y', [queries, nL]),
    },
    expected: {
      loss: tensor(at('expected', 'meta_loss'), [])[0]!,
      gradient: readParameters(at('expected', 'gradient'), system, layout),
      finalWeights: finals('final_W', k => weightShape(system.layers[k]!)),
      ...(system.feedbackRule !== 'fixed' && {
        finalFeedback: finals('final_B', k => feedbackShape(system, system.layers[k]!)),
      }),
      ...(typeof system.rule !== 'string' && {
        finalSynapse: states(
          'final_synapse',
          synapse,
          system.layers.map(l => [l.fanOut, l.fanIn]),
        ),
        finalNeuron: states(
          'final_neuron',
          neuron,
          system.sizes.map(n => [n]),
        ),
      }),
    },
  };
}

/** A system that the oracle states: what its `config` says beside COMMON, and what it is as ours. */
interface Stated {
  readonly keys: readonly string[];
  specOf(config: Field, depth: number): Partial<SystemSpec>;
}

/** What `config` says of every system. */
const COMMON = ['loss', 'frozen', 'l1'];

const SYSTEMS: Readonly<Record<string, Stated>> = {
  flp: {
    keys: ['rule', 'multiplier'],
    specOf: (config, depth) => ({
      rule: text(member(config, 'rule')) as Choice<'rule'>,
      multiplier: tensor(member(config, 'multiplier'), [depth]),
    }),
  },
  pool: {
    keys: ['act', 'feedback'],
    specOf: config => ({
      rule: 'pool',
      activation: activation(config),
      feedback: pathNamed(text(member(config, 'feedback'))),
    }),
  },
  gradient: {
    keys: ['act', 'feedback'],
    specOf: config => ({
      rule: 'gradient',
      activation: activation(config),
      feedback: has(config, 'feedback') ? pathNamed(text(member(config, 'feedback'))) : 'backprop',
      eta: 'layer',
    }),
  },
  // Every case has all five primitives, some with coefficient 0, so that what else a feedback rule
  // names does not matter.
  align: {
    keys: ['act', 'kolen_pollack'],
    specOf: config => ({
      rule: 'gradient',
      activation: activation(config),
      feedback: 'chained',
      eta: 'network',
      reduction: 'mean',
      weightDecay: true,
      primitives: PRIMITIVES,
      feedbackRule: truth(member(config, 'kolen_pollack'))
        ? 'kolen-pollack'
        : 'symmetric-alignment',
    }),
  },
};

/** What the oracle calls an error path. */
const pathNamed = (name: string) =>
  (name === 'sign' ? 'sign-symmetric' : name) as Choice<'feedback'>;

/** A rule that is written in the case, and the feedback that it names, if its rule does not tell. */
const written = (root: Field): Stated => ({
  keys: ['act', 'feedback'],
  specOf(config) {
    const { value, where } = member(root, 'rule');
    return {
      rule: defineRule(value as RuleSpec, where),
      activation: activation(config),
      ...(has(config, 'feedback') && { feedback: pathNamed(text(member(config, 'feedback'))) }),
    };
  },
});

/** `sizes`, or `image` and `layers`, which `defineSystem` checks. */
function readShapes(root: Field): Pick<SystemSpec, 'sizes' | 'image' | 'layers'> {
  if (!has(root, 'sizes') && !has(root, 'layers'))
    throw new MetaplasticError({
      where: root.where,
      expected: 'sizes, or image and layers',
      got: 'neither',
    });
  return {
    ...(has(root, 'sizes') && { sizes: list(member(root, 'sizes')).map(whole) }),
    ...(has(root, 'layers') && {
      image: list(member(root, 'image')).map(whole) as unknown as Shape,
      layers: list(member(root, 'layers')).map(layer => layer.value as LayerSpec),
    }),
  };
}

function readSystem(root: Field): System {
  const config = object(member(root, 'config'));
  const shapes = readShapes(root);
  const depth = shapes.layers?.length ?? shapes.sizes!.length - 1;
  const isWritten = has(root, 'rule');
  const { keys, specOf } = isWritten
    ? written(root)
    : SYSTEMS[choose(member(config, 'system'), Object.keys(SYSTEMS))]!;
  onlyKeys(config, [...(isWritten ? [] : ['system']), ...COMMON, ...keys]);
  return defineSystem({
    ...shapes,
    ...(has(config, 'frozen') && { frozen: list(member(config, 'frozen')).map(whole) }),
    loss: LOSSES[choose(member(config, 'loss'), Object.keys(LOSSES))]!,
    ...specOf(config, depth),
  });
}

const activation = (config: Field) => text(member(config, 'act')) as Choice<'activation'>;

/**
 * What the oracle calls some of our tensors, and which of its tensors are numbers where ours have
 * axes of length 1.
 */
const KEYS: Readonly<Record<string, string>> = { weightDecay: 'weight_decay', etaB: 'eta_B' };
const NUMBERS = ['eta', 'weightDecay', 'etaB'];

/**
 * A tree of parameters as one flat array. Tensors that we number by layer, such as W1 … WL, are a
 * list there, one entry for each layer that has one.
 */
function readParameters(tree: Field, system: System, layout: Layout): Float64Array {
  const kindOf = (t: MetaParameter) => t.name.replace(/\d+$/, '');
  const own = layout.tensors.filter(t => t.group !== 'rule');
  // Room is made only when all numbers are there: a layout may be larger than the file.
  const found = [...new Set(own.map(kindOf))].flatMap(kind => {
    const tensors = own.filter(t => kindOf(t) === kind);
    const field = member(tree, KEYS[kind] ?? kind);
    if (kind === 'B' && listsEveryLayer(system)) return readFeedback(field, system, layout);
    const read = (entry: Field, { offset, shape }: MetaParameter): Found => ({
      offset,
      numbers: tensor(entry, NUMBERS.includes(kind) ? [] : shape),
    });
    const [{ name, offset }] = tensors as [MetaParameter];
    if (kind === 'beta') {
      const layers = listed(system, isMixed);
      const numbers = tensor(field, [layers.length]);
      return [{ offset, numbers: numbers.filter((_, k) => isMixed(layers[k]!)) }];
    }
    if (name === kind) return [read(field, tensors[0]!)];
    const found = ({ index }: Layer) => layout.get(`${kind}${index}`);
    const layers = listed(system, layer => found(layer) !== undefined);
    return list(field, layers.length).flatMap((entry, k) => {
      const own = found(layers[k]!);
      return own ? [read(entry, own)] : [];
    });
  });
  const flat = new Float64Array(layout.size);
  for (const { offset, numbers } of [...found, ...readCoefficients(tree, system, layout)])
    flat.set(numbers, offset);
  return flat;
}

/** Layers that have an entry there: a frozen one, too, which is empty or means nothing. */
const listed = ({ layers }: System, has: (layer: Layer) => boolean): Layer[] =>
  layers.filter(layer => has(layer) || (!layer.plastic && layer.told !== 'target'));

interface Found {
  readonly offset: number;
  readonly numbers: readonly number[];
}

/** Does the oracle have feedback weights also of a layer that carries no error down? */
const listsEveryLayer = ({ rule, feedback }: System): boolean =>
  typeof rule !== 'string' || feedback === 'chained' || feedback === 'sign-symmetric';

/**
 * Feedback weights of an error path, for every layer: also for the first, whose error below nobody
 * reads unless the rule reads e_pre.
 */
function readFeedback(field: Field, system: System, layout: Layout): Found[] {
  const mixed = system.layers.filter(isMixed);
  const layers = mixed.length ? mixed : system.layers;
  return list(field, layers.length).flatMap((entry, k) => {
    const layer = layers[k]!;
    const found = layout.get(`B${layer.index}`);
    const numbers = tensor(entry, found?.shape ?? feedbackShape(system, layer));
    return found ? [{ offset: found.offset, numbers }] : [];
  });
}

/** Coefficients of a written rule: numbers, or lists of them, where ours have axes of length 1. */
function readCoefficients(tree: Field, { rule }: System, layout: Layout): Found[] {
  if (typeof rule === 'string' || rule.kind === 'handwritten') return [];
  const coefficients = member(tree, 'coefficients');
  return rule.coefficients.flatMap(({ name, per }) => {
    const tensors = coefficientsOf(layout, name);
    const field = member(coefficients, name);
    const entries = per === 'network' ? [field] : list(field, tensors.length);
    return entries.map((entry, k) => {
      const { offset, shape } = tensors[k]!;
      const axes = { synapse: shape, neuron: shape.slice(0, 1), layer: [], network: [] }[per];
      return { offset, numbers: tensor(entry, axes) };
    });
  });
}

/** A value of the JSON and where it stands, such as `flp-classification-oja.parameters.W[1]`. */
interface Field {
  readonly value: unknown;
  readonly where: string;
}

function member({ value, where }: Field, key: string): Field {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key))
    throw new MetaplasticError({ where: `${where}.${key}`, expected: 'this field', got: 'none' });
  return { value: (value as Record<string, unknown>)[key], where: `${where}.${key}` };
}

function object(field: Field): Field {
  const { value, where } = field;
  if (!isObject(value))
    throw new MetaplasticError({ where, expected: 'an object', got: describe(value) });
  return field;
}

function has({ value }: Field, key: string): boolean {
  return Object.hasOwn(value as object, key);
}

/** Refuses a key that says what nobody here would hear. */
function onlyKeys({ value, where }: Field, known: readonly string[]): void {
  for (const key of Object.keys(value as object))
    if (!known.includes(key))
      throw new MetaplasticError({ where, ...unknownName('key', `\`${key}\``, known, key) });
}

function list({ value, where }: Field, length?: number): Field[] {
  if (!Array.isArray(value))
    throw new MetaplasticError({ where, expected: 'a list', got: `${describe(value)}` });
  if (length !== undefined && value.length !== length)
    throw new MetaplasticError({ where, expected: `${length} entries`, got: `${value.length}` });
  return value.map((entry, i) => ({ value: entry, where: `${where}[${i}]` }));
}

/** Nested lists of that shape, flat and row-major. */
function tensor(field: Field, shape: readonly number[]): number[] {
  const [length, ...inner] = shape;
  if (length !== undefined) return list(field, length).flatMap(entry => tensor(entry, inner));
  if (!isNumber(field.value))
    throw new MetaplasticError({
      where: field.where,
      expected: Number.isFinite(field.value) ? 'a number that float32 holds' : 'a number',
      got: inWords(field.value),
    });
  return [field.value as number];
}

function whole(field: Field): number {
  const [n] = tensor(field, []);
  if (!Number.isInteger(n) || n! < 1)
    throw new MetaplasticError({ where: field.where, expected: 'a whole number ≥ 1', got: `${n}` });
  return n!;
}

function text({ value, where }: Field): string {
  if (typeof value !== 'string')
    throw new MetaplasticError({ where, expected: 'text', got: `${describe(value)}` });
  return value;
}

function truth({ value, where }: Field): boolean {
  if (typeof value !== 'boolean')
    throw new MetaplasticError({ where, expected: 'true or false', got: `${describe(value)}` });
  return value;
}

function choose(field: Field, known: readonly string[]): string {
  const got = text(field);
  if (!known.includes(got))
    throw new MetaplasticError({
      where: field.where,
      problem: `unknown choice ${JSON.stringify(got)}`,
      hint: `known: ${known.join(', ')}`,
    });
  return got;
}

function describe(value: unknown): string {
  return value === null
    ? 'null'
    : Array.isArray(value)
      ? `a list of ${value.length}`
      : typeof value === 'object'
        ? 'an object'
        : typeof value === 'number'
          ? `${value}`
          : (JSON.stringify(value) ?? 'nothing');
}
