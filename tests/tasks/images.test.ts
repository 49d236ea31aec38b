import { encode } from 'fast-png';
import { strToU8, zipSync } from 'fflate';
import jpeg from 'jpeg-js';
import { describe, expect, test } from 'vitest';
import { MetaplasticError } from '../../src/errors.js';
import { fewShotTasks } from '../../src/tasks/few-shot.js';
import { readImages, type ImageFiles, type ImagesOptions } from '../../src/tasks/images.js';
import { imageStreamTasks } from '../../src/tasks/stream.js';
import { dataFile, hasData, onRealData } from './given.js';

type Colour = readonly [number, number, number];
type Picture = (x: number, y: number) => readonly number[];

const red: Colour = [255, 0, 0];
const blue: Colour = [0, 0, 255];
/** Red on the left of column 8, blue from there on. */
const halves: Picture = x => (x < 8 ? red : blue);

function png(width: number, height: number, picture: Picture): Uint8Array {
  const pixels = Array.from({ length: width * height }, (_, i) =>
    picture(i % width, Math.floor(i / width)),
  );
  const channels = pixels[0]!.length as 1 | 2 | 3 | 4;
  return encode({ width, height, depth: 8, channels, data: Uint8Array.from(pixels.flat()) });
}

function jpg(width: number, height: number, picture: Picture): Uint8Array {
  const pixels = Array.from({ length: width * height }, (_, i) => [
    ...picture(i % width, Math.floor(i / width)),
    255,
  ]);
  return new Uint8Array(jpeg.encode({ width, height, data: pixels.flat() }, 100).data);
}

const base64 = (text: string) => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));

/** `halves` of 16 × 16 as libjpeg writes it: progressive, and grey; then in CMYK, all white. */
const PROGRESSIVE = base64(
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/2wBDAQICAgICAgUDAwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgr/wgARCAAQABADAREAAhEBAxEB/8QAFAABAAAAAAAAAAAAAAAAAAAAB//EABYBAQEBAAAAAAAAAAAAAAAAAAkHCP/aAAwDAQACEAMQAAABF5Tv4hVQ114q0oIVUNf/xAAUEAEAAAAAAAAAAAAAAAAAAAAg/9oACAEBAAEFAh//xAAUEQEAAAAAAAAAAAAAAAAAAAAg/9oACAEDAQE/AR//xAAUEQEAAAAAAAAAAAAAAAAAAAAg/9oACAECAQE/AR//xAAUEAEAAAAAAAAAAAAAAAAAAAAg/9oACAEBAAY/Ah//xAAUEAEAAAAAAAAAAAAAAAAAAAAg/9oACAEBAAE/IR//2gAMAwEAAgADAAAAEAAP/8QAFBEBAAAAAAAAAAAAAAAAAAAAIP/aAAgBAwEBPxAf/8QAFBEBAAAAAAAAAAAAAAAAAAAAIP/aAAgBAgEBPxAf/8QAFBABAAAAAAAAAAAAAAAAAAAAIP/aAAgBAQABPxAf/9k=',
);
const GREY = base64(
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/wgALCAAQABABAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAB//aAAgBAQAAAAEXIV4h/8QAFBABAAAAAAAAAAAAAAAAAAAAIP/aAAgBAQABBQIf/8QAFBABAAAAAAAAAAAAAAAAAAAAIP/aAAgBAQAGPwIf/8QAFBABAAAAAAAAAAAAAAAAAAAAIP/aAAgBAQABPyEf/9oACAEBAAAAEA//xAAUEAEAAAAAAAAAAAAAAAAAAAAg/9oACAEBAAE/EB//2Q==',
);
const CMYK = base64(
  '/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAQCwwODAoQDg0OEhEQExgoGhgWFhgxIyUdKDozPTw5Mzg3QEhcTkBEV0U3OFBtUVdfYmdoZz5NcXlwZHhcZWdj/8AAFAgAEAAQBEMRAE0RAFkRAEsRAP/EABYAAQEBAAAAAAAAAAAAAAAAAAAIB//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAOBEMATQBZAEsAAD8A0Bn7P2gJ/FACgBP4n8UAP//Z',
);

