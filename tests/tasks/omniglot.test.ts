import { crc32 } from 'node:zlib';
import { encode } from 'fast-png';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { check, section } from '../../src/options.js';
import { readOmniglot } from '../../src/tasks/omniglot.js';
import { OMNIGLOT } from '../../src/tasks/options.js';
import { dataFile, drawing, hasData, onRealData, problem, zeros } from './given.js';

const blank = drawing(() => false);
const full = drawing(() => true);
/** Where the first entry of a zip's directory begins. */
const directoryOf = (zip: Uint8Array) =>
  new DataView(zip.buffer).getUint32(zip.length - 22 + 16, true);
const read = (png: Uint8Array, size = 28) =>
  readOmniglot(zipSync({ 'root/Greek/character01/0001_01.png': png }), { size }, 'o.zip');

describe('an Omniglot zip', () => {
  const zip = zipSync({
    'root/Latin/character02/0003_01.png': full,
    'root/Latin/character02/0003_02.png': blank,
    'root/Greek/character10/0002_01.png': blank,
    'root/Greek/character09/0001_01.png': full,
    'root/readme.txt': strToU8('not a drawing'),
    '__MACOSX/root/Latin/character02/._0003_01.png': strToU8('nor this'),
  });

  test('names its classes by alphabet and character, sorted by path', () => {
    expect(readOmniglot(zip, {}, 'o.zip').names).toEqual([
      'Greek/character09',
      'Greek/character10',
      'Latin/character02',
    ]);
  });

  test('labels its drawings in the order of their paths', () => {
    expect([...readOmniglot(zip, {}, 'o.zip').labels]).toEqual([0, 1, 2, 2]);
  });

  test('has the drawings in the order of their labels', () => {
    const { pixels } = readOmniglot(zip, { size: 1 }, 'o.zip');
    expect([...pixels]).toEqual([255, 0, 255, 0]);
  });

  test('counts drawings and classes', () => {
    const { count, classes, width, height } = readOmniglot(zip, { size: 5 }, 'o.zip');
    expect({ count, classes, width, height }).toEqual({
      count: 4,
      classes: 3,
      width: 5,
      height: 5,
    });
  });

  test('has images of 28 × 28 if no size is given', () => {
    expect(readOmniglot(zip, {}, 'o.zip').pixels.length).toBe(4 * 28 * 28);
  });

  test('may have its alphabets at the top', () => {
    expect(
      readOmniglot(zipSync({ 'Greek/character01/0001_01.png': full }), {}, 'o.zip').names,
    ).toEqual(['Greek/character01']);
  });
});

describe('an Omniglot set that was packed, or resaved, by other programs', () => {
  const half = (x: number) => x < 52;
  const published = read(drawing(half), 5).pixels;
  const paths = (path: string) =>
    readOmniglot(
      zipSync({ [path]: full, '__MACOSX/Greek/character01/0001_01.png': blank }),
      {},
      'o',
    ).names;
  test('may have backslashes between folders, PNG in capitals, and what a Mac adds', () => {
    for (const path of ['x\\Greek\\character01\\0001_01.png', 'Greek/character01/0001_01.PNG'])
      expect(paths(path)).toEqual(['Greek/character01']);
  });

  test('may be a folder that was unpacked', () => {
    const files = { 'set/Greek/character01/0001_01.png': full, 'set/readme.txt': strToU8('') };
    expect(readOmniglot(files, { size: 1 }, 'set')).toMatchObject({ count: 1, classes: 1 });
  });

  /** The same half in other kinds of PNG: `pixel` gives the samples of ink and of paper. */
  const saved = (depth: 8 | 16, ink: readonly number[], paper: readonly number[]) => {
    const channels = ink.length as 1 | 2 | 3 | 4;
    const samples = Array.from({ length: 105 * 105 }, (_, i) => (half(i % 105) ? ink : paper));
    const data = (depth === 8 ? Uint8Array : Uint16Array).from(samples.flat());
    return read(encode({ width: 105, height: 105, depth, channels, data }), 5).pixels;
  };
  test.each([
    ['8 bit', 8, [0], [255]],
    ['16 bit', 16, [0], [65_535]],
    ['grey and opacity, where paper is transparent', 8, [0, 255], [0, 0]],
    ['colours', 8, [0, 0, 0], [255, 255, 255]],
    ['colours and opacity', 8, [0, 0, 0, 255], [9, 9, 9, 0]],
  ] as const)('may be of %s', (_, depth, ink, paper) => {
    expect(saved(depth, ink, paper)).toEqual(published);
  });

  test('may have a palette, where 0 may be any colour', () => {
    // Colour type 3 in the header (byte 25), then a palette of two colours: 0 is white here.
    const inverted = drawing(x => !half(x));
    const chunk = (type: string, data: Uint8Array) => {
      const out = new Uint8Array(12 + data.length);
      const view = new DataView(out.buffer);
      out.set(strToU8(type), 4);
      out.set(data, 8);
      view.setUint32(0, data.length);
      view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
      return out;
    };
    const header = inverted.slice(16, 29);
    header[9] = 3;
    const png = Uint8Array.from([
      ...inverted.subarray(0, 8),
      ...chunk('IHDR', header),
      ...chunk('PLTE', Uint8Array.of(255, 255, 255, 0, 0, 0)),
      ...inverted.subarray(33),
    ]);
    expect(read(png, 5).pixels).toEqual(published);
  });

  test('may be of another size, and of several', () => {
    const zip = zipSync({
      'Greek/character01/0001_01.png': drawing(x => x < 14, 28),
      'Greek/character01/0001_02.png': drawing(x => x < 100, 200),
    });
    expect([...readOmniglot(zip, { size: 2 }, 'o').pixels]).toEqual([
      255, 0, 255, 0, 255, 0, 255, 0,
    ]);
  });
});

