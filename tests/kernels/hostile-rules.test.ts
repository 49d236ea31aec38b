import { expect, test } from 'vitest';
import { Learner } from '../../src/learner/learner.js';
import { randomProblem } from '../../src/reference/random-problem.js';
import type { RuleSpec } from '../../src/rules/rule.js';
import { beyond, compare } from './agree.js';
import { useGpu } from './open.js';

const under = useGpu();

test('names that mean something in shaders mean in a rule what it says', async () => {
  const rule: RuleSpec = {
    dw: 'state_at * pre * tanh(d) + fn * own * x - change * w * shared_pre',
    synapse: { own: { d: 'vec4f * (x - own)', start: 0.1 } },
    neuron: { shared: { d: 'vec4f * (x - shared)' }, d: { d: 'vec4f * (shared - d)' } },
    coefficients: {
      state_at: { per: 'layer', start: 0.1 },
      fn: { per: 'neuron', start: 0.1 },
      change: { per: 'synapse', start: 0.1 },
      vec4f: { per: 'network', start: 0.2 },
    },
  };
  const spec = { sizes: [3, 5, 2], activation: 'tanh', rule } as const;
  const { errors } = await compare(under.gpu, { spec, tasks: 2, steps: 3, batch: 2 });
  expect(beyond(1e-5, errors)).toEqual({});
});

test.each(['relu(log(th))', 'max(sqrt(th), 0.1)', 'min(sqrt(th), 0.1)'])(
  'a lifetime in which %s is no number has diverged, and is counted',
  async term => {
    const rule: RuleSpec = {
      dw: `eta * pre * ${term}`,
      neuron: { th: { d: '-0.9', start: 1.2 } },
      coefficients: { eta: { per: 'layer', start: 0.1 } },
    };
    const { system, episodes } = randomProblem({
      spec: { sizes: [2, 3, 2], activation: 'sigmoid', rule },
      tasks: 2,
      steps: 3,
    });
    const learner = await Learner.create(under.gpu, { system, episode: episodes, tasks: 2 });
    await expect(learner.gradient(episodes)).rejects.toThrow(/\(2 of 2 diverged\)/);
    learner.destroy();
  },
);

test('a state may begin as far out as float32 goes', async () => {
  const rule: RuleSpec = {
    dw: 'eta * pre * x * tanh(h * 1e-20)',
    synapse: { h: { d: '0 * h', start: 1e20 } },
    coefficients: { eta: { per: 'layer', start: 0.1 } },
  };
  const spec = { sizes: [2, 3, 2], activation: 'tanh', rule } as const;
  const { errors } = await compare(under.gpu, { spec, tasks: 2, steps: 2 });
  expect(beyond(1e-5, errors)).toEqual({});
});