const read = (files: ImageFiles, options: ImagesOptions = {}) => readImages(files, options, 'f');
/** The pixels of one picture, read alone. */
const pixelsOf = async (file: Uint8Array, options: ImagesOptions = {}, name = 'a/1.png') => [
  ...(await read({ [name]: file }, options)).pixels,
];

/** The message of the MetaplasticError with which reading ends; anything else fails the test. */
async function refusal(files: unknown, options: ImagesOptions = {}): Promise<string> {
  const error = await read(files as ImageFiles, options).then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(MetaplasticError);
  return (error as MetaplasticError).message;
}

const dot = png(1, 1, () => red);

describe('images by class', () => {
  const files = {
    'set/dog/2.png': png(2, 1, () => blue),
    'set/dog/1.PNG': png(2, 1, () => red),
    'set/cat/x.jpeg': jpg(2, 1, () => [255, 255, 255]),
    'set/cat/._x.jpeg': strToU8('what a Mac adds'),
    'set/readme.txt': strToU8('no image'),
    '__MACOSX/set/cat/y.png': strToU8('nor this'),
  };

  test('are the same from files, from a zip and from a folder', async () => {
    const folder = {
      paths: async () => Object.keys(files),
      read: async (path: string) => files[path as keyof typeof files],
    };
    const expected = await read(files);
    expect(await read(folder)).toEqual(expected);
    expect((await read(zipSync(files))).pixels).toEqual(expected.pixels);
    expect(expected).toMatchObject({
      count: 3,
      classes: 2,
      width: 2,
      height: 1,
      channels: 3,
      names: ['cat', 'dog'],
    });
    expect([...expected.labels]).toEqual([0, 1, 1]);
  });

  test('have planes of red, green and blue', async () => {
    const { pixels } = await read(files);
    expect([...pixels.subarray(6, 18)]).toEqual([255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]);
  });

  test('are of the class that the folder below train/ or test/ names, at any depth', async () => {
    const { names, labels, train, test, leftOut } = await read({
      'x/Train/b/deep/1.png': dot,
      'x/Train/a/1.png': dot,
      'x/TEST/b/1.png': dot,
      'x/val/c/1.png': dot,
      'x/extra/1.png': dot,
      'preview.png': dot,
    });
    expect(names).toEqual(['a', 'b']);
    // x/TEST/b/1.png, x/Train/a/1.png, x/Train/b/deep/1.png
    expect([[...labels], [...train], [...test], leftOut]).toEqual([[1, 0, 1], [1, 2], [0], 3]);
  });

  test('may have classes called train and test, where no class is below them', async () => {
    const { names } = await read({ 'toys/train/1.png': dot, 'toys/test/1.png': dot });
    expect(names).toEqual(['test', 'train']);
  });

  test('have classes in the order of their numbers, if all have one', async () => {
    const { names } = await read({ '10/1.png': dot, '9/1.png': dot, '0/1.png': dot });
    expect(names).toEqual(['0', '9', '10']);
  });
});

describe('images of CSV lists', () => {
  const files = { 'images/n01.png': dot, 'images/n02.png': dot, 'images/n03.png': dot };
  const train = '\uFEFFlabel,filename\r\nn9,n01.png\r\n"n8",images/n03.png\r\n';

  test('have the classes and parts that the lists say', async () => {
    const set = await read(files, { lists: { train, test: 'filename,label\nn02.png,n7\n' } });
    expect(set.names).toEqual(['n7', 'n8', 'n9']);
    expect([[...set.labels], [...set.train], [...set.test], set.leftOut]).toEqual([
      [2, 1, 0],
      [0, 1],
      [2],
      0,
    ]);
  });

  test('are only those that are listed', async () => {
    const { count, leftOut } = await read(files, { lists: { train } });
    expect([count, leftOut]).toEqual([2, 1]);
  });

  test.each([
    ['filename;label\na;b', 'list of train: expected a CSV whose first line names the columns'],
    ['filename,label\nn01.png', 'list of train, line 2: expected a filename and a label'],
    [
      'filename,label\nn04.png,a',
      'line 2: expected the name of one image, listed once, got "n04.png", which is not there',
    ],
    [
      'filename,label\nn01.png,a\nn01.png,b',
      'line 3: expected the name of one image, listed once, got "n01.png" again',
    ],
  ])('are refused for the list %j', async (list, message) => {
    expect(await refusal(files, { lists: { train: list } })).toContain(message);
  });

  test('are refused by a name that several images have', async () => {
    const twice = { 'a/1.png': dot, 'b/1.png': dot };
    expect(await refusal(twice, { lists: { test: 'filename,label\n1.png,x' } })).toContain(
      'got "1.png", which several have',
    );
  });
});

