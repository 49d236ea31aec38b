import { MetaplasticError } from '../errors.js';
import { bytes as fileBytes, check, section } from '../options.js';
import { checkMaxBytes, checkRoom, gunzip, hex, isGzip, MAX_BYTES } from './archive.js';
import type { ImageBank } from './episodes.js';
import { IDX_STORED } from './options.js';

/** The numbers of an IDX file, in the type that its header names. */
export type IdxData =
  Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** What an IDX file holds: numbers, and the sizes of their dimensions, slowest first. */
export interface Idx {
  /** (images, height, width), or (labels), or whatever the header says. */
  readonly shape: readonly number[];
  readonly data: IdxData;
}

/** What an IDX file may be. */
export interface IdxOptions {
  /** Bytes that a gzipped file may unpack to; default 2³⁰. */
  readonly maxBytes?: number;
}

/** How IDX files of images are stored. */
export interface IdxImagesOptions extends IdxOptions {
  /** Images are stored column by column, as EMNIST's published files are; default false. */
  readonly transposed?: boolean;
  /** Ink is stored as 0 and paper as the largest level; default false. */
  readonly inverted?: boolean;
}

interface Type {
  readonly name: string;
  readonly bytes: number;
  /** Room for so many numbers. */
  make(length: number): IdxData;
  /** The number at a byte, big-endian. */
  get(view: DataView, at: number): number;
}

/**
 * The third byte of an IDX file names the type of its numbers (http://yann.lecun.com/exdb/mnist).
 */
const TYPES: ReadonlyMap<number, Type> = new Map([
  [
    0x08,
    { name: 'ubyte', bytes: 1, make: n => new Uint8Array(n), get: (view, at) => view.getUint8(at) },
  ],
  [0x09, { name: 'byte', bytes: 1, make: n => new Int8Array(n), get: (v, at) => v.getInt8(at) }],
  [0x0b, { name: 'short', bytes: 2, make: n => new Int16Array(n), get: (v, at) => v.getInt16(at) }],
  [0x0c, { name: 'int', bytes: 4, make: n => new Int32Array(n), get: (v, at) => v.getInt32(at) }],
  [
    0x0d,
    { name: 'float', bytes: 4, make: n => new Float32Array(n), get: (v, at) => v.getFloat32(at) },
  ],
  [
    0x0e,
    { name: 'double', bytes: 8, make: n => new Float64Array(n), get: (v, at) => v.getFloat64(at) },
  ],
] satisfies [number, Type][]);

const KNOWN_TYPES = [...TYPES.values()].map(type => type.name).join(', ');

/**
 * Reads an IDX file, plain or gzipped: the format of MNIST, EMNIST, QMNIST, Fashion- and
 * Kuzushiji-MNIST (http://yann.lecun.com/exdb/mnist), with numbers of any of its types.
 *
 * @param where - the file's name, for errors.
 * @throws MetaplasticError for a corrupt gzip file, another magic number, more or fewer bytes than
 * the header announces, or more than `maxBytes`.
 */
export function readIdx(
  bytes: Uint8Array,
  where = 'readIdx',
  { maxBytes = MAX_BYTES }: IdxOptions = {},
): Idx {
  check(fileBytes, bytes, where);
  checkMaxBytes(maxBytes, 'readIdx');
  const file = isGzip(bytes)
    ? gunzip(
        bytes,
        beginning => {
          if (beginning.length < 4 || beginning.length < headerLength(beginning)) return undefined;
          const { header, shape, type } = headerOf(beginning, where);
          const length = header + type.bytes * elements(shape);
          checkRoom(length, maxBytes, where);
          return length;
        },
        where,
      )
    : bytes;
  const { header, shape, type } = headerOf(file, where);
  const length = type.bytes * elements(shape);
  const got = file.length - header;
  if (got !== length) {
    throw new MetaplasticError({
      where,
      expected: `${shape.join(' × ')} = ${length} bytes after the header`,
      got: `${got}`,
      hint:
        got < length
          ? 'the file is truncated: download it again'
          : 'the file has trailing bytes: give one IDX file and nothing after it',
    });
  }
  if (type.name === 'ubyte') return { shape, data: file.subarray(header) };
  const view = new DataView(file.buffer, file.byteOffset + header, length);
  const data = type.make(elements(shape));
  for (let i = 0; i < data.length; i++) data[i] = type.get(view, i * type.bytes);
  return { shape, data };
}

const elements = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Zero, zero, type, number of dimensions; then the size of each in four bytes. */
const headerLength = (file: Uint8Array) => 4 + 4 * file[3]!;

function headerOf(
  file: Uint8Array,
  where: string,
): { readonly header: number; readonly shape: readonly number[]; readonly type: Type } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const magic = file.length >= 4 ? view.getUint32(0) : undefined;
  const type = magic === undefined || magic > 0xffff ? undefined : TYPES.get(magic >> 8);
  if (magic === undefined || !type || file[3] === 0) {
    throw new MetaplasticError({
      where,
      expected: `an IDX file that begins with 0x00000803 (images), 0x00000801 (labels) or the like for numbers of the types ${KNOWN_TYPES}`,
      got: magic === undefined ? `${file.length} bytes` : hex(magic),
      hint: 'give the file as it was published, plain or gzipped',
    });
  }
  const header = headerLength(file);
  if (file.length < header)
    throw new MetaplasticError({
      where,
      expected: `a header of ${header} bytes`,
      got: `${file.length} bytes`,
      hint: 'download the file again',
    });
  const shape = Array.from({ length: file[3]! }, (_, i) => view.getUint32(4 + 4 * i));
  return { header, shape, type };
}

