import { decode, type DecodedPng } from 'fast-png';
import { strFromU8, unzlibSync } from 'fflate';
import { MetaplasticError } from '../errors.js';
import { check, files as fileBytes } from '../options.js';
import { checkMaxBytes, checkRoom, joined, MAX_BYTES, unzip } from './archive.js';
import type { ImageBank } from './episodes.js';
import { OMNIGLOT_SIDE } from './options.js';

/** The longest side that a drawing may have. */
const LONGEST_SIDE = 4096;

/**
 * `…/Alphabet/characterNN/MMMM_DD.png`: group 1 is the folder of the character, group 2 its name.
 */
const DRAWING = /^((?:.*\/)?([^/]+\/character\d+))\/\d+_\d+\.png$/i;

/** Is this the path of a drawing, with slashes between folders? */
export const isDrawing = (path: string): boolean => DRAWING.test(path);

export interface OmniglotOptions {
  /** Pixels on a side, 1 … 105; default 28. */
  readonly size?: number;
  /** Bytes that the drawings may unpack to, together; default 2³⁰. */
  readonly maxBytes?: number;
}

/**
 * Reads a zip file of Omniglot drawings (Lake et al. 2015;
 * https://github.com/brendenlake/omniglot), or the files of such a folder by their paths:
 * `…/Alphabet/characterNN/MMMM_DD.png`, dark ink on light paper. The published drawings are
 * 105 × 105 of 1 bit; others may be of any square size up to 4096, grey, coloured or with a
 * palette. Each drawing is averaged over areas to size × size, and turned so that ink is 1 and
 * paper 0. Every character is a class; classes are sorted by path, drawings by path within them.
 * `names[c]` is `Alphabet/characterNN`: names that two banks share are the same drawings in both
 * (the two `small` sets share Greek and Latin), so leave them out of one of the two.
 *
 * @param where - the file's name, for errors.
 * @throws MetaplasticError for a file that is not a zip, a zip without such folders, one that
 * unpacks to more than `maxBytes`, and, by its path, a damaged PNG or one that is not square.
 */
export function readOmniglot(
  source: Uint8Array | Readonly<Record<string, Uint8Array>>,
  { size = 28, maxBytes = MAX_BYTES }: OmniglotOptions = {},
  where = 'readOmniglot',
): ImageBank & { readonly names: readonly string[] } {
  check(fileBytes, source, where);
  if (!Number.isInteger(size) || size < 1 || size > OMNIGLOT_SIDE)
    throw new MetaplasticError({
      where: 'readOmniglot.size',
      expected: `a whole number from 1 to ${OMNIGLOT_SIDE}`,
      got: `${size}`,
    });
  checkMaxBytes(maxBytes, 'readOmniglot');
  const files =
    source instanceof Uint8Array
      ? unzip(source, { wanted: isDrawing, maxBytes }, where)
      : new Map(Object.entries(source).filter(([path]) => isDrawing(path)));
  const paths = [...files.keys()].sort();
  if (paths.length === 0) {
    throw new MetaplasticError({
      where,
      expected: 'folders like Alphabet/character01/0001_01.png',
      got: `a ${source instanceof Uint8Array ? 'zip file' : 'folder'} without any`,
      hint: "give Omniglot's images_background.zip, images_evaluation.zip or images_background_small1.zip as published",
    });
  }
  checkRoom(paths.length * size * size, maxBytes, where);

  const pixels = new Uint8Array(paths.length * size * size);
  const labels = new Uint16Array(paths.length);
  const names: string[] = [];
  let shrink = areaAverage(OMNIGLOT_SIDE, size);
  let folder: string | undefined;
  paths.forEach((path, image) => {
    const [, characterFolder, name] = DRAWING.exec(path)!;
    if (characterFolder !== folder) {
      folder = characterFolder;
      names.push(name!);
    }
    labels[image] = names.length - 1;
    const { side, ink } = inkOf(files.get(path)!, `${where}/${path}`);
    if (side !== shrink.from) shrink = areaAverage(side, size);
    shrink.average(ink, pixels.subarray(image * size * size, (image + 1) * size * size));
  });
  return {
    count: paths.length,
    width: size,
    height: size,
    pixels,
    labels,
    classes: names.length,
    names,
  };
}

/** Ink of a drawing: (side, side), 1 for black. */
function inkOf(
  png: Uint8Array,
  where: string,
): { readonly side: number; readonly ink: Float32Array } {
  const image = decodePng(png, where);
  const { width: side, channels, depth } = image;
  const samples = samplesOf(image);
  const level = levelOf(image);
  const ink = new Float32Array(side * side);
  if (channels === 1 && depth <= 8) {
    const inks = Float32Array.from({ length: 2 ** depth }, (_, sample) => 1 - level([sample], 0));
    for (let i = 0; i < ink.length; i++) ink[i] = inks[samples[i]!]!;
  } else {
    for (let i = 0; i < ink.length; i++) ink[i] = 1 - level(samples, i * channels);
  }
  return { side, ink };
}

