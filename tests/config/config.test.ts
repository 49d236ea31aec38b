import { describe, expect, test } from 'vitest';
import { MetaplasticError } from '../../src/errors.js';
import { parseConfig, scheduleOf, shapeOf } from '../../src/config/config.js';
import { RUN_PRESETS } from '../../src/config/presets.js';
import { SYSTEM_PRESETS } from '../../src/systems/presets.js';

const small = {
  name: 'small',
  task: { kind: 'sine', steps: 4, batch: 2, queries: 3 },
  system: { sizes: [1, 8, 1] },
  meta: { tasks: 2, steps: 10, rates: { W: 0.1, B: 0.1, alpha: 0.01, beta: 0.1 } },
  evaluation: { tasks: 5, at: [0, 4] },
};
const fewShot = {
  ...small,
  task: {
    kind: 'few-shot',
    source: { format: 'idx', images: 'i', labels: 'l', testFraction: 0.2 },
    ways: 3,
    shots: 4,
    queriesPerClass: 2,
    batch: 2,
    order: 'iid',
  },
  system: { sizes: [9, 8, 3], loss: 'cross-entropy' },
};
const stream = {
  ...small,
  task: {
    kind: 'stream',
    source: { format: 'idx', images: 'i', labels: 'l' },
    steps: 4,
    batch: 2,
    queries: 3,
    order: 'iid',
    classes: 3,
  },
  system: { sizes: [9, 8, 3], loss: 'cross-entropy' },
};
const pool = {
  ...small,
  system: { preset: 'bioplausible', loss: 'squared-error', sizes: [1, 8, 1] },
  meta: { ...small.meta, rates: { theta: 1e-3 } },
};
const mirror = {
  ...pool,
  system: { ...pool.system, preset: 'weight-mirror' },
  meta: { ...small.meta, rates: { eta: 0.1, alignment: 0.1 } },
};
const sequence = {
  ...small,
  task: {
    kind: 'sine-sequence',
    functions: 2,
    slots: 3,
    stepsPerFunction: 5,
    batch: 1,
    queriesPerFunction: 1,
    pool: 4,
    order: 'iid',
  },
  system: { sizes: [4, 8, 1] },
};

/** The base with the value at a dotted key replaced, or without the key. */
function having(key: string, value: unknown, base: object = small): unknown {
  const copy = structuredClone(base);
  const path = key.split('.');
  const last = path.pop()!;
  let at = copy as Record<string, any>;
  for (const name of path) at = at[name] ??= {};
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}
const refusal = (json: unknown) => {
  try {
    parseConfig(json, 'run.json');
  } catch (error) {
    expect(error).toBeInstanceOf(MetaplasticError);
    return (error as Error).message;
  }
  return 'accepted';
};

