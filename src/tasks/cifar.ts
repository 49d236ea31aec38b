import type * as v from 'valibot';
import { MetaplasticError } from '../errors.js';
import { bytes, check, list, option, section } from '../options.js';
import { MAX_BYTES } from './archive.js';
import { imagesFrom, type ImageSet } from './images.js';
import { COLOUR, SIZE } from './options.js';
import { levelsOf } from './picture.js';

/** The classes by their labels, as `batches.meta.txt` has them. */
const NAMES = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
];

const SIDE = 32;
const PLANE = SIDE * SIDE;
/** A label, then the red, green and blue planes. */
const RECORD = 1 + 3 * PLANE;

const OPTIONS = section({
  size: option(SIZE, { about: 'Height and width of the images.' }, [SIDE, SIDE]),
  colour: COLOUR,
});
/**
 * Options of `readCifar`: `size`, [height, width] that images are averaged to, default [32, 32];
 * `colour`, rgb (the default) or grey.
 */
export type CifarOptions = Readonly<v.InferInput<typeof OPTIONS>>;

const FILES = section({
  train: option(list(bytes, 'files'), { about: 'data_batch_1.bin … data_batch_5.bin.' }, []),
  test: option(list(bytes, 'files'), { about: 'test_batch.bin.' }, []),
});

/**
 * Reads CIFAR-10 as it is published for C programs (Krizhevsky 2009;
 * https://www.cs.toronto.edu/~kriz/cifar.html, unpacked): each image a byte with its label and
 * 3072 of red, green and blue planes of 32 × 32. Images of `train` come before those of `test`,
 * each in the order of their files.
 *
 * @param where - a name for the files, for errors, which add the number of the file.
 * @throws MetaplasticError for files that are no whole number of images, or have other labels.
 */
export function readCifar(
  files: {
    readonly train?: readonly Uint8Array[];
    readonly test?: readonly Uint8Array[];
  },
  options: CifarOptions = {},
  where = 'readCifar',
): ImageSet {
  const { train, test } = check(FILES, files, where);
  const { size, colour } = check(OPTIONS, options, 'readCifar');
  const count = (parts: readonly Uint8Array[]) =>
    parts.reduce((images, file) => images + file.length / RECORD, 0);
  [...train, ...test].forEach((file, i) => checkFile(file, i, where));
  const all = count(train) + count(test);
  if (all === 0) throw new MetaplasticError({ where, expected: 'at least one image', got: 'none' });

  const channels = colour === 'grey' ? 1 : 3;
  const images = imagesFrom(all, channels, size, MAX_BYTES, where);
  const labels = new Uint16Array(all);
  let image = 0;
  for (const file of [...train, ...test])
    for (let at = 0; at < file.length; at += RECORD, image++) {
      labels[image] = file[at]!;
      const levels = levelsOf(PLANE, channels, (i, rgb) => {
        for (let c = 0; c < 3; c++) rgb[c] = file[at + 1 + c * PLANE + i]! / 255;
      });
      images.put({ width: SIDE, height: SIDE, levels }, image);
    }
  const numbers = Uint32Array.from({ length: all }, (_, i) => i);
  return {
    count: all,
    width: images.width,
    height: images.height,
    channels,
    pixels: images.pixels,
    labels,
    classes: NAMES.length,
    names: NAMES,
    train: numbers.subarray(0, count(train)),
    test: numbers.subarray(count(train)),
    leftOut: 0,
  };
}

function checkFile(file: Uint8Array, number: number, where: string): void {
  const whereFile = `${where}, file ${number + 1}`;
  if (file.length === 0 || file.length % RECORD !== 0)
    throw new MetaplasticError({
      where: whereFile,
      expected: `a whole number of images of 1 + 3 × 32 × 32 = ${RECORD} bytes`,
      got: `${file.length} bytes`,
      hint: 'give the .bin files of cifar-10-binary.tar.gz, unpacked',
    });
  for (let at = 0; at < file.length; at += RECORD)
    if (file[at]! >= NAMES.length)
      throw new MetaplasticError({
        where: whereFile,
        expected: `labels from 0 to ${NAMES.length - 1}`,
        got: `${file[at]} for image ${at / RECORD}`,
        hint: 'give files of CIFAR-10: those of CIFAR-100 have another format',
      });
}
