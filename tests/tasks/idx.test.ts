import { gzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { readIdx, readIdxImages, type IdxData } from '../../src/tasks/idx.js';
import { dataFile, hasData, onRealData, problem, zeros } from './given.js';

/** An IDX file: the magic number and the sizes, big-endian, then the bytes. */
function idx(magic: number, shape: readonly number[], data: readonly number[]): Uint8Array {
  const file = new Uint8Array(4 + 4 * shape.length + data.length);
  const view = new DataView(file.buffer);
  [magic, ...shape].forEach((word, i) => view.setUint32(4 * i, word));
  file.set(data, 4 + 4 * shape.length);
  return file;
}
const pixels = Array.from({ length: 24 }, (_, i) => 10 * i);
const images = idx(0x803, [4, 2, 3], pixels);
const labels = idx(0x801, [4], [0, 2, 1, 2]);

describe('an IDX file', () => {
  test('of images has the shape (images, height, width)', () => {
    expect(readIdx(images, 'f').shape).toEqual([4, 2, 3]);
  });

  test('of images has its bytes in order', () => {
    expect([...readIdx(images, 'f').data]).toEqual(pixels);
  });

  test('of labels has the shape (labels)', () => {
    expect(readIdx(labels, 'f').shape).toEqual([4]);
  });

  test('is the same when gzipped', () => {
    expect([...readIdx(gzipSync(images), 'f').data]).toEqual(pixels);
  });

  test('is the same inside a larger buffer', () => {
    const buffer = new Uint8Array(100);
    buffer.set(images, 7);
    expect([...readIdx(buffer.subarray(7, 7 + images.length), 'f').data]).toEqual(pixels);
  });

  test('is refused with another magic number', () => {
    expect(problem(() => readIdx(idx(0xd03, [1, 1, 1], [0]), 'train.idx'))).toBe(
      'train.idx: expected an IDX file that begins with 0x00000803 (images) or 0x00000801 (labels), got 0x00000d03; give the file as it was published, plain or gzipped',
    );
  });

  test('is refused if it is empty', () => {
    expect(problem(() => readIdx(new Uint8Array(0), 'f'))).toContain('got 0 bytes');
  });

  test('is refused if the header is cut', () => {
    expect(problem(() => readIdx(images.subarray(0, 10), 'f'))).toBe(
      'f: expected a header of 16 bytes, got 10 bytes; download the file again',
    );
  });

  test('is refused if it is truncated', () => {
    expect(problem(() => readIdx(images.subarray(0, -1), 'f'))).toBe(
      'f: expected 4 × 2 × 3 = 24 bytes after the header, got 23; the file is truncated: download it again',
    );
  });

  test('is refused with trailing bytes', () => {
    expect(problem(() => readIdx(idx(0x801, [3], [0, 1, 2, 3, 4]), 'f'))).toBe(
      'f: expected 3 = 3 bytes after the header, got 5; the file has trailing bytes: give one IDX file and nothing after it',
    );
  });

  test('is refused if the gzip file is cut anywhere', () => {
    const file = gzipSync(images);
    for (let length = 2; length < file.length; length++)
      expect(problem(() => readIdx(file.slice(0, length), 'f'))).toMatch(
        /^f: expected a gzip file, got a corrupt one \(.+\); download the file again$/,
      );
  });

  test('never gives wrong pixels when one bit of the gzip file has flipped', () => {
    const file = gzipSync(images);
    for (let bit = 16; bit < 8 * file.length; bit++) {
      const flipped = file.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      let data: IdxData | undefined;
      try {
        data = readIdx(flipped, 'f').data;
      } catch (error) {
        expect((error as Error).message).toContain('f: expected a gzip file, got a corrupt one');
      }
      if (data) expect([...data]).toEqual(pixels);
    }
  });

  test('is refused with bytes after the gzip file', () => {
    const file = gzipSync(images);
    const longer = new Uint8Array(file.length + 9);
    longer.set(file);
    expect(problem(() => readIdx(longer, 'f'))).toContain('corrupt');
  });
});

describe('a bank of IDX images', () => {
  test('has the images of one file and the labels of the other', () => {
    expect(readIdxImages(images, gzipSync(labels), 'set')).toEqual({
      count: 4,
      width: 3,
      height: 2,
      pixels: Uint8Array.from(pixels),
      labels: Uint16Array.from([0, 2, 1, 2]),
      classes: 3,
    });
  });

  test('is refused if the counts differ', () => {
    expect(problem(() => readIdxImages(images, idx(0x801, [3], [0, 1, 2]), 'set'))).toBe(
      'set: expected one label for each of 4 images, got 3 labels; give the two files of the same set',
    );
  });

  test('is refused if labels come first', () => {
    expect(problem(() => readIdxImages(labels, images, 'set'))).toBe(
      'set images: expected images (0x00000803), got labels (0x00000801); give the image file first, then the label file',
    );
  });

  test('is refused if images come twice', () => {
    expect(problem(() => readIdxImages(images, images, 'set'))).toBe(
      'set labels: expected labels (0x00000801), got images (0x00000803); give the image file first, then the label file',
    );
  });

  test('is refused without an image', () => {
    expect(
      problem(() => readIdxImages(idx(0x803, [0, 2, 3], []), idx(0x801, [0], []), 'set')),
    ).toBe('set images: expected at least one image, got 0 × 2 × 3');
  });

  test('names the file of a pair that is damaged', () => {
    expect(problem(() => readIdxImages(images, labels.subarray(0, -1), 'set'))).toContain(
      'set labels: expected 4 = 4 bytes',
    );
  });
});

describe.skipIf(!hasData)(onRealData('real IDX files'), () => {
  const mnist = () =>
    readIdxImages(
      dataFile('mnist/t10k-images-idx3-ubyte.gz'),
      dataFile('mnist/t10k-labels-idx1-ubyte.gz'),
      'MNIST',
    );
  const emnist = () =>
    readIdxImages(
      dataFile('emnist/emnist-47x120-images-idx3-ubyte.gz'),
      dataFile('emnist/emnist-47x120-labels-idx1-ubyte.gz'),
      'EMNIST',
    );
  const perClass = ({ labels, classes }: { labels: Uint16Array; classes: number }) =>
    labels.reduce((n, label) => {
      n[label]!++;
      return n;
    }, zeros(classes));

  test("MNIST's test set has 10,000 images of 28 × 28", () => {
    const { count, width, height, pixels } = mnist();
    expect([count, width, height, pixels.length]).toEqual([10_000, 28, 28, 7_840_000]);
  });

  test("MNIST's test set has its published number of each digit", () => {
    expect(perClass(mnist())).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
  });

  test("MNIST's test set has the published mean grey level, 0.1325", () => {
    const { pixels } = mnist();
    expect(pixels.reduce((a, b) => a + b, 0) / pixels.length / 255).toBeCloseTo(0.1325, 4);
  });

  test("MNIST's test set begins with 7, 2, 1, 0, 4", () => {
    expect([...mnist().labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
  });

  test('EMNIST has 47 classes of 120 images', () => {
    expect(perClass(emnist())).toEqual(zeros(47).fill(120));
  });

  test('EMNIST has images of 28 × 28', () => {
    const { width, height } = emnist();
    expect([width, height]).toEqual([28, 28]);
  });
});