describe('parseConfig', () => {
  test('fills in every default', () => {
    const { seed, initial, meta, budget, checkpointEvery } = parseConfig(
      having('meta.rates', { W: 0.1 }),
      'run.json',
    );
    expect({
      seed,
      initial,
      rates: meta.rates,
      l1: meta.l1,
      decay: meta.decay,
      adjoint: meta.adjoint,
      onDivergence: meta.onDivergence,
      budget,
      checkpointEvery,
    }).toEqual({
      seed: 0,
      initial: {
        weights: 'kaiming',
        weightScale: 1,
        feedbackScale: 1,
        alpha: 0,
        beta: 0.5,
        eta: 0.01,
        weightDecay: 1e-4,
        momentum: 0.9,
        etaB: 1,
      },
      rates: { W: 0.1, B: 0, alpha: 0, beta: 0, theta: 0, eta: 0, rule: 0, alignment: 0 },
      l1: 0,
      decay: { kind: 'constant' },
      adjoint: 'store',
      onDivergence: 'skip',
      budget: { memory: 256_000_000, dispatchSeconds: 0.5 },
      checkpointEvery: 100,
    });
  });
  test('parses its own result to the same result', () => {
    const config = parseConfig(small, 'run.json');
    expect(parseConfig(JSON.parse(JSON.stringify(config)), 'config.json')).toEqual(config);
  });
  test('has the published rates of the groups that a system has where rates are left out', () => {
    const { rates } = parseConfig(having('meta.rates', undefined), 'run.json').meta;
    expect(rates).toEqual({
      W: 1e-3,
      B: 1e-3,
      alpha: 1e-4,
      beta: 1e-3,
      theta: 0,
      eta: 0,
      rule: 0,
      alignment: 0,
    });
  });
  test('keeps the system as it is written', () => {
    expect(parseConfig(pool, 'run.json').system).toEqual(pool.system);
  });
  test('labels few shots with permuted labels, and holds out a fifth of a stream, unless told otherwise', () => {
    expect(parseConfig(fewShot, 'x').task).toMatchObject({ labels: 'permuted' });
    expect(parseConfig(stream, 'x').task).toMatchObject({ heldOut: 0.2 });
  });
  test.each<[string, object]>([
    [
      'everything that a system can say',
      {
        ...mirror,
        system: {
          preset: 'weight-mirror',
          sizes: [1, 8, 1],
          activation: 'tanh',
          bias: false,
          feedback: 'chained',
          rule: 'gradient',
          feedbackRule: 'information-alignment',
          primitives: ['decay', 'null'],
          mirror: 'noise',
          alignEvery: 2,
          loss: 'squared-error',
          eta: 'layer',
          reduction: 'sum',
          weightDecay: true,
          momentum: true,
          noise: 0.1,
          multiplier: [1, 2],
          weights: 'drawn',
          feedbackWeights: 'inherited',
          firstOrder: false,
        },
      },
    ],
    [
      'everything that a pool can say',
      {
        ...pool,
        system: { sizes: [1, 8, 1], rule: 'pool', terms: [0, 9], theta: 'layer' },
        initial: { theta: [0.1, 0] },
        meta: { ...pool.meta, l1: 1e-4 },
      },
    ],
    [
      'the conventions of PyTorch for MAML',
      {
        ...small,
        system: {
          preset: 'maml',
          loss: 'mean-squared-error',
          reduction: 'mean',
          sizes: [1, 8, 1],
        },
        meta: { ...small.meta, rates: { W: 1e-3, eta: 1e-3 } },
      },
    ],
    [
      'everything that meta-parameters can begin with',
      {
        ...mirror,
        initial: {
          weights: 'xavier',
          weightScale: 2,
          feedback: 'xavier',
          feedbackScale: 2,
          alpha: 1,
          beta: 1,
          eta: 0.1,
          weightDecay: 0.1,
          momentum: 0.9,
          etaB: 0.1,
          k: [1, 2],
        },
      },
    ],
    [
      'own labels, and tests on the same classes',
      {
        ...fewShot,
        task: {
          ...fewShot.task,
          labels: 'own',
          source: { ...fewShot.task.source, testFraction: 0 },
        },
      },
    ],
    [
      'a stream of all classes with a number of images held out',
      {
        ...stream,
        task: { ...stream.task, classes: undefined, heldOut: 100 },
        system: { ...stream.system, sizes: [9, 8, 10] },
      },
    ],
  ])('accepts %s', (_, json) => {
    expect(refusal(json)).toBe('accepted');
  });
  test.each(Object.keys(RUN_PRESETS))('accepts the preset %s', name => {
    expect(parseConfig(RUN_PRESETS[name], name).name).toBe(name);
  });

  test.each<[string, string, unknown, string, object?]>([
    [
      'a number that is a text',
      'meta.tasks',
      '64',
      'run.json: meta.tasks: expected a whole number ≥ 1, got "64"',
    ],
    [
      'a number of inner steps of 0',
      'task.steps',
      0,
      'run.json: task.steps: expected a whole number ≥ 1, got 0',
    ],
    [
      'a fraction of a task',
      'meta.tasks',
      1.5,
      'run.json: meta.tasks: expected a whole number ≥ 1, got 1.5',
    ],
    [
      'a missing key',
      'task.order',
      undefined,
      'run.json: task.order: expected one of continual, iid, got nothing',
      sequence,
    ],
    [
      'a missing section',
      'evaluation',
      undefined,
      'run.json: evaluation: expected an object with the keys tasks, at, seed, got nothing',
    ],
    [
      'a negative rate',
      'meta.rates.W',
      -1,
      'run.json: meta.rates.W: expected a number from 0 to 1000000, got -1',
    ],
    [
      'a rate that is not a number',
      'meta.rates.W',
      NaN,
      'run.json: meta.rates.W: expected a number from 0 to 1000000, got NaN',
    ],
    [
      'an unknown key',
      'meta.rate',
      {},
      'run.json: meta.rate: unknown key (did you mean rates?); known: tasks, rates, l1, clipPerTask, clip, adjoint, onDivergence, moments, momentWeights, steps, decay, evaluateEvery, evaluateTasks, patience',
    ],
    [
      'an unknown key at the top',
      'optimizer',
      'adam',
      'run.json: optimizer: unknown key; known: name, seed, task, system, initial, meta, evaluation, budget, plan, checkpointEvery, $schema',
    ],
    [
      'an unknown kind of task',
      'task.kind',
      'cosine',
      'run.json: task.kind: unknown choice "cosine" (did you mean sine?); known: sine, sine-sequence, few-shot, stream, module',
    ],
    [
      'an unknown rule',
      'system.rule',
      'bcm',
      'run.json: system.rule: unknown choice "bcm"; known: oja, hebb, gradient, pool, { dw: \'…\' }, or a file *.rule.json',
    ],
    [
      'an unknown preset of a system',
      'system.preset',
      'hebbian',
      `run.json: system.preset: unknown choice "hebbian"; known: ${Object.keys(SYSTEM_PRESETS).join(', ')}`,
    ],
    [
      'an unknown term',
      'system.terms',
      [0, 10],
      'run.json: system.terms.1: expected one of the terms 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, got 10',
      pool,
    ],
    [
      'an unknown primitive',
      'system.primitives',
      ['decay', 'grow'],
      'run.json: system.primitives.1: unknown choice "grow"; known: decay, amp, null, sparse, self',
      mirror,
    ],
    [
      'a switch that is a text',
      'system.momentum',
      'yes',
      'run.json: system.momentum: expected true or false, got "yes"',
      mirror,
    ],
    [
      'a feedback rule without feedback weights',
      'system.feedback',
      'backprop',
      'run.json: system.feedbackRule: expected feedback weights B of the shape of Wᵀ (feedback chained) for weight-mirror, got the feedback backprop',
      mirror,
    ],
    [
      'an unknown granularity',
      'system.alpha',
      'column',
      'run.json: system.alpha: unknown choice "column"; known: synapse, neuron, layer, network',
    ],
    [
      'a size of 0',
      'system.sizes',
      [1, 0, 1],
      'run.json: system.sizes.1: expected a whole number ≥ 1, got 0',
    ],
    [
      'sizes that are no list',
      'system.sizes',
      32,
      'run.json: system.sizes: expected a list of whole numbers ≥ 1 (inputs … outputs), got 32',
    ],
    [
      'a single size',
      'system.sizes',
      [1],
      'run.json: system.sizes: expected a list of 2 to 1024 whole numbers ≥ 1 (inputs … outputs), got [1]',
    ],
    [
      'a layer that does not exist',
      'system.frozen',
      [3],
      'run.json: system.frozen: expected layer numbers 1 … 2, got 3',
    ],
    [
      'a section that is a number',
      'meta.rates',
      0.1,
      'run.json: meta.rates: expected an object with the keys W, B, alpha, beta, theta, eta, rule, alignment, got 0.1',
    ],
    [
      'an interval that runs backwards',
      'task.x',
      [5, -5],
      'run.json: task.x: expected [from, to] with from ≤ to, got [5,-5]',
    ],
    [
      'a seed beyond 32 bits',
      'seed',
      2 ** 32,
      'run.json: seed: expected a whole number from 0 to 2³² − 1, got 4294967296',
    ],
    [
      'inputs that do not fit the task',
      'system.sizes',
      [2, 8, 1],
      'run.json: system.sizes: expected 1 inputs for the task sine, got 2',
    ],
    [
      'outputs that do not fit the task',
      'system.sizes',
      [1, 8, 2],
      'run.json: system.sizes: expected 1 outputs for the task sine, got 2',
    ],
    [
      'fewer outputs than classes',
      'system.sizes',
      [9, 8, 2],
      'run.json: system.sizes: expected at least 3 outputs for the task few-shot, got 2',
      fewShot,
    ],
    [
      'an image of other inputs than the task has',
      'system',
      {
        image: [1, 2, 1],
        layers: [{ conv: { channels: 2, kernel: 1 } }, { dense: 1 }],
        frozen: [1],
      },
      'run.json: system.image: expected 1 inputs for the task sine, got 2, 1 × 2 × 1',
    ],
    [
      'an output layer that does not fit the task',
      'system',
      {
        image: [1, 1, 1],
        layers: [{ conv: { channels: 2, kernel: 1 } }, { dense: 2 }],
        frozen: [1],
      },
      'run.json: system.layers: expected 1 outputs for the task sine, got 2',
    ],
    [
      'a batch that does not divide the shots',
      'task.batch',
      5,
      'run.json: task.batch: expected a divisor of ways × shots = 12, got 5',
      fewShot,
    ],
    [
      'cross-entropy of one output',
      'system.loss',
      'cross-entropy',
      'run.json: system.loss: expected two outputs or more for cross-entropy, one for each class, got sizes [1, 8, 1]; the softmax of one output is always 1: give two classes two outputs, or choose squared-error',
    ],
    [
      'more functions than slots',
      'task.slots',
      1,
      'run.json: task.slots: expected at least as many as task.functions = 2, got 1',
      sequence,
    ],
    [
      'more functions than the pool has',
      'task.pool',
      1,
      'run.json: task.pool: expected at least as many as task.functions = 2, got 1',
      sequence,
    ],
    [
      'an evaluation beyond the lifetime',
      'evaluation.at',
      [0, 5],
      'run.json: evaluation.at: expected inner steps up to 4, the length of a lifetime, got 5',
    ],
    [
      'an evaluation at no step',
      'evaluation.at',
      [],
      'run.json: evaluation.at: expected a list of 1 to 32767 inner steps ≥ 0, got []',
    ],
    [
      'moments out of order',
      'meta.moments',
      [4, 2],
      'run.json: meta.moments: expected inner steps in rising order, got 4 before 2',
    ],
    [
      'weights without moments',
      'meta.momentWeights',
      [1],
      'run.json: meta.momentWeights: expected 0 weights, one a moment, got 1',
    ],
    [
      'a rate of a group that the system does not have',
      'meta.rates.theta',
      0.1,
      'run.json: meta.rates.theta: expected 0, because the system has no meta-parameters of this group, got 0.1; it has W, B, alpha, beta',
    ],
    [
      'patience without validations',
      'meta.patience',
      3,
      'run.json: meta.patience: expected meta.evaluateEvery beside it, got none',
    ],
    [
      'a rate of weights that are drawn',
      'meta.rates.W',
      0.1,
      'run.json: meta.rates.W: expected 0, because the system has no meta-parameters of this group, got 0.1; it has eta, alignment',
      mirror,
    ],
    [
      'a penalty on coefficients that are not there',
      'meta.l1',
      0.1,
      'run.json: meta.l1: expected 0 for the rule oja, got 0.1; it is a penalty on the coefficients of the rule pool',
    ],
    ['a negative penalty', 'meta.l1', -1, 'run.json: meta.l1: expected a number ≥ 0, got -1', pool],
    [
      'initial coefficients of another number than terms',
      'initial.theta',
      [1e-3, 0],
      'run.json: initial.theta: expected 3 coefficients, one for each of the terms 0, 2, 9, got 2',
      pool,
    ],
    [
      'initial coefficients without a pool',
      'initial.theta',
      [1e-3],
      'run.json: initial.theta: expected none for a system without terms, got 1',
    ],
    [
      'initial coefficients of another number than primitives',
      'initial.k',
      [1],
      'run.json: initial.k: expected 2 coefficients, one for each of the primitives decay, amp, got 1',
      mirror,
    ],
    [
      'an initial coefficient that is a text',
      'initial.k',
      [1, 'much'],
      'run.json: initial.k.1: expected a finite number, got "much"',
      mirror,
    ],
    [
      'a share of classes of 1',
      'task.source.testFraction',
      1,
      'run.json: task.source.testFraction: expected a number from 0 to below 1, got 1',
      fewShot,
    ],
    [
      'unknown labels',
      'task.labels',
      'random',
      'run.json: task.labels: unknown choice "random"; known: permuted, own',
      fewShot,
    ],
    [
      'fewer outputs than classes of a stream',
      'system.sizes',
      [9, 8, 2],
      'run.json: system.sizes: expected at least 3 outputs for the task stream, got 2',
      stream,
    ],
    [
      'part of an image held out',
      'task.heldOut',
      1.5,
      'run.json: task.heldOut: expected a share between 0 and 1, or a whole number ≥ 1, got 1.5',
      stream,
    ],
    [
      'an evaluation beyond a stream',
      'evaluation.at',
      [5],
      'run.json: evaluation.at: expected inner steps up to 4, the length of a lifetime, got 5',
      stream,
    ],
    [
      'rates that are all 0',
      'meta.rates',
      { W: 0, B: 0, alpha: 0, beta: 0 },
      'run.json: meta.rates: expected at least one rate > 0, got 0 for all; nothing would be learned',
    ],
    [
      'more meta-steps than a seed has tasks',
      'meta.steps',
      2 ** 31,
      'run.json: meta.steps: expected at most 1073741824 meta-steps of 2 tasks, for a seed has 2147483648 tasks, got 2147483648',
    ],
    [
      'a schedule of rates beyond float32',
      'meta.decay',
      { kind: 'step', at: [1, 2], factor: 1e30 },
      'run.json: meta.decay: expected a number ≥ 0, no larger than float32 holds (3.4e38), got 1.0000000000000001e+60',
    ],
    [
      'a rate beyond float32',
      'meta.rates.W',
      1e39,
      'run.json: meta.rates.W: expected a number from 0 to 1000000, no larger than float32 holds (3.4e38), got 1e+39',
    ],
    [
      'more functions than a draw can tell apart',
      'task.pool',
      1e9,
      'run.json: task.pool: expected a whole number from 1 to 16777216, got 1000000000',
      sequence,
    ],
    [
      'a preset that is a name of every object',
      'system.preset',
      'constructor',
      `run.json: system.preset: unknown choice "constructor"; known: ${Object.keys(SYSTEM_PRESETS).join(', ')}`,
    ],
    [
      'a list where a section should be',
      'initial',
      [],
      'run.json: initial: expected an object with the keys weights, weightScale, feedback, feedbackScale, alpha, beta, theta, k, eta, weightDecay, momentum, etaB, got []',
    ],
  ])('refuses %s by name', (_, key, value, message, base) => {
    expect(refusal(having(key, value, base))).toBe(message);
  });

  test('names the misspelt key, not the missing one', () => {
    expect(refusal({ ...small, meta: { tasks: 2, setps: 10, rates: small.meta.rates } })).toContain(
      'meta.setps: unknown key',
    );
  });
  test('refuses what is no object', () => {
    expect(refusal(null)).toMatch(
      /^run\.json: expected an object with the keys name, .*, got null$/,
    );
  });
  test('accepts more outputs than classes', () => {
    expect(refusal(having('system.sizes', [9, 8, 47], fewShot))).toBe('accepted');
  });
});

