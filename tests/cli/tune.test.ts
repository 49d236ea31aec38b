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
  const remembered = JSON.parse(
    Object.values(JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>)[0]!,
  ) as { plan: object };
  expect(used.written.plan).toMatchObject(remembered.plan);
  for (const untuned of [
    train('flag', ['--no-tune']),
    train('variable', [], { METAPLASTIC_TUNE: 'off' }),
  ]) {
    expect(untuned.err).not.toContain('tuned:');
  }
  expect(metaplastic(['plan', config], env).err).toContain('tuned:');

  // what is accepted must not be refused later, and what is refused must be told
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replaceAll('\\"plan\\":{', '\\"plan\\":{\\"speed\\":3,'),
  );
  const damaged = train('damaged', []);
  expect(damaged.err).toMatch(
    /^note: what was remembered of tuning this is not used: tuning\.plan\.speed: .+; tune it again$/m,
  );
  expect(damaged.err).not.toContain('tuned:');
}, 240_000);

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

test('a memory keeps what it was given beside what it had; a damaged file is none, and is told', () => {
  const path = join(newFolder(), 'deep', 'tuning.json');
  const said: string[] = [];
  const memory = fileMemory(path, notice => said.push(notice));
  expect(memory.getItem('a')).toBeNull();
  memory.setItem('a', '1');
  memory.setItem('b', '2');
  expect([memory.getItem('a'), memory.getItem('b'), fileMemory(path).getItem('a')]).toEqual([
    '1',
    '2',
    '1',
  ]);
  expect(said).toEqual([]);
  for (const [text, why] of [
    ['{', 'expected a JSON file'],
    ['null', 'expected an object of texts'],
    ['{"a":{}}', 'expected an object of texts'],
  ] as const) {
    writeFileSync(path, text);
    expect(memory.getItem('a')).toBeNull();
    expect(said.at(-1)).toContain(`${path}: ${why}`);
  }
});
