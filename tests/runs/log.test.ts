import { describe, expect, test } from 'vitest';
import {
  bestOf,
  evaluationTable,
  formatDuration,
  formatLogLine,
  formatNumber,
  formatPercent,
  orderedLog,
  parseLog,
  progressLine,
  smooth,
  validationLine,
  type Evaluation,
  type LogLine,
} from '../../src/runs/log.js';

const line = (metaStep: number, more: Partial<LogLine> = {}): LogLine => ({
  metaStep,
  loss: 1,
  medianLoss: 0.5,
  counted: 64,
  diverged: 0,
  gradientNorm: 2,
  taskStepsPerSecond: 1000,
  seconds: 10 + metaStep / 2,
  ...more,
});
const text = [line(1), line(2, { accuracy: 0.25 }), line(3)].map(formatLogLine).join('');

describe('parseLog', () => {
  test('reads what formatLogLine wrote', () => {
    expect(parseLog(text, 'log.jsonl')).toEqual([line(1), line(2, { accuracy: 0.25 }), line(3)]);
  });
  test('gives NaN where a number was not finite', () => {
    expect(parseLog(formatLogLine(line(1, { loss: NaN, gradientNorm: Infinity })), 'x')).toEqual([
      line(1, { loss: NaN, gradientNorm: NaN }),
    ]);
  });
  test('of an empty file is empty', () => expect(parseLog('', 'x')).toEqual([]));
  test('drops a last line that was cut off', () => {
    expect(parseLog(text.slice(0, -20), 'x').map(l => l.metaStep)).toEqual([1, 2]);
  });
  test('keeps a last line of which only the line break is missing', () => {
    expect(parseLog(text.trimEnd(), 'x')).toHaveLength(3);
  });
  test('names a bad line in the middle', () => {
    expect(() => parseLog(text.replace('"metaStep":2', '"metaStep":'), 'run/log.jsonl')).toThrow(
      /^run\/log\.jsonl: line 2: expected a JSON object, got "\{/,
    );
  });
  test('names what is wrong in a line, also in a last one without a line break', () => {
    const wrong = formatLogLine(line(4)).replace('0.5', '"low"').trimEnd();
    expect(() => parseLog(text + wrong, 'log')).toThrow(
      /^log: line 4: medianLoss: expected a number or null, got "low"/,
    );
  });
  test('reads coefficients, NaN where they were not finite, and refuses others', () => {
    const odd = { coefficients: { theta: [1, NaN] } };
    expect(parseLog(formatLogLine(line(1, odd)), 'log')).toEqual([line(1, odd)]);
    expect(() =>
      parseLog(`${JSON.stringify({ ...line(1), coefficients: { theta: 1 } })}\n`, 'log'),
    ).toThrow('log: line 1: coefficients.theta: expected a list of numbers, got 1');
  });
  test('reads as many lines as there are', () => {
    const many = formatLogLine(line(1)).repeat(150_000);
    expect(parseLog(many, 'log')).toHaveLength(150_000);
  });
  test.each([
    ['a missing number', '{"metaStep":1}'],
    ['a text for a number', JSON.stringify({ ...line(1), loss: 'low' })],
    ['a text for the accuracy', JSON.stringify({ ...line(1), accuracy: 'high' })],
    ['a meta-step that is none', JSON.stringify({ ...line(1), metaStep: 0 })],
    ['coefficients that are no numbers', JSON.stringify({ ...line(1), coefficients: { k: 1 } })],
    ['null', 'null'],
    ['nothing', ''],
  ])('refuses %s', (_, row) => expect(() => parseLog(`${row}\n${text}`, 'x')).toThrow('x: line 1'));
});

describe('orderedLog', () => {
  test('leaves a whole log as it is, up to the last meta-step that counts', () => {
    expect(orderedLog([line(1), line(2), line(3)], 2)).toEqual({
      log: [line(1), line(2)],
      problems: [],
    });
  });
  test('puts lines in their order, keeps the last of each, and tells what is doubled or missing', () => {
    const { log, problems } = orderedLog(
      [line(2), line(1, { loss: 7 }), line(1), line(2), line(7), line(9)],
      9,
    );
    expect(log).toEqual([line(1), line(2), line(7), line(9)]);
    expect(problems).toEqual([
      'meta-steps 1 – 2 are there more than once, and the last line of each is kept',
      'meta-steps 3 – 6, 8 are missing',
    ]);
  });
  test('of more lines than a function takes arguments is read', () => {
    const lines = Array.from({ length: 130_000 }, (_, m) => line(m + 1));
    expect(orderedLog(parseLog(lines.map(formatLogLine).join(''), 'x'), 130_000).problems).toEqual(
      [],
    );
  });
});

