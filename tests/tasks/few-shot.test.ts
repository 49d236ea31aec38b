import { describe, expect, test } from 'vitest';
import { checkEpisodes, type Episodes } from '../../src/tasks/episodes.js';
import { fewShotTasks, splitClasses, type FewShotOptions } from '../../src/tasks/few-shot.js';
import { readIdxImages } from '../../src/tasks/idx.js';
import { readOmniglot } from '../../src/tasks/omniglot.js';
import { bankOf, dataFile, hasData, onRealData, problem, zeros } from './given.js';

const bank = bankOf(8, 10);
const source = (options: Partial<FewShotOptions> = {}) =>
  fewShotTasks({ bank, ways: 3, shots: 4, queriesPerClass: 2, ...options });

/** What one task shows: (image, class, label) of each support image in order, and of each query. */
function samplesOf({ supportX, supportY, queryX, queryY, tasks }: Episodes, task: number) {
  const list = (X: ArrayLike<number>, Y: Float32Array) => {
    const n = X.length / tasks;
    const outputs = Y.length / X.length;
    return Array.from({ length: n }, (_, i) => {
      const image = X[task * n + i]!;
      const label = Y.subarray((task * n + i) * outputs, (task * n + i + 1) * outputs).indexOf(1);
      return { image, class: bank.labels[image]!, label };
    });
  };
  return { support: list(supportX, supportY), query: list(queryX, queryY) };
}

