import { decode, type DecodedPng } from 'fast-png';
import { unzipSync } from 'fflate';
import { MetaplasticError } from '../errors.js';
import type { ImageBank } from './episodes.js';

/** Omniglot's drawings are 105 × 105. */
const SIDE = 105;

/**
 * `…/Alphabet/characterNN/MMMM_DD.png`: group 1 is the folder of the character, group 2 its name.
 */
const DRAWING = /^((?:.*\/)?([^/]+\/character\d+))\/\d+_\d+\.png$/;

/**
 * Reads a zip file of Omniglot drawings (Lake et al. 2015;
 * https://github.com/brendenlake/omniglot): `…/Alphabet/characterNN/MMMM_DD.png`,
 * 105 × 105, 1 bit. Each drawing is averaged over areas down to size × size, and turned so that ink
 * is 1 and paper 0.
 * Every character is a class; classes are sorted by path, drawings by path within them. `names[c]`
 * is `Alphabet/characterNN`: names that
 * two banks share are the same drawings in both (the two `small` sets share Greek and Latin), so
 * leave them out of one of the two.
 *
 * @param size - pixels on a side, 1 … 105 (105: as drawn).
 * @param where - the file's name, for errors.
 * @throws MetaplasticError for a file that is not a zip, a zip without such folders, and an
 * unreadable or different PNG, by its path.
 */
export function readOmniglot(
  zipBytes: Uint8Array,
  { size = 28 }: { readonly size?: number },
  where: string,
): ImageBank & { readonly names: readonly string[] } {
  if (!Number.isInteger(size) || size < 1 || size > SIDE)
    throw new MetaplasticError({
      where: 'readOmniglot.size',
      expected: `a whole number from 1 to ${SIDE}`,
      got: `${size}`,
    });
  const files = unzip(zipBytes, where);
  const paths = Object.keys(files).sort();
  if (paths.length === 0) {
    throw new MetaplasticError({
      where,
      expected: 'folders like Alphabet/character01/0001_01.png',
      got: 'a zip file without any',
      hint: "give Omniglot's images_background.zip, images_evaluation.zip or images_background_small1.zip as published",
    });
  }

  const pixels = new Uint8Array(paths.length * size * size);
  const labels = new Uint16Array(paths.length);
  const names: string[] = [];
  const shrink = areaAverage(SIDE, size);
  let folder: string | undefined;
  paths.forEach((path, image) => {
    const [, characterFolder, name] = DRAWING.exec(path)!;
    if (characterFolder !== folder) {
      folder = characterFolder;
      names.push(name!);
    }
    labels[image] = names.length - 1;
    shrink(
      inkOf(files[path]!, `${where}/${path}`),
      pixels.subarray(image * size * size, (image + 1) * size * size),
    );
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

/** The drawings in the zip file, by path; nothing else is unpacked. */
function unzip(zipBytes: Uint8Array, where: string): Record<string, Uint8Array> {
  let current: string | undefined;
  try {
    return unzipSync(zipBytes, {
      filter: ({ name }) => {
        current = name;
        return DRAWING.test(name);
      },
    });
  } catch (error) {
    const why = (error as Error).message;
    if (current === undefined)
      throw new MetaplasticError({
        where,
        expected: 'a zip file',
        got: `${zipBytes.length} bytes that are none (${why})`,
        hint: 'download the file again',
      });
    throw new MetaplasticError({
      where: `${where}/${current}`,
      expected: 'a file of the zip',
      got: `damaged data (${why})`,
      hint: 'download the zip file again',
    });
  }
}

/** Ink of a drawing: (SIDE, SIDE), 1 where the bit is 0. */
function inkOf(png: Uint8Array, where: string): Uint8Array {
  let image: DecodedPng;
  try {
    image = decode(png, { checkCrc: true });
  } catch (error) {
    throw new MetaplasticError({
      where,
      expected: 'a PNG',
      got: `damaged data (${(error as Error).message})`,
      hint: 'download the zip file again',
    });
  }
  const { width, height, depth, channels, palette, data } = image;
  if (width !== SIDE || height !== SIDE || depth !== 1 || channels !== 1 || palette) {
    throw new MetaplasticError({
      where,
      expected: `a grey PNG of ${SIDE} × ${SIDE}, 1 bit`,
      got: `${width} × ${height}, ${channels} × ${depth} bits${palette ? ' with a palette' : ''}`,
      hint: "give Omniglot's drawings as published",
    });
  }

  // Eight pixels to a byte, the leftmost in the highest bit, each row from a new byte.
  const ink = new Uint8Array(SIDE * SIDE);
  const rowBytes = Math.ceil(SIDE / 8);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++)
      ink[y * SIDE + x] = ((data[y * rowBytes + (x >> 3)]! >> (7 - (x & 7))) & 1) ^ 1;
  }
  return ink;
}

/**
 * A box filter from (from, from) levels in [0, 1] to (to, to) bytes: each pixel is the exact mean
 * over the square it covers, pixels at the
 * edge of the square counted by the fraction inside it.
 */
function areaAverage(from: number, to: number): (source: Uint8Array, target: Uint8Array) => void {
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
  return (source, target) => {
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
}
