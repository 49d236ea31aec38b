import { describe, expect, test } from 'vitest';
import {
  checkBank,
  checkEpisodes,
  type Episodes,
  type ImageBank,
} from '../../src/tasks/episodes.js';
import { bankOf, problem } from './given.js';

const expected = { inputs: 3, outputs: 2 };
const numbers = (): Episodes => ({
  tasks: 2,
  steps: 4,
  batch: 1,
  queries: 5,
  supportX: new Float32Array(2 * 4 * 3),
  supportY: new Float32Array(2 * 4 * 2),
  queryX: new Float32Array(2 * 5 * 3),
  queryY: new Float32Array(2 * 5 * 2),
});
const bank = bankOf(2, 3, { width: 3, height: 1 });
const indices = (): Episodes => ({
  ...numbers(),
  supportX: new Uint32Array(2 * 4),
  queryX: new Uint32Array(2 * 5),
});

describe('the check of raw episodes', () => {
  test('lets numbers pass', () => {
    expect(() => checkEpisodes(numbers(), expected, 'mine')).not.toThrow();
  });

  test('lets image indices of a bank pass', () => {
    expect(() => checkEpisodes(indices(), { ...expected, bank }, 'mine')).not.toThrow();
  });

  test.each([0, -1, 1.5])('refuses %d steps', steps => {
    expect(problem(() => checkEpisodes({ ...numbers(), steps }, expected, 'mine'))).toBe(
      `mine.steps: expected at least one inner step, got ${steps}; give every task a support stream`,
    );
  });

  test.each(['tasks', 'batch', 'queries'] as const)('refuses 0 %s', name => {
    expect(problem(() => checkEpisodes({ ...numbers(), [name]: 0 }, expected, 'mine'))).toBe(
      `mine.${name}: expected a whole number ≥ 1, got 0`,
    );
  });

  test.each([
    ['supportX', 'tasks × steps × batch × inputs = 2 × 4 × 1 × 3 = 24'],
    ['supportY', 'tasks × steps × batch × outputs = 2 × 4 × 1 × 2 = 16'],
    ['queryX', 'tasks × queries × inputs = 2 × 5 × 3 = 30'],
    ['queryY', 'tasks × queries × outputs = 2 × 5 × 2 = 20'],
  ] as const)('refuses a %s shorter than its shape', (name, shape) => {
    expect(
      problem(() => checkEpisodes({ ...numbers(), [name]: new Float32Array(7) }, expected, 'mine')),
    ).toBe(`mine.${name}: expected ${shape} values, got 7`);
  });

  test('refuses an array longer than its shape', () => {
    expect(
      problem(() =>
        checkEpisodes({ ...numbers(), queryY: new Float32Array(21) }, expected, 'mine'),
      ),
    ).toContain('mine.queryY: expected tasks × queries × outputs = 2 × 5 × 2 = 20 values, got 21');
  });

  test.each([
    ['supportX', 'tasks × steps × batch = 2 × 4 × 1 = 8'],
    ['queryX', 'tasks × queries = 2 × 5 = 10'],
  ] as const)('refuses indices in %s of another number than samples', (name, shape) => {
    expect(
      problem(() =>
        checkEpisodes({ ...indices(), [name]: new Uint32Array(7) }, { ...expected, bank }, 'mine'),
      ),
    ).toBe(`mine.${name}: expected ${shape} values, got 7`);
  });

  test.each([
    ['supportX', 12],
    ['supportY', 8],
    ['queryX', 15],
    ['queryY', 10],
  ] as const)('says where in %s a number is not finite', (name, perTask) => {
    const episodes = numbers();
    episodes[name][perTask + 4] = NaN;
    expect(problem(() => checkEpisodes(episodes, expected, 'mine'))).toBe(
      `mine.${name}: expected finite numbers, got NaN in task 1 at position 4`,
    );
  });

  test('refuses infinity', () => {
    const episodes = numbers();
    episodes.supportY[0] = -Infinity;
    expect(problem(() => checkEpisodes(episodes, expected, 'mine'))).toContain(
      'got -Infinity in task 0 at position 0',
    );
  });

  test.each([
    ['supportX', 4],
    ['queryX', 5],
  ] as const)('says where in %s an image is not in the bank', (name, perTask) => {
    const episodes = indices();
    episodes[name][perTask + 2] = 6;
    expect(problem(() => checkEpisodes(episodes, { ...expected, bank }, 'mine'))).toBe(
      `mine.${name}: expected image indices below 6, the images of the bank, got 6 in task 1 at position 2`,
    );
  });

  test('refuses numbers where indices are expected', () => {
    expect(problem(() => checkEpisodes(numbers(), { ...expected, bank }, 'mine'))).toBe(
      'mine.supportX: expected a Uint32Array of image indices, got Float32Array; leave the bank out if the inputs are numbers',
    );
  });

  test('refuses indices without a bank', () => {
    expect(problem(() => checkEpisodes(indices(), expected, 'mine'))).toBe(
      'mine.supportX: expected a Float32Array, got Uint32Array; image indices need a bank',
    );
  });

  test('refuses a missing array', () => {
    expect(
      problem(() =>
        checkEpisodes(
          { ...numbers(), queryY: undefined as unknown as Float32Array },
          expected,
          'mine',
        ),
      ),
    ).toContain('mine.queryY: expected a Float32Array, got undefined');
  });

  test('refuses images of another size than the inputs', () => {
    expect(problem(() => checkEpisodes(indices(), { inputs: 4, outputs: 2, bank }, 'mine'))).toBe(
      'mine: expected images of 4 pixels, one for each input, got 3 × 1 = 3; change the first size of the network or the size of the images',
    );
  });
});

