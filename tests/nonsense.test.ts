import { expect, test } from 'vitest';
import * as library from '../src/index.js';
import { problem } from './tasks/given.js';

/** What nobody means, and what a slip makes: forgotten, mixed up, of another library. */
const NONSENSE = [
  undefined,
  null,
  {},
  [],
  5,
  'x',
  NaN,
  5n,
  new Float32Array(3),
  new BigInt64Array(2),
  { a: 1n },
];

const DOORS = [
  'defineSystem',
  'defineRule',
  'layoutOf',
  'initialParameters',
  'describePlan',
  'mathmlOfRule',
  'parseConfig',
  'writeCheckpoint',
  'writeSafetensors',
  'writeRun',
] as const satisfies readonly (keyof typeof library)[];

test.each(DOORS)('%s refuses nonsense in one clear error', name => {
  const door = library[name] as (...args: readonly unknown[]) => unknown;
  for (const value of NONSENSE)
    expect(problem(() => door(value, value, value))).toMatch(/expected .+, got |unknown key|got /);
});

test('a tensor of whole numbers of 64 bits is refused by its name', () => {
  const tensor = { name: 'n', shape: [2], data: new BigInt64Array(2) as unknown as Float32Array };
  expect(problem(() => library.writeSafetensors([tensor], {}))).toBe(
    'tensor n: expected a Float32Array, got a BigInt64Array',
  );
});