describe('few-shot tasks', () => {
  test('pass the check of raw episodes', () => {
    expect(() => checkEpisodes(source().episodes(1, 0, 5), source(), 'test')).not.toThrow();
  });

  test('have one image for each step, pixels for inputs and ways for outputs', () => {
    const { inputs, outputs, steps, batch, queries } = source();
    expect({ inputs, outputs, steps, batch, queries }).toEqual({
      inputs: 6,
      outputs: 3,
      steps: 12,
      batch: 1,
      queries: 6,
    });
  });

  test('have fewer steps with larger batches', () => {
    const { steps, batch } = source({ batch: 6 });
    expect({ steps, batch }).toEqual({ steps: 2, batch: 6 });
  });

  test('show the same stream in batches as one by one', () => {
    expect(source({ batch: 6 }).episodes(1, 0, 3).supportX).toEqual(
      source().episodes(1, 0, 3).supportX,
    );
  });

  test('give image indices as a Uint32Array', () => {
    expect(source().episodes(1, 0, 1).supportX).toBeInstanceOf(Uint32Array);
  });

  test.each(['iid', 'continual'] as const)(
    'are the same in whatever chunk they are drawn (%s)',
    order => {
      const whole = source({ order }).episodes(9, 0, 12);
      const part = source({ order }).episodes(9, 5, 3);
      expect([0, 1, 2].map(task => samplesOf(part, task))).toEqual(
        [5, 6, 7].map(task => samplesOf(whole, task)),
      );
    },
  );

  test('differ between seeds', () => {
    expect(source().episodes(9, 0, 1).supportX).not.toEqual(source().episodes(10, 0, 1).supportX);
  });

  test('never show an image twice, be it in support or query', () => {
    const episodes = source().episodes(1, 0, 300);
    for (let task = 0; task < 300; task++) {
      const { support, query } = samplesOf(episodes, task);
      expect(new Set([...support, ...query].map(s => s.image)).size).toBe(18);
    }
  });

  test('have shots images of each class in the support', () => {
    const { support } = samplesOf(source().episodes(1, 0, 1), 0);
    expect([0, 1, 2].map(label => support.filter(s => s.label === label).length)).toEqual([
      4, 4, 4,
    ]);
  });

  test('have the queries of each class, label after label', () => {
    expect(samplesOf(source().episodes(1, 0, 1), 0).query.map(s => s.label)).toEqual([
      0, 0, 1, 1, 2, 2,
    ]);
  });

  test('have ways different classes, each with one label in support and query', () => {
    const episodes = source().episodes(1, 0, 300);
    for (let task = 0; task < 300; task++) {
      const { support, query } = samplesOf(episodes, task);
      const pairs = new Set([...support, ...query].map(s => `${s.class}→${s.label}`));
      expect([pairs.size, new Set([...support, ...query].map(s => s.class)).size]).toEqual([3, 3]);
    }
  });

  test('have one-hot targets', () => {
    const { supportY } = source().episodes(1, 0, 5);
    for (let i = 0; i < supportY.length; i += 3)
      expect([...supportY.subarray(i, i + 3)].sort()).toEqual([0, 0, 1]);
  });

  test('permute labels: over many tasks each class gets each label equally often', () => {
    const n = 4000;
    const episodes = source().episodes(1, 0, n);
    const times = Array.from({ length: 8 }, () => [0, 0, 0]);
    for (let task = 0; task < n; task++)
      for (const c of [0, 2, 4]) {
        const s = samplesOf(episodes, task).query[c]!;
        times[s.class]![s.label]!++;
      }
    for (const ofClass of times)
      for (const ofLabel of ofClass)
        expect(Math.abs(ofLabel - n / 8)).toBeLessThan(5 * Math.sqrt(n / 8));
  });

  test('use each image of a class equally often as a query', () => {
    const n = 3000;
    const { queryX } = source().episodes(1, 0, n);
    const times = zeros(80);
    const mean = (n * 6) / 80;
    for (const image of queryX) times[image]!++;
    for (const t of times) expect(Math.abs(t - mean)).toBeLessThan(5 * Math.sqrt(mean));
  });

  test('mix the classes in i.i.d. order: each label stands at each place equally often', () => {
    const n = 3000;
    const episodes = source().episodes(1, 0, n);
    const times = Array.from({ length: 12 }, () => [0, 0, 0]);
    for (let task = 0; task < n; task++)
      samplesOf(episodes, task).support.forEach((s, place) => {
        times[place]![s.label]!++;
      });
    for (const atPlace of times)
      for (const t of atPlace) expect(Math.abs(t - n / 3)).toBeLessThan(5 * Math.sqrt((n * 2) / 9));
  });

  test('mix the classes in i.i.d. order: two neighbours have the same label with the probability of any two images', () => {
    const n = 3000;
    const episodes = source().episodes(1, 0, n);
    let same = 0;
    for (let task = 0; task < n; task++) {
      const { support } = samplesOf(episodes, task);
      if (support[5]!.label === support[6]!.label) same++;
    }
    expect(Math.abs(same - (n * 3) / 11)).toBeLessThan(5 * Math.sqrt((((n * 3) / 11) * 8) / 11));
  });

  test('show one class after the other in continual order', () => {
    const episodes = source({ order: 'continual' }).episodes(1, 0, 50);
    for (let task = 0; task < 50; task++) {
      const labels = samplesOf(episodes, task).support.map(s => s.label);
      expect(labels.filter((label, i) => i === 0 || label !== labels[i - 1]).length).toBe(3);
    }
  });

  test('show the classes in random order in continual order: each label is first equally often', () => {
    const n = 3000;
    const episodes = source({ order: 'continual' }).episodes(1, 0, n);
    const times = [0, 0, 0];
    for (let task = 0; task < n; task++) times[samplesOf(episodes, task).support[0]!.label]!++;
    for (const t of times) expect(Math.abs(t - n / 3)).toBeLessThan(5 * Math.sqrt((n * 2) / 9));
  });

  test('show the same images in both orders', () => {
    const images = (order: 'iid' | 'continual') =>
      [...source({ order }).episodes(1, 4, 1).supportX].sort();
    expect(images('iid')).toEqual(images('continual'));
  });

  test('have the same queries in both orders', () => {
    expect(source({ order: 'continual' }).episodes(1, 4, 3).queryX).toEqual(
      source().episodes(1, 4, 3).queryX,
    );
  });

  test('draw only from the classes they are given, and from all of them', () => {
    const { supportX } = source({ classes: [1, 4, 6, 7] }).episodes(1, 0, 200);
    expect([...new Set([...supportX].map(image => bank.labels[image]))].sort()).toEqual([
      1, 4, 6, 7,
    ]);
  });

  test('may have more outputs than ways, of which the last are never a target', () => {
    const { supportY } = source({ outputs: 5 }).episodes(1, 0, 20);
    const used = new Set<number>();
    supportY.forEach((y, i) => {
      if (y) used.add(i % 5);
    });
    expect([...used].sort()).toEqual([0, 1, 2]);
  });
});

