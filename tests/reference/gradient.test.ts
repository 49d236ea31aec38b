import { describe, expect, test } from 'vitest';
import {
  ERROR_PATHS as paths,
  GRANULARITIES,
  ORIGINS,
  PRIMITIVES,
  RULES,
  SLOTS,
  TERMS,
} from '../../src/systems/system.js';
import { TARGETS } from './random-problem.js';
import { LIMIT, worstError } from './worst-error.js';

const sizes = [2, 5, 3, 2];
const rulesFrom = (from: 'post' | 'error') => SLOTS.rule.filter(rule => RULES[rule].from === from);
const freezings = [[], [1], [2], [1, 2], [3], [1, 3]];

describe('under direct-rectified feedback the gradient of the reference equals central differences', () => {
  const learning = rulesFrom('post').flatMap(rule =>
    SLOTS.loss.flatMap(loss => SLOTS.signal.map(signal => ({ rule, loss, signal }))),
  );
  test.each(learning)('under rule $rule, loss $loss and signal $signal', choices => {
    expect(worstError({ spec: { sizes, ...choices } })).toBeLessThan(LIMIT);
  });

  const activities = SLOTS.activation.flatMap(activation =>
    SLOTS.feedbackActivation.map(feedbackActivation => ({ activation, feedbackActivation })),
  );
  test.each(activities)(
    'with activation $activation and feedback activation $feedbackActivation',
    choices => {
      expect(worstError({ spec: { sizes, ...choices } })).toBeLessThan(LIMIT);
    },
  );

  const resolutions = GRANULARITIES.flatMap(alpha =>
    rulesFrom('post').map(rule => ({ alpha, rule })),
  );
  test.each(resolutions)('with one α for each $alpha, under rule $rule', choices => {
    expect(worstError({ spec: { sizes, ...choices } })).toBeLessThan(LIMIT);
  });

  const reach = SLOTS.loss.flatMap(loss =>
    (['all', 'output'] as const).flatMap(feedbackTo =>
      freezings.map(frozen => ({ loss, feedbackTo, frozen })),
    ),
  );
  test.each(reach)(
    'under loss $loss, with feedback to $feedbackTo and layers $frozen frozen',
    choices => {
      expect(worstError({ spec: { sizes, ...choices } })).toBeLessThan(LIMIT);
    },
  );

  // Under seed 1 the three hidden units of [1, 3, 1] are silent and nothing depends on B1.
  test.each([
    { n: [1, 1] },
    { n: [1, 3, 1], seed: 2 },
    { n: [3, 2, 4] },
    { n: [1, 7, 5, 1] },
    { n: [2, 9, 6, 5, 2], seed: 2 },
  ])('for sizes $n', ({ n, seed }) => {
    expect(worstError({ spec: { sizes: n }, ...(seed && { seed }) })).toBeLessThan(LIMIT);
  });

  const lives = [1, 5].flatMap(steps =>
    [1, 3].flatMap(batch => [1, 3].map(tasks => ({ steps, batch, tasks }))),
  );
  test.each(lives)('over $steps steps of batch $batch in $tasks tasks', life => {
    expect(worstError({ spec: { sizes }, ...life, seed: 3 })).toBeLessThan(LIMIT);
  });

  test('with a multiplier for each layer', () => {
    expect(worstError({ spec: { sizes, multiplier: [3, 0.5, -2] } })).toBeLessThan(LIMIT);
  });

  test('with updates that are means over the batch, noisy weights and no biases', () => {
    expect(
      worstError({ spec: { sizes, reduction: 'mean', noise: 0.05, bias: false }, batch: 3 }),
    ).toBeLessThan(LIMIT);
  });

  // Under seed 1 a neuron of layer 2 is told what is almost at a kink.
  test('with weights that every lifetime draws', () => {
    expect(worstError({ spec: { sizes, weights: 'drawn' }, seed: 2 })).toBeLessThan(LIMIT);
  });

  test('with moments [0, 2, 5] that all weigh', () => {
    expect(
      worstError({ spec: { sizes }, steps: 5 }, { moments: [0, 2, 5], weights: [0.3, 0.5, 1.5] }),
    ).toBeLessThan(LIMIT);
  });

  test('with a last moment before the end of life', () => {
    expect(worstError({ spec: { sizes }, steps: 5 }, { moments: [0, 2] })).toBeLessThan(LIMIT);
  });

  test('on images from a bank', () => {
    expect(
      worstError({ spec: { sizes, loss: 'cross-entropy' }, images: 6, tasks: 2 }),
    ).toBeLessThan(LIMIT);
  });
});

