import { expect, test } from 'vitest';
import {
  defineRule,
  defineSystem,
  describePlan,
  initialParameters,
  layoutOf,
  mathmlOfRule,
  parseConfig,
  writeCheckpoint,
  writeRun,
  writeSafetensors,
} from '../src/index.js';
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

const DOORS = {
  defineRule,
  defineSystem,
  describePlan,
  initialParameters,
  layoutOf,
  mathmlOfRule,
  parseConfig,
  writeCheckpoint,
  writeRun,
  writeSafetensors,
};

test.each(Object.entries(DOORS))('%s refuses nonsense in one clear error', (_, door) => {
  const any = door as (...args: readonly unknown[]) => unknown;
  for (const value of NONSENSE)
    expect(problem(() => any(value, value, value))).toMatch(/expected .+, got |unknown key/);
});

test('a tensor of whole numbers of 64 bits is refused by its name', () => {
  const tensor = { name: 'n', shape: [2], data: new BigInt64Array(2) as unknown as Float32Array };
  expect(problem(() => writeSafetensors([tensor], {}))).toBe(
    'tensor n: expected a Float32Array, got a BigInt64Array',
  );
});
