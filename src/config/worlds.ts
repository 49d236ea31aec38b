import { MetaplasticError } from '../errors.js';
import type { ImageBank, TaskSource } from '../tasks/episodes.js';
import { checkRoom, MAX_BYTES } from '../tasks/archive.js';
import { checkClasses, classesWithImages, fewShotTasks, splitClasses } from '../tasks/few-shot.js';
import { readIdxImages } from '../tasks/idx.js';
import { sineSequenceTasks, sineTasks, type SineSource } from '../tasks/sine.js';
import { imageStreamTasks } from '../tasks/stream.js';
import { defineSystem, seesImages, type System, type SystemSpec } from '../systems/system.js';
import type { RunConfig, TaskConfig } from './config.js';

/** A folder of data that is not packed. */
export interface DataFolder {
  /** The paths of the files in it, at any depth, with slashes. */
  paths(): Promise<readonly string[]>;
  /** Reads one of them. */
  read(path: string): Promise<Uint8Array>;
}

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

/** Makes the tasks that a configuration describes; `read` is asked for the files of real data. */
export async function openWorld(
  { task, system: spec, seed }: Pick<RunConfig, 'task' | 'seed'> & { readonly system: SystemSpec },
  read: ReadData,
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
      const { bank, train, tests, notes } = await openImages(task, seed, read);
      checkPixels(bank, system);
      const { kind: _, source: __, ...options } = task;
      return {
        bank,
        ...(notes && { notes }),
        train: fewShotTasks({ ...options, bank, outputs, classes: train }),
        tests: tests.flatMap(({ title, classes }) =>
          inBothOrders(
            task.order,
            order => fewShotTasks({ ...options, bank, outputs, classes, order }),
            { of: title, parts: task.ways },
          ),
        ),
      };
    }
    case 'stream': {
      const bank = await readIdx(task.source, read);
      checkPixels(bank, system);
      const { kind: _, source: __, ...options } = task;
      const source = (order: Order) => imageStreamTasks({ ...options, bank, outputs, order, seed });
      return {
        bank,
        train: source(task.order),
        tests: inBothOrders(task.order, source, { of: 'fresh draws of the same images' }),
      };
    }
  }
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
  const { width, height } = bank;
  throw new MetaplasticError(
    system.image
      ? {
          where: 'system.image',
          expected: `[1, ${height}, ${width}] for grey images of ${width} × ${height}`,
          got: `[${system.image.join(', ')}]`,
        }
      : {
          where: 'system.sizes',
          expected: `${width * height} inputs for images of ${width} × ${height}`,
          got: `${system.sizes[0]}`,
        },
  );
}

async function readIdx(
  { images, labels, maxBytes }: Extract<TaskConfig, { kind: 'stream' }>['source'],
  read: ReadData,
): Promise<ImageBank> {
  const file = async (path: string) => {
    const found = await read(path);
    if (found instanceof Uint8Array) return found;
    throw new MetaplasticError({
      where: path,
      expected: 'an IDX file',
      got: 'a folder',
      hint: 'name the file in it, plain or gzipped',
    });
  };
  return readIdxImages(await file(images), await file(labels), images, { maxBytes });
}

interface Images {
  readonly bank: ImageBank;
  readonly train: readonly number[];
  readonly tests: readonly { readonly title: string; readonly classes: readonly number[] }[];
  readonly notes?: readonly string[];
}

type FewShot = Extract<TaskConfig, { kind: 'few-shot' }>;

async function openImages(
  { source, classes: wanted, ways }: FewShot,
  seed: number,
  read: ReadData,
): Promise<Images> {
  if (source.format === 'omniglot') return openOmniglot(source, ways, read);
  const bank = await readIdx(source, read);
  if (wanted) checkClasses(wanted, bank.classes, 'task.classes');
  const classes = wanted ?? classesWithImages(bank);
  if (source.testFraction === 0)
    return {
      bank,
      train: classes,
      tests: [{ title: `fresh draws of the same ${classes.length} classes`, classes }],
    };
  const { train, test } = splitClasses(classes.length, 1 - source.testFraction, seed);
  const numbers = (side: readonly number[]) => side.map(k => classes[k]!);
  return {
    bank,
    train: numbers(train),
    tests: [{ title: `${test.length} unseen classes`, classes: numbers(test) }],
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
    train: Array.from({ length: seen.classes }, (_, c) => c),
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
