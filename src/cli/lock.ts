import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { MetaplasticError } from '../errors.js';
import { diskError, makeFolder, readPlain, writeWhole } from './disk.js';

/** A folder that this process alone may write to, until it releases it or ends. */
export interface FolderLock {
  /** Throws if the folder is not this process's any more: deleted, or another is in its place. */
  check(): void;
  release(): void;
}

/** Who holds a lock. A number of a process is given again, so its start tells it from others. */
const HOLDER = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  started: v.string(),
  host: v.string(),
  /** The machine's start, and the space in which the process has its number (a container). */
  boot: v.string(),
  space: v.string(),
  command: v.string(),
  since: v.string(),
});
type Holder = v.InferOutput<typeof HOLDER>;

const LOCK = /^lock-\d+-[0-9a-f]+\.json$/;

/** Attempts of two that want a lock in the same instant, and see each other. */
const ATTEMPTS = 8;

/**
 * Locks a folder for `command`, such as `train`, and makes it if it is not there. Each process that
 * wants the folder leaves a file of its own name there and then looks for others: of two, at most
 * one sees nobody. A file whose process has ended counts for nothing and is removed, so that a lock
 * dies with its owner. A folder that was `made` for it goes with the lock, if it is empty then.
 */
export function lockFolder(
  folder: string,
  command: string,
  { made = !existsSync(folder) }: { readonly made?: boolean } = {},
): FolderLock {
  makeFolder(folder);
  for (let attempt = 1; ; attempt++) {
    const lock = tryLock(folder, command, made);
    if (!('holder' in lock)) return lock;
    if (attempt === ATTEMPTS) throw refusal(folder, lock);
    pause(5 + 40 * Math.random());
  }
}

interface Held {
  readonly path: string;
  readonly holder: Holder | undefined;
}

function tryLock(folder: string, command: string, made: boolean): FolderLock | Held {
  const held = liveLocks(folder)[0];
  if (held) return held;
  const name = `lock-${process.pid}-${randomBytes(4).toString('hex')}.json`;
  const path = join(folder, name);
  const release = () => {
    process.off('exit', release);
    rmSync(path, { force: true });
    if (made) removeIfEmpty(folder);
  };
  try {
    writeWhole(path, `${JSON.stringify(self(command))}\n`);
  } catch (error) {
    release();
    throw error;
  }
  const other = liveLocks(folder).find(lock => lock.path !== path);
  if (other) {
    rmSync(path, { force: true });
    return other;
  }
  process.on('exit', release);
  return {
    release,
    check() {
      if (!existsSync(path))
        throw new MetaplasticError({
          where: folder,
          expected: 'the folder in which this run began',
          got: existsSync(folder) ? 'one without its lock' : 'none',
          hint: 'it was deleted or moved while the run went on',
        });
    },
  };
}

/** The locks of a folder whose owners live, or may live; removes those of the dead. */
function liveLocks(folder: string): Held[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw diskError(error, folder, 'read');
  }
  return names
    .filter(name => LOCK.test(name))
    .map(name => ({ path: join(folder, name), holder: readHolder(join(folder, name)) }))
    .filter(({ path, holder }) => {
      const dead = holder ? isDead(holder) : !existsSync(path);
      if (dead) rmSync(path, { force: true });
      return !dead;
    });
}

function readHolder(path: string): Holder | undefined {
  try {
    return v.parse(HOLDER, JSON.parse(readPlain(path).toString()));
  } catch {
    return undefined; // released meanwhile, or nothing that this program wrote
  }
}

/** Has the process surely ended? Of other machines and containers nobody can tell. */
function isDead({ pid, started, host, boot, space }: Holder): boolean {
  const here = place();
  if (host !== here.host) return false;
  if (boot !== here.boot) return true;
  return space === here.space && startOf(pid) !== started;
}

const self = (command: string): Holder => ({
  pid: process.pid,
  started: startOf(process.pid) ?? '',
  ...place(),
  command,
  since: new Date().toISOString(),
});

function place(): Pick<Holder, 'host' | 'boot' | 'space'> {
  return {
    host: hostname(),
    boot: orNothing(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    space: orNothing(() => readlinkSync('/proc/self/ns/pid')),
  };
}

/** What only Linux tells. */
function orNothing(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

/**
 * When a process began, in ticks since the machine did; undefined if there is none, or only its
 * remains. Where the system does not tell, every process that is there began at ''.
 */
function startOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    const stat = orNothing(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
    // The name, in brackets, may hold anything; after it come the state and what is number 22.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return !state || state === 'Z' || state === 'X' ? undefined : rest[18];
  }
  try {
    process.kill(pid, 0);
    return '';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? '' : undefined;
  }
}

function refusal(folder: string, { path, holder }: Held): MetaplasticError {
  if (!holder)
    return new MetaplasticError({
      where: folder,
      expected: 'a folder that nobody works in',
      got: `one with ${path}, which does not tell whose lock it is`,
      hint: 'remove that file if no metaplastic works there',
    });
  const { pid, host, space, command, since } = holder;
  const here = host === hostname() && space === place().space;
  return new MetaplasticError({
    where: folder,
    expected: 'a folder that nobody works in',
    got: `one that process ${pid}${here ? '' : ` of ${host}`} holds (metaplastic ${command}, since ${since})`,
    hint: here
      ? 'wait until it has ended, or stop it'
      : `wait until it has ended; if it surely has, remove ${path}`,
  });
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOENT')
      throw diskError(error, folder, 'removed');
  }
}

const pause = (milliseconds: number): void =>
  void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
