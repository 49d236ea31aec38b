import { MetaplasticError } from '../errors.js';
import {
  checkBank,
  pixelsOf,
  shapeOf,
  sizeOf,
  type ImageBank,
  type TaskSource,
} from '../tasks/episodes.js';
import { fewShotTasks } from '../tasks/few-shot.js';
import type { DataFolder } from '../tasks/images.js';
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
      const {
        bank: stored,
        train,
        tests,
        notes,
      } = await (await import('./image-data.js')).openFewShot(task, seed, read);
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
      const {
        bank: stored,
        test,
        notes,
      } = await (await import('./image-data.js')).openStream(task, read);
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
