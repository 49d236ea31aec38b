import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { append, readPlain, writeWhole } from '../../src/cli/disk.js';
import { newFolder as folderOf } from '../../src/cli/run-folder.js';
import { folderName } from '../../src/runs/run-file.js';
import { breakAt } from '../fuzz/faults.js';
import { newFolder } from './command.js';

describe('a file that is written whole', () => {
  test('is never written to what a link in its place points to', () => {
    const folder = newFolder();
    const secret = join(newFolder(), 'secret');
    writeFileSync(secret, 'mine');
    for (const name of ['report.html', 'report.html.new']) symlinkSync(secret, join(folder, name));
    writeWhole(join(folder, 'report.html'), 'theirs');
    expect(readFileSync(secret, 'utf8')).toBe('mine');
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toBe('theirs');
    expect(readdirSync(folder)).toEqual(['report.html']);
  });
  test('is what it was, with nothing beside it, if the disk is full', () => {
    const folder = newFolder();
    const path = join(folder, 'file');
    writeWhole(path, 'before');
    const broken = breakAt({ folder, at: 3, how: 'ENOSPC' });
    expect(() => writeWhole(path, 'after')).toThrow(
      `${path}: could not be written: the disk is full; make room on it`,
    );
    broken.mend();
    expect(readFileSync(path, 'utf8')).toBe('before');
    expect(readdirSync(folder)).toEqual(['file']);
  });
  test('and its folder are synced, before and after it gets its name', () => {
    const folder = newFolder();
    const done: string[] = [];
    const watched = breakAt({ folder, heard: what => done.push(what) });
    writeWhole(join(folder, 'file'), 'content');
    watched.mend();
    expect(done).toEqual(['rm', 'open', 'writeFile', 'fsync', 'rename', 'fsync']);
  });
});

test('what is added to a log is never added through a link, nor to a log that is gone', () => {
  const folder = newFolder();
  const secret = join(newFolder(), 'secret');
  writeFileSync(secret, 'mine');
  symlinkSync(secret, join(folder, 'log.jsonl'));
  expect(() => append(join(folder, 'log.jsonl'), 'theirs')).toThrow(
    'could not be written: a symbolic link is in its place; put the file itself there',
  );
  expect(() => append(join(folder, 'gone.jsonl'), 'theirs')).toThrow(
    'could not be written: it is not there; see whether it was deleted or moved',
  );
  expect(readFileSync(secret, 'utf8')).toBe('mine');
  expect(existsSync(join(folder, 'gone.jsonl'))).toBe(false);
});

test.each([
  ['a folder', (path: string) => mkdirSync(path), 'a folder is in the place of the file'],
  ['nothing', () => {}, 'it is not there'],
  [
    'a link to itself',
    (path: string) => symlinkSync(path, path),
    'a symbolic link is in its place',
  ],
])('%s in the place of a file is one sentence', (_, put, message) => {
  const path = join(newFolder(), 'file');
  put(path);
  expect(() => readPlain(path)).toThrow(`${path}: could not be read: ${message}; `);
});
test('a name with NUL is one sentence', () => {
  expect(() => readPlain('a\0b')).toThrow('could not be read: a name holds the character NUL');
});

describe("a run's name as a folder", () => {
  test.each([
    ['../../escape', 'escape'],
    ['..', 'run'],
    ['.', 'run'],
    ['', 'run'],
    ['/etc/passwd', 'etc-passwd'],
    ['a\\b\0c', 'a-b-c'],
    ['my run', 'my-run'],
    ['Lauf 1 für Grün', 'Lauf-1-für-Grün'],
    ['x'.repeat(300), 'x'.repeat(60)],
  ])('%j is %j', (name, folder) => expect(folderName(name)).toBe(folder));
  test('stays in runs/', () => {
    const before = process.cwd();
    process.chdir(newFolder());
    try {
      const { folder, lock } = folderOf(undefined, '../../escape');
      lock.release();
      expect(folder).toBe(join('runs', 'escape'));
    } finally {
      process.chdir(before);
    }
  });
});
