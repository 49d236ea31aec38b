import { Gunzip } from 'fflate';
import { MetaplasticError } from '../errors.js';
import type { ImageBank } from './episodes.js';

/** What an IDX file holds: bytes, and the sizes of their dimensions, slowest first. */
export interface Idx {
  /** (images, height, width), or (labels). */
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** The first four bytes, big-endian: zero, zero, 8 for unsigned bytes, number of dimensions. */
const DIMENSIONS: Readonly<Record<number, number>> = { 0x803: 3, 0x801: 1 };

/**
 * Reads an IDX file of images (magic 0x803) or labels (0x801), plain or gzipped: the format of
 * MNIST, EMNIST, Fashion- and Kuzushiji-MNIST
 * (http://yann.lecun.com/exdb/mnist).
 *
 * @param where - the file's name, for errors.
 * @throws MetaplasticError for a corrupt gzip file, another magic number, or more or fewer bytes
 * than the header announces.
 */
export function readIdx(bytes: Uint8Array, where: string): Idx {
  const file = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzip(bytes, where) : bytes;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const magic = file.length >= 4 ? view.getUint32(0) : undefined;
  const dimensions = magic === undefined ? undefined : DIMENSIONS[magic];
  if (dimensions === undefined) {
    throw new MetaplasticError({
      where,
      expected: 'an IDX file that begins with 0x00000803 (images) or 0x00000801 (labels)',
      got: `${magic === undefined ? `${file.length} bytes` : hex(magic)}`,
      hint: 'give the file as it was published, plain or gzipped',
    });
  }

  const header = 4 + 4 * dimensions;
  if (file.length < header)
    throw new MetaplasticError({
      where,
      expected: `a header of ${header} bytes`,
      got: `${file.length} bytes`,
      hint: 'download the file again',
    });
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const length = shape.reduce((a, b) => a * b, 1);
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
  return { shape, data: file.subarray(header) };
}

/**
 * A bank from an IDX file of images and one of labels, each plain or gzipped. Grey levels are kept
 * as they are (ink is 1 in the MNIST family);
 * the number of classes is the largest label plus one.
 *
 * @param where - a name for the pair of files; errors add `images` or `labels`.
 * @throws MetaplasticError as `readIdx`, and for files that are swapped, empty, or of different
 * counts.
 */
export function readIdxImages(
  imageBytes: Uint8Array,
  labelBytes: Uint8Array,
  where: string,
): ImageBank {
  const images = readIdx(imageBytes, `${where} images`);
  const labels = readIdx(labelBytes, `${where} labels`);
  if (images.shape.length !== 3)
    throw new MetaplasticError({
      where: `${where} images`,
      expected: 'images (0x00000803)',
      got: 'labels (0x00000801)',
      hint: 'give the image file first, then the label file',
    });
  if (labels.shape.length !== 1)
    throw new MetaplasticError({
      where: `${where} labels`,
      expected: 'labels (0x00000801)',
      got: 'images (0x00000803)',
      hint: 'give the image file first, then the label file',
    });
  const [count, height, width] = images.shape as [number, number, number];
  if (images.data.length === 0)
    throw new MetaplasticError({
      where: `${where} images`,
      expected: 'at least one image',
      got: `${images.shape.join(' × ')}`,
    });
  if (labels.data.length !== count) {
    throw new MetaplasticError({
      where,
      expected: `one label for each of ${count} images`,
      got: `${labels.data.length} labels`,
      hint: 'give the two files of the same set',
    });
  }
  return {
    count,
    width,
    height,
    pixels: images.data,
    labels: Uint16Array.from(labels.data),
    classes: labels.data.reduce((a, b) => Math.max(a, b), 0) + 1,
  };
}

/**
 * Unpacks a gzip file and checks its CRC-32, which fflate does not: a flipped bit would pass as a
 * wrong pixel.
 */
function gunzip(bytes: Uint8Array, where: string): Uint8Array {
  const corrupt = (why: string) =>
    new MetaplasticError({
      where,
      expected: 'a gzip file',
      got: `a corrupt one (${why})`,
      hint: 'download the file again',
    });
  if (bytes.length < 18) throw corrupt(`${bytes.length} bytes, fewer than an empty one has`);
  const chunks: Uint8Array[] = [];
  try {
    // The streaming reader, because gunzipSync believes the announced length before it reads: up to
    // 4 GiB for a truncated file.
    new Gunzip(chunk => {
      chunks.push(chunk);
    }).push(bytes, true);
  } catch (error) {
    throw corrupt((error as Error).message);
  }
  const out = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    out.set(chunk, offset);
    offset += chunk.length;
  }

  // The last eight bytes are the CRC-32 and the length, little-endian.
  const announced = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 8).getUint32(
    0,
    true,
  );
  const found = crc32(out);
  if (announced !== found) throw corrupt(`CRC-32 ${hex(announced)} announced, ${hex(found)} found`);
  return out;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** CRC-32 of gzip (RFC 1952, §8). */
function crc32(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < data.length; i++) crc = CRC_TABLE[(crc ^ data[i]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const hex = (n: number): string => `0x${n.toString(16).padStart(8, '0')}`;
