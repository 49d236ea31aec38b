import { count } from '../systems/images.js';
import { poolNeeds } from '../systems/pool.js';
import { ruleOf, statesOf, type System } from '../systems/system.js';

/**
 * What every sample of the support stream leaves behind in an inner step: its activities x_0 … x_L,
 * and behind them whatever the system's later stages keep for the update and for the adjoint. The
 * fields in use have a place here; the adjoint of a record has the same layout.
 */
export interface RecordLayout {
  /** Numbers in a record, and those of x_0 … x_L alone (with an encoder from x_1 on). */
  readonly size: number;
  readonly row: number;
  /** Where each x_l begins; and what it is pooled from, which is itself where nothing is. */
  readonly xAt: readonly number[];
  readonly unitsAt: readonly number[];
  /**
   * Numbers of all neurons inside the lifetime (x_l above a layer), and of all their inputs (x_l
   * below one).
   */
  readonly neurons: number;
  readonly below: number;
  /**
   * Where each field begins. Fields of neurons lie like x from the first layer's output on, fields
   * of inputs like x from the first layer's input on.
   */
  readonly fields: Readonly<Record<Field, number>>;
  /**
   * Products per sample in the update of a weight, left of them neurons' and right of them inputs'
   * numbers; fields LEFT and RIGHT begin the first.
   */
  readonly rank: number;
  readonly keepsZ: boolean;
  /** Terms of the pool that ask for v = Wᵀ y, and for the sums S, s and q. */
  readonly v: boolean;
  readonly sums: boolean;
}

const FIELDS = [
  'ANSWER',
  'ERROR',
  'LEFT',
  'POST',
  'UP',
  'RIGHT',
  'Z',
  'V',
  'SUMS',
  'TERM_GRADIENTS',
  'STATES_BELOW',
  'MIRROR_X',
  'MIRROR_Z',
  'R',
  'P',
] as const;
type Field = (typeof FIELDS)[number];

export function recordLayout(system: System): RecordLayout {
  const { sizes, encoderLayers, layers, terms, primitives } = system;
  const inside = layers.slice(encoderLayers);
  const depth = inside.length;
  const outputs = sizes.at(-1)!;
  const xAt: number[] = [];
  const unitsAt: number[] = [];
  let row = encoderLayers ? -sizes[0]! : 0;
  sizes.forEach((n, l) => {
    unitsAt.push(Math.max(0, row));
    const { pool, units } = layers[l - 1]?.conv ?? {};
    if (pool) row += count(units!);
    xAt.push(Math.max(0, row));
    row += n;
  });
  const inputAt = xAt[encoderLayers]!;
  const neurons = inside.reduce((n, l) => n + l.fanOut, 0);
  const below = inside.reduce((n, l) => n + l.fanIn, 0);

  const needs = poolNeeds(terms);
  const { rank, v, sums } = needs;
  const pool = system.rule === 'pool';
  const aligns = system.feedbackRule !== 'fixed';
  const reflects = primitives.some(p => p === 'amp' || p === 'null');
  const mirrored = aligns && system.mirror === 'noise';
  const keepsZ = needs.z || (aligns && reflects && !mirrored);
  const fields = Object.fromEntries(FIELDS.map(f => [f, 0])) as Record<Field, number>;
  let size = row;
  const add = (field: Field, count: number) => {
    fields[field] = size;
    size += count;
  };

  fields.ANSWER = xAt.at(-1)!;
  if (system.loss === 'cross-entropy') add('ANSWER', outputs);
  const { from } = ruleOf(system);
  if (from === 'post') add('LEFT', neurons);
  if (from === 'error') {
    add('ERROR', inside[0]!.fanIn + neurons);
    fields.LEFT = fields.ERROR + inside[0]!.fanIn;
    if (rank > 1) add('POST', neurons);
    if (rank > 2) size += neurons; // ones
    add('UP', below);
  }
  fields.RIGHT = inputAt;
  if (pool) add('RIGHT', rank * below);
  if (keepsZ) add('Z', neurons);
  if (v) add('V', below);
  if (sums) add('SUMS', 3 * depth);
  if (pool) add('TERM_GRADIENTS', terms.length * depth);
  add('STATES_BELOW', statesOf(system).neuron.length * below);
  fields.MIRROR_X = inputAt;
  fields.MIRROR_Z = fields.Z;
  if (mirrored) {
    add('MIRROR_X', below);
    add('MIRROR_Z', neurons);
  }
  if (primitives.includes('null')) add('R', below);
  if (primitives.includes('sparse')) add('P', neurons);
  return { size, row, xAt, unitsAt, neurons, below, fields, rank, keepsZ, v, sums };
}

/**
 * Are an update's products so many that they are made in tiles, a number read serving four, and d_W
 * is added at once? The factors of three products a lane can hold.
 */
export const isBatched = (batch: number, { rank }: Pick<RecordLayout, 'rank'>): boolean =>
  batch * rank > 3;
