import { describe, expect, test } from 'vitest';
import { referenceGradient, referenceLoss, type ReferenceOptions } from '../../src/reference/meta-gradient.js';
import { GRANULARITIES, SLOTS } from '../../src/systems/system.js';
import { centralDifferences, relativeErrors } from './central-differences.js';
import { type ProblemSpec, randomProblem } from './random-problem.js';

/** The largest disagreement of any tensor's gradient with central differences. NaN, from a tensor that nothing depends on, fails too. */
function worstError(problem: ProblemSpec, options: ReferenceOptions = {}): number {
  const { system, layout, parameters, episodes, bank } = randomProblem({ tasks: 2, steps: 3, batch: 2, queries: 3, seed: 1, ...problem });
  const asked = { bank, ...options };
  const { gradient } = referenceGradient(system, layout, parameters, episodes, asked);
  const expected = centralDifferences(p => referenceLoss(system, layout, p, episodes, asked).loss, parameters);
  return Math.max(...Object.values(relativeErrors(layout, gradient, expected)));
}

const LIMIT = 1e-6;
const sizes = [2, 5, 3, 2];

describe('the gradient of the reference equals central differences', () => {
  const learning = SLOTS.rule.flatMap(rule => SLOTS.loss.flatMap(loss => SLOTS.signal.map(signal => ({ rule, loss, signal }))));
  test.each(learning)('under rule $rule, loss $loss and signal $signal', choices => {
    expect(worstError({ spec: { sizes, ...choices } })).toBeLessThan(LIMIT);
  });

  const activities = SLOTS.activation.flatMap(activation => SLOTS.feedbackActivation.map(feedbackActivation => ({ activation, feedbackActivation })));
  test.each(activities)('with activation $activation and feedback activation $feedbackActivation', choices => {
    expect(worstError({ spec: { sizes, ...choices } })).toBeLessThan(LIMIT);
  });

  const resolutions = GRANULARITIES.flatMap(alpha => SLOTS.rule.map(rule => ({ alpha, rule })));
  test.each(resolutions)('with one α for each $alpha, under rule $rule', choices => {
    expect(worstError({ spec: { sizes, ...choices } })).toBeLessThan(LIMIT);
  });

  const reach = SLOTS.loss.flatMap(loss => (['all', 'output'] as const).flatMap(feedbackTo =>
    [[], [1], [2], [1, 2], [3], [1, 3]].map(frozen => ({ loss, feedbackTo, frozen }))));
  test.each(reach)('under loss $loss, with feedback to $feedbackTo and layers $frozen frozen', choices => {
    expect(worstError({ spec: { sizes, ...choices } })).toBeLessThan(LIMIT);
  });

  // Under seed 1 the three hidden units of [1, 3, 1] are silent and nothing depends on B1.
  test.each([{ n: [1, 1] }, { n: [1, 3, 1], seed: 2 }, { n: [3, 2, 4] }, { n: [1, 7, 5, 1] }, { n: [2, 9, 6, 5, 2] }])('for sizes $n', ({ n, seed }) => {
    expect(worstError({ spec: { sizes: n }, ...(seed && { seed }) })).toBeLessThan(LIMIT);
  });

  const lives = [1, 5].flatMap(steps => [1, 3].flatMap(batch => [1, 3].map(tasks => ({ steps, batch, tasks }))));
  test.each(lives)('over $steps steps of batch $batch in $tasks tasks', life => {
    expect(worstError({ spec: { sizes }, ...life })).toBeLessThan(LIMIT);
  });

  test('with a multiplier for each layer', () => {
    expect(worstError({ spec: { sizes, multiplier: [3, 0.5, -2] } })).toBeLessThan(LIMIT);
  });

  test('with moments [0, 2, 5] that all weigh', () => {
    expect(worstError({ spec: { sizes }, steps: 5 }, { moments: [0, 2, 5], weights: [0.3, 0.5, 1.5] })).toBeLessThan(LIMIT);
  });

  test('with a last moment before the end of life', () => {
    expect(worstError({ spec: { sizes }, steps: 5 }, { moments: [0, 2] })).toBeLessThan(LIMIT);
  });

  test('on images from a bank', () => {
    expect(worstError({ spec: { sizes, loss: 'cross-entropy' }, images: 6 })).toBeLessThan(LIMIT);
  });
});
