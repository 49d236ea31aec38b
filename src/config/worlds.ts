import { MetaplasticError } from '../errors.js';
import {
  checkBank,
  pixelsOf,
  shapeOf,
  sizeOf,
  type ImageBank,
  type TaskSource,
} from '../tasks/episodes.js';
import { checkRoom, MAX_BYTES } from '../tasks/archive.js';
import { checkClasses, classesWithImages, fewShotTasks, splitClasses } from '../tasks/few-shot.js';
import type { DataFolder, ImageSet } from '../tasks/images.js';
import { readIdxImages } from '../tasks/idx.js';
import { sineSequenceTasks, sineTasks, type SineSource } from '../tasks/sine.js';
import { imageStreamTasks } from '../tasks/stream.js';
import { defineSystem, seesImages, type System, type SystemSpec } from '../systems/system.js';
import { inWords, isObject } from '../options.js';
import type { RunConfig, TaskConfig } from './config.js';

export type { DataFolder } from '../tasks/images.js';

/** Reads a data file, given its path below the data folder; or tells of a folder in its place. */
export type ReadData = (path: string) => Promise<Uint8Array | DataFolder>;

/** Unseen tasks, under a title if there are several such sets. */
export interface Test {
  readonly title?: string;
  readonly source: TaskSource | SineSource;
  /**
   * In how many parts of equal length (classes, functions) a lifetime comes, one after another; the
   * queries are in as many groups. Left out if it is one, or shuffled.
   */
  readonly parts?: number;
}

/** The tasks of a run: those to meta-train on, and unseen ones to try the learner on. */
export interface World {
  readonly train: TaskSource;
  readonly tests: readonly Test[];
  /** All images, of meta-training and of test classes. */
  readonly bank?: ImageBank;
  /** What whoever reads the evaluation should know of the data, a sentence each. */
  readonly notes?: readonly string[];
}

/** Stands for a function that openWorld needs and was not given. */
const missing =
  (where: string, does: string, hint: string) =>
  async (path: string): Promise<never> => {
    throw new MetaplasticError({
      where,
      expected: `a function that ${does} ${path}`,
      got: 'none',
      hint,
    });
  };

const noData: ReadData = missing(
  'openWorld.read',
  'reads',
  'give one: path => readFile(join(folder, path)), or a fetch in a page',
);

/** Loads a module of tasks, given its path as the configuration has it. */
export type LoadModule = (path: string) => Promise<unknown>;

const noModule: LoadModule = missing('openWorld.load', 'loads', 'give one: path => import(path)');

/**
 * Makes the tasks that a configuration describes; `read` is asked for the files of real data, `load`
 * for a module of tasks.
 *
 * @throws MetaplasticError for data that are none, or do not fit the system.
 */
export async function openWorld(
  { task, system: spec, seed }: Pick<RunConfig, 'task' | 'seed'> & { readonly system: SystemSpec },
  read: ReadData = noData,
  load: LoadModule = noModule,
): Promise<World> {
  const system = defineSystem(spec);
  const outputs = system.sizes.at(-1)!;
  switch (task.kind) {
    case 'sine': {
      const { kind: _, ...options } = task;
      return { train: sineTasks(options), tests: [{ source: sineTasks(options) }] };
    }
    case 'sine-sequence': {
      const { kind: _, ...options } = task;
      return {
        train: sineSequenceTasks({ ...options, seed }),
        tests: inBothOrders(
          task.order,
          order => sineSequenceTasks({ ...options, order, split: 'test', seed }),
          { each: 'function', parts: task.functions },
        ),
      };
    }
    case 'few-shot': {
      const { bank: stored, train, tests, notes } = await openFewShot(task, seed, read);
      const { kind: _, source: __, normalise, ...options } = task;
      const bank = normalised(stored, normalise);
      checkPixels(bank, system);
      return {
        bank,
        ...(notes && { notes }),
        train: fewShotTasks({ ...options, bank, outputs, ...train }),
        tests: tests.flatMap(({ title, ...drawn }) =>
          inBothOrders(
            task.order,
            order => fewShotTasks({ ...options, bank, outputs, ...drawn, order }),
            { of: title, parts: task.ways },
          ),
        ),
      };
    }
    case 'stream': {
      const { bank: stored, test, notes } = await openStream(task, read);
      const { kind: _, source: __, normalise, ...options } = task;
      const bank = normalised(stored, normalise);
      checkPixels(bank, system);
      const source = (order: Order) =>
        imageStreamTasks({ ...options, bank, outputs, order, seed, ...(test && { test }) });
      return {
        bank,
        ...(notes && { notes }),
        train: source(task.order),
        tests: inBothOrders(task.order, source, { of: 'fresh draws of the same images' }),
      };
    }
    case 'module':
      return worldOf(task, system, await load(task.path));
  }
}

