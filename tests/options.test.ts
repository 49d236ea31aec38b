import { describe, expect, test } from 'vitest';
import { MetaplasticError } from '../src/errors.js';
import {
  check,
  choice,
  inWords,
  list,
  nearest,
  number,
  option,
  optionsOf,
  positive,
  section,
  whole,
} from '../src/options.js';
import { LEARNER } from '../src/learner/options.js';
import { CONFIG } from '../src/config/config.js';
import { optionsPage } from './options-page.js';

const TABLE = section({
  steps: option(whole(1, 100), { about: 'Steps.' }, 3),
  rule: option(choice(['oja', 'hebb']), { about: 'Rule.' }),
  scale: option(number, { about: 'Scale.' }),
  clip: option(positive, { about: 'Clip.' }),
  sizes: option(list(whole(1), 'sizes', 1, 3), { about: 'Sizes.' }),
});
const refusal = (given: unknown) => {
  try {
    check(TABLE, given, 'mine');
  } catch (error) {
    expect(error).toBeInstanceOf(MetaplasticError);
    return (error as Error).message;
  }
  return 'accepted';
};

describe('a table of options', () => {
  test('fills in its defaults, and copies what it is given', () => {
    const sizes = [1, 2];
    const checked = check(TABLE, { sizes }, 'mine');
    sizes[0] = 9;
    expect(checked).toEqual({ steps: 3, sizes: [1, 2] });
  });
  test.each<[unknown, string]>([
    [
      undefined,
      'mine: expected an object with the keys steps, rule, scale, clip, sizes, got nothing',
    ],
    [[], 'mine: expected an object with the keys steps, rule, scale, clip, sizes, got []'],
    [
      { step: 1 },
      'mine.step: unknown key (did you mean steps?); known: steps, rule, scale, clip, sizes',
    ],
    [{ constructor: 1 }, 'mine.constructor: unknown key; known: steps, rule, scale, clip, sizes'],
    [
      JSON.parse('{"__proto__":{"steps":2}}'),
      'mine.__proto__: unknown key; known: steps, rule, scale, clip, sizes',
    ],
    [{ rule: 'ojja' }, 'mine.rule: unknown choice "ojja" (did you mean oja?); known: oja, hebb'],
    [{ rule: 'toString' }, 'mine.rule: unknown choice "toString"; known: oja, hebb'],
    [{ rule: 3 }, 'mine.rule: expected one of oja, hebb, got 3'],
    [{ steps: 101 }, 'mine.steps: expected a whole number from 1 to 100, got 101'],
    [
      { scale: 1e39 },
      'mine.scale: expected a finite number, no larger than float32 holds (3.4e38), got 1e+39',
    ],
    [{ scale: NaN }, 'mine.scale: expected a finite number, got NaN'],
    [{ clip: 1e-45 }, 'mine.clip: expected a number > 0, got 1e-45'],
    [{ sizes: [] }, 'mine.sizes: expected a list of 1 to 3 sizes, got []'],
    [{ sizes: [1, null] }, 'mine.sizes.1: expected a whole number ≥ 1, got null'],
    [{ steps: null }, 'mine.steps: expected a whole number from 1 to 100, got null'],
  ])('refuses %j', (given, message) => {
    expect(refusal(given)).toBe(message);
  });
  test.each([
    ['the library', LEARNER],
    ['configurations', CONFIG],
  ])('of %s says of every option what it does and takes', (_, table) => {
    const rows = optionsOf(table);
    expect(rows).not.toEqual([]);
    expect(rows.filter(row => !row.about || !row.range).map(row => row.key)).toEqual([]);
  });
  test('of configurations tells a default of every option that may be left out', () => {
    const without = optionsOf(CONFIG).filter(
      row => !row.needed && row.byDefault === undefined && !row.otherwise,
    );
    expect(without.map(row => row.key)).toEqual(['system.preset']);
  });
});

test('docs/options.md is what the tables say', async () => {
  await expect(await optionsPage()).toMatchFileSnapshot('../docs/options.md');
});

describe('a value in words', () => {
  test('is a line, however large or deep it is', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 20_000; i++) deep = [deep];
    for (const value of [deep, 'x'.repeat(1e6), new Array(1e6).fill(1), { deep }])
      expect(inWords(value).length).toBeLessThan(130);
  });
  test.each<[unknown, string]>([
    [undefined, 'nothing'],
    [1n, '1n'],
    [NaN, 'NaN'],
    [() => 1, 'a function'],
    [new Float32Array(2), 'a Float32Array'],
    [{ a: [1, 'x'] }, '{"a":[1,"x"]}'],
    [Object.create(null), '{}'],
  ])('%o', (value, words) => {
    expect(inWords(value)).toBe(words);
  });
});

describe('a misspelt name', () => {
  test.each([
    ['activaton', ['activation', 'alpha'], 'activation'],
    ['alfa', ['beta', 'alpha'], 'alpha'],
    ['w', ['W', 'B'], 'W'],
    ['optimizer', ['name', 'seed'], undefined],
    ['k', ['W', 'B'], undefined],
  ])('%s of %j is likely %s', (name, known, meant) => {
    expect(nearest(name, known)).toBe(meant);
  });
});
