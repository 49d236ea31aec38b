import type * as v from 'valibot';
import { MetaplasticError } from '../errors.js';
import { check, inWords, isObject, kind, option, section, text, whole } from '../options.js';
import { checkRoom, MAX_BYTES, openZip } from './archive.js';
import { areaAverage, type Averaging } from './area.js';
import type { ImageBank } from './episodes.js';
import { COLOUR, SIZE } from './options.js';
import type { Channels, Fit, Picture } from './picture.js';

/** A folder of files, each read when it is asked for. */
export interface DataFolder {
  /** The paths of the files in it, at any depth, with slashes. */
  paths(): Promise<readonly string[]>;
  /** Reads one of them. */
  read(path: string): Promise<Uint8Array>;
}

/** A zip file, files by their paths, or a folder. */
export type ImageFiles = Uint8Array | Readonly<Record<string, Uint8Array>> | DataFolder;

/** Images by class, and which of them are for what. */
export interface ImageSet extends ImageBank {
  readonly channels: Channels;
  readonly names: readonly string[];
  /** Numbers of the images below `train/`, or of those listed for it; of all if there are neither. */
  readonly train: Uint32Array;
  /** Those below `test/`, or listed for it. */
  readonly test: Uint32Array;
  /** Images that have no place in this: outside of folders, below `val/`, or in no list. */
  readonly leftOut: number;
}

const OPTIONS = section({
  size: option(SIZE, {
    about: 'Height and width of the images.',
    otherwise: 'theirs, if all have the same',
  }),
  colour: COLOUR,
  lists: option(
    section({
      train: option(text, { about: 'CSV of the images to train on: filename,label.' }),
      test: option(text, { about: 'CSV of the images to test on: filename,label.' }),
    }),
    { about: 'Which images are of which class, and for what.', otherwise: 'told by the folders' },
  ),
  maxBytes: option(
    whole(1),
    { about: 'Bytes that the files may unpack to, together, and the images.' },
    MAX_BYTES,
  ),
});
/**
 * Options of `readImages`: `size`, [height, width] that images are averaged to; `colour`, rgb or
 * grey; `lists`, CSV texts that say which images are to train and to test on; `maxBytes`, what
 * files may unpack to.
 */
export type ImagesOptions = Readonly<v.InferInput<typeof OPTIONS>>;

/** Pixels of a picture at most. */
const MOST_PIXELS = 2 ** 24;

/** Classes at most: labels have 16 bits. */
const MOST_CLASSES = 2 ** 16;

/** A path of an image; what a Mac adds beside each file is none. */
const IMAGE = /(?:^|\/)(?!\._)[^/]*\.(?:png|jpe?g)$/i;

export const isImage = (path: string): boolean => IMAGE.test(path);

/** What folders above those of the classes mean. */
const PARTS: ReadonlyMap<string, Part> = new Map([
  ['train', 'train'],
  ['training', 'train'],
  ['test', 'test'],
  ['testing', 'test'],
  ['val', 'validation'],
  ['valid', 'validation'],
  ['validation', 'validation'],
]);
type Part = 'train' | 'test' | 'validation';

/** One image that is wanted. */
interface Place {
  readonly path: string;
  readonly part: Part;
  readonly name: string;
}

/**
 * Reads images by class: PNG and JPEG in folders `CLASS/…`, below `train/` and `test/` if there are
 * such folders, or wherever two CSV files say (`filename,label`, as mini-ImageNet's splits come).
 * Pictures may be grey, coloured or with a palette, of different sizes; transparent ones lie on
 * white. Each is averaged over areas to `size` and kept as (channels, height, width) levels.
 * Classes are sorted by name, or as numbers if all their names are some; one name is one class,
 * below `train/` and `test/` alike. Images below `val/` or `validation/` are left out. What reads
 * PNG or JPEG is loaded when the first such file is there.
 *
 * @param files - a zip file, files by their paths, or a folder that reads them when asked.
 * @param where - a name for it, for errors.
 * @throws MetaplasticError for a file that is not a zip, one without images by class, for more than
 * `maxBytes`, and, by its path, for a picture that is damaged, too large or of another kind.
 *
 * @example
 * const bank = await readImages(zip, { size: [32, 32], colour: 'rgb' }, 'photographs.zip');
 * fewShotTasks({ bank, images: bank.train, ways: 5, shots: 5, queriesPerClass: 5 });
 */
