import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileMemory, tuningFile } from '../../src/cli/tuned.js';
import { metaplastic, newFolder, TINY, writeConfig } from './command.js';

test('tune remembers in the cache folder; train uses it and writes it down, unless told not to', () => {
  const cache = newFolder();
  const env = { XDG_CACHE_HOME: cache, METAPLASTIC_TUNE: '' };
  const file = join(cache, 'metaplastic', 'tuning.json');
  const config = writeConfig(TINY);
  const tuned = metaplastic(['tune', config, '--repeats', '1'], env);
  expect(tuned).toMatchObject({ status: 0, err: '' });
  expect(tuned.out).toMatch(
    /^ +[\d.]+ ms {2}adjoint store, \d lane\(s\) a task, \d task\(s\) a workgroup$/m,
  );
  expect(tuned.out).toContain(`remembered in ${file}`);
  expect(existsSync(file)).toBe(true);

  const train = (name: string, args: string[], more = {}) => {
    const folder = join(newFolder(), name);
    const { status, err } = metaplastic(['train', config, '--out', folder, ...args], {
      ...env,
      ...more,
    });
    expect(status).toBe(0);
    return {
      err,
      written: JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as { plan?: object },
    };
  };
  const used = train('used', []);
  expect(used.err).toMatch(/^tuned: adjoint \w+, \d lane\(s\) a task/m);
  expect(used.written.plan).toEqual({ lanes: expect.any(Number), teams: expect.any(Number) });
  for (const untuned of [
    train('flag', ['--no-tune']),
    train('variable', [], { METAPLASTIC_TUNE: 'off' }),
  ]) {
    expect(untuned.err).not.toContain('tuned:');
    expect(untuned.written.plan).toBeUndefined();
  }
  expect(metaplastic(['plan', config], env).err).toContain('tuned:');
}, 180_000);

test.each([
  [['tune'], /^tune: expected one CONFIG or PRESET, got 0/m],
  [['tune', 'flp-sine', '--repeats', '0'], /^--repeats: expected a whole number ≥ 1, got "0"/m],
])('%s is refused', (args, message) => {
  expect(metaplastic(args)).toMatchObject({ status: 1, err: expect.stringMatching(message) });
});

test('the file is in the cache folder of the user', () => {
  expect(tuningFile({ XDG_CACHE_HOME: '/cache' })).toBe('/cache/metaplastic/tuning.json');
  expect(tuningFile({ XDG_CACHE_HOME: '' })).toMatch(/\.cache\/metaplastic\/tuning\.json$/);
});

test('a memory keeps what it was given beside what it had; a damaged file is none', () => {
  const path = join(newFolder(), 'deep', 'tuning.json');
  const memory = fileMemory(path);
  expect(memory.getItem('a')).toBeNull();
  memory.setItem('a', '1');
  memory.setItem('b', '2');
  expect([memory.getItem('a'), memory.getItem('b'), fileMemory(path).getItem('a')]).toEqual([
    '1',
    '2',
    '1',
  ]);
  writeFileSync(path, '{');
  expect(memory.getItem('a')).toBeNull();
});
