import { describe, expect, test } from 'vitest';
import type { Evaluation } from '../../src/runs/log.js';
import { parseEnvironment, parseEvaluations } from '../../src/runs/recorded.js';
import { parseSwept } from '../../src/studies/recorded.js';
import type { Sweep } from '../../src/studies/sweep.js';

const evaluation: Evaluation = {
  title: 'i.i.d.',
  metric: 'mean squared error',
  tasks: 64,
  at: [0, 5],
  rows: [{ name: 'FLP', mean: [3, 1], median: [3, 1], ci: [0.1, 0.2], diverged: 2 }],
  forgetting: { after: [2, 4], parts: [[1, 2], [3, 4]], ci: [[0, 0], [0, 0]] }, // prettier-ignore
  examples: [
    {
      title: 'a',
      x: [0, 1],
      truth: [0, 1],
      support: { x: [0.5], y: [0.5] },
      curves: [{ after: 0, y: [0, 0] }],
    },
  ],
};
const read = (change: object, where = 'evaluation.json') =>
  parseEvaluations(JSON.parse(JSON.stringify([{ ...evaluation, ...change }])), where);
const [row] = evaluation.rows as [Evaluation['rows'][number]];
const [example] = evaluation.examples as [NonNullable<Evaluation['examples']>[number]];

describe('an evaluation', () => {
  test('is read as it was written, as a list or alone', () => {
    expect(read({})).toEqual([evaluation]);
    expect(parseEvaluations(evaluation, 'x')).toEqual([evaluation]);
  });
  test('has NaN where a number was not finite', () =>
    expect(read({ rows: [{ ...row, mean: [3, Infinity] }] })[0]!.rows[0]!.mean).toEqual([3, NaN]));
  test.each([
    [
      'markup for a name',
      { rows: [{ ...row, name: { html: '<img>' } }] },
      '0.rows.0.name: expected a text',
    ],
    ['markup for a title', { title: [{ html: '<img>' }] }, '0.title: expected a text'],
    ['an unknown key', { html: 1 }, '0.html: unknown key; known: title, metaStep, metric'],
    ['an unknown metric', { metric: 'luck' }, '0.metric: unknown choice "luck"'],
    [
      'moments out of order',
      { at: [5, 0] },
      '0.at: expected whole numbers of inner steps in rising',
    ],
    [
      'a mean too few',
      { rows: [{ ...row, mean: [3] }] },
      '0.rows.0.mean: expected 2 numbers, got 1',
    ],
    [
      'more diverged than lived',
      { rows: [{ ...row, diverged: 65 }] },
      '0.rows.0.diverged: expected at most 64',
    ],
    [
      'an interval too few',
      { forgetting: { after: [2, 4], parts: [[1, 2]], ci: [[1]] } },
      '0.forgetting.ci.0: expected 2 numbers',
    ],
    [
      'a truth too short',
      { examples: [{ ...example, truth: [0] }] },
      '0.examples.0.truth: expected 2 numbers, got 1',
    ],
    [
      'a curve too long',
      { examples: [{ ...example, curves: [{ after: 0, y: [0, 0, 0] }] }] },
      '0.examples.0.curves.0.y: expected 2 numbers, got 3',
    ],
  ])('is refused with %s', (_, change, message) =>
    // prettier-ignore
    expect(() => read(change, 'run/evaluation.json')).toThrow(`run/evaluation.json: ${message}`),
  );
  test('is refused where there is none', () =>
    expect(() => parseEvaluations(null, 'x')).toThrow('x: expected an object with the keys title'));
});

describe('an environment', () => {
  const deep = (depth: number): unknown =>
    JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
  test('holds texts, numbers and lists, in objects', () => {
    const facts = {
      adapter: { description: 'x', software: true },
      seed: 1,
      none: null,
      l: [1, 'a'],
    };
    expect(parseEnvironment(facts, 'env.json')).toEqual(facts);
  });
  test.each([
    ['a list', [1]],
    ['an object within a list', { a: [{ toString: null }] }],
    ['nine objects within each other', deep(9)],
    ['20,000 objects within each other', deep(20_000)],
  ])('is refused as %s', (_, json) =>
    expect(() => parseEnvironment(json, 'env.json')).toThrow(/^env\.json: expected an object of/),
  );
});

test('lifetimes that were lived are refused where numbers are missing', () => {
  const sweep = { settings: [{}], lifetimes: 2, at: [0, 5] } as unknown as Sweep;
  const whole = [[[1, null], [3, 4]]]; // prettier-ignore
  const lived = { sweep, losses: whole, accuracies: whole, errorAngles: { 2: whole } };
  expect(parseSwept(lived, sweep, 'x').errorAngles).toEqual({ 2: [[[1, NaN], [3, 4]]] }); // prettier-ignore
  for (const [key, wrong] of [
    ['losses', { losses: [[[1, 2]]] }],
    ['accuracies', { accuracies: 'all' }],
    ['errorAngles.2', { errorAngles: { 2: [] } }],
  ] as const)
    expect(() => parseSwept({ ...lived, ...wrong }, sweep, 'lived.json')).toThrow(
      `lived.json: ${key}: expected`,
    );
});