export async function readImages(
  files: ImageFiles,
  options: ImagesOptions = {},
  where = 'readImages',
): Promise<ImageSet> {
  check(FILES, files, where);
  const { size, colour, lists, maxBytes } = check(OPTIONS, options, 'readImages');
  const folder = await opened(files, maxBytes, where);
  const places = lists
    ? listed(folder.paths, lists, where)
    : inFolders(folder.paths.filter(path => !path.includes('__MACOSX/')));
  const wanted = places.filter(({ part }) => part !== 'validation');
  if (wanted.length === 0)
    throw new MetaplasticError({
      where,
      expected: 'images by class, as CLASS/NAME.png or .jpg, or below train/ and test/',
      got: folder.paths.length ? `${folder.paths.length} images in no such folder` : 'none',
      hint: 'put the images of each class in a folder of its name, or list them in CSV files',
    });

  const names = sortedNames(new Set(wanted.map(({ name }) => name)));
  if (names.length > MOST_CLASSES)
    throw new MetaplasticError({
      where,
      expected: `at most ${MOST_CLASSES} classes`,
      got: `${names.length}`,
    });
  const classOf = new Map(names.map((name, c) => [name, c]));
  const channels = colour === 'grey' ? 1 : 3;
  const { width, height, pixels } = await imagesOf(wanted, folder.read, {
    channels,
    ...(size && { size }),
    maxBytes,
    where,
  });
  const numbersOf = (part: Part) =>
    Uint32Array.from([...wanted.keys()].filter(image => wanted[image]!.part === part));
  return {
    count: wanted.length,
    width,
    height,
    channels,
    pixels,
    labels: Uint16Array.from(wanted, ({ name }) => classOf.get(name)!),
    classes: names.length,
    names,
    train: numbersOf('train'),
    test: numbersOf('test'),
    leftOut: folder.paths.length - wanted.length,
  };
}

const isFolder = (files: unknown): files is DataFolder =>
  typeof (files as DataFolder)?.paths === 'function' &&
  typeof (files as DataFolder).read === 'function';

const FILES = kind<ImageFiles>(
  'a Uint8Array, an object of them by path, or a folder with paths() and read()',
  x =>
    x instanceof Uint8Array ||
    isFolder(x) ||
    (isObject(x) && Object.values(x).every(file => file instanceof Uint8Array)),
);

/** The images of what was given, by their sorted paths. */
async function opened(
  files: ImageFiles,
  maxBytes: number,
  where: string,
): Promise<{
  readonly paths: readonly string[];
  readonly read: (path: string) => Promise<Uint8Array>;
}> {
  const sorted = (paths: Iterable<string>) => {
    const images = [...paths].filter(isImage).sort();
    for (const path of images) checkPath(path, where);
    return images;
  };
  if (files instanceof Uint8Array) {
    const unpack = openZip(files, { wanted: isImage, maxBytes }, where);
    return { paths: sorted(unpack.keys()), read: async path => unpack.get(path)!() };
  }
  let bytes = 0;
  const read = isFolder(files) ? files.read.bind(files) : async (path: string) => files[path]!;
  return {
    paths: sorted(isFolder(files) ? await files.paths() : Object.keys(files)),
    async read(path) {
      const file = await read(path);
      bytes += file.length;
      checkRoom(bytes, maxBytes, where);
      return file;
    },
  };
}

function checkPath(path: string, where: string): void {
  if ([...path].some(letter => letter < ' '))
    throw new MetaplasticError({
      where,
      expected: 'names without control characters',
      got: inWords(path),
      hint: 'rename the file',
    });
}

/**
 * What the folders of images say: below `train/` or `test/` the next one is the class, elsewhere
 * the last one is. Where there are such folders, nothing outside of them counts.
 */
function inFolders(paths: readonly string[]): readonly Place[] {
  const places = paths.flatMap((path): (Place & { readonly below: boolean })[] => {
    const folders = path.split('/').slice(0, -1);
    const at = folders.slice(0, -1).findIndex(folder => PARTS.has(folder.toLowerCase()));
    const name = at >= 0 ? folders[at + 1] : folders.at(-1);
    if (!name) return [];
    const part = at >= 0 ? PARTS.get(folders[at]!.toLowerCase())! : 'train';
    return [{ path, part, name, below: at >= 0 }];
  });
  return places.some(({ below }) => below) ? places.filter(({ below }) => below) : places;
}

/** What two CSV files say, each `filename,label` with such a header. */
function listed(
  paths: readonly string[],
  lists: { readonly train?: string; readonly test?: string },
  where: string,
): readonly Place[] {
  // A file is known by its path, or by any end of it that no other has.
  const known = new Map<string, string | undefined>();
  for (const path of paths)
    for (let at = 0; at >= 0; at = path.indexOf('/', at) + 1 || -1) {
      const end = path.slice(at);
      known.set(end, known.has(end) ? undefined : path);
    }
  const seen = new Set<string>();
  return (['train', 'test'] as const).flatMap(part =>
    rowsOf(lists[part], `${where}, list of ${part}`).map(([file, name], row) => {
      const path = known.get(file);
      if (path === undefined || seen.has(path))
        throw new MetaplasticError({
          where: `${where}, list of ${part}, line ${row + 2}`,
          expected: 'the name of one image, listed once',
          got: `${inWords(file)}${path ? ' again' : known.has(file) ? ', which several have' : ', which is not there'}`,
          hint: 'give the list and the images of the same set',
        });
      seen.add(path);
      return { path, part, name };
    }),
  );
}