describe('a picture', () => {
  test('of its own size keeps its levels', async () => {
    const levels = Array.from({ length: 3 * 7 * 5 }, (_, i) => (37 * i) % 256);
    const picture = png(7, 5, (x, y) => [0, 1, 2].map(c => levels[c * 35 + y * 7 + x]!));
    expect(await pixelsOf(picture)).toEqual(levels);
  });

  test('is averaged over the exact area of each pixel, by its own factor each way', async () => {
    // 5 × 2 → 2 × 1: a pixel covers 2.5 × 2, so the middle column is split in two.
    const picture = png(5, 2, (x, y) => [10 * x + 100 * y]);
    expect(await pixelsOf(picture, { size: [1, 2], colour: 'grey' })).toEqual([
      Math.round((0 + 10 + 20 / 2) / 2.5 + 50),
      Math.round((20 / 2 + 30 + 40) / 2.5 + 50),
    ]);
  });

  test('is made larger by the nearest pixel, mixed where an edge is crossed', async () => {
    const picture = png(2, 1, x => [100 * x]);
    const wide = (width: number) => pixelsOf(picture, { size: [2, width], colour: 'grey' });
    expect(await wide(4)).toEqual([0, 0, 100, 100, 0, 0, 100, 100]);
    expect(await wide(3)).toEqual([0, 50, 100, 0, 50, 100]);
  });

  test('in grey is its luma', async () => {
    const picture = png(3, 1, x => [0, 1, 2].map(c => (c === x ? 255 : 0)));
    expect(await pixelsOf(picture, { colour: 'grey' })).toEqual([76, 150, 29]);
  });

  test.each<[string, readonly number[], readonly number[]]>([
    ['grey', [9], [9, 9, 9]],
    ['grey and opacity', [9, 0], [255, 255, 255]],
    ['colours and opacity', [0, 100, 200, 51], [204, 224, 244]],
  ])('of %s lies on white, in three channels', async (_, samples, expected) => {
    expect(await pixelsOf(png(1, 1, () => samples))).toEqual(expected);
  });

  test.each([
    ['baseline', jpg(16, 16, halves), 'a/1.jpg'],
    ['progressive', PROGRESSIVE, 'a/1.JPEG'],
  ])('may be a JPEG, %s, within 3 of 255 levels', async (_, file, name) => {
    const pixels = await pixelsOf(file, {}, name);
    pixels.forEach((level, i) => {
      const expected = halves(i % 16, 0)[Math.floor(i / 256)]!;
      expect(Math.abs(level - expected)).toBeLessThanOrEqual(3);
    });
  });

  test('may be a grey JPEG', async () => {
    const pixels = await pixelsOf(GREY, { colour: 'grey', size: [1, 2] }, 'a/1.jpg');
    [76, 29].forEach((level, i) => expect(Math.abs(pixels[i]! - level)).toBeLessThanOrEqual(1));
  });
});