describe('shapeOf', () => {
  test.each<[string, object, object]>([
    ['a sine', small, { inputs: 1, outputs: 1, steps: 4 }],
    ['a sequence of sines', sequence, { inputs: 4, outputs: 1, steps: 10 }],
    [
      'few shots of IDX images, whose size is not known yet',
      fewShot,
      { inputs: undefined, outputs: 3, steps: 6 },
    ],
    ['a stream of IDX images', stream, { inputs: undefined, outputs: 3, steps: 4 }],
  ])('knows %s', (_, config, shape) => {
    expect(
      shapeOf(parseConfig({ ...config, evaluation: { tasks: 1, at: [0] } }, 'x').task),
    ).toEqual(shape);
  });
});

test('the schedule of a run is its decay over its meta-steps', () => {
  const steps = 100;
  expect(scheduleOf({ decay: { kind: 'cosine', floor: 0.1 }, steps })).toEqual({
    kind: 'cosine',
    floor: 0.1,
    steps,
  });
  const decay = { kind: 'step', at: [10], factor: 0.5 } as const;
  expect(scheduleOf({ decay, steps })).toEqual(decay);
});

test('a meta-parameter may have a rate of its own', () => {
  const { meta } = parseConfig(having('meta.rates', { W: 0.1, W1: 0, alpha2: 0.3 }), 'run.json');
  expect(meta.rates).toMatchObject({ W: 0.1, W1: 0, alpha2: 0.3, beta: 0 });
});

test('a rate of a meta-parameter that the system has not is refused', () => {
  expect(() => parseConfig(having('meta.rates', { W: 0.1, W9: 0.1 }), 'run.json')).toThrow(
    'run.json: meta.rates.W9: unknown meta-parameter (did you mean W1?)',
  );
});
