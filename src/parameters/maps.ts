import type { Shape } from '../systems/images.js';
import type { Layer, System } from '../systems/system.js';
import { isMixed, weightShape } from './layout.js';

/**
 * The two orders of maps. In files and in the reference channels come first, (channel, row,
 * column), as PyTorch has it. In kernels and in random draws they come last, (row, column,
 * channel). That concerns the maps of a lifetime: those that one of its convolutions sees or makes.
 * What an encoder makes for a dense layer stays as in files.
 */

/** Shape of x_l, if it is maps of a lifetime. */
export function mapsAt({ layers, encoderLayers }: System, l: number): Shape | undefined {
  const above = layers[l];
  if (above?.conv && l >= encoderLayers) return above.conv.input;
  return l > encoderLayers ? layers[l - 1]!.conv?.output : undefined;
}

/** Where number (row, column, channel) of maps, counted in that order, lies in a file. */
export function placesOfMaps([channels, height, width]: Shape): Uint32Array {
  const area = height * width;
  return Uint32Array.from(
    { length: channels * area },
    (_, p) => (p % channels) * area + Math.floor(p / channels),
  );
}

/**
 * Where the numbers of a layer's tensor lie in its file: entry r · columns + c is the place there
 * of the number in row r and column c of the matrix that kernels keep, and that random numbers are
 * drawn for. Undefined where both orders are the same.
 *
 * The matrix has W's rows and columns (channels or neurons, inputs that one of them sees), for
 * weights and for all that has a number for each synapse. Of feedback weights it is (inputs,
 * neurons); direct, (numbers of x_{l-1}, outputs); direct-rectified, (neurons, outputs).
 */
export function placesInFile(
  system: System,
  { name, shape }: { readonly name: string; readonly shape: readonly number[] },
): Uint32Array | undefined {
  const layer = system.layers[Number(/\d+$/.exec(name)?.[0]) - 1];
  if (!layer || layer.index <= system.encoderLayers) return undefined;
  const places = /^[Bc]\d+$/.test(name)
    ? ofFeedback(system, layer, name.startsWith('c') ? 1 : shape[1]!)
    : ofSynapses(system, layer, shape);
  return places?.some((place, at) => place !== at) ? places : undefined;
}

/** Columns are the inputs that a neuron sees. */
function ofSynapses(
  system: System,
  layer: Layer,
  shape: readonly number[],
): Uint32Array | undefined {
  const seen = seenBy(system, layer);
  if (!seen || !isShape(shape, weightShape(layer))) return undefined;
  const columns = placesOfMaps(seen);
  return matrix(layer.fanOut, layer.fanIn, (r, c) => r * layer.fanIn + columns[c]!);
}

/** Rows are inputs that a neuron sees, all numbers below, or the layer's own neurons. */
function ofFeedback(system: System, layer: Layer, columns: number): Uint32Array | undefined {
  const { conv, index } = layer;
  if (conv && !isMixed(layer) && system.feedback !== 'direct') return ofKernels(layer);
  const maps = isMixed(layer) ? conv?.units : mapsAt(system, index - 1);
  if (!maps) return undefined;
  const rows = placesOfMaps(maps);
  return matrix(rows.length, columns, (r, c) => rows[r]! * columns + c);
}

/** The file has (channels below, channels, kernel row, kernel column). */
function ofKernels({ conv, fanIn, fanOut }: Layer): Uint32Array {
  const { input, kernel } = conv!;
  const area = kernel ** 2;
  return matrix(fanIn, fanOut, (r, c) => {
    const below = r % input[0];
    const at = Math.floor(r / input[0]);
    return (below * fanOut + c) * area + at;
  });
}

/** What a neuron sees as maps: a patch, or all there is below. */
const seenBy = (system: System, { conv, index }: Layer): Shape | undefined =>
  conv ? [conv.input[0], conv.kernel, conv.kernel] : mapsAt(system, index - 1);

const isShape = (shape: readonly number[], expected: readonly number[]) =>
  shape.length === expected.length && shape.every((n, axis) => n === expected[axis]);

const matrix = (rows: number, columns: number, place: (r: number, c: number) => number) =>
  Uint32Array.from({ length: rows * columns }, (_, at) =>
    place(Math.floor(at / columns), at % columns),
  );
