import { MetaplasticError } from '../errors.js';
import { check, files as fileBytes } from '../options.js';
import { checkMaxBytes, checkRoom, MAX_BYTES, unzip } from './archive.js';
import { areaAverage } from './area.js';
import type { ImageBank } from './episodes.js';
import { OMNIGLOT_SIDE } from './options.js';
import type { Fit } from './picture.js';
import { readPng } from './png.js';

/** The longest side that a drawing may have. */
const LONGEST_SIDE = 4096;

/**
 * `…/Alphabet/characterNN/MMMM_DD.png`: group 1 is the folder of the character, group 2 its name.
 */
const DRAWING = /^((?:.*\/)?([^/]+\/character\d+))\/\d+_\d+\.png$/i;

/** Is this the path of a drawing, with slashes between folders? */
export const isDrawing = (path: string): boolean => DRAWING.test(path);

/** How drawings of Omniglot are read. */
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
  let shrink = areaAverage(OMNIGLOT_SIDE, OMNIGLOT_SIDE, size, size);
  let folder: string | undefined;
  paths.forEach((path, image) => {
    const [, characterFolder, name] = DRAWING.exec(path)!;
    if (characterFolder !== folder) {
      folder = characterFolder;
      names.push(name!);
    }
    labels[image] = names.length - 1;
    const { width: side, levels } = readPng(files.get(path)!, 1, SQUARE, `${where}/${path}`);
    for (let i = 0; i < levels.length; i++) levels[i] = 1 - levels[i]!;
    if (side !== shrink.fromWidth) shrink = areaAverage(side, side, size, size);
    shrink.average(levels, pixels.subarray(image * size * size, (image + 1) * size * size));
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

/** A drawing fits if it is square. */
const SQUARE: Fit = {
  holds: (width, height) => width === height && width >= 1 && width <= LONGEST_SIDE,
  expected: `a square drawing of at most ${LONGEST_SIDE} × ${LONGEST_SIDE} pixels, not interlaced`,
  hint: "give Omniglot's drawings as published, or all of them resized to squares",
};
