import { MetaplasticError } from '../errors.js';
import { checkRoom, MAX_BYTES } from '../tasks/archive.js';
import type { ImageBank } from '../tasks/episodes.js';
import { checkClasses, classesWithImages, splitClasses } from '../tasks/few-shot.js';
import { readIdxImages } from '../tasks/idx.js';
import type { DataFolder, ImageSet } from '../tasks/images.js';
import { isDrawing, readOmniglot } from '../tasks/omniglot.js';
import { readCifar } from '../tasks/cifar.js';
import { symbolBank } from '../tasks/symbols/symbols.js';
import { readImages } from '../tasks/images.js';
import type { TaskConfig } from './config.js';
import type { ReadData } from './worlds.js';

/**
 * The images that a configuration names, read by their format, and which of them meta-training sees.
 * `worlds.ts` loads this when it is asked for images.
 */

type Stream = Extract<TaskConfig, { kind: 'stream' }>;
type FewShot = Extract<TaskConfig, { kind: 'few-shot' }>;
type Source<F extends string> = Extract<(Stream | FewShot)['source'], { format: F }>;

async function readIdx(
  { images, labels, transposed, inverted, maxBytes }: Source<'idx'>,
  read: ReadData,
): Promise<ImageBank> {
  const file = (path: string) =>
    fileOf(path, read, { expected: 'an IDX file', hint: 'name the file in it, plain or gzipped' });
  return readIdxImages(await file(images), await file(labels), images, {
    transposed,
    inverted,
    maxBytes,
  });
}

async function fileOf(
  path: string,
  read: ReadData,
  { expected, hint }: { readonly expected: string; readonly hint: string },
): Promise<Uint8Array> {
  const found = await read(path);
  if (found instanceof Uint8Array) return found;
  throw new MetaplasticError({ where: path, expected, got: 'a folder', hint });
}

/** Images by class of a folder, an archive or CIFAR-10's files, and what they are in words. */
async function readSet(
  source: Source<'images' | 'cifar10'>,
  read: ReadData,
): Promise<{ readonly set: ImageSet; readonly note: string }> {
  const set = await (source.format === 'images'
    ? readFolder(source, read)
    : readCifarFiles(source, read));
  const { count, classes, names, train, test, leftOut } = set;
  const name = source.format === 'images' ? source.path : source.folder;
  const parts = test.length ? `, ${train.length} to train on and ${test.length} to test on` : '';
  const rest = leftOut ? `; ${leftOut} more are left out` : '';
  const note = `${name} has ${count} images of ${classes} classes (${someOf(names)})${parts}${rest}`;
  return { set, note };
}

async function readFolder(
  { path, size, colour, trainList, testList, maxBytes }: Source<'images'>,
  read: ReadData,
): Promise<ImageSet> {
  const listAt = async (list: string) =>
    new TextDecoder().decode(
      await fileOf(list, read, { expected: 'a CSV file', hint: 'name the file in it' }),
    );
  const lists = {
    ...(trainList && { train: await listAt(trainList) }),
    ...(testList && { test: await listAt(testList) }),
  };
  const options = { size, colour, maxBytes, ...((trainList || testList) && { lists }) };
  return readImages(await read(path), options, path);
}

async function readCifarFiles(
  { folder, train, test, size, colour }: Source<'cifar10'>,
  read: ReadData,
): Promise<ImageSet> {
  const files = (names: readonly string[]) =>
    Promise.all(
      names.map(name =>
        fileOf(`${folder}/${name}`, read, {
          expected: 'a file of CIFAR-10',
          hint: 'give the .bin files of cifar-10-binary.tar.gz, unpacked',
        }),
      ),
    );
  return readCifar(
    { train: await files(train), test: await files(test) },
    { size, colour },
    folder,
  );
}

export async function openStream(
  { source }: Stream,
  read: ReadData,
): Promise<Pick<Images, 'bank' | 'notes'> & { readonly test?: Uint32Array }> {
  if (source.format === 'idx') return { bank: await readIdx(source, read) };
  const { set, note } = await readSet(source, read);
  return { bank: set, notes: [note], ...(set.test.length > 0 && { test: set.test }) };
}

