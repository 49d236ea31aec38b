import { expect, test } from 'vitest';
import { readCifar } from '../../src/tasks/cifar.js';
import { problem } from './given.js';

/** Images of one level in each plane: red, green and blue. */
const file = (...images: readonly (readonly [label: number, ...levels: number[]])[]) =>
  Uint8Array.from(
    images.flatMap(([label, ...levels]) => [
      label,
      ...levels.flatMap(level => Array.from({ length: 1024 }, () => level)),
    ]),
  );

const train = [file([3, 10, 20, 30], [9, 1, 2, 3]), file([0, 0, 0, 0])];
const last = [file([3, 255, 255, 255])];

test("CIFAR-10's files are images of their labels, those to test on last", () => {
  const set = readCifar({ train, test: last }, {}, 'c');
  expect(set).toMatchObject({ count: 4, width: 32, height: 32, channels: 3, classes: 10 });
  expect([...set.labels]).toEqual([3, 9, 0, 3]);
  expect([[...set.train], [...set.test]]).toEqual([[0, 1, 2], [3]]);
  expect(set.names[3]).toBe('cat');
});

test("CIFAR-10's pixels are as they were, plane after plane", () => {
  const image = Uint8Array.from({ length: 3073 }, (_, i) => (i === 0 ? 5 : (7 * i) % 256));
  expect(readCifar({ train: [image] }).pixels).toEqual(image.subarray(1));
});

test("CIFAR-10's images may be smaller, and grey", () => {
  const { pixels, channels, width, height } = readCifar(
    { train: [file([1, 255, 0, 0])] },
    { size: [2, 3], colour: 'grey' },
  );
  expect([channels, width, height]).toEqual([1, 3, 2]);
  expect([...pixels]).toEqual(Array.from({ length: 6 }, () => 76));
});

test.each<[string, Parameters<typeof readCifar>[0], string]>([
  [
    'cut off',
    { train: [train[0]!, train[1]!.subarray(1)] },
    'c, file 2: expected a whole number of images of 1 + 3 × 32 × 32 = 3073 bytes, got 3072 bytes; give the .bin files of cifar-10-binary.tar.gz, unpacked',
  ],
  ['empty', { test: [new Uint8Array()] }, 'got 0 bytes'],
  [
    'of other labels',
    { train: [file([10, 0, 0, 0])] },
    'c, file 1: expected labels from 0 to 9, got 10 for image 0',
  ],
  ['none', {}, 'c: expected at least one image, got none'],
])("CIFAR-10's files are refused if %s", (_, files, message) => {
  expect(problem(() => readCifar(files, {}, 'c'))).toContain(message);
});
