import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { MetaplasticError } from '../errors.js';

/** What the file system's own words for a failure mean, and what to do about each. */
const FAILURES: Readonly<Record<string, readonly [problem: string, hint: string]>> = {
  ENOSPC: ['the disk is full', 'make room on it'],
  EDQUOT: ['the quota of the disk is used up', 'make room in it'],
  EFBIG: ['the file would be too large', 'use a disk that allows larger files'],
  EROFS: ['the disk can only be read', 'give a folder that can be written to'],
  EACCES: ['permission was denied', 'see who may read and write there'],
  EPERM: ['permission was denied', 'see who may read and write there'],
  ENOENT: ['it is not there', 'see whether it was deleted or moved'],
  EISDIR: ['a folder is in the place of the file', 'move the folder away, or give a file'],
  ENOTDIR: ['a file is in the place of a folder', 'give a path of folders'],
  ENOTEMPTY: ['a folder is in the place of the file', 'move the folder away'],
  ENAMETOOLONG: ['the name is too long', 'give a shorter one'],
  ELOOP: ['a symbolic link is in its place', 'put the file itself there'],
  EEXIST: ['something else is in its place', 'move it away'],
  EIO: ['the disk failed', 'look after the disk'],
  EMFILE: ['too many files are open', 'raise the limit of open files'],
  ENFILE: ['too many files are open', 'raise the limit of open files'],
  ERR_INVALID_ARG_VALUE: ['a name holds the character NUL', 'give another name'],
  ERR_FS_EISDIR: ['a folder is in the place of the file', 'move the folder away'],
  ERR_FS_FILE_TOO_LARGE: ['the file is too large to be read', 'give a smaller one'],
  ERR_STRING_TOO_LONG: ['the file is too large to be read as text', 'give a smaller one'],
};

/** One sentence for what the file system refused; any other error stays what it is. */
export function diskError(error: unknown, path: string, what: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known = Object.hasOwn(FAILURES, code) ? FAILURES[code] : undefined;
  if (!known && !(error instanceof Error && 'syscall' in error)) return error;
  return new MetaplasticError({
    where: path,
    problem: `could not be ${what}: ${known?.[0] ?? (error as Error).message}`,
    hint: known?.[1],
    cause: error,
  });
}

function onDisk<T>(path: string, what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw diskError(error, path, what);
  }
}

/**
 * The bytes of a plain file, `most` at most: a pipe would have the program wait for somebody to
 * write to it.
 */
export const readPlain = (path: string, most = Infinity): Buffer =>
  onDisk(path, 'read', () => {
    const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const found = fstatSync(file);
      if (!found.isFile() && !found.isDirectory())
        throw new MetaplasticError({
          where: path,
          expected: 'a plain file',
          got: 'something else',
        });
      if (found.size > most)
        throw new MetaplasticError({
          where: path,
          expected: `a file of at most ${most} bytes`,
          got: `${found.size}`,
        });
      return readFileSync(file);
    } finally {
      closeSync(file);
    }
  });

/** The bytes of whatever the user named, pipes too. */
export const readAny = (path: string): Buffer => onDisk(path, 'read', () => readFileSync(path));

export const makeFolder = (path: string): void =>
  onDisk(path, 'made', () => void mkdirSync(path, { recursive: true }));

/** Makes a folder if nothing of this name was there, and says whether it did. */
export const makeNewFolder = (path: string): boolean =>
  onDisk(path, 'made', () => {
    try {
      mkdirSync(path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  });

/**
 * Writes a file whole or not at all, into a folder that is there: a program that dies while it
 * writes, or a machine that loses power, leaves the last good one. What it writes is a file of its
 * own, never what a link there points to.
 */
export function writeWhole(path: string, content: string | Uint8Array): void {
  const fresh = `${path}.new`;
  onDisk(path, 'written', () => {
    rmSync(fresh, { force: true }); // a link itself, not what it points to
    try {
      const file = openSync(fresh, 'wx');
      try {
        writeFileSync(file, content);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(fresh, path);
    } catch (error) {
      rmSync(fresh, { force: true });
      throw error;
    }
    syncFolder(dirname(path));
  });
}

/** Adds to a file that is there: neither to one that somebody deleted, nor through a link. */
export const append = (path: string, text: string): void =>
  onFile(path, constants.O_APPEND, file => writeFileSync(file, text));

/** Waits until what was appended would survive a loss of power. */
export const sync = (path: string): void => onFile(path, 0, fsyncSync);

const onFile = (path: string, flags: number, work: (file: number) => void): void =>
  onDisk(path, 'written', () => {
    const file = openSync(path, constants.O_WRONLY | flags | (constants.O_NOFOLLOW ?? 0));
    try {
      work(file);
    } finally {
      closeSync(file);
    }
  });

/** A new name in a folder survives a loss of power only once the folder is written, too. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return; // where folders cannot be opened
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
