import { decode, type DecodedPng } from 'fast-png';
import { strFromU8, unzlibSync } from 'fflate';
import { MetaplasticError } from '../errors.js';
import { joined } from './archive.js';
import { checkFit, levelsOf, type Channels, type Fit, type Picture } from './picture.js';

/** Chunks of a PNG that decide its pixels; others (profiles, texts) are not unpacked. */
const PIXEL_CHUNKS = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'];

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Numbers of a pixel by the colour type in the header. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/**
 * Reads a PNG of any kind but interlaced ones. Where it is transparent, white paper shows.
 *
 * @param where - the file's path, for errors.
 * @throws MetaplasticError for a damaged file, and for one that does not fit.
 */
export function readPng(png: Uint8Array, channels: Channels, fit: Fit, where: string): Picture {
  const image = decodePng(png, fit, where);
  const { width, height } = image;
  const samples = samplesOf(image);
  const colour = colourOf(image);
  const pixels = width * height;
  if (image.channels > 1 || image.depth > 8)
    return {
      width,
      height,
      levels: levelsOf(pixels, channels, (i, rgb) => colour(samples, i * image.channels, rgb)),
    };
  // Few different samples: the levels of each are worked out once, (channels, samples).
  const kinds = 2 ** image.depth;
  const table = levelsOf(kinds, channels, (sample, rgb) => colour([sample], 0, rgb));
  const levels = new Float32Array(channels * pixels);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < pixels; i++) levels[c * pixels + i] = table[c * kinds + samples[i]!]!;
  return { width, height, levels };
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

/** Red, green and blue in [0, 1] of the pixel whose samples begin at a place, on white paper. */
function colourOf({
  channels,
  depth,
  palette,
  transparency,
}: DecodedPng): (samples: ArrayLike<number>, at: number, rgb: Float64Array) => void {
  const most = 2 ** depth - 1;
  if (palette && channels === 1)
    return (samples, at, rgb) => {
      const [r, g, b, alpha = 255] = palette[samples[at]!] ?? [255, 255, 255];
      rgb.set([r! / 255, g! / 255, b! / 255]);
      onPaper(rgb, alpha / 255);
    };
  const coloured = channels > 2;
  const clear = transparency?.length === (coloured ? 3 : 1) ? transparency : undefined;
  return (samples, at, rgb) => {
    const isClear = clear?.every((sample, c) => sample === samples[at + c]);
    for (let c = 0; c < 3; c++) rgb[c] = samples[coloured ? at + c : at]! / most;
    onPaper(rgb, isClear ? 0 : channels % 2 ? 1 : samples[at + channels - 1]! / most);
  };
}

function onPaper(rgb: Float64Array, alpha: number): void {
  for (let c = 0; c < 3; c++) rgb[c] = alpha * rgb[c]! + 1 - alpha;
}

/** A PNG, decoded: what it unpacks to is known before it is. */
function decodePng(png: Uint8Array, fit: Fit, where: string): DecodedPng {
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
  checkFit(fit, width, height, where, interlaced ? 'interlaced' : '');
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