describe('with errors that come down, the gradient of the reference equals central differences', () => {
  const ways = paths.flatMap(feedback =>
    SLOTS.activation.flatMap(activation =>
      rulesFrom('error').map(rule => ({ feedback, activation, rule })),
    ),
  );
  test.each(ways)(
    'by $feedback feedback, with activation $activation, under rule $rule',
    choices => {
      expect(worstError({ spec: { sizes, ...choices } })).toBeLessThan(LIMIT);
    },
  );

  const goals = paths.flatMap(feedback =>
    rulesFrom('error').map(rule => ({
      feedback,
      rule,
      loss: 'cross-entropy' as const,
      activation: 'softplus' as const,
    })),
  );
  test.each(goals)('by $feedback feedback, under rule $rule and loss $loss', choices => {
    expect(worstError({ spec: { sizes, ...choices } })).toBeLessThan(LIMIT);
  });

  const targets = Object.keys(TARGETS) as (keyof typeof TARGETS)[];
  test.each(targets)('of cross-entropy with targets that are %s', kind => {
    for (const spec of [
      { rule: 'gradient' },
      { rule: 'pool' },
      { signal: 'error', feedbackActivation: 'linear' },
    ] as const)
      expect(
        worstError({
          spec: { sizes, loss: 'cross-entropy', activation: 'tanh', ...spec },
          targets: kind,
        }),
      ).toBeLessThan(LIMIT);
  });

  // Frozen layers within the lifetime carry errors; an encoder's activity has a slope that its
  // gradient goes through.
  const frozen = paths.flatMap(feedback =>
    rulesFrom('error').flatMap(rule =>
      freezings.map(frozen => ({ feedback, rule, frozen, activation: 'tanh' as const })),
    ),
  );
  test.each(frozen)(
    'by $feedback feedback, under rule $rule, with layers $frozen frozen',
    choices => {
      // The error that comes straight to a frozen layer 2 is read by none.
      const silent =
        choices.feedback === 'direct' &&
        choices.rule === 'gradient' &&
        choices.frozen.join() === '2'
          ? ['B3']
          : [];
      expect(worstError({ spec: { sizes, ...choices } }, { silent })).toBeLessThan(LIMIT);
    },
  );

  const batches = rulesFrom('error').flatMap(rule =>
    SLOTS.loss.flatMap(loss =>
      (['sum', 'mean'] as const).flatMap(reduction =>
        [1, 3].map(batch => ({ rule, loss, reduction, batch })),
      ),
    ),
  );
  test.each(batches)(
    'under rule $rule and loss $loss, as the $reduction over batches of $batch',
    ({ batch, ...choices }) => {
      expect(
        worstError({
          spec: {
            sizes,
            activation: 'sigmoid',
            feedback: 'chained',
            multiplier: [3, 0.5, -2],
            ...choices,
          },
          batch,
        }),
      ).toBeLessThan(LIMIT);
    },
  );

  const origins = rulesFrom('error').flatMap(rule =>
    paths.flatMap(feedback =>
      ORIGINS.weights.flatMap(weights =>
        (feedback === 'backprop' ? ['inherited' as const] : ORIGINS.feedbackWeights).map(
          feedbackWeights => ({ rule, feedback, weights, feedbackWeights }),
        ),
      ),
    ),
  );
  test.each(origins)(
    'under rule $rule and $feedback feedback, with $weights W and $feedbackWeights B',
    choices => {
      expect(worstError({ spec: { sizes, activation: 'softplus', ...choices } })).toBeLessThan(
        LIMIT,
      );
    },
  );

  test.each(rulesFrom('error'))('under rule %s, with noisy weights, asked on the way', rule => {
    expect(
      worstError(
        { spec: { sizes, rule, activation: 'tanh', noise: 0.05 }, steps: 5 },
        { moments: [0, 2, 5], weights: [0.3, 0.5, 1.5] },
      ),
    ).toBeLessThan(LIMIT);
  });
});

