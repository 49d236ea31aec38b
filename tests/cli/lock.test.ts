import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { lockFolder } from '../../src/cli/lock.js';
import { metaplastic, newFolder, start, TINY, writeConfig } from './command.js';

const LONG = { ...TINY, meta: { ...TINY.meta, steps: 100_000 }, checkpointEvery: 5 };

const readFileText = (path: string) => readFileSync(path, 'utf8');

/** The one lock in a folder, as JSON. */
const lockIn = (folder: string) =>
  join(
    folder,
    readdirSync(folder).find(name => name.startsWith('lock-'))!,
  );

/** A lock as a process would leave it that is not this one. */
function leaveLock(folder: string, holder: object): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'lock-7-0badcafe.json');
  const known = {
    pid: 7,
    started: '7',
    host: hostname(),
    boot: 'boot',
    space: 'space',
    command: 'train',
    since: 'long ago',
  };
  writeFileSync(path, JSON.stringify({ ...known, ...holder }));
  return path;
}

describe('the lock of a folder', () => {
  test('is refused to a second, who is told which process holds it, since when, to do what', () => {
    const folder = newFolder();
    const lock = lockFolder(folder, 'train');
    expect(() => lockFolder(folder, 'eval')).toThrow(
      new RegExp(
        `^${folder}: expected a folder that nobody works in, got one that process ${process.pid} holds \\(metaplastic train, since 20.*Z\\); wait until it has ended, or stop it$`,
      ),
    );
    lock.release();
    lockFolder(folder, 'eval').release();
    expect(readdirSync(folder)).toEqual([]);
  });
  test('dies with its owner, also one that is killed', async () => {
    const folder = newFolder();
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
    const other = lockFolder(folder, 'train');
    const mine = lockIn(folder);
    const { boot, space } = JSON.parse(readFileText(mine)) as { boot: string; space: string };
    other.release();
    const started = readFileText(`/proc/${child.pid}/stat`).split(') ')[1]!.split(' ')[19]!;
    const left = leaveLock(folder, { pid: child.pid, started, boot, space });
    expect(() => lockFolder(folder, 'eval')).toThrow(`process ${child.pid} holds`);
    child.kill('SIGKILL');
    await new Promise(ended => child.on('close', ended));
    lockFolder(folder, 'eval').release();
    expect(existsSync(left)).toBe(false);
  });
  test('does not pass to a process that was given the same number later', () => {
    const folder = newFolder();
    const own = lockFolder(folder, 'train');
    const { boot, space } = JSON.parse(readFileText(lockIn(folder))) as {
      boot: string;
      space: string;
    };
    own.release();
    leaveLock(folder, { pid: process.pid, started: '1', boot, space });
    lockFolder(folder, 'train').release();
  });
  test('ends with the machine that its owner ran on', () => {
    const folder = newFolder();
    leaveLock(folder, { boot: 'before' });
    lockFolder(folder, 'train').release();
  });
  test('of another machine holds, and the file to remove is named', () => {
    const folder = newFolder();
    const path = leaveLock(folder, { host: 'elsewhere' });
    expect(() => lockFolder(folder, 'train')).toThrow(
      `got one that process 7 of elsewhere holds (metaplastic train, since long ago); wait until it has ended; if it surely has, remove ${path}`,
    );
  });
  test.each([
    ['half of what it should', '{'],
    ['a list', '[]'],
    ['a number that no process has', '{"pid":-1}'],
    ['lists in lists', '[['.repeat(20_000)],
  ])('that says %s holds, and the file to remove is named', (_, text) => {
    const folder = newFolder();
    writeFileSync(join(folder, 'lock-1-0badcafe.json'), text);
    expect(() => lockFolder(folder, 'train')).toThrow(/does not tell whose lock it is; remove/);
  });
  test('takes a folder with it that was made for it, if nothing was written there', () => {
    const folder = join(newFolder(), 'deep', 'run');
    lockFolder(folder, 'train').release();
    expect(existsSync(folder)).toBe(false);
    const lock = lockFolder(folder, 'train');
    writeFileSync(join(folder, 'kept'), '');
    lock.release();
    expect(existsSync(folder)).toBe(true);
  });
});

describe('while a run is trained', () => {
  const folder = join(newFolder(), 'run');
  test('nobody else may resume, evaluate, report or begin there; then its folder is deleted, and it says so', async () => {
    const run = start(['train', writeConfig(LONG), '--out', folder]);
    while (!existsSync(join(folder, 'checkpoint.safetensors'))) await wait(20);
    for (const args of [
      ['train', '--resume', folder],
      ['eval', folder],
      ['report', folder],
      ['train', writeConfig(TINY), '--out', folder],
    ]) {
      const { status, err } = metaplastic(args);
      expect(err).toMatch(
        /: expected a folder that nobody works in, got one that process \d+ holds \(metaplastic train, since /,
      );
      expect(status).toBe(1);
    }
    rmSync(folder, { recursive: true });
    const { status, err } = await run.ended;
    expect(err).toContain('failed: nothing is saved');
    expect(err).toMatch(
      /expected the folder in which this run began, got (none|one without its lock); it was deleted or moved/,
    );
    expect(status).toBe(1);
  });
});

test('two that are trained at once without --out have folders of their own', async () => {
  const here = newFolder();
  const config = writeConfig(TINY);
  const runs = [3, 4].map(seed => start(['train', config, '--seed', `${seed}`], { cwd: here }));
  const ended = await Promise.all(runs.map(run => run.ended));
  expect(ended.map(({ status }) => status)).toEqual([0, 0]);
  const seeds = ['tiny', 'tiny-2'].map(
    name =>
      (JSON.parse(readFileText(join(here, 'runs', name, 'config.json'))) as { seed: number }).seed,
  );
  expect(seeds.sort()).toEqual([3, 4]);
  for (const name of ['tiny', 'tiny-2'])
    expect(
      readFileText(join(here, 'runs', name, 'log.jsonl'))
        .trim()
        .split('\n'),
    ).toHaveLength(6);
});
