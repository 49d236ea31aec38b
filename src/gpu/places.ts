import type { Layout, MetaParameter } from '../parameters/layout.js';
import { placesInFile } from '../parameters/maps.js';
import type { System } from '../systems/system.js';

/**
 * Where meta-parameters lie on the GPU: in quads, four numbers that a kernel reads or writes at
 * once. A tensor begins with a quad of its own; what fills up its last one, or a row's, or a
 * column's, is 0 and stays 0. Elsewhere (files, the reference, what users read and write) they lie
 * as `Layout` says.
 *
 * - `rows`: W of a layer inside the lifetime, or of a convolution; coefficients of its synapses or neurons, and B of
 *   direct-rectified feedback. A quad is four rows of a column, because whatever a lifetime does
 *   with a weight it does with its neuron; a column's quads follow each other, because lanes take
 *   four rows each and so read neighbours at the same time.
 * - `columns`: W of an encoder's dense layer, and B of an error path. A quad is four columns of a row, and a
 *   row's follow each other.
 * - `flat`: all else, four after four.
 */
export type Kind = 'rows' | 'columns' | 'flat';

export interface Places {
  /** Numbers in all, a multiple of 4. */
  readonly size: number;
  /** Where a tensor begins, a multiple of 4; undefined if there is none of that name. */
  at(name: string): number | undefined;
  /**
   * Numbers from the layout's order into their places, and back; of whole tensors, if not of all.
   */
  pack(values: Float32Array, of?: Range): Float32Array<ArrayBuffer>;
  unpack(placed: Float32Array, of?: Range): Float32Array;
  /** Where numbers of whole tensors that follow each other in the layout lie; all, if not told. */
  range(of?: Range): Range;
}

/** Numbers that follow each other: the first, and how many. */
export interface Range {
  readonly offset: number;
  readonly size: number;
}

/** Quads that n numbers fill, and the numbers that these have room for. */
export const fours = (n: number): number => Math.ceil(n / 4);
export const inQuads = (n: number): number => 4 * fours(n);

/** Where arrays of such sizes begin that follow each other, and the size of all. */
export function oneAfterAnother(sizes: readonly number[]): { starts: number[]; size: number } {
  let size = 0;
  const starts = sizes.map(n => (size += n) - n);
  return { starts, size };
}

/** Numbers that a matrix takes up. */
export const sizeOf = (kind: Kind, rows: number, columns: number): number =>
  kind === 'rows'
    ? inQuads(rows) * columns
    : kind === 'columns'
      ? rows * inQuads(columns)
      : inQuads(rows * columns);

/** Place of number (i, j) of a matrix of so many rows and columns. */
export function placeOf(kind: Kind, i: number, j: number, rows: number, columns: number): number {
  if (kind === 'rows') return j * inQuads(rows) + i;
  return i * (kind === 'columns' ? inQuads(columns) : columns) + j;
}

export function placesOf(system: System, layout: Layout): Places {
  const starts = new Map<string, number>();
  let offset = 0;
  for (const tensor of layout.tensors) {
    const { kind, rows, columns } = matrixOf(system, tensor);
    starts.set(tensor.name, offset);
    offset += sizeOf(kind, rows, columns);
  }
  // Made when numbers first come or go: a plan that is refused costs nothing.
  let made: Uint32Array | undefined;
  const placeAt = () => (made ??= placesOfAll(system, layout, starts));
  const startAt = new Map([
    ...layout.tensors.map(t => [t.offset, starts.get(t.name)!] as const),
    [layout.size, offset],
  ]);
  const all = { offset: 0, size: layout.size };
  const range = (of: Range = all): Range => {
    const first = startAt.get(of.offset)!;
    return { offset: first, size: startAt.get(of.offset + of.size)! - first };
  };
  return {
    size: offset,
    at: name => starts.get(name),
    range,
    pack(values, of = all) {
      const { offset: first, size } = range(of);
      const place = placeAt();
      const placed = new Float32Array(size);
      for (let k = 0; k < of.size; k++) placed[place[of.offset + k]! - first] = values[k]!;
      return placed;
    },
    unpack(placed, of = all) {
      const { offset: first } = range(of);
      const place = placeAt();
      return Float32Array.from(
        { length: of.size },
        (_, k) => placed[place[of.offset + k]! - first]!,
      );
    },
  };
}

/** The place of every number of the layout. */
function placesOfAll(
  system: System,
  layout: Layout,
  starts: ReadonlyMap<string, number>,
): Uint32Array {
  const place = new Uint32Array(layout.size);
  for (const tensor of layout.tensors)
    place.set(placesOfTensor(system, tensor, starts.get(tensor.name)!), tensor.offset);
  return place;
}

/** A tensor by its name, as a layout has it or a lifetime. */
type Named = Pick<MetaParameter, 'name' | 'shape'>;

/** The place of every number of a tensor, row by row as files have it, which begins at `start`. */
export function placesOfTensor(system: System, tensor: Named, start: number): Uint32Array {
  const { kind, rows, columns } = matrixOf(system, tensor);
  const inFile = placesInFile(system, tensor);
  const place = new Uint32Array(rows * columns);
  for (let k = 0; k < place.length; k++)
    place[inFile ? inFile[k]! : k] =
      start + placeOf(kind, Math.floor(k / columns), k % columns, rows, columns);
  return place;
}

/**
 * A tensor as the matrix that kernels keep. That of a convolution's weights has a column for every
 * input that a neuron sees, that of its feedback weights a row.
 */
function matrixOf(system: System, { name, shape }: Named) {
  const [rows = 1, ...others] = shape;
  const area = product(others.slice(1));
  const ofFeedback = name.startsWith('B');
  return {
    kind: kindOf(system, { name, shape }),
    rows: ofFeedback ? rows * area : rows,
    columns: ofFeedback ? (others[0] ?? 1) : product(others),
  };
}

const product = (numbers: readonly number[]) => numbers.reduce((all, n) => all * n, 1);

function kindOf({ encoderLayers, feedback }: System, { name, shape }: Named): Kind {
  if (shape.length < 2) return 'flat';
  if (name.startsWith('B')) return feedback === 'direct-rectified' ? 'rows' : 'columns';
  const ofEncoder = name.startsWith('W') && Number(name.slice(1)) <= encoderLayers;
  return ofEncoder && shape.length === 2 ? 'columns' : 'rows';
}