describe('under the pool the gradient of the reference equals central differences', () => {
  const pool = { sizes, rule: 'pool', activation: 'softplus', loss: 'cross-entropy' } as const;
  const variants = TERMS.flatMap(r => [true, false].map(bias => ({ r, bias })));
  // Decay (3) and Oja's subspace (9) do not see errors.
  test.each(variants)('with term $r alone, bias: $bias', ({ r, bias }) => {
    expect(
      worstError(
        { spec: { ...pool, terms: [r], bias } },
        { silent: [3, 9].includes(r) ? ['B2', 'B3'] : [] },
      ),
    ).toBeLessThan(LIMIT);
  });

  const resolutions = (['layer', 'network'] as const).flatMap(theta =>
    [undefined, [0, 2, 9]].map(terms => ({ theta, terms })),
  );
  test.each(resolutions)('with one θ for each $theta and terms $terms', choices => {
    expect(worstError({ spec: { ...pool, ...choices } })).toBeLessThan(LIMIT);
  });

  test.each(freezings.map(frozen => ({ frozen })))(
    'with one θ for each layer and layers $frozen frozen',
    ({ frozen }) => {
      expect(worstError({ spec: { ...pool, frozen, theta: 'layer', bias: true } })).toBeLessThan(
        LIMIT,
      );
    },
  );

  test('with an L1 penalty', () => {
    expect(worstError({ spec: pool }, { l1: 0.3 })).toBeLessThan(LIMIT);
  });
});

describe('under pseudo-gradient descent the gradient of the reference equals central differences', () => {
  const memories = GRANULARITIES.flatMap(eta =>
    [false, true].flatMap(weightDecay =>
      [false, true].map(momentum => ({ eta, weightDecay, momentum })),
    ),
  );
  test.each(memories)(
    'with one η for each $eta, weight decay: $weightDecay, momentum: $momentum',
    choices => {
      expect(
        worstError({ spec: { sizes, rule: 'gradient', activation: 'tanh', ...choices } }),
      ).toBeLessThan(LIMIT);
    },
  );

  test.each(freezings.map(frozen => ({ frozen })))(
    'with momentum and layers $frozen frozen',
    ({ frozen }) => {
      expect(
        worstError({
          spec: {
            sizes,
            rule: 'gradient',
            activation: 'tanh',
            momentum: true,
            weightDecay: true,
            frozen,
            eta: 'neuron',
          },
        }),
      ).toBeLessThan(LIMIT);
    },
  );
});

describe('while biases change within a lifetime, the gradient of the reference equals central differences', () => {
  const plastic = { sizes, activation: 'tanh', plasticBias: true } as const;
  const ways = GRANULARITIES.flatMap(resolution => [
    ...paths.map(feedback => ({ rule: 'gradient', feedback, eta: resolution }) as const),
    ...rulesFrom('post').map(rule => ({ rule, alpha: resolution }) as const),
  ]);
  test.each(ways)('under %o', choices => {
    expect(worstError({ spec: { ...plastic, ...choices } })).toBeLessThan(LIMIT);
  });

  test.each(freezings.map(frozen => ({ frozen })))(
    'with momentum, weight decay, noise, a multiplier, and layers $frozen frozen',
    ({ frozen }) => {
      const spec = {
        ...plastic,
        rule: 'gradient',
        momentum: true,
        weightDecay: true,
        noise: 0.05,
        multiplier: [3, 0.5, -2],
        frozen,
        eta: 'synapse',
      } as const;
      expect(worstError({ spec })).toBeLessThan(LIMIT);
    },
  );

  test.each(SLOTS.feedbackRule.slice(1))('and %s moves B', feedbackRule => {
    const spec = {
      ...plastic,
      rule: 'gradient',
      feedback: 'chained',
      feedbackRule,
      bias: true,
    } as const;
    expect(worstError({ spec, steps: 4 }, { silent: ['B1'] })).toBeLessThan(LIMIT);
  });

  test('from drawn weights, asked on the way', () => {
    const spec = { ...plastic, rule: 'gradient', weights: 'drawn', reduction: 'mean' } as const;
    const asked = { moments: [0, 2, 5], weights: [0.3, 0.5, 1.5] };
    expect(worstError({ spec, steps: 5 }, asked)).toBeLessThan(LIMIT);
  });
});