describe('few-shot tasks with own labels', () => {
  test('have the number of the class in the bank as label, in support and query', () => {
    const episodes = source({ labels: 'own' }).episodes(1, 0, 50);
    for (let task = 0; task < 50; task++) {
      const { support, query } = samplesOf(episodes, task);
      const samples = [...support, ...query];
      expect(samples.map(s => s.label)).toEqual(samples.map(s => s.class));
    }
  });

  test.each(['iid', 'continual'] as const)(
    'show the same images as with permuted labels (%s)',
    order => {
      const own = source({ order, labels: 'own' }).episodes(1, 0, 9);
      const permuted = source({ order }).episodes(1, 0, 9);
      expect([own.supportX, own.queryX]).toEqual([permuted.supportX, permuted.queryX]);
    },
  );

  test('have an output for every class of the bank, or more', () => {
    expect([
      source({ labels: 'own' }).outputs,
      source({ labels: 'own', outputs: 9 }).outputs,
    ]).toEqual([8, 9]);
  });

  test('refuse fewer outputs than classes', () => {
    expect(problem(() => source({ labels: 'own', outputs: 7 }))).toBe(
      "fewShotTasks.outputs: expected at least bank.classes = 8, got 7; raise outputs or use labels 'permuted'",
    );
  });
});

describe('few-shot tasks that cannot be', () => {
  test('refuse labels that do not exist', () => {
    expect(problem(() => source({ labels: 'random' as 'own' }))).toBe(
      `fewShotTasks.labels: unknown choice "random"; known: permuted, own`,
    );
  });

  test('refuse more ways than classes', () => {
    expect(problem(() => source({ ways: 9 }))).toBe(
      'fewShotTasks.ways: expected at most 8, the classes to draw from, got 9; lower ways or give a bank with more classes',
    );
  });

  test('refuse more ways than the classes of a split', () => {
    expect(problem(() => source({ classes: [0, 1] }))).toBe(
      'fewShotTasks.ways: expected at most 2, the classes to draw from, got 3; lower ways or give more classes',
    );
  });

  test('refuse fewer images than shots and queries need, and name the class', () => {
    expect(problem(() => source({ shots: 9 }))).toBe(
      'fewShotTasks: expected shots + queriesPerClass = 9 + 2 = 11 images of each class, got 10 of class 0; lower shots or queriesPerClass, or leave this class out of classes',
    );
  });

  test('name a class that is too small as the bank does', () => {
    const names = Array.from({ length: 8 }, (_, c) => `Greek/character0${c}`);
    expect(
      problem(() => source({ bank: { ...bank, names }, shots: 9, classes: [3, 4, 5] })),
    ).toContain('got 10 of class 3 (Greek/character03)');
  });

  test('may use every image of a class', () => {
    expect(new Set(source({ shots: 8 }).episodes(1, 0, 1).supportX).size).toBe(24);
  });

  test('ignore a class that is too small if it is left out', () => {
    const labels = bank.labels.map(label => (label === 7 ? 6 : label));
    expect(() =>
      source({ bank: { ...bank, labels }, classes: [0, 1, 2, 3, 4, 5, 6] }),
    ).not.toThrow();
  });

  test('refuse a batch that does not divide the support stream', () => {
    expect(problem(() => source({ batch: 5 }))).toBe(
      'fewShotTasks.batch: expected a divisor of ways · shots = 3 · 4 = 12, got 5; change batch, ways or shots',
    );
  });

  test.each([
    ['ways', 0],
    ['shots', -1],
    ['queriesPerClass', 1.5],
    ['batch', 0],
    ['outputs', NaN],
  ] as const)('refuse %s = %d', (name, value) => {
    expect(problem(() => source({ [name]: value }))).toBe(
      `fewShotTasks.${name}: expected a whole number ≥ 1, got ${value}`,
    );
  });

  test('refuse fewer outputs than ways', () => {
    expect(problem(() => source({ outputs: 2 }))).toBe(
      'fewShotTasks.outputs: expected at least ways = 3, got 2; raise outputs or lower ways',
    );
  });

  test('refuse an order that does not exist', () => {
    expect(problem(() => source({ order: 'random' as 'iid' }))).toBe(
      `fewShotTasks.order: unknown choice "random"; known: continual, iid`,
    );
  });

  test('refuse a class that the bank does not have', () => {
    expect(problem(() => source({ classes: [0, 1, 8] }))).toBe(
      'fewShotTasks.classes: expected classes of the bank, 0 to 7, got 8',
    );
  });

  test('refuse the same class twice', () => {
    expect(problem(() => source({ classes: [0, 1, 2, 1] }))).toBe(
      'fewShotTasks.classes: expected different classes, got 1 twice',
    );
  });

  test('refuse a bank that does not agree with itself', () => {
    expect(problem(() => source({ bank: { ...bank, count: 81 } }))).toContain(
      'fewShotTasks.bank.pixels: expected count × height × width = 81 × 2 × 3 = 486 bytes, got 480',
    );
  });

  test('refuse a task before the first', () => {
    expect(problem(() => source().episodes(1, -1, 1))).toContain(
      'fewShotTasks.episodes.first: expected tasks from 0',
    );
  });
});

