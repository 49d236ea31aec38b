import { crc32 } from 'node:zlib';
import { encode } from 'fast-png';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { readOmniglot } from '../../src/tasks/omniglot.js';
import { dataFile, drawing, hasData, onRealData, problem, zeros } from './given.js';

const blank = drawing(() => false);
const full = drawing(() => true);
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
      'o.zip: expected a zip file, got 16 bytes that are none (invalid zip data); download the file again',
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
      'o.zip/root/Greek/character01/0001_01.png: expected a PNG, got damaged data (wrong PNG signature); download the zip file again',
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

  test('is refused with a PNG of another size', () => {
    expect(problem(() => read(drawing(() => false, 28)))).toBe(
      "o.zip/root/Greek/character01/0001_01.png: expected a grey PNG of 105 × 105, 1 bit, got 28 × 28, 1 × 1 bits; give Omniglot's drawings as published",
    );
  });

  test('is refused with a PNG of another depth', () => {
    expect(
      problem(() =>
        read(
          encode({
            width: 105,
            height: 105,
            depth: 8,
            channels: 3,
            data: new Uint8Array(105 * 105 * 3),
          }),
        ),
      ),
    ).toContain('got 105 × 105, 3 × 8 bits');
  });

  test('is refused with a PNG of a palette, where 0 may be any colour', () => {
    // Of `full`: colour type 3 in the header (byte 25), then a palette of two colours.
    const chunk = (type: string, data: Uint8Array) => {
      const out = new Uint8Array(12 + data.length);
      const view = new DataView(out.buffer);
      out.set(strToU8(type), 4);
      out.set(data, 8);
      view.setUint32(0, data.length);
      view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
      return out;
    };
    const header = full.slice(16, 29);
    header[9] = 3;
    const png = Uint8Array.from([
      ...full.subarray(0, 8),
      ...chunk('IHDR', header),
      ...chunk('PLTE', Uint8Array.of(255, 255, 255, 0, 0, 0)),
      ...full.subarray(33),
    ]);
    expect(problem(() => read(png))).toContain('got 105 × 105, 1 × 1 bits with a palette');
  });

  test.each([0, 106, 2.5])('is refused at size %d', size => {
    expect(problem(() => read(full, size))).toBe(
      `readOmniglot.size: expected a whole number from 1 to 105, got ${size}`,
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

  test('is read within two seconds', () => {
    const zip = dataFile('omniglot/images_background_small1.zip');
    const seconds = [1, 2, 3].map(() => {
      const start = performance.now();
      readOmniglot(zip, {}, 'small1');
      return (performance.now() - start) / 1000;
    });
    expect(Math.min(...seconds)).toBeLessThan(2);
  });
});
