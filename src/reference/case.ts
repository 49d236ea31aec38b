import { MetaplasticError } from '../errors.js';
import { type Layout, layoutOf } from '../inner/layout.js';
import { type Choice, defineSystem, type System } from '../systems/system.js';
import type { ReferenceEpisodes } from './episode.js';
import type { Weights } from './parameters.js';

/** A problem with its answer, from an independent implementation; `inFloat32(episodes)` is what the kernels take. */
export interface OracleCase {
  readonly name: string;
  readonly system: System;
  readonly layout: Layout;
  readonly parameters: Float64Array;
  readonly episodes: ReferenceEpisodes;
  readonly expected: {
    /** Mean over tasks of the query loss after the last inner step. */
    readonly loss: number;
    /** (layout.size). */
    readonly gradient: Float64Array;
    /** (tasks)(layers)(n_l, n_{l-1}). */
    readonly finalWeights: Weights[];
  };
}

const LOSSES: Readonly<Record<string, Choice<'loss'>>> = { mse: 'squared-error', cross_entropy: 'cross-entropy' };

/** Reads a parsed JSON case in the oracle's format. Throws a MetaplasticError that names the field. */
export function readCase(json: unknown): OracleCase {
  const root: Field = { value: json, where: 'case' };
  const name = text(member(root, 'name'));
  const system = readSystem({ value: json, where: name });
  const layout = layoutOf(system);
  const at = (...path: string[]) => path.reduce<Field>(member, { value: json, where: name });
  const steps = whole(at('steps')), batch = whole(at('batch')), queries = whole(at('queries'));
  const tasks = list(at('tasks'));
  const data = (key: string, shape: number[]) => Float64Array.from(tasks.flatMap(task => tensor(member(task, key), shape)));
  const n0 = system.sizes[0]!, nL = system.sizes.at(-1)!;
  return {
    name, system, layout,
    parameters: readParameters(at('parameters'), layout),
    episodes: {
      tasks: tasks.length, steps, batch, queries,
      supportX: data('support_x', [steps, batch, n0]), supportY: data('support_y', [steps, batch, nL]),
      queryX: data('query_x', [queries, n0]), queryY: data('query_y', [queries, nL]),
    },
    expected: {
      loss: tensor(at('expected', 'meta_loss'), [])[0]!,
      gradient: readParameters(at('expected', 'gradient'), layout),
      finalWeights: list(at('expected', 'final_W'), tasks.length).map(W => list(W, system.layers.length)
        .map((field, k) => Float64Array.from(tensor(field, [system.layers[k]!.fanOut, system.layers[k]!.fanIn])))),
    },
  };
}

function readSystem(root: Field): System {
  const config = member(root, 'config');
  choose(member(config, 'system'), ['flp']);
  const sizes = list(member(root, 'sizes')).map(whole);
  return defineSystem({
    sizes,
    loss: LOSSES[choose(member(config, 'loss'), Object.keys(LOSSES))]!,
    rule: text(member(config, 'rule')) as Choice<'rule'>,
    multiplier: tensor(member(config, 'multiplier'), [sizes.length - 1]),
  });
}

/** A tree of parameters W, b, B, c, alpha (lists, one entry for each layer that has it) and beta, as one flat array. */
function readParameters(tree: Field, layout: Layout): Float64Array {
  const flat = new Float64Array(layout.size);
  for (const kind of ['W', 'b', 'B', 'c', 'alpha']) {
    const tensors = layout.tensors.filter(t => t.name.replace(/\d+$/, '') === kind);
    list(member(tree, kind), tensors.length).forEach((field, k) => flat.set(tensor(field, tensors[k]!.shape), tensors[k]!.offset));
  }
  const beta = layout.get('beta');
  flat.set(tensor(member(tree, 'beta'), beta?.shape ?? [0]), beta?.offset);
  return flat;
}

/** A value of the JSON and where it stands, such as `flp-classification-oja.parameters.W[1]`. */
interface Field {
  readonly value: unknown;
  readonly where: string;
}

function member({ value, where }: Field, key: string): Field {
  if (typeof value !== 'object' || value === null || !(key in value)) throw new MetaplasticError(`${where}.${key}`, 'expected this field, got none');
  return { value: (value as Record<string, unknown>)[key], where: `${where}.${key}` };
}

function list({ value, where }: Field, length?: number): Field[] {
  if (!Array.isArray(value)) throw new MetaplasticError(where, `expected a list, got ${describe(value)}`);
  if (length !== undefined && value.length !== length) throw new MetaplasticError(where, `expected ${length} entries, got ${value.length}`);
  return value.map((entry, i) => ({ value: entry, where: `${where}[${i}]` }));
}

/** Nested lists of that shape, flat and row-major. */
function tensor(field: Field, shape: readonly number[]): number[] {
  const [length, ...inner] = shape;
  if (length !== undefined) return list(field, length).flatMap(entry => tensor(entry, inner));
  if (typeof field.value !== 'number') throw new MetaplasticError(field.where, `expected a number, got ${describe(field.value)}`);
  return [field.value];
}

function whole(field: Field): number {
  const [n] = tensor(field, []);
  if (!Number.isInteger(n) || n! < 1) throw new MetaplasticError(field.where, `expected a whole number ≥ 1, got ${n}`);
  return n!;
}

function text({ value, where }: Field): string {
  if (typeof value !== 'string') throw new MetaplasticError(where, `expected text, got ${describe(value)}`);
  return value;
}

function choose(field: Field, known: readonly string[]): string {
  const got = text(field);
  if (!known.includes(got)) throw new MetaplasticError(field.where, `unknown choice ${JSON.stringify(got)}`, `known: ${known.join(', ')}`);
  return got;
}

function describe(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? `a list of ${value.length}` : typeof value === 'object' ? 'an object' : JSON.stringify(value) ?? 'nothing';
}