describe('images that cannot be read are refused in one line, by their path', () => {
  const bytes = jpg(16, 16, halves);
  const start = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xc0);
  const changed = (...changes: readonly (readonly [number, number])[]) => {
    const copy = bytes.slice();
    for (const [at, byte] of changes) copy[start + at] = byte;
    return copy;
  };
  test.each<[string, Uint8Array, string]>([
    ['a PNG named .jpg', dot, 'expected a JPEG, got damaged data (wrong JPEG signature)'],
    ['nothing', new Uint8Array(), 'damaged data (wrong JPEG signature)'],
    ['a JPEG cut off in its picture', bytes.subarray(0, -9), 'damaged data (cut off)'],
    ['a JPEG cut off in its header', bytes.subarray(0, start + 6), 'damaged data (cut off)'],
    [
      'a JPEG whose end was moved',
      Uint8Array.from([...bytes.subarray(0, -60), 0xff, 0xd9]),
      'damaged data',
    ],
    ['CMYK', CMYK, 'got 4 colours, as CMYK has'],
    ['arithmetic coding', changed([1, 0xc9]), 'got arithmetic coding'],
    ['12 bits', changed([4, 12]), 'got 12 bits'],
    [
      'no height',
      changed([5, 0], [6, 0]),
      'expected a picture of 1 to 16777216 pixels, not interlaced, got 16 × 0',
    ],
    ['too many pixels', changed([5, 255], [7, 255]), 'got 65296 × 65296'],
    [
      'more pixels than its bytes can be',
      changed([5, 16], [7, 15]),
      'bytes cannot be 3856 × 4112 pixels',
    ],
    ['no sampling', changed([11, 0]), 'sampling factors 0 × 0'],
  ])('%s', async (_, file, message) => {
    const said = await refusal({ 'a/1.jpg': file });
    expect(said).toMatch(/^f\/a\/1\.jpg: /);
    expect(said).toContain(message);
  });

  test('a JPEG of very many scans', async () => {
    const scan = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xda);
    const scans = Array.from({ length: 101 }, () => [...bytes.subarray(scan, -2)]);
    const file = Uint8Array.from([...bytes.subarray(0, scan), ...scans.flat(), 0xff, 0xd9]);
    expect(await refusal({ 'a/1.jpg': file })).toContain('more than 100 scans');
  });

  test('a PNG of too many pixels, or interlaced', async () => {
    const large = dot.slice();
    large.set([0, 1, 0, 0, 0, 1, 0, 0], 16);
    expect(await refusal({ 'a/1.png': large })).toContain('got 65536 × 65536');
    const image = { width: 9, height: 9, data: new Uint8Array(81), channels: 1 } as const;
    const woven = encode(image, { interlace: 'Adam7' });
    expect(await refusal({ 'a/1.png': woven })).toContain('got 9 × 9, interlaced');
  });

  test('a name with control characters', async () => {
    const message =
      'f: expected names without control characters, got "a/\\u0000.png"; rename the file';
    expect(await refusal({ 'a/\0.png': dot })).toBe(message);
    expect(await refusal(zipSync({ 'a/\0.png': dot }))).toBe(message);
  });

  test('images of several sizes, if none is asked for', async () => {
    const files = { 'a/1.png': dot, 'a/2.png': png(2, 1, () => red) };
    expect(await refusal(files)).toBe(
      'f/a/2.png: expected 1 × 1 pixels, as the images before it have, got 2 × 1; say with size: [height, width] what all should be averaged to',
    );
  });

  test.each<[string, ImageFiles]>([
    ['none', { 'readme.txt': strToU8('') }],
    ['1 images in no such folder', { '1.png': dot }],
  ])('no images by class: %s', async (got, files) => {
    expect(await refusal(files)).toContain(`got ${got}; put the images of each class in a folder`);
  });

  test('more bytes than told, of files and of images', async () => {
    const hint = 'expected at most 100 bytes when unpacked';
    const files = { 'a/1.png': dot, 'a/2.png': dot };
    expect(dot.length).toBeLessThan(100);
    expect(await refusal(files, { maxBytes: 100 })).toContain(hint);
    expect(await refusal(zipSync(files), { maxBytes: 100 })).toContain(hint);
    expect(await refusal({ 'a/1.png': dot }, { maxBytes: 100, size: [6, 6] })).toContain(
      `${hint}, got 108`,
    );
  });

  test.each([
    [{ size: [0, 5] }, 'readImages.size: expected two whole numbers [height, width]'],
    [{ colour: 'red' }, 'readImages.colour: unknown choice'],
    [{ lists: { train: 3 } }, 'readImages.lists.train: expected a text'],
  ])('options that are none: %j', async (options, message) => {
    expect(await refusal({ 'a/1.png': dot }, options as ImagesOptions)).toContain(message);
  });
});