describe('smooth', () => {
  test('averages the values around each', () =>
    expect(smooth([0, 3, 6, 9, 3], 3)).toEqual([1.5, 3, 6, 6, 6]));
  test('leaves out what is not finite', () => expect(smooth([1, NaN, 3], 3)).toEqual([1, 2, 3]));
  test('is NaN where nothing near is finite', () => expect(smooth([NaN], 3)).toEqual([NaN]));
  test('is NaN where most of what is near is not finite', () =>
    expect(smooth([1, NaN, NaN, NaN], 5)).toEqual([NaN, NaN, NaN, NaN]));
  test('can be asked at some places only', () =>
    expect(smooth([0, 3, 6, 9, 3], 3, [1, 4])).toEqual([3, 6]));
  test('recovers from a huge value', () => expect(smooth([1e30, 1, 1, 1], 3)[3]).toBe(1));
});

describe('progressLine', () => {
  test('tells the meta-step, loss, accuracy, speed and time left', () => {
    const log = [
      line(98, { accuracy: 0.5, medianLoss: 1 }),
      line(99, { accuracy: 0.75, medianLoss: 0.5 }),
    ];
    expect(progressLine(log, 1000)).toBe(
      'meta-step   99/1000  loss 0.750  accuracy 62.5 %  1,000 task-steps/s  7:31 left',
    );
  });
  test('leaves the accuracy out where there is none', () =>
    expect(progressLine([line(1)], 10)).not.toContain('accuracy'));
  test('says what share of the lifetimes diverged, who are left out of the loss', () => {
    const log = [line(1, { counted: 1, diverged: 63 }), line(2)];
    expect(progressLine(log, 10)).toContain('loss 0.500  diverged 49.2 %  1,000 task-steps/s');
    expect(progressLine([line(1)], 10)).not.toContain('diverged');
  });
  test('averages the last 20 meta-steps only', () => {
    const log = Array.from({ length: 40 }, (_, i) =>
      line(i + 1, { medianLoss: i < 20 ? 1000 : 2 }),
    );
    expect(progressLine(log, 40)).toContain('loss 2.00');
  });
  test('survives a run of which every lifetime diverged', () =>
    expect(progressLine([line(1, { medianLoss: NaN })], 10)).toContain('loss –'));
  test('says so before the first meta-step', () =>
    expect(progressLine([], 10)).toBe('meta-step 0/10'));
  test('never exceeds 80 columns', () => {
    const log = [
      line(99_999_998, { medianLoss: 1.23e-30, accuracy: 1, taskStepsPerSecond: 1e15 }),
      line(99_999_999, {
        medianLoss: 1.23e-30,
        accuracy: 1,
        taskStepsPerSecond: 1e15,
        seconds: 1e9,
      }),
    ];
    expect(progressLine(log, 1e9).length).toBeLessThanOrEqual(80);
  });
});

