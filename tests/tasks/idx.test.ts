import { gzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { MetaplasticError } from '../../src/errors.js';
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
/** Parts one after another. */
const bytesOf = (...parts: readonly Uint8Array[]) =>
  Uint8Array.from(parts.flatMap(part => [...part]));

/** An IDX file of another type, whose numbers a method of DataView writes. */
function typed(
  type: number,
  size: number,
  shape: readonly number[],
  numbers: readonly number[],
  set: 'setInt8' | 'setInt16' | 'setInt32' | 'setFloat32' | 'setFloat64',
): Uint8Array {
  const data = new DataView(new ArrayBuffer(size * numbers.length));
  numbers.forEach((x, i) => data[set](size * i, x));
  return idx(256 * type + shape.length, shape, [...new Uint8Array(data.buffer)]);
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
    expect(problem(() => readIdx(idx(0x703, [1, 1, 1], [0]), 'train.idx'))).toBe(
      'train.idx: expected an IDX file that begins with 0x00000803 (images), 0x00000801 (labels) or the like for numbers of the types ubyte, byte, short, int, float, double, got 0x00000703; give the file as it was published, plain or gzipped',
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
        expect(error).toBeInstanceOf(MetaplasticError);
        expect((error as Error).message).toMatch(
          /^f: expected (a gzip file, got a corrupt one|an IDX file that begins|at most|\d+ bytes)/,
        );
      }
      if (data) expect([...data]).toEqual(pixels);
    }
  });

  test('is refused with bytes after the gzip file', () => {
    for (const more of [1, 3, 9])
      expect(
        problem(() => readIdx(bytesOf(gzipSync(images), new Uint8Array(more).fill(7)), 'f')),
      ).toContain('corrupt');
  });

  test('is the same with zeros after the gzip file', () => {
    for (const more of [1, 2, 3, 4, 9, 512]) {
      const padded = bytesOf(gzipSync(images), new Uint8Array(more));
      expect([...readIdx(padded, 'f').data], `${more} zeros`).toEqual(pixels);
    }
  });

  test('is the same in several members, one of them empty', () => {
    const parts = [images.subarray(0, 5), images.subarray(5), new Uint8Array(0)];
    const members = bytesOf(...parts.map(part => gzipSync(part)));
    expect([...readIdx(members, 'f').data]).toEqual(pixels);
    expect([...readIdx(bytesOf(members, new Uint8Array(20)), 'f').data]).toEqual(pixels);
  });

  test('is refused if a bit of any member has flipped', () => {
    const [first, second] = [gzipSync(images.subarray(0, 20)), gzipSync(images.subarray(20))];
    first[first.length - 8]! ^= 1;
    expect(problem(() => readIdx(bytesOf(first, second), 'f'))).toContain('CRC-32');
  });

  test('is refused as soon as more comes out than its header says', () => {
    const bomb = gzipSync(bytesOf(idx(0x801, [4], []), new Uint8Array(3e7)));
    expect(problem(() => readIdx(bomb, 'f'))).toContain('expected 12 bytes when unpacked');
  });

  test('is refused if its header says more than maxBytes', () => {
    const file = gzipSync(idx(0x803, [60_000, 2 ** 20, 2 ** 20], [0]));
    expect(problem(() => readIdx(file, 'f'))).toContain('expected at most 1073741824 bytes');
    expect(problem(() => readIdx(gzipSync(images), 'f', { maxBytes: 39 }))).toBe(
      'f: expected at most 39 bytes when unpacked, got 40; if the file is what it should be, raise maxBytes (of task.source, in a configuration)',
    );
    expect(readIdx(gzipSync(images), 'f', { maxBytes: 40 }).shape).toEqual([4, 2, 3]);
  });

  test.each([
    [0x9, 1, [-128, 127], 'setInt8'],
    [0xb, 2, [-32_768, 300], 'setInt16'],
    [0xc, 4, [-70_000, 70_000], 'setInt32'],
    [0xd, 4, [0.5, -2], 'setFloat32'],
    [0xe, 8, [0.1, 1e300], 'setFloat64'],
  ] as const)('of type 0x%s is read as its numbers', (type, size, numbers, set) => {
    expect([...readIdx(typed(type, size, [2], numbers, set), 'f').data]).toEqual(numbers);
  });
});

