import { describe, expect, test } from 'vitest';
import { areClasses, isRight } from '../../src/tasks/classes.js';

describe('an answer', () => {
  test.each<[string, number[], number[], boolean]>([
    ['with the largest output at the class is right', [0.1, 2, -1], [0, 1, 0], true],
    ['with the largest output elsewhere is wrong', [3, 2, -1], [0, 1, 0], false],
    ['that ties with the right output is wrong, if the class is the first', [1, 1], [1, 0], false],
    ['that ties with the right output is wrong, if the class is the last', [1, 1], [0, 1], false],
    ['at one of several classes is right', [2, 1, 0], [1, 1, 0], true],
    ['that ties two right outputs is right', [2, 2, 0], [1, 1, 0], true],
    ['at the most probable of soft labels is right', [0, 3, 1], [0.1, 0.8, 0.1], true],
    ['to a weighted class is right', [0, 3, 1], [0, 0.01, 0], true],
    ['to a row masked by zeros is wrong', [3, 2, 1], [0, 0, 0], false],
    ['to equal targets is wrong', [3, 2, 1], [1, 1, 1], false],
    ['to the class that is least unwanted is right', [-5, -1], [-2, -1], true],
    ['with an output that is NaN is wrong', [9, NaN, 1], [1, 0, 0], false],
    ['that is all NaN is wrong', [NaN, NaN], [1, 0], false],
    ['with an infinite output is wrong', [Infinity, 0], [1, 0], false],
  ])('%s', (_, output, target, right) => expect(isRight(output, target)).toBe(right));
});

describe('tasks are about classes', () => {
  const under = (loss: 'squared-error' | 'cross-entropy', outputs: number, queryY: number[]) =>
    areClasses({ loss, sizes: [4, outputs] }, { queryY });

  test('under cross-entropy, whatever the targets', () =>
    expect(under('cross-entropy', 2, [0.3, 0.7, 0, 0])).toBe(true));
  test('under a squared error, if every target is one-hot', () =>
    expect(under('squared-error', 2, [1, 0, 0, 1])).toBe(true));
  test.each<[string, number, number[]]>([
    ['one output', 1, [1, 1]],
    ['numbers', 2, [1, 0, 0.5, 0.5]],
    ['a row of zeros', 2, [1, 0, 0, 0]],
    ['two classes at once', 2, [1, 0, 1, 1]],
  ])('but not with %s', (_, outputs, queryY) =>
    expect(under('squared-error', outputs, queryY)).toBe(false),
  );
});
