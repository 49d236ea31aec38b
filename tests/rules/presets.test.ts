import { describe, expect, test } from 'vitest';
import { rateOfEach, ratesOf } from '../../src/learner/optimiser.js';
import { initialNumbers } from '../../src/parameters/initial.js';
import { GROUPS, layoutOf, type Group } from '../../src/parameters/layout.js';
import { adam, adamStart, meanGradient } from '../../src/reference/adam.js';
import { referenceGradient, referenceLoss } from '../../src/reference/meta-gradient.js';
import { defineRule } from '../../src/rules/define.js';
import { RULE_PRESETS } from '../../src/rules/presets.js';
import type { RuleSpec } from '../../src/rules/rule.js';
import { defineSystem } from '../../src/systems/system.js';
import { sineTasks } from '../../src/tasks/sine.js';

const PRESETS: readonly (readonly [string, { readonly rule: RuleSpec }])[] =
  Object.entries(RULE_PRESETS);

const STEPS = 80;
const UNSEEN = 64;
/** Sines of which a lifetime sees so short a piece that a line is nearly one. */
const tasks = sineTasks({
  steps: 8,
  queries: 8,
  amplitude: [0.5, 1.5],
  phase: [0, 2 * Math.PI],
  x: [-1, 1],
});
const ALIKE = Object.fromEntries(GROUPS.map(group => [group, 1])) as Record<Group, number>;

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/**
 * Median losses over unseen lifetimes, at their birth and their end, before and after meta-training;
 * and the loss of who always answers 0.
 */
function learned(rule: RuleSpec) {
  const system = defineSystem({ sizes: [1, 6, 1], rule });
  const layout = layoutOf(system);
  let parameters = Float64Array.from(initialNumbers(system, layout, 1));
  const has = (group: Group) => layout.tensors.some(t => t.group === group);
  const rates = rateOfEach(
    layout,
    ratesOf(system, layout, {
      W: 1e-2,
      ...(has('B') && { B: 1e-2 }),
      ...(has('beta') && { beta: 1e-2 }),
    }),
  );
  const unseen = tasks.episodes(1, 0, UNSEEN);
  const medians = () => {
    const moments = [0, tasks.steps];
    const { losses } = referenceLoss(system, layout, parameters, unseen, { moments });
    return moments.map((_, k) =>
      median(Array.from({ length: UNSEEN }, (_, i) => losses[2 * i + k]!)),
    ) as [birth: number, end: number];
  };
  const before = medians();
  let state = adamStart(layout.size);
  for (let step = 0; step < STEPS; step++) {
    const lived = referenceGradient(system, layout, parameters, tasks.episodes(0, 8 * step, 8));
    const { gradient } = meanGradient(lived.taskGradients, lived.losses, 5);
    // the reference knows rates of groups alone, so that each step is made at 1 and then shortened
    const moved = adam(parameters, gradient, state, layout, ALIKE);
    state = moved.state;
    const next = parameters.slice();
    layout.tensors.forEach(({ offset, size }, k) => {
      for (let i = offset; i < offset + size; i++)
        next[i]! += rates[k]! * (moved.parameters[i]! - parameters[i]!);
    });
    parameters = next;
  }
  const { queryY } = unseen;
  const silent = Array.from({ length: UNSEEN }, (_, i) => {
    const own = queryY.subarray(i * tasks.queries, (i + 1) * tasks.queries);
    return own.reduce((sum, y) => sum + y ** 2, 0) / tasks.queries;
  });
  return { before, after: medians(), ofSilence: median(silent) };
}

describe('a short meta-training teaches a published rule', () => {
  test.each(PRESETS)('%s to learn an unseen sine in its lifetime', (_, { rule }) => {
    const { before, after, ofSilence } = learned(rule);
    expect(after[1]).toBeLessThan(0.4 * before[1]);
    expect(after[1]).toBeLessThan(0.4 * after[0]);
    expect(after[1]).toBeLessThan(0.4 * ofSilence);
  });
});

test.each(PRESETS.filter(([, { rule }]) => defineRule(rule).from === 'post'))(
  '%s that reads x instead of post is told of no target',
  (_, { rule }) => {
    const untold = JSON.parse(JSON.stringify(rule).replaceAll('post', 'x')) as RuleSpec;
    const system = defineSystem({ sizes: [1, 6, 1], rule: untold });
    const layout = layoutOf(system);
    const parameters = initialNumbers(system, layout, 1);
    const lived = tasks.episodes(0, 0, 1);
    const told = { ...lived, supportY: lived.supportY.map(y => y + 1) };
    const answers = [lived, told].map(
      episodes => referenceLoss(system, layout, parameters, episodes).predictions,
    );
    expect(answers[1]).toEqual(answers[0]);
  },
);