/** What tasks draw from: these classes, and of them these images, or all. */
interface Drawn {
  readonly classes: readonly number[];
  readonly images?: Uint32Array;
}

interface Images {
  readonly bank: ImageBank;
  readonly train: Drawn;
  readonly tests: readonly (Drawn & { readonly title: string })[];
  readonly notes?: readonly string[];
}

export async function openFewShot(task: FewShot, seed: number, read: ReadData): Promise<Images> {
  const { source, classes: wanted, ways } = task;
  if (source.format === 'omniglot') return openOmniglot(source, ways, read);
  if (source.format === 'symbols') {
    const bank = symbolBank({ ...source, seed });
    return { bank, ...byClasses(bank, wanted, source.testFraction, seed) };
  }
  if (source.format === 'idx') {
    const bank = await readIdx(source, read);
    return { bank, ...byClasses(bank, wanted, source.testFraction, seed) };
  }
  const { set, note } = await readSet(source, read);
  const { testFraction } = source;
  const split =
    testFraction === undefined ? byImages(set, task) : byClasses(set, wanted, testFraction, seed);
  return { bank: set, ...split, notes: [note, ...(split.notes ?? [])] };
}

type Split = Omit<Images, 'bank'>;

/** Classes that meta-training never sees, drawn at random; or none, if their share is 0. */
function byClasses(
  bank: ImageBank,
  wanted: readonly number[] | undefined,
  testFraction: number,
  seed: number,
): Split {
  if (wanted) checkClasses(wanted, bank.classes, 'task.classes');
  const classes = wanted ?? classesWithImages(bank);
  if (testFraction === 0)
    return {
      train: { classes },
      tests: [{ title: `fresh draws of the same ${classes.length} classes`, classes }],
    };
  const { train, test } = splitClasses(classes.length, 1 - testFraction, seed);
  const numbers = (side: readonly number[]) => side.map(k => classes[k]!);
  return {
    train: { classes: numbers(train) },
    tests: [{ title: `${test.length} unseen classes`, classes: numbers(test) }],
  };
}

/** Images that meta-training never sees, as the data have them: of other classes, or of the same. */
function byImages(set: ImageSet, { classes: wanted, ways }: FewShot): Split {
  if (set.test.length === 0 || set.train.length === 0)
    throw new MetaplasticError({
      where: 'task.source',
      expected: 'data with images to train on and images to test on',
      got: `no images to ${set.test.length ? 'train' : 'test'} on`,
      hint: 'put them below train/ and test/, list them in trainList and testList, or say with testFraction what share of the classes is to test on',
    });
  if (wanted) checkClasses(wanted, set.classes, 'task.classes');
  const among = (images: Uint32Array) =>
    classesWithImages(set, images).filter(c => wanted?.includes(c) ?? true);
  const [train, test] = [among(set.train), among(set.test)];
  const seen = new Set(train);
  const unseen = test.filter(c => !seen.has(c));
  const testOn = (title: string, classes: readonly number[]) => [
    { title, classes, images: set.test },
  ];
  const shared = test.length - unseen.length;
  const all = shared
    ? testOn(`test images of ${test.length} classes, ${shared} of them seen in meta-training`, test)
    : [];
  return {
    train: { classes: train, images: set.train },
    tests: [
      ...all,
      ...(unseen.length >= ways || !shared
        ? testOn(`${unseen.length} unseen classes`, unseen)
        : []),
    ],
  };
}

async function openOmniglot(
  source: Extract<FewShot['source'], { format: 'omniglot' }>,
  ways: number,
  read: ReadData,
): Promise<Images> {
  // brings a reader of PNG, which few pages need
  const drawings = async (name: string) => {
    const found = await read(`${source.folder}/${name}`);
    const files =
      found instanceof Uint8Array
        ? found
        : await filesOf(found, isDrawing, source.maxBytes ?? MAX_BYTES, name);
    return readOmniglot(files, source, name);
  };
  const trained = await drawings(source.train);
  const held = await drawings(source.test);
  const seen = source.rotations
    ? [1, 2, 3].reduce<ImageBank>((bank, turns) => join(bank, turned(trained, turns)), trained)
    : trained;
  const classes = held.names.map((_, c) => seen.classes + c);
  return {
    bank: join(seen, held),
    train: { classes: Array.from({ length: seen.classes }, (_, c) => c) },
    ...apart(source, trained.names, held.names, classes, ways),
  };
}