describe('a bank of IDX images', () => {
  test('may be stored column by column', () => {
    const {
      width,
      height,
      pixels: turned,
    } = readIdxImages(images, labels, 'set', {
      transposed: true,
    });
    expect([width, height]).toEqual([2, 3]);
    // stored 0 10 20 / 30 40 50, and the next image behind it
    expect([...turned.subarray(0, 12)]).toEqual([0, 30, 10, 40, 20, 50, 60, 90, 70, 100, 80, 110]);
  });

  test('may be stored with ink as 0', () => {
    const inverted = readIdxImages(images, labels, 'set', { inverted: true }).pixels;
    expect([...inverted]).toEqual(pixels.map(level => 255 - level));
  });

  test('is refused with an option that is none', () => {
    const options = { inverted: 'yes' as unknown as boolean };
    expect(problem(() => readIdxImages(images, labels, 'set', options))).toBe(
      'readIdxImages.inverted: expected true or false, got "yes"',
    );
  });

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

  test('may have one channel, before or behind height and width', () => {
    for (const shape of [
      [4, 1, 2, 3],
      [4, 2, 3, 1],
    ]) {
      const { width, height, pixels: read } = readIdxImages(idx(0x804, shape, pixels), labels, 'f');
      expect([width, height, [...read]]).toEqual([3, 2, pixels]);
    }
  });

  test('is refused with three channels', () => {
    expect(problem(() => readIdxImages(idx(0x804, [4, 2, 1, 3], pixels), labels, 'f'))).toContain(
      'f images: expected images of one channel',
    );
  });

  test('takes the first of several columns of labels', () => {
    const columns = typed(0xc, 4, [4, 2], [0, 900, 2, 901, 1, 902, 2, -903], 'setInt32');
    expect([...readIdxImages(images, columns, 'f').labels]).toEqual([0, 2, 1, 2]);
  });

  test('has a class 0 without images if labels begin with 1', () => {
    const { labels: read, classes } = readIdxImages(images, idx(0x801, [4], [1, 2, 3, 1]), 'f');
    expect([[...read], classes]).toEqual([[1, 2, 3, 1], 4]);
  });

  test('is refused if a label is no whole number that 16 bits hold', () => {
    for (const label of [-1, 70_000])
      expect(
        problem(() => readIdxImages(images, typed(0xc, 4, [4], [0, 1, label, 1], 'setInt32'), 'f')),
      ).toBe(
        `f labels: expected labels that are whole numbers from 0 to 65535, got ${label} for image 2`,
      );
  });

  test('has grey levels of real numbers in 255ths, whether they count to 1 or to 255', () => {
    const one = idx(0x801, [1], [0]);
    const levels = (numbers: readonly number[]) => [
      ...readIdxImages(typed(0xd, 4, [1, 1, 4], numbers, 'setFloat32'), one, 'f').pixels,
    ];
    expect(levels([0, 0.5, 1, 0.25])).toEqual([0, 128, 255, 64]);
    expect(levels([0, 128, 255, 64])).toEqual([0, 128, 255, 64]);
    expect(problem(() => levels([0, 0.5, 2, NaN]))).toContain('expected grey levels from 0 to 1');
  });

  test('is refused if the counts differ', () => {
    expect(problem(() => readIdxImages(images, idx(0x801, [3], [0, 1, 2]), 'set'))).toBe(
      'set: expected one label for each of 4 images, got 3 labels; give the two files of the same set',
    );
  });

  test('is refused if labels come first', () => {
    expect(problem(() => readIdxImages(labels, images, 'set'))).toBe(
      'set images: expected images: 3 dimensions, or 4 with one channel, got 1: 4; give the image file first, then the label file',
    );
  });

  test('is refused if images come twice', () => {
    expect(problem(() => readIdxImages(images, images, 'set'))).toBe(
      'set labels: expected labels: 1 dimension, or 2 with the label in the first column, got 3: 4 × 2 × 3; give the image file first, then the label file',
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