describe('a split of classes', () => {
  test('has every class on one side', () => {
    const { train, test } = splitClasses(47, 0.7, 1);
    expect([...train, ...test].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 47 }, (_, c) => c),
    );
  });

  test('rounds a fraction to whole classes', () => {
    expect(splitClasses(47, 0.7, 1).train.length).toBe(33);
  });

  test('takes a number from 1 on as a count', () => {
    expect(splitClasses(47, 30, 1).train.length).toBe(30);
  });

  test('is the same for the same seed', () => {
    expect(splitClasses(47, 30, 1)).toEqual(splitClasses(47, 30, 1));
  });

  test('differs between seeds', () => {
    expect(splitClasses(47, 30, 1)).not.toEqual(splitClasses(47, 30, 2));
  });

  test('lists its classes in ascending order', () => {
    const { train } = splitClasses(47, 30, 1);
    expect(train).toEqual([...train].sort((a, b) => a - b));
  });

  test('is at random: each class is for training equally often', () => {
    const times = zeros(10);
    const n = 2000;
    for (let seed = 0; seed < n; seed++)
      for (const c of splitClasses(10, 0.5, seed).train) times[c]!++;
    for (const t of times) expect(Math.abs(t - n / 2)).toBeLessThan(5 * Math.sqrt(n / 4));
  });

  test('of no classes is refused', () => {
    expect(problem(() => splitClasses(0, 0.5, 1))).toBe(
      'splitClasses.classes: expected a whole number ≥ 1, got 0',
    );
  });

  test('by a seed with a fraction is refused', () => {
    expect(problem(() => splitClasses(47, 0.5, 1.5))).toContain(
      'splitClasses.seed: expected a whole number',
    );
  });

  test.each([0, 47, 2.5, -1, NaN, 0.001])(
    'that leaves one side empty or cuts a class is refused: %d of 47',
    train => {
      expect(problem(() => splitClasses(47, train, 1))).toBe(
        `splitClasses.train: expected a fraction or a whole number that leaves some of 47 classes on both sides, got ${train}`,
      );
    },
  );
});

describe.skipIf(!hasData)(onRealData('few-shot tasks of real images'), () => {
  test('draw the EMNIST task of paper 2: 5 ways, 50 shots, 10 queries', () => {
    const emnist = readIdxImages(
      dataFile('emnist/emnist-47x120-images-idx3-ubyte.gz'),
      dataFile('emnist/emnist-47x120-labels-idx1-ubyte.gz'),
      'EMNIST',
    );
    const tasks = fewShotTasks({
      bank: emnist,
      ways: 5,
      shots: 50,
      queriesPerClass: 10,
      labels: 'own',
    });
    expect(tasks.outputs).toBe(47);
    expect(() => checkEpisodes(tasks.episodes(1, 0, 20), tasks, 'EMNIST')).not.toThrow();
  });

  test('say what to lower when Omniglot has too few drawings', () => {
    const omniglot = readOmniglot(dataFile('omniglot/images_background_small1.zip'), {}, 'small1');
    expect(
      problem(() => fewShotTasks({ bank: omniglot, ways: 5, shots: 15, queriesPerClass: 10 })),
    ).toBe(
      'fewShotTasks: expected shots + queriesPerClass = 15 + 10 = 25 images of each class, got 20 of class 0 (Balinese/character01); lower shots or queriesPerClass, or leave this class out of classes',
    );
  });
});