/**
 * The tests on a set of characters, `classes` of the bank. Omniglot's published small sets share
 * two alphabets, and people test on a part of what they train on: what was never seen is told
 * apart.
 */
function apart(
  { train, test }: { readonly train: string; readonly test: string },
  trained: readonly string[],
  held: readonly string[],
  classes: readonly number[],
  ways: number,
): Pick<Images, 'tests' | 'notes'> {
  const known = new Set(trained);
  const shared = held.filter(name => known.has(name));
  const all = `${classes.length} characters of ${test.replace(/\.zip$/, '')}`;
  if (shared.length === 0) return { tests: [{ title: all, classes }] };

  const unseen = held.filter(name => !known.has(name));
  const note = `${train} and ${test} share ${shared.length} characters (${someOf(shared)})`;
  if (unseen.length < ways) {
    const left = unseen.length ? `only ${unseen.length} of ${test} are` : `nothing of ${test} is`;
    return {
      tests: [{ title: `${all}, ${shared.length} of them seen in meta-training`, classes }],
      notes: [
        `${note}: ${left} unseen, so there are no tests on unseen characters; give another test set for these`,
      ],
    };
  }
  const alphabets = new Set(trained.map(alphabetOf));
  const strange = unseen.every(name => !alphabets.has(alphabetOf(name)));
  return {
    tests: [
      { title: all, classes },
      {
        title: `its ${unseen.length} ${strange ? 'characters of unseen alphabets' : 'unseen characters'}`,
        classes: classes.filter((_, c) => !known.has(held[c]!)),
      },
    ],
    notes: [`${note}: tests on the ${unseen.length} unseen ones are told apart`],
  };
}

const alphabetOf = (name: string) => name.slice(0, name.lastIndexOf('/'));

/** The first and the last of a list of names. */
const someOf = (names: readonly string[]) =>
  names.length > 3 ? `${names[0]}, ${names[1]} … ${names.at(-1)}` : names.join(', ');

/** The wanted files of a folder by their paths. */
async function filesOf(
  folder: DataFolder,
  wanted: (path: string) => boolean,
  maxBytes: number,
  where: string,
): Promise<Readonly<Record<string, Uint8Array>>> {
  const files: [string, Uint8Array][] = [];
  let bytes = 0;
  for (const path of (await folder.paths()).filter(wanted)) {
    const file = await folder.read(path);
    bytes += file.length;
    checkRoom(bytes, maxBytes, where);
    files.push([path, file]);
  }
  return Object.fromEntries(files);
}

/**
 * Two banks of images of one size as one; the classes of the second come behind those of the first.
 */
function join(a: ImageBank, b: ImageBank): ImageBank {
  const pixels = new Uint8Array(a.pixels.length + b.pixels.length);
  const labels = new Uint16Array(a.count + b.count);
  pixels.set(a.pixels);
  pixels.set(b.pixels, a.pixels.length);
  labels.set(a.labels);
  labels.set(
    b.labels.map(label => label + a.classes),
    a.count,
  );
  return {
    count: a.count + b.count,
    width: a.width,
    height: a.height,
    pixels,
    labels,
    classes: a.classes + b.classes,
  };
}

/** The square images of a bank turned by so many quarters, counter-clockwise. */
function turned(
  { count, width, height, pixels, labels, classes }: ImageBank,
  turns: number,
): ImageBank {
  let now = pixels;
  for (let turn = 0; turn < turns; turn++) {
    const before = now;
    now = before.map((_, k) => {
      const image = k - (k % (width * height));
      const y = Math.floor((k - image) / width);
      const x = k % width;
      return before[image + x * width + (width - 1 - y)]!;
    });
  }
  return { count, width, height, pixels: now, labels, classes };
}