/** A bank whose levels networks see normalised, if that is asked for. */
function normalised(bank: ImageBank, normalise: ImageBank['normalise']): ImageBank {
  if (!normalise) return bank;
  const own = { ...bank, normalise };
  checkBank(own, 'task');
  return own;
}

type Module = Extract<TaskConfig, { kind: 'module' }>;

/** The tasks that a module makes, checked against what the configuration says of them. */
function worldOf(task: Module, system: System, module: unknown): World {
  const { path, steps, batch, queries, options } = task;
  const where = `task.path: ${path}`;
  const make = (module as { readonly default?: unknown } | undefined)?.default;
  if (typeof make !== 'function')
    throw new MetaplasticError({
      where,
      expected: 'a module whose default export is a function',
      got: inWords(make),
      hint: 'export default ({ steps, batch, queries, options }) => defineTasks(…)',
    });
  const made: unknown = make({ steps, batch, queries, options });
  const { train, test = train } =
    isObject(made) && 'train' in made ? made : { train: made, test: made };
  const source = (given: unknown, which: string): TaskSource => {
    const { episodes, bank, ...found } = (isObject(given) ? given : {}) as Partial<TaskSource>;
    if (typeof episodes !== 'function')
      throw new MetaplasticError({
        where,
        expected: `a source of tasks ${which}, as defineTasks makes`,
        got: inWords(given),
      });
    const [inputs, outputs] = [system.sizes[0], system.sizes.at(-1)];
    for (const [key, value] of Object.entries({ steps, batch, queries, inputs, outputs } as const))
      if (found[key as keyof typeof found] !== value)
        throw new MetaplasticError({
          where,
          expected: `tasks ${which} with ${key} = ${value}, as the configuration says`,
          got: inWords(found[key as keyof typeof found]),
        });
    if (bank && bank !== trainBank)
      throw new MetaplasticError({
        where,
        expected: 'one bank of images for tasks to train on and to test on',
        got: 'two',
      });
    return given as TaskSource;
  };
  const trainBank = isObject(train) ? (train['bank'] as ImageBank | undefined) : undefined;
  return {
    train: source(train, 'to train on'),
    tests: [{ source: source(test, 'to test on') }],
    ...(trainBank && { bank: trainBank }),
  };
}

type Order = 'iid' | 'continual';

/** Tests in the order of meta-training, then in the other; the title says which, and of what. */
function inBothOrders(
  order: Order,
  sourceIn: (order: Order) => TaskSource,
  {
    of,
    each = 'class',
    parts,
  }: { readonly of?: string; readonly each?: string; readonly parts?: number },
): readonly Test[] {
  return [order, order === 'iid' ? ('continual' as const) : ('iid' as const)].map(o => {
    const source = sourceIn(o);
    const inParts = o === 'continual' && parts !== undefined && source.steps % parts === 0;
    const title = o === 'iid' ? 'i.i.d.' : `${each} by ${each}`;
    return { title: of ? `${title}, ${of}` : title, source, ...(inParts && { parts }) };
  });
}

function checkPixels(bank: ImageBank, system: System): void {
  if (seesImages(system, bank)) return;
  const { channels = 1 } = bank;
  throw new MetaplasticError(
    system.image
      ? {
          where: 'system.image',
          expected: `${shapeOf(bank)} for ${channels === 1 ? 'grey ' : ''}images of ${sizeOf(bank)}`,
          got: `[${system.image.join(', ')}]`,
          hint: 'it is [channels, height, width], as PyTorch has it',
        }
      : {
          where: 'system.sizes',
          expected: `${pixelsOf(bank)} inputs for images of ${sizeOf(bank)}`,
          got: `${system.sizes[0]}`,
        },
  );
}

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
  const { readImages } = await import('../tasks/images.js');
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
  const { readCifar } = await import('../tasks/cifar.js');
  return readCifar(
    { train: await files(train), test: await files(test) },
    { size, colour },
    folder,
  );
}

async function openStream(
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

async function openFewShot(task: FewShot, seed: number, read: ReadData): Promise<Images> {
  const { source, classes: wanted, ways } = task;
  if (source.format === 'omniglot') return openOmniglot(source, ways, read);
  if (source.format === 'symbols') {
    const { symbolBank } = await import('../tasks/symbols/symbols.js');
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
  const { isDrawing, readOmniglot } = await import('../tasks/omniglot.js');
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
