import { poolNeeds } from '../systems/pool.js';
import { ruleOf, statesOf, type System } from '../systems/system.js';
import { handsOn, livesWithConvolutions, lookOf, looksAtCopy } from './looks.js';
import { oneAfterAnother } from './places.js';

/**
 * What every sample of the support stream leaves behind in an inner step: its activities x_0 … x_L,
 * and behind them whatever the system's later stages keep for the update and for the adjoint. The
 * fields in use have a place here; the adjoint of a record has the same layout.
 */
export interface RecordLayout {
  /** Numbers in a record, and those of x_0 … x_L alone (with an encoder from x_1 on). */
  readonly size: number;
  readonly row: number;
  /**
   * Where each x_l begins; and the neurons that it is made of, which are itself where they hand on
   * what they do.
   */
  readonly xAt: readonly number[];
  readonly unitsAt: readonly number[];
  /** Where the encoder's activity begins: x_E, or what the lifetime looks at a copy of. */
  readonly encodedAt: number;
  /**
   * Numbers of all neurons inside the lifetime, and of all that layers see (x_l below one, with the
   * zeros around it); and where those of each layer begin among them.
   */
  readonly neurons: number;
  readonly below: number;
  readonly neuronsAt: readonly number[];
  readonly belowAt: readonly number[];
  /**
   * Where errors begin in their field: those of x_E, then those of the neurons of each layer inside
   * the lifetime.
   */
  readonly errorsAt: readonly number[];
  /**
   * Where each field begins. Fields of neurons lie like `neuronsAt`, fields of inputs like
   * `belowAt`.
   */
  readonly fields: Readonly<Record<Field, number>>;
  /**
   * Products per sample in the update of a weight, left of them neurons' and right of them inputs'
   * numbers; fields LEFT and RIGHT begin the first.
   */
  readonly rank: number;
  readonly keepsZ: boolean;
  /** Does a mirror show noise, which has fields of its own? */
  readonly mirrored: boolean;
  /** Is there a term of the pool that asks for v = Wᵀ y? */
  readonly v: boolean;
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
  const { xAt, unitsAt, encodedAt, row } = activitiesOf(system);
  const inputAt = xAt[encoderLayers]!;
  const { starts: neuronsAt, size: neurons } = oneAfterAnother(inside.map(l => l.units));
  const stored = inside.map(l => lookOf(l).stored);
  const { starts: belowAt, size: below } = oneAfterAnother(stored);
  const errorsAt = [0, ...neuronsAt.map(at => stored[0]! + at)];

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
    add('ERROR', stored[0]! + neurons);
    fields.LEFT = fields.ERROR + stored[0]!;
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
  return {
    size,
    row,
    xAt,
    unitsAt,
    encodedAt,
    neurons,
    below,
    neuronsAt,
    belowAt,
    errorsAt,
    fields,
    rank,
    keepsZ,
    mirrored,
    v,
  };
}

/** Where the activities of a sample lie, the outputs last. An encoder does not keep its input. */
function activitiesOf(system: System) {
  const { sizes, encoderLayers, layers } = system;
  const xAt: number[] = [];
  const unitsAt: number[] = [];
  let row = 0;
  let encodedAt = 0;
  const place = (numbers: number): number => {
    row += numbers;
    return row - numbers;
  };
  sizes.forEach((n, l) => {
    const layer = layers[l - 1];
    const above = layers[l];
    const living = l >= encoderLayers && above !== undefined;
    const apart = layer && (l > encoderLayers ? handsOn(layer, above) : layer.conv?.pool);
    const unitsBefore = apart ? place(layer.units) : undefined;
    if (l === encoderLayers && looksAtCopy(system)) encodedAt = place(n);
    const at = place(l < encoderLayers && l === 0 ? 0 : living ? lookOf(above).stored : n);
    if (l === encoderLayers && !looksAtCopy(system)) encodedAt = at;
    xAt.push(at);
    unitsAt.push(unitsBefore ?? (l === encoderLayers ? encodedAt : at));
  });
  return { xAt, unitsAt, encodedAt, row };
}

/**
 * Are an update's products so many that they are made in tiles, a number read serving four, and d_W
 * is added at once? The factors of three products a lane can hold; a convolution has many.
 */
export const isBatched = (
  system: System,
  batch: number,
  { rank }: Pick<RecordLayout, 'rank'>,
): boolean => batch * rank > 3 || livesWithConvolutions(system);
