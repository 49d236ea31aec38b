import { existsSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MetaplasticError } from '../errors.js';
import { openWorld, type DataFolder, type ReadData, type World } from '../config/worlds.js';

/**
 * The tasks of a run on the data in `folder`; what should be known of the data is told on stderr.
 */
export async function openWorldOn(
  folder: string | undefined,
  config: Parameters<typeof openWorld>[0],
): Promise<World> {
  const world = await openWorld(config, dataReader(folder), loadModule);
  for (const note of world.notes ?? []) console.error(`note: ${note}`);
  return world;
}

/** Loads a module of tasks; what it throws meanwhile is told with its path. */
async function loadModule(path: string): Promise<unknown> {
  const file = resolve(path);
  if (!existsSync(file))
    throw new MetaplasticError({
      where: 'task.path',
      expected: 'a module of tasks',
      got: `no such file: ${file}`,
      hint: 'of a run that was moved, write the path in its config.json anew',
    });
  try {
    return await import(pathToFileURL(file).href);
  } catch (cause) {
    throw new MetaplasticError({
      where: `task.path: ${path}`,
      problem: `expected a module that can be loaded, ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    });
  }
}

/**
 * Reads data files below `folder`, under their own names or those that published copies have
 * elsewhere (docs/data.md), or in it where the path's own folder is the one that was given.
 */
export function dataReader(folder: string | undefined): ReadData {
  return async path => {
    if (!folder)
      throw new MetaplasticError({
        where: '--data',
        problem: `expected the folder that holds ${path}`,
        hint: 'give it with --data DIR or in the variable METAPLASTIC_DATA; docs/data.md tells where the data come from',
      });
    const found = foldersFor(dirname(path))
      .flatMap(below => namesFor(basename(path)).map(name => join(folder, below, name)))
      .find(existsSync);
    if (!found)
      throw new MetaplasticError({
        where: '--data',
        expected: `${path} in ${resolve(folder)}`,
        got: 'no such file',
        hint: 'docs/data.md tells where the data come from',
      });
    return isFolder(found) ? folderAt(found) : read(found);
  };
}

/** Where torchvision keeps the sets that our presets keep in these folders. */
const TORCHVISION: ReadonlyMap<string, string> = new Map([
  ['mnist', 'MNIST/raw'],
  ['emnist', 'EMNIST/raw'],
  ['omniglot', 'omniglot-py'],
]);

/** The folders in which a file may lie that a path has in `below`. */
function foldersFor(below: string): readonly string[] {
  const theirs = TORCHVISION.get(below) ?? below;
  return [below, '.', theirs, 'raw', basename(theirs)];
}

/**
 * Names that a file may have: packed or not (an archive unpacked is a folder), and with a dot for
 * the dash before `idx`.
 */
function namesFor(name: string): readonly string[] {
  const plain = name.replace(/\.(gz|zip)$/, '');
  return [name, plain, `${plain}.gz`].flatMap(one => [
    one,
    one.replace(/-(idx\d)/, '.$1'),
    one.replace(/\.(idx\d)/, '-$1'),
  ]);
}

const isFolder = (path: string) =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

function folderAt(folder: string): DataFolder {
  return {
    async paths() {
      // with types, because links to folders, which may go round in circles, are then not followed
      const entries = await told(folder, readdir(folder, { recursive: true, withFileTypes: true }));
      return entries
        .filter(entry => !entry.isDirectory())
        .map(({ parentPath, name }) =>
          relative(folder, join(parentPath, name)).split(sep).join('/'),
        );
    },
    read: path => read(join(folder, path)),
  };
}

const read = async (path: string) => new Uint8Array(await told(path, readFile(path)));

/** What the file system refuses is told in one line. */
const told = <T>(path: string, asked: Promise<T>): Promise<T> =>
  asked.catch((error: Error) => {
    throw new MetaplasticError({
      where: path,
      expected: 'data that can be read',
      got: error.message,
      cause: error,
    });
  });
