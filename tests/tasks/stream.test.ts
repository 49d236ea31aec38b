import { describe, expect, test } from 'vitest';
import { checkEpisodes, type Episodes } from '../../src/tasks/episodes.js';
import { readIdxImages } from '../../src/tasks/idx.js';
import { imageStreamTasks, type ImageStreamOptions } from '../../src/tasks/stream.js';
import { bankOf, dataFile, hasData, onRealData, problem, tasksOf, zeros } from './given.js';

const bank = bankOf(5, 8); // 40 images, of which 32 are for training
const source = (options: Partial<ImageStreamOptions> = {}) =>
  imageStreamTasks({ bank, steps: 6, batch: 4, queries: 3, ...options });
const support = ({ supportX, tasks }: Episodes, task: number) => [
  ...supportX.subarray((supportX.length / tasks) * task, (supportX.length / tasks) * (task + 1)),
];
const query = ({ queryX, tasks }: Episodes, task: number) => [
  ...queryX.subarray((queryX.length / tasks) * task, (queryX.length / tasks) * (task + 1)),
];
const classesOf = (images: readonly number[]) => images.map(image => bank.labels[image]!);
const ascending = (list: Iterable<number>) => [...list].sort((a, b) => a - b);

describe('streams of images', () => {
  test.each(['iid', 'continual'] as const)('pass the check of raw episodes (%s)', order => {
    expect(() =>
      checkEpisodes(
        source({ order, outputs: 7 }).episodes(1, 0, 5),
        source({ outputs: 7 }),
        'test',
      ),
    ).not.toThrow();
  });

  test('have pixels for inputs and classes for outputs', () => {
    const { inputs, outputs, steps, batch, queries } = source();
    expect({ inputs, outputs, steps, batch, queries }).toEqual({
      inputs: 6,
      outputs: 5,
      steps: 6,
      batch: 4,
      queries: 3,
    });
  });

  test.each(['iid', 'continual'] as const)(
    'are the same in whatever chunk they are drawn (%s)',
    order => {
      expect(source({ order }).episodes(9, 5, 3)).toEqual(
        tasksOf(source({ order }).episodes(9, 0, 12), 5, 3),
      );
    },
  );

  test('differ between seeds, and between tasks', () => {
    const { supportX } = source().episodes(9, 0, 1);
    expect(supportX).not.toEqual(source().episodes(10, 0, 1).supportX);
    expect(supportX).not.toEqual(source().episodes(9, 1, 1).supportX);
  });

  test('have the number of the class as label, one-hot', () => {
    const { supportX, supportY, queryX, queryY } = source({ outputs: 7 }).episodes(1, 0, 5);
    const oneHot = (images: ArrayLike<number>) =>
      Array.from(images).flatMap(image =>
        Array.from({ length: 7 }, (_, c) => Number(bank.labels[image] === c)),
      );
    expect([[...supportY], [...queryY]]).toEqual([oneHot(supportX), oneHot(queryX)]);
  });

  test('never ask an image that any lifetime of any seed sees', () => {
    const all = [1, 2].map(seed => source().episodes(seed, 0, 200));
    const seen = new Set(all.flatMap(e => [...e.supportX]));
    const asked = new Set(all.flatMap(e => [...e.queryX]));
    expect([...asked].filter(image => seen.has(image))).toEqual([]);
    expect([seen.size, asked.size]).toEqual([32, 8]);
  });

  test('hold out other images with another seed of the source', () => {
    const held = (seed: number) => ascending(new Set(source({ seed }).episodes(1, 0, 100).queryX));
    expect(held(1)).not.toEqual(held(0));
  });

  test('hold out as many images as told', () => {
    expect(new Set(source({ heldOut: 10 }).episodes(1, 0, 200).queryX).size).toBe(10);
    expect(new Set(source({ heldOut: 0.5 }).episodes(1, 0, 200).queryX).size).toBe(20);
  });

  test('ask a lifetime different images', () => {
    const episodes = source({ queries: 8 }).episodes(1, 0, 20);
    for (let task = 0; task < 20; task++) expect(new Set(query(episodes, task)).size).toBe(8);
  });

  test('ask each held-out image equally often', () => {
    const n = 2000;
    const times = zeros(40);
    const mean = (n * 3) / 8;
    for (const image of source().episodes(1, 0, n).queryX) times[image]!++;
    for (const t of times.filter(t => t > 0))
      expect(Math.abs(t - mean)).toBeLessThan(5 * Math.sqrt(mean));
  });

  test('show an image once in an epoch, each equally often', () => {
    const n = 500;
    const episodes = source().episodes(1, 0, n);
    const times = zeros(40);
    const mean = (n * 24) / 32;
    for (let task = 0; task < n; task++) {
      expect(new Set(support(episodes, task)).size).toBe(24);
      for (const image of support(episodes, task)) times[image]!++;
    }
    for (const t of times.filter(t => t > 0))
      expect(Math.abs(t - mean)).toBeLessThan(5 * Math.sqrt(mean));
  });

  test('go on in epochs of all training images, each shuffled anew', () => {
    const episodes = source({ steps: 20 }).episodes(1, 0, 10);
    for (let task = 0; task < 10; task++) {
      const stream = support(episodes, task);
      const first = stream.slice(0, 32);
      const second = stream.slice(32, 64);
      const third = stream.slice(64);
      expect([new Set(first).size, ascending(second), new Set(third).size]).toEqual([
        32,
        ascending(first),
        16,
      ]);
      expect(second).not.toEqual(first);
      expect(third).not.toEqual(first.slice(0, 16));
    }
  });

  test('show the same images in both orders, and ask the same', () => {
    const [iid, continual] = (['iid', 'continual'] as const).map(order =>
      source({ order, steps: 20 }).episodes(1, 4, 1),
    ) as [Episodes, Episodes];
    expect(ascending(continual.supportX)).toEqual(ascending(iid.supportX));
    expect(continual.queryX).toEqual(iid.queryX);
  });

  test('show one class after the other in continual order, over all epochs', () => {
    const episodes = source({ order: 'continual', steps: 20 }).episodes(1, 0, 30);
    for (let task = 0; task < 30; task++) {
      const classes = classesOf(support(episodes, task));
      expect(classes.filter((c, i) => i === 0 || c !== classes[i - 1]).length).toBe(5);
    }
  });

  test('begin with each class equally often in continual order', () => {
    const n = 2000;
    const episodes = source({ order: 'continual' }).episodes(1, 0, n);
    const times = zeros(5);
    for (let task = 0; task < n; task++) times[classesOf(support(episodes, task))[0]!]!++;
    for (const t of times) expect(Math.abs(t - n / 5)).toBeLessThan(5 * Math.sqrt((n * 4) / 25));
  });

  test('may leave out the last classes', () => {
    const few = source({ classes: 2 });
    const { supportX, queryX } = few.episodes(1, 0, 50);
    expect([
      few.outputs,
      new Set(classesOf([...supportX])),
      new Set(classesOf([...queryX])),
    ]).toEqual([2, new Set([0, 1]), new Set([0, 1])]);
  });
});