describe('a drawing', () => {
  test('has 1 for ink and 0 for paper', () => {
    const { pixels } = read(
      drawing((x, y) => x < 30 && y >= 60),
      7,
    );
    expect([...pixels].map(p => p / 255)).toEqual(
      Array.from({ length: 49 }, (_, i) => (i % 7 < 2 && i >= 4 * 7 ? 1 : 0)),
    );
  });

  test('at full size is what was drawn', () => {
    const ink = (x: number, y: number) => (3 * x + 7 * y + x * y) % 11 < 4;
    expect(read(drawing(ink), 105).pixels).toEqual(
      Uint8Array.from({ length: 105 * 105 }, (_, i) =>
        ink(i % 105, Math.floor(i / 105)) ? 255 : 0,
      ),
    );
  });

  test('is averaged over the exact area of each pixel, fractions of pixels included', () => {
    // Each of 28 pixels covers 3.75 × 3.75: a dot at (3, 0) is split, 3/4 to the first pixel and
    // 1/4 to the second.
    const { pixels } = read(drawing((x, y) => x === 3 && y === 0));
    expect([...pixels.subarray(0, 3)]).toEqual([
      Math.round((255 * 0.75) / 3.75 ** 2),
      Math.round((255 * 0.25) / 3.75 ** 2),
      0,
    ]);
  });

  test('is averaged down the columns as along the rows', () => {
    const across = read(drawing((x, y) => x === 3 && y === 50)).pixels;
    const down = read(drawing((x, y) => y === 3 && x === 50)).pixels;
    expect([...down]).toEqual(
      Array.from({ length: 784 }, (_, i) => across[(i % 28) * 28 + Math.floor(i / 28)]),
    );
  });

  test.each([1, 4, 28, 64, 84, 104, 105])(
    'of ink alone stays 1 at every pixel of %i × the same',
    size => {
      expect(read(full, size).pixels.every(p => p === 255)).toBe(true);
    },
  );

  test('keeps its amount of ink', () => {
    const { pixels } = read(drawing((x, y) => (x - 50) ** 2 + (y - 50) ** 2 < 900));
    let ink = 0;
    for (let y = 0; y < 105; y++)
      for (let x = 0; x < 105; x++) if ((x - 50) ** 2 + (y - 50) ** 2 < 900) ink++;
    expect(pixels.reduce((a, b) => a + b, 0) / 255 / 784).toBeCloseTo(ink / 105 ** 2, 3);
  });
});

