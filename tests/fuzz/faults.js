import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { sep } from 'node:path';

/* Preloaded by `node --import`, it breaks the program that FAULTS describes. */
if (process.env['FAULTS']) breakAt(JSON.parse(process.env['FAULTS']));

/**
 * Counts what a program does to the files of a folder: open to write, write, sync, rename, remove.
 * The one of number `at`, from 1, is a write of half or nothing, and then the process is killed
 * (`how` is SIGKILL), or it fails with that error of the system, as do all that follow.
 */
export function breakAt({ folder, at = Infinity, how, count, heard = () => {} }) {
  const NAMES = ['openSync', 'writeFileSync', 'fsyncSync', 'renameSync', 'rmSync', 'closeSync'];
  const real = { ...fs };
  const files = new Set();
  let done = 0;
  const inside = path =>
    typeof path === 'number'
      ? files.has(path)
      : String(path) === folder || String(path).startsWith(folder + sep);
  const fail = what => {
    if (how === 'SIGKILL') process.kill(process.pid, 'SIGKILL');
    throw Object.assign(new Error(`${how}: refused, ${what}`), { code: how, syscall: what });
  };
  const wrap = (name, { counts = () => true, before = () => {}, after = () => {} }) => {
    fs[name] = (...args) => {
      const counted = inside(args[0]) && counts(...args);
      if (counted) heard(name.replace('Sync', ''));
      if (counted && ++done >= at && !(name === 'rmSync' && how !== 'SIGKILL')) {
        before(...args);
        fail(name.replace('Sync', ''));
      }
      const result = real[name](...args);
      if (inside(args[0])) after(result, ...args);
      return result;
    };
  };
  const writes = (_path, flags) => flags !== undefined && flags !== 'r' && (flags & 3) !== 0;
  wrap('openSync', {
    counts: (path, flags) => flags === 'wx' || writes(path, flags),
    after: file => files.add(file),
  });
  wrap('writeFileSync', {
    before: (file, content) => {
      if (typeof file === 'number') real.writeSync(file, content.slice(0, content.length >> 1));
    },
  });
  for (const name of ['fsyncSync', 'renameSync', 'rmSync']) wrap(name, {});
  wrap('closeSync', { counts: () => false, after: (_, file) => files.delete(file) });
  syncBuiltinESMExports();
  if (count) process.on('exit', () => real.writeFileSync(count, String(done)));
  return {
    done: () => done,
    mend() {
      for (const name of NAMES) fs[name] = real[name];
      syncBuiltinESMExports();
    },
  };
}