describe('the check of a bank', () => {
  test('counts the channels of images in colours', () => {
    const coloured = { ...bank, channels: 3 as const };
    expect(problem(() => checkBank(coloured, 'bank'))).toBe(
      'bank.pixels: expected count × channels × height × width = 6 × 3 × 1 × 3 = 54 bytes, got 18',
    );
    const pixels = new Uint8Array(54);
    expect(() => checkBank({ ...coloured, pixels }, 'bank')).not.toThrow();
    const net = { inputs: 3, outputs: 2, bank: { ...coloured, pixels } };
    expect(problem(() => checkEpisodes(indices(), net, 'mine'))).toContain('got 3 × 1 × 3 = 9');
  });
  test.each([0, 2, 4])('refuses %i channels', channels => {
    expect(problem(() => checkBank({ ...bank, channels: channels as 1 }, 'bank'))).toBe(
      `bank.channels: expected 1 (grey) or 3 (red, green and blue), got ${channels}`,
    );
  });
  test.each([
    [
      { mean: [0.1, 0.2], std: [1] },
      'bank.normalise.mean: expected one number, for grey, got [0.1,0.2]',
    ],
    [
      { mean: [0.1], std: [0] },
      'bank.normalise.std.0: expected a number from 0.000001 to 1000000, got 0',
    ],
    [{ mean: [0.1] }, 'bank.normalise.std: expected'],
  ])('refuses a normalisation by %j', (normalise, said) => {
    expect(problem(() => checkBank({ ...bank, normalise } as ImageBank, 'bank'))).toContain(said);
  });

  test('lets a bank pass that agrees with itself', () => {
    expect(() => checkBank(bank, 'bank')).not.toThrow();
  });

  test('refuses an empty bank', () => {
    expect(problem(() => checkBank({ ...bank, count: 0 }, 'bank'))).toBe(
      'bank.count: expected a whole number ≥ 1, got 0',
    );
  });

  test('refuses another number of pixels than the images have', () => {
    expect(problem(() => checkBank({ ...bank, pixels: new Uint8Array(17) }, 'bank'))).toBe(
      'bank.pixels: expected count × height × width = 6 × 1 × 3 = 18 bytes, got 17',
    );
  });

  test('refuses another number of labels than images', () => {
    expect(problem(() => checkBank({ ...bank, labels: new Uint16Array(5) }, 'bank'))).toBe(
      'bank.labels: expected one label for each of 6 images, got 5',
    );
  });

  test('refuses a label that is no class', () => {
    expect(
      problem(() => checkBank({ ...bank, labels: Uint16Array.of(0, 1, 0, 2, 0, 1) }, 'bank')),
    ).toBe('bank.labels: expected labels below classes = 2, got 2 for image 3');
  });
});