const STORED = section(IDX_STORED);

/**
 * A bank from an IDX file of images and one of labels, each plain or gzipped, of any type of
 * numbers. Images are (images, height, width), or have one channel beside these: (images, 1,
 * height, width) or (images, height, width, 1). Grey levels are kept as they are (ink is 1 in the
 * MNIST family) unless `inverted`, and images unless `transposed`: whole numbers count from 0 to 255, others from 0 to 1, and are rounded to 255ths.
 * Labels are (labels), or the first column of (labels, columns), as in QMNIST; the number of
 * classes is the largest label plus one, so a set whose labels begin with 1 (EMNIST Letters) has a
 * class 0 without images.
 *
 * @param where - a name for the pair of files; errors add `images` or `labels`.
 * @throws MetaplasticError as `readIdx`, and for files that are swapped, empty, of different
 * counts, or of numbers that are no grey levels or labels.
 */
export function readIdxImages(
  imageBytes: Uint8Array,
  labelBytes: Uint8Array,
  where = 'readIdxImages',
  { maxBytes, ...stored }: IdxImagesOptions = {},
): ImageBank {
  const options = { ...(maxBytes !== undefined && { maxBytes }) };
  const { transposed, inverted } = check(STORED, stored, 'readIdxImages');
  const images = readIdx(imageBytes, `${where} images`, options);
  const labels = readIdx(labelBytes, `${where} labels`, options);
  const [count, ...sides] = imageShape(images.shape, `${where} images`);
  const [height, width] = transposed ? [sides[1], sides[0]] : sides;
  if (labels.shape.length > 2)
    throw new MetaplasticError({
      where: `${where} labels`,
      expected: 'labels: 1 dimension, or 2 with the label in the first column',
      got: `${labels.shape.length}: ${labels.shape.join(' × ')}`,
      hint: 'give the image file first, then the label file',
    });
  const [labelled = 0, columns = 1] = labels.shape;
  if (count * height * width === 0)
    throw new MetaplasticError({
      where: `${where} images`,
      expected: 'at least one image',
      got: images.shape.join(' × '),
    });
  if (labelled !== count) {
    throw new MetaplasticError({
      where,
      expected: `one label for each of ${count} images`,
      got: `${labelled} labels`,
      hint: 'give the two files of the same set',
    });
  }
  if (columns === 0)
    throw new MetaplasticError({
      where: `${where} labels`,
      expected: 'at least one column',
      got: labels.shape.join(' × '),
    });
  const numbers = Uint16Array.from({ length: count }, (_, i) =>
    labelOf(labels.data[i * columns]!, i, `${where} labels`),
  );
  const levels = greyLevels(images.data, `${where} images`);
  const turned = transposed ? transpose(levels, width, height) : levels;
  return {
    count,
    width,
    height,
    pixels: inverted ? turned.map(level => 255 - level) : turned,
    labels: numbers,
    classes: numbers.reduce((a, b) => Math.max(a, b), 0) + 1,
  };
}

/** Images of (width, height) levels as (height, width). */
function transpose(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const plane = width * height;
  return pixels.map((_, i) => {
    const at = i % plane;
    return pixels[i - at + (at % width) * height + Math.floor(at / width)]!;
  });
}

function imageShape(shape: readonly number[], where: string): readonly [number, number, number] {
  const [count = 0, ...rest] = shape;
  const [height, width] =
    rest.length !== 3 ? rest : rest[0] === 1 ? rest.slice(1) : rest[2] === 1 ? rest : [];
  if (rest.length < 2 || rest.length > 3)
    throw new MetaplasticError({
      where,
      expected: 'images: 3 dimensions, or 4 with one channel',
      got: `${shape.length}: ${shape.join(' × ')}`,
      hint: 'give the image file first, then the label file',
    });
  if (height === undefined || width === undefined)
    throw new MetaplasticError({
      where,
      expected: 'images of one channel: images × 1 × height × width or images × height × width × 1',
      got: shape.join(' × '),
      hint: 'turn the images to grey first',
    });
  return [count, height, width];
}

/**
 * Bytes, 255 for 1. Whether real numbers count to 1 or to 255 is told by those above 1, if all are
 * whole; else nothing can tell, and they are refused.
 */
function greyLevels(data: IdxData, where: string): Uint8Array {
  if (data instanceof Uint8Array) return data;
  const real = data instanceof Float32Array || data instanceof Float64Array;
  const to1 = real && !(data.some(level => level > 1) && data.every(Number.isInteger));
  const [most, unit] = to1 ? [1, 255] : [255, 1];
  const bytes = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const level = data[i]!;
    if (!(level >= 0 && level <= most))
      throw new MetaplasticError({
        where,
        expected: `grey levels from 0 to ${most}`,
        got: `${level} at ${i}`,
      });
    bytes[i] = Math.round(unit * level);
  }
  return bytes;
}

function labelOf(label: number, image: number, where: string): number {
  if (!Number.isInteger(label) || label < 0 || label > 0xffff)
    throw new MetaplasticError({
      where,
      expected: 'labels that are whole numbers from 0 to 65535',
      got: `${label} for image ${image}`,
    });
  return label;
}