describe('streams of images that cannot be', () => {
  test.each([
    ['steps', 0],
    ['batch', -1],
    ['queries', 1.5],
    ['outputs', NaN],
  ] as const)('refuse %s = %d', (name, value) => {
    expect(problem(() => source({ [name]: value }))).toBe(
      `imageStreamTasks.${name}: expected a whole number ≥ 1, got ${value}`,
    );
  });

  test('refuse more classes than the bank has', () => {
    expect(problem(() => source({ classes: 6 }))).toBe(
      'imageStreamTasks.classes: expected at most 5, the classes of the bank, got 6',
    );
  });

  test('refuse labels beyond the outputs', () => {
    expect(problem(() => source({ outputs: 4 }))).toBe(
      'imageStreamTasks.outputs: expected at least one for each of 5 classes, got 4; raise outputs or lower classes',
    );
  });

  test('refuse more queries than images held out', () => {
    expect(problem(() => source({ queries: 9 }))).toBe(
      'imageStreamTasks.queries: expected at most 8, the images held out, got 9; lower queries or raise heldOut',
    );
  });

  test('refuse classes that are neither a count nor a list', () => {
    expect(problem(() => source({ classes: 0 }))).toBe(
      'imageStreamTasks.classes: expected a whole number ≥ 1, or a list of classes, got 0',
    );
  });
  test.each([0, 2.5, -1, NaN])('refuse to hold out what is neither a share nor a count: %d', x => {
    expect(problem(() => source({ heldOut: x }))).toBe(
      `imageStreamTasks.heldOut: expected a share between 0 and 1, or a whole number ≥ 1, got ${x}`,
    );
  });
  test.each([40, 0.001])('refuse to hold out none or all images: %d of 40', heldOut => {
    expect(problem(() => source({ heldOut }))).toBe(
      `imageStreamTasks.heldOut: expected a fraction or a whole number that leaves some of 40 images on both sides, got ${heldOut}`,
    );
  });

  test('refuse an order that does not exist', () => {
    expect(problem(() => source({ order: 'random' as 'iid' }))).toBe(
      `imageStreamTasks.order: unknown choice "random"; known: continual, iid`,
    );
  });

  test('refuse a seed of the source with a fraction', () => {
    expect(problem(() => source({ seed: 0.5 }))).toContain(
      'imageStreamTasks.seed: expected a whole number',
    );
  });

  test('refuse a bank that does not agree with itself', () => {
    expect(problem(() => source({ bank: { ...bank, classes: 4 } }))).toBe(
      'imageStreamTasks.bank.labels: expected labels below classes = 4, got 4 for image 4',
    );
  });

  test('refuse a task before the first', () => {
    expect(problem(() => source().episodes(1, -1, 1))).toContain(
      'imageStreamTasks.episodes.first: expected tasks from 0',
    );
  });
});

describe.skipIf(!hasData)(onRealData('streams of real images'), () => {
  test('show MNIST in minibatches for more than an epoch', () => {
    const mnist = readIdxImages(
      dataFile('mnist/t10k-images-idx3-ubyte.gz'),
      dataFile('mnist/t10k-labels-idx1-ubyte.gz'),
      'MNIST',
    );
    const tasks = imageStreamTasks({ bank: mnist, steps: 70, batch: 128, queries: 2000 });
    const episodes = tasks.episodes(1, 0, 2);
    expect(() => checkEpisodes(episodes, tasks, 'MNIST')).not.toThrow();
    expect([
      tasks.outputs,
      new Set(support(episodes, 0)).size,
      new Set(query(episodes, 0)).size,
    ]).toEqual([10, 8000, 2000]);
  });
});
