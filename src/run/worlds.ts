import { MetaplasticError } from '../errors.js';
import type { ImageBank, TaskSource } from '../tasks/episodes.js';
import { fewShotTasks, splitClasses } from '../tasks/few-shot.js';
import { readIdxImages } from '../tasks/idx.js';
import { sineSequenceTasks, sineTasks, type SineSource } from '../tasks/sine.js';
import { imageStreamTasks } from '../tasks/stream.js';
import type { SystemSpec } from '../systems/system.js';
import type { RunConfig, TaskConfig } from './config.js';

/** Reads a data file, given its path below the data folder. */
export type ReadData = (path: string) => Promise<Uint8Array>;

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
}

/** Makes the tasks that a configuration describes; `read` is asked for the files of real data. */
export async function openWorld(
  { task, system, seed }: Pick<RunConfig, 'task' | 'seed'> & { readonly system: SystemSpec },
  read: ReadData,
): Promise<World> {
  const outputs = system.sizes.at(-1)!;
  switch (task.kind) {
    case 'sine':
      return { train: sineTasks(task), tests: [{ source: sineTasks(task) }] };
    case 'sine-sequence':
      return {
        train: sineSequenceTasks({ ...task, seed }),
        tests: inBothOrders(
          task.order,
          order => sineSequenceTasks({ ...task, order, split: 'test', seed }),
          { each: 'function', parts: task.functions },
        ),
      };
    case 'few-shot': {
      const { bank, train, tests } = await openImages(task.source, seed, read);
      checkPixels(bank, system.sizes);
      return {
        bank,
        train: fewShotTasks({ ...task, bank, outputs, classes: train }),
        tests: tests.flatMap(({ title, classes }) =>
          inBothOrders(
            task.order,
            order => fewShotTasks({ ...task, bank, outputs, classes, order }),
            { of: title, parts: task.ways },
          ),
        ),
      };
    }
    case 'stream': {
      const bank = await readIdx(task.source, read);
      checkPixels(bank, system.sizes);
      const source = (order: Order) => imageStreamTasks({ ...task, bank, outputs, order, seed });
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

function checkPixels({ width, height }: ImageBank, sizes: readonly number[]): void {
  if (width * height !== sizes[0])
    throw new MetaplasticError({
      where: 'system.sizes',
      expected: `${width * height} inputs for images of ${width} × ${height}`,
      got: `${sizes[0]}`,
    });
}

const readIdx = async (
  { images, labels }: { readonly images: string; readonly labels: string },
  read: ReadData,
): Promise<ImageBank> => readIdxImages(await read(images), await read(labels), images);

interface Images {
  readonly bank: ImageBank;
  readonly train: readonly number[];
  readonly tests: readonly { readonly title: string; readonly classes: readonly number[] }[];
}

async function openImages(
  source: Extract<TaskConfig, { kind: 'few-shot' }>['source'],
  seed: number,
  read: ReadData,
): Promise<Images> {
  if (source.format === 'idx') {
    const bank = await readIdx(source, read);
    if (source.testFraction === 0) {
      const classes = Array.from({ length: bank.classes }, (_, c) => c);
      return {
        bank,
        train: classes,
        tests: [{ title: `fresh draws of the same ${bank.classes} classes`, classes }],
      };
    }
    const { train, test } = splitClasses(bank.classes, 1 - source.testFraction, seed);
    return { bank, train, tests: [{ title: `${test.length} unseen classes`, classes: test }] };
  }
  // brings a reader of PNG, which few pages need
  const { readOmniglot } = await import('../tasks/omniglot.js');
  const below = (file: string) => read(`${source.folder}/${file}`);
  const trained = readOmniglot(await below(source.train), source, source.train);
  const held = readOmniglot(await below(source.test), source, source.test);
  const seen = source.rotations
    ? [1, 2, 3].reduce<ImageBank>((bank, turns) => join(bank, turned(trained, turns)), trained)
    : trained;
  const classes = held.names.map((_, c) => seen.classes + c);
  const unseen = classes.filter((_, c) => !trained.names.includes(held.names[c]!));
  return {
    bank: join(seen, held),
    train: Array.from({ length: seen.classes }, (_, c) => c),
    // Omniglot's published small sets share two alphabets: what was never seen is told apart.
    tests: [
      { title: `${classes.length} characters of ${source.test.replace(/\.zip$/, '')}`, classes },
      ...(unseen.length < classes.length
        ? [{ title: `its ${unseen.length} characters of unseen alphabets`, classes: unseen }]
        : []),
    ],
  };
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