describe('evaluationTable', () => {
  const evaluation: Evaluation = {
    metric: 'mean squared error',
    tasks: 500,
    at: [0, 10],
    rows: [
      { name: 'FLP', mean: [3.8, 0.16], median: [3, 0.04], ci: [0.2, 0.03] },
      { name: 'no plasticity', mean: [3.8, 3.81], median: [3, 3.1], ci: [0.2, 0.25] },
    ],
  };
  test('has a row per learner and a column per number of examples, aligned', () => {
    expect(evaluationTable(evaluation, 32)).toBe(
      [
        'mean squared error on 500 unseen tasks',
        'examples seen     0    320       ±  median',
        'FLP            3.80  0.160  0.0300  0.0400',
        'no plasticity  3.80   3.81   0.250    3.10',
        '',
      ].join('\n'),
    );
  });
  test('says of how many lifetimes a mean is that is not of most, and how many diverged', () => {
    const [flp, other] = evaluation.rows;
    const rows = [flp!, { ...other!, diverged: 499 }];
    expect(evaluationTable({ ...evaluation, rows })).toBe(
      [
        'mean squared error on 500 unseen tasks',
        'examples seen                          0     10       ±  median    diverged',
        'FLP                                 3.80  0.160  0.0300  0.0400           0',
        'no plasticity (mean over 1 of 500)  3.80   3.81   0.250    3.10  499 of 500',
        '',
      ].join('\n'),
    );
  });
  test('shows accuracies as percentages, without a median', () => {
    const table = evaluationTable({
      title: 'shuffled',
      metric: 'accuracy',
      tasks: 9,
      at: [25],
      rows: [{ name: 'FLP', mean: [0.76], median: [0.8], ci: [0.015] }],
    });
    expect(table).toBe(
      'shuffled: accuracy on 9 unseen tasks\nexamples seen      25      ±\nFLP            76.0 %  1.5 %\n',
    );
  });
});

test('numbers have three significant digits', () => {
  expect([0, 0.16, 12.345, 999.9, 12345, 1e-5, 2e9, NaN, Infinity].map(formatNumber)).toEqual([
    '0.00',
    '0.160',
    '12.3',
    '1,000',
    '12,345',
    '1.00e-5',
    '2.00e+9',
    '–',
    'Infinity',
  ]);
});
test('shares are percentages', () =>
  expect([0.5, NaN].map(formatPercent)).toEqual(['50.0 %', '–']));
test('durations are minutes and seconds, then hours', () =>
  expect([7.4, 754, 3723, NaN].map(formatDuration)).toEqual(['0:07', '12:34', '1:02:03', '–']));

describe('validations', () => {
  const lines = (...validated: readonly (number | undefined)[]) =>
    validated.map((medianLoss, i) => ({
      ...line(i + 1),
      ...(medianLoss !== undefined && { validation: { medianLoss, diverged: 0 } }),
    }));

  test('are read again, NaN where a number was not finite', () => {
    const [one] = lines(Infinity);
    expect(parseLog(formatLogLine(one!), 'log')[0]!.validation).toEqual({
      medianLoss: NaN,
      diverged: 0,
    });
    expect(() => parseLog(formatLogLine(line(1)).replace('}', ',"validation":3}'), 'log')).toThrow(
      /^log: line 1: validation: expected an object with the keys medianLoss, accuracy, diverged/,
    );
  });
  test.each<[string, (number | undefined)[], { metaStep: number; since: number } | undefined]>([
    ['none', [undefined, undefined], undefined],
    [
      'the lowest loss, and how long ago',
      [3, undefined, 1, 2, undefined, 4],
      { metaStep: 3, since: 2 },
    ],
    ['of several alike the first', [2, 1, 1], { metaStep: 2, since: 1 }],
    ['a number rather than none', [NaN, 5, Infinity], { metaStep: 2, since: 1 }],
    ['the first where none is a number', [NaN, Infinity], { metaStep: 1, since: 1 }],
  ])('have as their best %s', (_, validated, best) => {
    const found = bestOf(lines(...validated));
    expect(found && { metaStep: found.metaStep, since: found.since }).toEqual(best);
  });
  test('of classes are compared by accuracy, the higher the better', () => {
    const [a, b] = lines(1, 2);
    const at = (of: LogLine, accuracy: number): LogLine => ({
      ...of,
      validation: { ...of.validation!, accuracy },
    });
    expect(bestOf([at(a!, 0.5), at(b!, 0.75)])?.metaStep).toBe(2);
    expect(bestOf([at(a!, 0.75), at(b!, 0.5)])?.metaStep).toBe(1);
  });
  test('are told in a line each', () => {
    expect(validationLine(lines(1, undefined))).toBe('');
    expect(validationLine(lines(2, 1))).toBe(
      'meta-step 2: loss 1.00 on validation tasks, the best so far',
    );
    expect(validationLine(lines(1, 2), 3)).toBe(
      'meta-step 2: loss 2.00 on validation tasks, no better than loss 1.00 at meta-step 1 (patience: 1 of 3)',
    );
  });
});