/** The numbers of a PNG, (height, width, channels), each by itself. */
function samplesOf({ width, height, channels, depth, data }: DecodedPng): ArrayLike<number> {
  if (depth >= 8) return data;
  // Several to a byte, the leftmost in the highest bits, each row from a new byte.
  const perRow = width * channels;
  const rowBytes = Math.ceil((perRow * depth) / 8);
  const samples = new Uint8Array(height * perRow);
  for (let y = 0, at = 0; y < height; y++) {
    for (let bit = 8 * y * rowBytes; at < (y + 1) * perRow; bit += depth)
      samples[at++] = (data[bit >> 3]! >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
  }
  return samples;
}

/**
 * How light the pixel is whose samples begin at a place, 0 for black to 1 for white. Where it is
 * transparent, white paper shows.
 */
function levelOf({
  channels,
  depth,
  palette,
  transparency,
}: DecodedPng): (samples: ArrayLike<number>, at: number) => number {
  const most = 2 ** depth - 1;
  if (palette && channels === 1)
    return (samples, at) => {
      const [r, g, b, alpha = 255] = palette[samples[at]!] ?? [255, 255, 255];
      return onPaper(lightness(r!, g!, b!) / 255, alpha / 255);
    };
  const coloured = channels > 2;
  const clear = transparency?.length === (coloured ? 3 : 1) ? transparency : undefined;
  return (samples, at) => {
    if (clear?.every((sample, c) => sample === samples[at + c])) return 1;
    const light = coloured
      ? lightness(samples[at]!, samples[at + 1]!, samples[at + 2]!)
      : samples[at]!;
    return channels % 2 ? light / most : onPaper(light / most, samples[at + channels - 1]! / most);
  };
}

const onPaper = (light: number, alpha: number) => alpha * light + 1 - alpha;

/** Luma of a colour (ITU-R BT.601). */
const lightness = (r: number, g: number, b: number) => 0.299 * r + 0.587 * g + 0.114 * b;

/** Chunks of a PNG that decide its pixels; others (profiles, texts) are not unpacked. */
const PIXEL_CHUNKS = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'];

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** A square PNG, decoded: what it unpacks to is known before it is. */
function decodePng(png: Uint8Array, where: string): DecodedPng {
  const damaged = (why: string) =>
    new MetaplasticError({
      where,
      expected: 'a PNG',
      got: `damaged data (${why})`,
      hint: 'download the file again',
    });
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  if (SIGNATURE.some((byte, i) => png[i] !== byte)) throw damaged('wrong PNG signature');
  const kept: Uint8Array[] = [png.subarray(0, SIGNATURE.length)];
  const packed: Uint8Array[] = [];
  for (let at = SIGNATURE.length, type = ''; type !== 'IEND';) {
    if (at + 12 > png.length) throw damaged('cut off');
    const end = at + 12 + view.getUint32(at);
    type = strFromU8(png.subarray(at + 4, at + 8), true);
    if (end > png.length) throw damaged('cut off');
    if (kept.length === 1 && type !== 'IHDR') throw damaged('no header');
    if (PIXEL_CHUNKS.includes(type)) kept.push(png.subarray(at, end));
    if (type === 'IDAT') packed.push(png.subarray(at + 8, end - 4));
    at = end;
  }
  if (kept[1]!.length !== 25) throw damaged('no header');

  // IHDR: width, height, depth, colour type, and whether rows are interlaced.
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const [depth, interlaced] = [png[24]!, png[28]!];
  const channels = CHANNELS[png[25]!];
  if (width !== height || width < 1 || width > LONGEST_SIDE || interlaced)
    throw new MetaplasticError({
      where,
      expected: `a square drawing of at most ${LONGEST_SIDE} × ${LONGEST_SIDE} pixels, not interlaced`,
      got: `${width} × ${height}${interlaced ? ', interlaced' : ''}`,
      hint: "give Omniglot's drawings as published, or all of them resized to squares",
    });
  if (!channels || ![1, 2, 4, 8, 16].includes(depth))
    throw damaged(`colour type ${png[25]} of ${depth} bits`);

  // Each row is as many bytes as its pixels need, after one that names its filter.
  const length = height * (1 + Math.ceil((width * channels * depth) / 8));
  try {
    const rows = unzlibSync(joined(packed), { out: new Uint8Array(length + 1) });
    if (rows.length !== length)
      throw new Error(`${rows.length > length ? 'more' : 'fewer'} than ${length} bytes of pixels`);
    return decode(joined(kept), { checkCrc: true });
  } catch (error) {
    throw damaged((error as Error).message);
  }
}

/** Numbers of a pixel by the colour type in the header. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

interface Averaging {
  readonly from: number;
  average(source: Float32Array, target: Uint8Array): void;
}

/**
 * A box filter from (from, from) levels in [0, 1] to (to, to) bytes: each pixel is the exact mean
 * over the square it covers, pixels at the edge of the square counted by the fraction inside it.
 */
function areaAverage(from: number, to: number): Averaging {
  // Pixel o covers [o, o + 1) · from / to of the source: `weights[o]` from pixel `start[o]` on,
  // with sum 1.
  const start = Array.from({ length: to }, (_, o) => Math.floor((o * from) / to));
  const weights = start.map((first, o) => {
    const low = (o * from) / to;
    const high = ((o + 1) * from) / to;
    return Array.from(
      { length: Math.ceil(high) - first },
      (_, i) => ((Math.min(high, first + i + 1) - Math.max(low, first + i)) * to) / from,
    );
  });

  const rows = new Float64Array(from * to);
  const average = (source: Float32Array, target: Uint8Array) => {
    // Along x: (from, from) → rows (from, to). Then along y: rows → target (to, to).
    for (let y = 0; y < from; y++) {
      for (let o = 0; o < to; o++) {
        const w = weights[o]!;
        const at = y * from + start[o]!;
        let sum = 0;
        for (let i = 0; i < w.length; i++) sum += w[i]! * source[at + i]!;
        rows[y * to + o] = sum;
      }
    }
    for (let o = 0; o < to; o++) {
      const w = weights[o]!;
      for (let x = 0; x < to; x++) {
        let sum = 0;
        for (let i = 0; i < w.length; i++) sum += w[i]! * rows[(start[o]! + i) * to + x]!;
        target[o * to + x] = Math.round(255 * sum);
      }
    }
  };
  return { from, average };
}