describe('an Omniglot file that is not one', () => {
  test('is refused if it is no zip file', () => {
    expect(problem(() => readOmniglot(strToU8('<html>404</html>'), {}, 'o.zip'))).toBe(
      'o.zip: expected a zip file, got 16 bytes that are none (its directory is missing); download the file again',
    );
  });

  test('is refused without folders of characters', () => {
    expect(problem(() => readOmniglot(zipSync({ 'photos/0001_01.png': full }), {}, 'o.zip'))).toBe(
      "o.zip: expected folders like Alphabet/character01/0001_01.png, got a zip file without any; give Omniglot's images_background.zip, images_evaluation.zip or images_background_small1.zip as published",
    );
  });

  test('is refused if it is truncated', () => {
    const zip = zipSync({ 'Greek/character01/0001_01.png': full });
    expect(problem(() => readOmniglot(zip.subarray(0, -30), {}, 'o.zip'))).toContain(
      'o.zip: expected a zip file',
    );
  });

  test('is refused with an unreadable PNG, by its path', () => {
    expect(problem(() => read(strToU8('no PNG at all')))).toBe(
      'o.zip/root/Greek/character01/0001_01.png: expected a PNG, got damaged data (wrong PNG signature); download the file again',
    );
  });

  test('is refused with a PNG in which a bit has flipped', () => {
    const png = drawing((x, y) => x === y);
    png[png.length - 20]! ^= 4;
    expect(problem(() => read(png))).toContain(
      'o.zip/root/Greek/character01/0001_01.png: expected a PNG, got damaged data',
    );
  });

  test('is refused with packed data that do not unpack, by their path', () => {
    const zip = zipSync({ 'Greek/character01/0001_01.png': [new Uint8Array(500), { level: 9 }] });
    const dataStart = 30 + 'Greek/character01/0001_01.png'.length;
    zip[dataStart] = 0xff;
    expect(problem(() => readOmniglot(zip, {}, 'o.zip'))).toMatch(
      /^o\.zip\/Greek\/character01\/0001_01\.png: expected a file of the zip, got damaged data \(.+\); download the zip file again$/,
    );
  });

  test('is refused with a PNG that is not square', () => {
    const wide = encode({ width: 9, height: 8, depth: 8, channels: 1, data: new Uint8Array(72) });
    expect(problem(() => read(wide))).toBe(
      "o.zip/root/Greek/character01/0001_01.png: expected a square drawing of at most 4096 × 4096 pixels, not interlaced, got 9 × 8; give Omniglot's drawings as published, or all of them resized to squares",
    );
  });

  test('is refused with a PNG that holds more or fewer pixels than its header says', () => {
    const png = drawing(() => true, 64);
    const tall = drawing(() => true, 128);
    const body = (file: Uint8Array) => file.subarray(33);
    for (const [head, rest] of [
      [png, body(tall)],
      [tall, body(png)],
    ] as const)
      expect(problem(() => read(Uint8Array.from([...head.subarray(0, 33), ...rest])))).toMatch(
        /(more|fewer) than \d+ bytes of pixels/,
      );
  });

  test('is refused if the zip unpacks to more than maxBytes, before it does', () => {
    const zip = zipSync({ 'Greek/character01/0001_01.png': new Uint8Array(5e6) });
    expect(problem(() => readOmniglot(zip, { maxBytes: 1e6 }, 'o.zip'))).toContain(
      'o.zip: expected at most 1000000 bytes when unpacked, got 5000000',
    );
  });

  test('is refused if its directory claims more than deflate can pack', () => {
    const zip = zipSync({ 'Greek/character01/0001_01.png': full });
    new DataView(zip.buffer).setUint32(directoryOf(zip) + 24, 5e8, true);
    expect(problem(() => readOmniglot(zip, {}, 'o.zip'))).toMatch(/bytes cannot be 500000000/);
  });

  test('is refused if the CRC-32 of a file is another', () => {
    const zip = zipSync({ 'Greek/character01/0001_01.png': full });
    zip[directoryOf(zip) + 16]! ^= 1;
    expect(problem(() => readOmniglot(zip, {}, 'o.zip'))).toContain('CRC-32');
  });

  test.each([
    [9, 'deflate64 (method 9)'],
    [12, 'bzip2 (method 12)'],
    [77, 'an unknown method (method 77)'],
  ])('is refused by the name of a method other than deflate: %i', (method, name) => {
    const zip = zipSync({ 'Greek/character01/0001_01.png': full });
    new DataView(zip.buffer).setUint16(directoryOf(zip) + 10, method, true);
    expect(problem(() => readOmniglot(zip, {}, 'o.zip'))).toBe(
      `o.zip/Greek/character01/0001_01.png: expected a file packed by deflate, or not packed, got ${name}; unpack the zip file with the program that made it, and pack the folder anew`,
    );
  });

  test.each([0, 106, 2.5])('is refused at size %d', size => {
    expect(problem(() => read(full, size))).toBe(
      `readOmniglot.size: expected a whole number from 1 to 105, got ${size}`,
    );
    const asked = { train: 'a.zip', test: 'b.zip', size };
    expect(problem(() => check(section(OMNIGLOT), asked, 'source'))).toBe(
      `source.size: expected a whole number from 1 to 105, got ${size}`,
    );
  });
});

describe.skipIf(!hasData)(onRealData("Omniglot's own drawings"), () => {
  const bank = (set: 1 | 2) =>
    readOmniglot(dataFile(`omniglot/images_background_small${set}.zip`), {}, `small${set}`);

  test.each([
    [1, 136],
    [2, 156],
  ] as const)('small set %i has %i characters of 20 drawings', (set, characters) => {
    const { labels, classes } = bank(set);
    const perClass = zeros(classes);
    for (const label of labels) perClass[label]!++;
    expect(perClass).toEqual(zeros(characters).fill(20));
  });

  test('small set 1 has five alphabets', () => {
    expect([...new Set(bank(1).names.map(name => name.split('/')[0]))]).toEqual([
      'Balinese',
      'Early_Aramaic',
      'Greek',
      'Korean',
      'Latin',
    ]);
  });

  test('both small sets have Greek and Latin: 50 characters that must not be in meta-training and meta-test', () => {
    const train = bank(1).names;
    expect(bank(2).names.filter(name => train.includes(name)).length).toBe(50);
  });

  test('is thin ink on much paper: between 5 and 12 % of the area', () => {
    const { pixels } = bank(1);
    const ink = pixels.reduce((a, b) => a + b, 0) / pixels.length / 255;
    expect(ink > 0.05 && ink < 0.12).toBe(true);
  });

  test('is read within two seconds of a processor', () => {
    const zip = dataFile('omniglot/images_background_small1.zip');
    const seconds = [1, 2, 3, 4, 5].map(() => {
      const start = process.cpuUsage();
      readOmniglot(zip, {}, 'small1');
      const { user, system } = process.cpuUsage(start);
      return (user + system) / 1e6;
    });
    expect(Math.min(...seconds)).toBeLessThan(2);
  });
});
