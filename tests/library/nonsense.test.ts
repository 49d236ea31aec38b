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

/** What takes files, devices, options or configurations from outside, in whatever state they are. */
const { isAvailable, openGpu, useDevice, parseConfig, defineSystem } = library;
const { fewShotTasks, sineTasks, sineSequenceTasks, splitClasses } = library;
const { readCifar, readIdx, readIdxImages, readImages, readOmniglot } = library;
const { readRun, readSafetensors } = library;
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
