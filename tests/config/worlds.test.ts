import { strToU8, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/config.js';
import { RUN_PRESETS } from '../../src/config/presets.js';
import { openWorld } from '../../src/config/worlds.js';
import { checkEpisodes, type Normalisation } from '../../src/tasks/episodes.js';
import type { SineSource } from '../../src/tasks/sine.js';
import { symbolBank } from '../../src/tasks/symbols/symbols.js';
import { dataFile, drawing, hasData, onRealData } from '../tasks/given.js';

/** A zip of characters, ten drawings each, all of one picture: ink in a corner of its own size. */
function characters(...names: string[]): Uint8Array {
  const files: Record<string, Uint8Array> = { 'set/readme.txt': strToU8('') };
  names.forEach((name, c) => {
    const png = drawing((x, y) => x < 30 && y < 10 + 10 * c);
    for (let d = 1; d <= 10; d++) files[`set/${name}/0001_${String(d).padStart(2, '0')}.png`] = png;
  });
  return zipSync(files);
}

const train = characters(
  'A/character01',
  'A/character02',
  'A/character03',
  'A/character04',
  'A/character05',
);
const held = characters(
  'A/character01',
  'B/character01',
  'B/character02',
  'B/character03',
  'B/character04',
  'B/character05',
);

async function world(rotations: boolean) {
  const preset = RUN_PRESETS['flp-omniglot']!;
  const task = preset.task as { source: object };
  const config = parseConfig(
    { ...preset, task: { ...task, source: { ...task.source, rotations } } },
    'test',
  );
  return openWorld(config, async path => (path.includes('small1') ? train : held));
}

describe('the world of Omniglot', () => {
  test('holds the characters of both files in one bank, and trains on the first alone', async () => {
    const { bank, train: source } = await world(false);
    const { supportX, queryX } = source.episodes(1, 0, 50);
    expect([bank!.classes, bank!.count]).toEqual([11, 110]);
    expect(Math.max(...supportX, ...queryX)).toBeLessThan(50);
  });
  test('tells apart the test characters that meta-training never saw', async () => {
    const { tests } = await world(false);
    expect(tests.map(t => t.title)).toEqual([
      'i.i.d., 6 characters of images_background_small2',
      'class by class, 6 characters of images_background_small2',
      'i.i.d., its 5 characters of unseen alphabets',
      'class by class, its 5 characters of unseen alphabets',
    ]);
    const { supportX } = tests[2]!.source.episodes(1, 0, 50);
    expect(Math.min(...supportX)).toBeGreaterThanOrEqual(60);
  });
  test('with rotations trains on every character turned by quarters too, and tests on none of them', async () => {
    const { bank, tests } = await world(true);
    const image = (k: number) => bank!.pixels.subarray(k * 784, (k + 1) * 784);
    expect(bank!.classes).toBe(20 + 6);
    const upright = image(10);
    const at = (picture: Uint8Array, x: number, y: number) => picture[y * 28 + x]!;
    for (const [turn, x, y] of [
      [1, 2, 25],
      [2, 25, 25],
      [3, 25, 2],
    ] as const) {
      const turned = image(turn * 50 + 10);
      expect(at(turned, x, y), `turned ${turn} times`).toBe(255);
      expect([...turned].sort()).toEqual([...upright].sort());
    }
    const { supportX } = tests[0]!.source.episodes(1, 0, 50);
    expect(Math.min(...supportX)).toBeGreaterThanOrEqual(200);
  });
});

describe('the world of Omniglot whose test set lies in its training set', () => {
  const open = (test: Uint8Array, ways = 5, normalise?: Normalisation) =>
    openWorld(
      parseConfig(
        {
          ...RUN_PRESETS['flp-omniglot']!,
          evaluation: { tasks: 1, at: [0] },
          task: {
            ...RUN_PRESETS['flp-omniglot']!.task,
            ways,
            ...(normalise && { normalise }),
            source: { format: 'omniglot', train: 'train.zip', test: 'test.zip' },
          },
        },
        'test',
      ),
      async path => (path.includes('train') ? train : test),
    );
  test('says so, by name, and has no test of unseen characters', async () => {
    const { tests, notes } = await open(train);
    expect(notes).toEqual([
      'train.zip and test.zip share 5 characters (A/character01, A/character02 … A/character05): nothing of test.zip is unseen, so there are no tests on unseen characters; give another test set for these',
    ]);
    expect(tests.map(t => t.title)).toEqual([
      'i.i.d., 5 characters of test, 5 of them seen in meta-training',
      'class by class, 5 characters of test, 5 of them seen in meta-training',
    ]);
  });
  test('normalises both by the numbers that the configuration says', async () => {
    const normalise = { mean: [0.1], std: [0.25] };
    const { bank, train: trained, tests } = await open(train, 5, normalise);
    expect(bank!.normalise).toEqual(normalise);
    for (const source of [trained, ...tests.map(t => t.source)]) expect(source.bank).toBe(bank);
    await expect(open(train, 5, { mean: [0.1, 0.1, 0.1], std: [1] })).rejects.toThrow(
      'task.normalise.mean: expected one number, for grey, got [0.1,0.1,0.1]',
    );
  });
  test('tests on what is apart, of the same alphabets or not', async () => {
    const more = characters('A/character01', ...[6, 7, 8, 9].map(c => `A/character0${c}`));
    expect((await open(more, 4)).tests.map(t => t.title)).toContain(
      'i.i.d., its 4 unseen characters',
    );
    expect((await open(more, 5)).notes![0]).toContain('only 4 of test.zip are unseen');
  });
});

test('paths of data that lead out of their folder are refused', () => {
  const source = { format: 'idx', images: '../../x', labels: 'l', testFraction: 0 };
  const task = { ...(RUN_PRESETS['flp-omniglot']!.task as object), source };
  expect(() => parseConfig({ ...RUN_PRESETS['flp-omniglot']!, task }, 'test')).toThrow(
    'test: task.source.images: expected a path below the folder of data, got "../../x"',
  );
});

/** An IDX file of bytes with these sizes. */
const idx = (shape: readonly number[], byte: (i: number) => number) => {
  const header = new Uint8Array(4 + 4 * shape.length);
  const view = new DataView(header.buffer);
  const length = shape.reduce((a, b) => a * b, 1);
  view.setUint32(0, 0x800 + shape.length);
  shape.forEach((n, i) => view.setUint32(4 + 4 * i, n));
  return Uint8Array.from([...header, ...Array.from({ length }, (_, i) => byte(i))]);
};

/** Forty images of 3 × 2 pixels; image i has class i % 4. */
const readForty = async (path: string) =>
  path === 'i' ? idx([40, 2, 3], i => i % 256) : idx([40], i => i % 4);
const common = {
  name: 'forty',
  system: { sizes: [6, 8, 5], loss: 'cross-entropy' },
  evaluation: { tasks: 1, at: [1] },
  meta: { tasks: 1, steps: 1, rates: { W: 1 } },
};
const fewShot = (more: { testFraction: number; labels?: string }) =>
  openWorld(
    parseConfig(
      {
        ...common,
        task: {
          kind: 'few-shot',
          source: { format: 'idx', images: 'i', labels: 'l', testFraction: more.testFraction },
          ways: 2,
          shots: 3,
          queriesPerClass: 2,
          batch: 1,
          order: 'iid',
          labels: more.labels,
        },
      },
      'test',
    ),
    readForty,
  );
const stream = (more: object = {}, seed = 0) =>
  openWorld(
    parseConfig(
      {
        ...common,
        seed,
        task: {
          kind: 'stream',
          source: { format: 'idx', images: 'i', labels: 'l' },
          steps: 5,
          batch: 4,
          queries: 6,
          order: 'continual',
          ...more,
        },
      },
      'test',
    ),
    readForty,
  );
const classesOf = (images: ArrayLike<number>) => new Set(Array.from(images, image => image % 4));

test.each([
  {
    kind: 'few-shot',
    source: { format: 'idx', images: 'i', labels: 'l', testFraction: 0 },
    ways: 2,
    shots: 3,
    queriesPerClass: 2,
    batch: 1,
    order: 'iid',
  },
  {
    kind: 'stream',
    source: { format: 'idx', images: 'i', labels: 'l' },
    steps: 1,
    batch: 4,
    queries: 6,
    order: 'iid',
  },
])('a world of images of another size than the inputs is refused ($kind)', async task => {
  const config = parseConfig(
    { ...common, system: { ...common.system, sizes: [5, 8, 5] }, task },
    'test',
  );
  await expect(openWorld(config, readForty)).rejects.toThrow(
    'system.sizes: expected 6 inputs for images of 3 × 2, got 5',
  );
  const { sizes: _, ...others } = common.system;
  const layers = [{ conv: { channels: 2, kernel: 2 } }, { dense: 8 }, { dense: 5 }];
  const imagesOf = (image: readonly number[]) =>
    openWorld(
      parseConfig({ ...common, system: { ...others, image, layers, frozen: [1] }, task }, 'test'),
      readForty,
    );
  await expect(imagesOf([1, 3, 2])).rejects.toThrow(
    'system.image: expected [1, 2, 3] for grey images of 3 × 2, got [1, 3, 2]; it is [channels, height, width], as PyTorch has it',
  );
  expect((await imagesOf([1, 2, 3])).bank).toMatchObject({ width: 3, height: 2 });
});

describe('the world of few shots of IDX images', () => {
  test('tests on classes that meta-training never saw', async () => {
    const { train, tests } = await fewShot({ testFraction: 0.5 });
    const [seen, unseen] = [train, tests[0]!.source].map(s =>
      classesOf(s.episodes(1, 0, 50).supportX),
    ) as [Set<number>, Set<number>];
    expect([seen.size, unseen.size, [...seen].filter(c => unseen.has(c))]).toEqual([2, 2, []]);
    expect(tests.map(t => t.title)).toEqual([
      'i.i.d., 2 unseen classes',
      'class by class, 2 unseen classes',
    ]);
  });
  test('without held-out classes tests on fresh draws of all, and says so', async () => {
    const { train, tests } = await fewShot({ testFraction: 0 });
    for (const source of [train, tests[0]!.source])
      expect(classesOf(source.episodes(1, 0, 50).supportX).size).toBe(4);
    expect(tests.map(t => t.title)).toEqual([
      'i.i.d., fresh draws of the same 4 classes',
      'class by class, fresh draws of the same 4 classes',
    ]);
  });
  test('has labels as told', async () => {
    const answers = async (labels: string) => {
      const { queryY } = (await fewShot({ testFraction: 0, labels })).train.episodes(1, 0, 50);
      const used = new Set<number>();
      queryY.forEach((y, i) => {
        if (y) used.add(i % 5);
      });
      return used.size;
    };
    expect([await answers('permuted'), await answers('own')]).toEqual([2, 4]);
  });
});

describe('the world of a stream', () => {
  test('has a bank, the outputs of the network, and both orders to test, its own first', async () => {
    const { bank, train, tests } = await stream();
    const runs = (images: ArrayLike<number>) =>
      Array.from(images).filter((image, i, all) => i === 0 || image % 4 !== all[i - 1]! % 4).length;
    expect([bank!.count, train.bank === bank, train.outputs, train.steps]).toEqual([
      40,
      true,
      5,
      5,
    ]);
    expect(tests.map(t => t.title)).toEqual([
      'class by class, fresh draws of the same images',
      'i.i.d., fresh draws of the same images',
    ]);
    expect([train, tests[0]!.source].map(s => runs(s.episodes(1, 0, 1).supportX))).toEqual([4, 4]);
    expect(runs(tests[1]!.source.episodes(1, 0, 1).supportX)).toBeGreaterThan(4);
  });
  test('holds out the same images in all its sources, by the seed of the run', async () => {
    const held = (world: Awaited<ReturnType<typeof stream>>) =>
      [world.train, ...world.tests.map(t => t.source)].map(s =>
        [...new Set(s.episodes(1, 0, 50).queryX)].sort().join(),
      );
    const [ours, others] = [held(await stream()), held(await stream({}, 1))];
    expect(new Set(ours).size).toBe(1);
    expect(others[0]).not.toBe(ours[0]);
  });
  test('holds out as many images as told, of the classes told', async () => {
    const { train } = await stream({ heldOut: 7, classes: 3 });
    const { queryX } = train.episodes(1, 0, 50);
    expect([new Set(queryX).size, classesOf(queryX)]).toEqual([7, new Set([0, 1, 2])]);
  });
});

/** Presets of the papers' own sizes, on all of their data, which are not with the tests'. */
const ON_ALL_DATA = ['flp-omniglot-paper', 'flp-mini-imagenet'];

test.each(ON_ALL_DATA)('%s says which data it asks for', async name => {
  const asked: string[] = [];
  const nothing = async (path: string) => {
    asked.push(path);
    throw new Error(path);
  };
  await expect(openWorld(parseConfig(RUN_PRESETS[name], name), nothing)).rejects.toThrow(asked[0]);
  expect(asked[0]).toMatch(/^omniglot\/images_background|^mini-imagenet\//);
});

describe.skipIf(!hasData)(onRealData('the worlds of the presets'), () => {
  test.each(Object.keys(RUN_PRESETS).filter(name => !ON_ALL_DATA.includes(name)))(
    '%s opens, and draws a task',
    async name => {
      const { train, tests } = await openWorld(parseConfig(RUN_PRESETS[name], name), async path =>
        dataFile(path),
      );
      for (const { source } of [{ source: train }, ...tests])
        expect(() => checkEpisodes(source.episodes(1, 0, 1), source, name)).not.toThrow();
    },
  );
});

test('the world of sines in sequence is tested on functions that meta-training never saw, in both orders', async () => {
  const { train, tests } = await openWorld(
    parseConfig(
      {
        ...common,
        system: { sizes: [3, 4, 1] },
        task: {
          kind: 'sine-sequence',
          functions: 2,
          slots: 2,
          stepsPerFunction: 1,
          batch: 1,
          queriesPerFunction: 1,
          pool: 5,
          order: 'iid',
        },
      },
      'test',
    ),
    readForty,
  );
  const phases = (source: object) =>
    new Set(
      Array.from({ length: 50 }, (_, task) => (source as SineSource).sinesOf(1, task))
        .flat()
        .map(s => s.phase),
    );
  const seen = phases(train);
  expect(seen.size).toBe(5);
  for (const { source } of tests)
    expect([...phases(source)].filter(phase => seen.has(phase))).toEqual([]);
  expect(tests.map(t => t.title)).toEqual(['i.i.d.', 'function by function']);
});

/** A zip of `CLASS/N.png`, each a dot, six of each class of each part. */
const dots = (parts: Readonly<Record<string, string>>) =>
  zipSync(
    Object.fromEntries(
      Object.entries(parts).flatMap(([part, names]) =>
        [...names].flatMap(name =>
          [1, 2, 3, 4, 5, 6].map(n => [`${part}${name}/${n}.png`, drawing(() => true, 2)] as const),
        ),
      ),
    ),
  );
const folder = { format: 'images', path: 'dots.zip', size: [1, 2] } as const;
const onImages = (zip: Uint8Array, source: object = {}, task: object = {}) =>
  openWorld(
    parseConfig(
      {
        ...common,
        task: {
          kind: 'few-shot',
          source: { ...folder, ...source },
          ways: 2,
          shots: 3,
          queriesPerClass: 2,
          ...task,
        },
      },
      'test',
    ),
    async path => (path === 'dots.zip' ? zip : strToU8(path)),
  );

describe('the world of images in folders', () => {
  test('has as many inputs as channels, height and width say', async () => {
    const { train: source, bank } = await onImages(dots({ 'train/': 'ab', 'test/': 'cd' }));
    expect([source.inputs, bank!.channels, bank!.count]).toEqual([6, 3, 24]);
  });

  test('tests on the classes below test/, with its images, and says what there is', async () => {
    const { train: source, tests, notes } = await onImages(dots({ 'train/': 'ab', 'test/': 'cd' }));
    // sorted by path, those of test/ are the first twelve
    const drawn = (s: typeof source) => [...s.episodes(1, 0, 50).supportX];
    expect([Math.min(...drawn(source)), Math.max(...drawn(tests[0]!.source as never))]).toEqual([
      12, 11,
    ]);
    expect(tests.map(t => t.title)).toEqual([
      'i.i.d., 2 unseen classes',
      'class by class, 2 unseen classes',
    ]);
    expect(notes).toEqual([
      'dots.zip has 24 images of 4 classes (a, b … d), 12 to train on and 12 to test on',
    ]);
  });

  test('tells apart classes below test/ that meta-training saw', async () => {
    const titles = async (test: string) =>
      (await onImages(dots({ 'train/': 'ab', 'test/': test }))).tests.map(t => t.title);
    expect(await titles('ab')).toEqual([
      'i.i.d., test images of 2 classes, 2 of them seen in meta-training',
      'class by class, test images of 2 classes, 2 of them seen in meta-training',
    ]);
    expect(await titles('acd')).toEqual([
      'i.i.d., test images of 3 classes, 1 of them seen in meta-training',
      'class by class, test images of 3 classes, 1 of them seen in meta-training',
      'i.i.d., 2 unseen classes',
      'class by class, 2 unseen classes',
    ]);
  });

  test('holds out a share of the classes where it is told to', async () => {
    const { tests } = await onImages(dots({ '': 'abcd' }), { testFraction: 0.5 });
    expect(tests[0]!.title).toBe('i.i.d., 2 unseen classes');
  });

  test('draws from the classes told alone', async () => {
    const zip = dots({ 'train/': 'abc', 'test/': 'abc' });
    const { train: source, bank } = await onImages(zip, {}, { classes: [0, 2] });
    const drawn = source.episodes(1, 0, 50).supportX;
    expect(new Set([...drawn].map(image => bank!.labels[image]))).toEqual(new Set([0, 2]));
  });

  test('is refused without images to test on', async () => {
    await expect(onImages(dots({ '': 'ab' }))).rejects.toThrow(
      'task.source: expected data with images to train on and images to test on, got no images to test on; put them below train/ and test/',
    );
  });

  test('takes its classes from CSV lists', async () => {
    const list = (...names: string[]) =>
      strToU8(
        `filename,label\n${names.flatMap(n => [1, 2, 3, 4, 5].map(k => `${n}/${k}.png,${n}`)).join('\n')}`,
      );
    const zip = dots({ '': 'abcde' });
    const files: Record<string, Uint8Array> = {
      'dots.zip': zip,
      'train.csv': list('a', 'b'),
      'test.csv': list('c', 'd'),
    };
    const source = { ...folder, trainList: 'train.csv', testList: 'test.csv' };
    const { tests, notes } = await openWorld(
      parseConfig(
        {
          ...common,
          task: { kind: 'few-shot', source, ways: 2, shots: 3, queriesPerClass: 2 },
        },
        'test',
      ),
      async path => files[path]!,
    );
    expect(tests[0]!.title).toBe('i.i.d., 2 unseen classes');
    expect(notes![0]).toContain('10 to train on and 10 to test on; 10 more are left out');
  });

  test('is refused if its size is not that of the inputs, before anything is read', () => {
    const task = { kind: 'few-shot', source: folder, ways: 2, shots: 1, queriesPerClass: 1 };
    const asked = (source: object) => () =>
      parseConfig({ ...common, task: { ...task, source: { ...folder, ...source } } }, 'test');
    expect(asked({ colour: 'grey' })).toThrow(
      'test: system.sizes: expected 2 inputs for the task few-shot, got 6',
    );
    expect(asked({})).not.toThrow();
    const conv = { image: [1, 2, 1], layers: [{ conv: { channels: 1, kernel: 1 } }, { dense: 5 }] };
    expect(() =>
      parseConfig(
        { ...common, system: { ...conv, frozen: [1] }, task: { ...task, source: folder } },
        't',
      ),
    ).toThrow('t: system.image: expected 6 inputs for the task few-shot, got 2');
  });

  test('streams what lies below train/, and asks what lies below test/', async () => {
    const zip = dots({ 'train/': 'ab', 'test/': 'ab' });
    const task = { kind: 'stream', source: folder, steps: 12, batch: 1, queries: 12 };
    const { train: source, notes } = await openWorld(
      parseConfig({ ...common, task }, 'test'),
      async () => zip,
    );
    const { supportX, queryX } = source.episodes(1, 0, 1);
    expect([Math.min(...supportX), Math.max(...queryX)]).toEqual([12, 11]);
    expect(notes).toHaveLength(1);
  });
});

test("the world of CIFAR-10 reads its files by their names, and tests on the test batch's images", async () => {
  const batch = (first: number) =>
    Uint8Array.from({ length: 10 * 3073 }, (_, i) =>
      i % 3073 ? 0 : (first + Math.floor(i / 3073)) % 2,
    );
  const asked: string[] = [];
  const config = parseConfig(
    {
      ...common,
      system: { ...common.system, sizes: [3072, 4, 5] },
      task: {
        kind: 'few-shot',
        source: { format: 'cifar10', folder: 'c', train: ['data_batch_1.bin'] },
        ways: 2,
        shots: 3,
        queriesPerClass: 2,
      },
    },
    'test',
  );
  const { tests, notes } = await openWorld(config, async path => {
    asked.push(path);
    return batch(asked.length);
  });
  expect(asked).toEqual(['c/data_batch_1.bin', 'c/test_batch.bin']);
  expect(notes).toEqual([
    'c has 20 images of 10 classes (airplane, automobile … truck), 10 to train on and 10 to test on',
  ]);
  const { supportX } = tests[0]!.source.episodes(1, 0, 10);
  expect(Math.min(...supportX)).toBeGreaterThanOrEqual(10);
});

test('classes may be a list: only these are drawn, whatever others have', async () => {
  const { train: source } = await stream({ classes: [1, 3], queries: 4 });
  const { supportX, queryX } = source.episodes(1, 0, 20);
  expect([classesOf(supportX), classesOf(queryX)]).toEqual([new Set([1, 3]), new Set([1, 3])]);
});

test('classes without images are never drawn', async () => {
  const config = parseConfig(
    {
      ...common,
      task: {
        kind: 'few-shot',
        source: { format: 'idx', images: 'i', labels: 'l', testFraction: 0.5 },
        ways: 2,
        shots: 3,
        queriesPerClass: 2,
        batch: 1,
        order: 'iid',
      },
    },
    'test',
  );
  const { train: source, bank } = await openWorld(config, async path =>
    path === 'i' ? readForty(path) : idx([40], i => 1 + (i % 4)),
  );
  expect(bank!.classes).toBe(5);
  expect(classesOf(source.episodes(1, 0, 20).supportX).size).toBe(2);
});

test('made-up symbols need no file, and those of tests are never trained on', async () => {
  const config = parseConfig(RUN_PRESETS['flp-symbols'], 'flp-symbols');
  const { bank, train, tests } = await openWorld(config);
  expect(bank).toEqual(symbolBank({ seed: 0, classes: 200, each: 20 }));
  expect(tests.map(({ title }) => title)).toEqual([
    'i.i.d., 100 unseen classes',
    'class by class, 100 unseen classes',
  ]);
  const shownBy = (source: { episodes: typeof train.episodes }) => {
    const { supportX } = source.episodes(1, 0, 50);
    return new Set([...supportX].map(image => bank!.labels[image]!));
  };
  const seen = shownBy(train);
  expect([...shownBy(tests[0]!.source)].filter(label => seen.has(label))).toEqual([]);
});