/** The rows of a CSV of two columns, `filename` and `label`, in any order. */
function rowsOf(csv: string | undefined, where: string): readonly (readonly [string, string])[] {
  if (csv === undefined) return [];
  const lines = csv
    .replace(/^\uFEFF/, '')
    .trimEnd()
    .split(/\r?\n/)
    .map(line => line.split(',').map(cell => cell.trim().replace(/^"(.*)"$/, '$1')));
  const [header = []] = lines;
  const [file, label] = ['filename', 'label'].map(column => header.indexOf(column)) as [
    number,
    number,
  ];
  if (file < 0 || label < 0)
    throw new MetaplasticError({
      where,
      expected: 'a CSV whose first line names the columns filename and label',
      got: inWords(header.join(',')),
    });
  return lines.slice(1).map((cells, row) => {
    const [path, name] = [cells[file], cells[label]];
    if (!path || !name)
      throw new MetaplasticError({
        where: `${where}, line ${row + 2}`,
        expected: 'a filename and a label',
        got: inWords(cells.join(',')),
      });
    return [path, name];
  });
}

/** By name; by number if all are whole numbers. */
function sortedNames(names: ReadonlySet<string>): readonly string[] {
  const all = [...names].sort();
  return all.every(name => /^\d{1,15}$/.test(name))
    ? all.sort((a, b) => Number(a) - Number(b))
    : all;
}

const FIT: Fit = {
  holds: (width, height) => width >= 1 && height >= 1 && width * height <= MOST_PIXELS,
  expected: `a picture of 1 to ${MOST_PIXELS} pixels, not interlaced`,
  hint: 'save the picture anew, smaller or not interlaced',
};

/** Reads and resizes the images one after another, so that never two of them are unpacked. */
async function imagesOf(
  places: readonly Place[],
  read: (path: string) => Promise<Uint8Array>,
  {
    channels,
    size,
    maxBytes,
    where,
  }: {
    readonly channels: Channels;
    readonly size?: readonly [number, number];
    readonly maxBytes: number;
    readonly where: string;
  },
): Promise<Pick<ImageBank, 'width' | 'height' | 'pixels'>> {
  let images = size && imagesFrom(places.length, channels, size, maxBytes, where);
  for (const [image, { path }] of places.entries()) {
    const wherePicture = `${where}/${path}`;
    const picture = await pictureOf(await read(path), path, channels, wherePicture);
    const theirs = [picture.height, picture.width] as const;
    images ??= imagesFrom(places.length, channels, theirs, maxBytes, where);
    const { height, width } = images;
    if (!size && (theirs[0] !== height || theirs[1] !== width))
      throw new MetaplasticError({
        where: wherePicture,
        expected: `${width} × ${height} pixels, as the images before it have`,
        got: `${picture.width} × ${picture.height}`,
        hint: 'say with size: [height, width] what all should be averaged to',
      });
    images.put(picture, image);
  }
  return images!;
}

/** Room for images of one size, into which pictures of any size are put. */
export function imagesFrom(
  count: number,
  channels: Channels,
  [height, width]: readonly [number, number],
  maxBytes: number,
  where: string,
) {
  const plane = height * width;
  checkRoom(count * channels * plane, maxBytes, where);
  const pixels = new Uint8Array(count * channels * plane);
  let averaging: Averaging | undefined;
  const put = ({ levels, ...from }: Picture, image: number) => {
    if (averaging?.fromHeight !== from.height || averaging.fromWidth !== from.width)
      averaging = areaAverage(from.height, from.width, height, width);
    for (let c = 0; c < channels; c++) {
      const at = (image * channels + c) * plane;
      averaging.average(
        levels.subarray(c * from.height * from.width, (c + 1) * from.height * from.width),
        pixels.subarray(at, at + plane),
      );
    }
  };
  return { height, width, pixels, put };
}

async function pictureOf(
  file: Uint8Array,
  path: string,
  channels: Channels,
  where: string,
): Promise<Picture> {
  if (/png$/i.test(path)) {
    const { readPng } = await import('./png.js');
    return readPng(file, channels, FIT, where);
  }
  const { readJpeg } = await import('./jpeg.js');
  return readJpeg(file, channels, FIT, where);
}
