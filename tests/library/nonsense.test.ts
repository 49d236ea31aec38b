import { describe, expect, test } from 'vitest';
import { MetaplasticError } from '../../src/errors.js';
import * as library from '../../src/index.js';

const NONSENSE: readonly (readonly unknown[])[] = [
  [],
  [undefined, undefined, undefined],
  [null],
  [{}, {}, 'here'],
  ['x', 'y', 'here'],
  [3, 4, 'here'],
  [[], [], 'here'],
  [new Uint8Array(3), new Uint8Array(3), 'here'],
];

/**
 * What takes files, devices, options or configurations from outside, in whatever state they are, and
 * what takes the work of other functions.
 */
const { isAvailable, openGpu, useDevice, parseConfig, defineSystem } = library;
const { fewShotTasks, sineTasks, sineSequenceTasks, splitClasses } = library;
const { readCifar, readIdx, readIdxImages, readImages, readOmniglot } = library;
const { readRun, readSafetensors } = library;
const { defineRule, describePlan, initialParameters, layoutOf, mathmlOfRule } = library;
const { writeCheckpoint, writeRun, writeSafetensors } = library;
const DOORS = {
  isAvailable,
  openGpu,
  useDevice,
  parseConfig,
  defineSystem,
  fewShotTasks,
  sineTasks,
  sineSequenceTasks,
  splitClasses,
  readCifar,
  readIdx,
  readIdxImages,
  readImages,
  readOmniglot,
  readRun,
  readSafetensors,
  defineRule,
  describePlan,
  initialParameters,
  layoutOf,
  mathmlOfRule,
  writeCheckpoint,
  writeRun,
  writeSafetensors,
};

type Door = (...given: unknown[]) => unknown;

describe.each(Object.entries(DOORS))('%s', (_, door) => {
  test.each(NONSENSE)('answers or refuses in words (%j, %j, %j)', async (...given) => {
    try {
      await (door as Door)(...given);
    } catch (error) {
      expect(error).toBeInstanceOf(MetaplasticError);
    }
  });
});

test('a tensor of whole numbers of 64 bits is refused by its name', () => {
  const tensor = { name: 'n', shape: [2], data: new BigInt64Array(2) as unknown as Float32Array };
  expect(() => writeSafetensors([tensor], {})).toThrow(
    'tensor n: expected a Float32Array, got a BigInt64Array',
  );
});