describe('while feedback weights align, the gradient of the reference equals central differences', () => {
  const aligning = {
    sizes,
    rule: 'gradient',
    activation: 'sigmoid',
    feedback: 'chained',
    eta: 'synapse',
  } as const;
  const feedbackRules = SLOTS.feedbackRule.filter(rule => rule !== 'fixed');
  /** Nobody reads the error below the first layer: B1 follows W1 in vain. */
  const silent = ['B1'];

  const ways = feedbackRules.flatMap(feedbackRule =>
    (['activity', 'noise'] as const).flatMap(mirror =>
      [1, 2].map(alignEvery => ({ feedbackRule, mirror, alignEvery })),
    ),
  );
  test.each(ways)(
    'by $feedbackRule, mirroring $mirror, on every step that $alignEvery divides',
    choices => {
      expect(
        worstError({ spec: { ...aligning, ...choices, bias: true }, steps: 4 }, { silent }),
      ).toBeLessThan(LIMIT);
    },
  );

  test.each(PRIMITIVES)('by the primitive %s alone', primitive => {
    expect(
      worstError(
        { spec: { ...aligning, feedbackRule: 'symmetric-alignment', primitives: [primitive] } },
        { silent },
      ),
    ).toBeLessThan(LIMIT);
  });

  const sums = feedbackRules.flatMap(feedbackRule =>
    (['sum', 'mean'] as const).flatMap(reduction =>
      [1, 3].map(batch => ({ feedbackRule, reduction, batch })),
    ),
  );
  test.each(sums)(
    'by all primitives and $feedbackRule, as the $reduction over batches of $batch, with biases',
    ({ batch, ...choices }) => {
      expect(
        worstError(
          {
            spec: {
              ...aligning,
              ...choices,
              primitives: PRIMITIVES,
              bias: true,
              loss: 'cross-entropy',
            },
            batch,
          },
          { silent },
        ),
      ).toBeLessThan(LIMIT);
    },
  );

  test.each(['information-alignment', 'kolen-pollack'] as const)(
    'by %s, from drawn weights, with noise',
    feedbackRule => {
      const spec = {
        ...aligning,
        feedbackRule,
        noise: 0.05,
        weights: 'drawn',
        feedbackWeights: 'drawn',
      } as const;
      expect(worstError({ spec })).toBeLessThan(LIMIT);
    },
  );

  const kolenPollack = GRANULARITIES.flatMap(eta =>
    [false, true].flatMap(weightDecay =>
      [false, true].flatMap(momentum =>
        [1, 2].map(alignEvery => ({ eta, weightDecay, momentum, alignEvery })),
      ),
    ),
  );
  test.each(kolenPollack)(
    'by Kolen-Pollack, one η for each $eta, weight decay: $weightDecay, momentum: $momentum, every $alignEvery',
    choices => {
      expect(
        worstError(
          {
            spec: {
              ...aligning,
              feedbackRule: 'kolen-pollack',
              multiplier: [3, 0.5, 2],
              ...choices,
            },
          },
          { silent },
        ),
      ).toBeLessThan(LIMIT);
    },
  );

  const frozen = feedbackRules.flatMap(feedbackRule =>
    [
      { frozen: [1], silent: ['B2'] },
      { frozen: [2], silent: ['B1'] },
      { frozen: [3], silent: ['B1'] },
      // Here a single layer is plastic, whose feedback weights align in vain.
      { frozen: [1, 2], silent: ['B3', 'k', 'etaB'] },
      { frozen: [1, 3], silent: ['B2', 'k', 'etaB'] },
    ].map(freezing => ({ feedbackRule, ...freezing })),
  );
  test.each(frozen)('by $feedbackRule with layers $frozen frozen', ({ silent, ...choices }) => {
    expect(
      worstError({ spec: { ...aligning, ...choices, eta: 'layer', mirror: 'noise' } }, { silent }),
    ).toBeLessThan(LIMIT);
  });

  test.each(feedbackRules.filter(rule => rule !== 'kolen-pollack'))(
    'by %s under the pool, asked on the way',
    feedbackRule => {
      const spec = {
        sizes,
        rule: 'pool',
        activation: 'softplus',
        feedbackRule,
        primitives: PRIMITIVES,
      } as const;
      expect(
        worstError({ spec, steps: 4 }, { moments: [0, 2, 4], weights: [0.3, 0.5, 1.5] }),
      ).toBeLessThan(LIMIT);
    },
  );
});