describe('a set of images makes tasks', () => {
  const shades = (part: string, classes: string) =>
    [...classes].flatMap(name => [1, 2, 3, 4].map(n => [`${part}/${name}/${n}.png`, dot] as const));
  const files = Object.fromEntries([...shades('train', 'abc'), ...shades('test', 'bcd')]);

  test('of few shots among its training images alone', async () => {
    const bank = await read(files);
    const source = fewShotTasks({
      bank,
      images: bank.train,
      ways: 3,
      shots: 3,
      queriesPerClass: 1,
    });
    const { supportX, queryX } = source.episodes(1, 0, 40);
    expect(source.inputs).toBe(3);
    expect(new Set([...supportX, ...queryX])).toEqual(new Set(bank.train));
  });

  test('with classes that have images among these', async () => {
    const bank = await read(files);
    const make = () =>
      fewShotTasks({ bank, images: bank.test, ways: 4, shots: 1, queriesPerClass: 1 });
    expect(make).toThrow('fewShotTasks.ways: expected at most 3, the classes to draw from, got 4');
  });

  test('of a stream whose queries are its test images', async () => {
    const bank = await read(files);
    const source = imageStreamTasks({ bank, test: bank.test, steps: 12, batch: 1, queries: 12 });
    const { supportX, queryX } = source.episodes(1, 0, 1);
    expect([new Set(supportX), new Set(queryX)]).toEqual([new Set(bank.train), new Set(bank.test)]);
  });

  test('but not of images that there are not, or that are listed twice', async () => {
    const bank = await read(files);
    const of = (...images: number[]) => {
      const list = Uint32Array.from(images);
      fewShotTasks({ bank, images: list, ways: 1, shots: 1, queriesPerClass: 1 });
    };
    expect(() => of(24)).toThrow(
      'fewShotTasks.images: expected different images of the bank, 0 to 23, got 24',
    );
    expect(() => of(3, 3)).toThrow('got 3 twice');
  });

  test('nor of a stream that has nothing left to see', async () => {
    const bank = await read(files);
    const test = Uint32Array.from(bank.labels.keys());
    expect(() => imageStreamTasks({ bank, test, steps: 1, batch: 1, queries: 1 })).toThrow(
      'imageStreamTasks.test: expected some images left to learn from, got all 24',
    );
  });
});

describe.skipIf(!hasData)(onRealData('JPEGs of CIFAR-10'), () => {
  const zip = () => dataFile('cifar10/cifar10-jpeg-10x1000.zip');

  test('are 800 a class to train on and 200 to test on, with the colours that libjpeg finds', async () => {
    const { train, test, labels, names, pixels } = await readImages(zip(), { size: [32, 32] });
    const perClass = (images: Uint32Array) =>
      names.map((_, c) => images.reduce((sum, image) => sum + Number(labels[image] === c), 0));
    expect(perClass(train)).toEqual(names.map(() => 800));
    expect(perClass(test)).toEqual(names.map(() => 200));
    // Means of red, green and blue by Pillow 12; jpeg-js rounds colours down.
    const known: readonly (readonly [Uint32Array, string, number, Colour])[] = [
      [test, 'airplane', 0, [152.264, 150.482, 161.747]],
      [test, 'cat', 3, [108.304, 89.343, 71.734]],
      [train, 'frog', 7, [104.938, 63.578, 66.95]],
      [train, 'truck', 799, [106.892, 123.531, 142.135]],
    ];
    for (const [part, name, number, means] of known) {
      const image = part.filter(k => labels[k] === names.indexOf(name))[number]!;
      means.forEach((mean, c) => {
        const at = (3 * image + c) * 1024;
        const found = pixels.subarray(at, at + 1024).reduce((a, b) => a + b, 0) / 1024;
        expect(Math.abs(found - mean), `${name} ${number}, channel ${c}`).toBeLessThan(0.75);
      });
    }
  }, 120_000);
});
