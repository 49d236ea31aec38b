import { describe, expect, test } from 'vitest';
import { adam, factorAt } from '../../src/learner/optimiser.js';

describe('the factor on the rates', () => {
  test('of a constant is 1', () => expect(factorAt({ kind: 'constant' }, 7)).toBe(1));

  test('of a cosine falls from 1 over the middle to the floor, and stays there', () => {
    const at = (metaStep: number) => factorAt({ kind: 'cosine', floor: 0.1, steps: 100 }, metaStep);
    const floor = expect.closeTo(0.1, 12);
    expect([0, 50, 100, 150].map(at)).toEqual([1, expect.closeTo(0.55, 12), floor, floor]);
  });

  test('of steps is multiplied at each of them', () => {
    const at = (metaStep: number) =>
      factorAt({ kind: 'step', at: [10, 20], factor: 0.5 }, metaStep);
    expect([9, 10, 19, 20].map(at)).toEqual([1, 0.5, 0.5, 0.25]);
  });

  test('may be any function of the meta-steps made before', () => {
    expect(factorAt(metaStep => 1 / (1 + metaStep), 3)).toBe(0.25);
  });
});

describe('adam refuses', () => {
  test.each<[object, string]>([
    [{ rate: {} }, 'adam.rate: unknown key (did you mean rates?); known: rates, clip, schedule'],
    [{ rates: { W1: -1 } }, 'adam.rates.W1: expected a number from 0 to 1000000, got -1'],
    [{ clip: 0 }, 'adam.clip: expected a number ≥ 1e-20, got 0'],
    [
      { schedule: { kind: 'cosin' } },
      'adam.schedule.kind: unknown choice "cosin" (did you mean cosine?); known: constant, cosine, step',
    ],
    [
      { schedule: { kind: 'cosine', floor: 0.1 } },
      'adam.schedule.steps: expected a whole number ≥ 1, got nothing',
    ],
  ])('%j', (options, message) => {
    expect(() => adam(options)).toThrow(message);
  });
});
