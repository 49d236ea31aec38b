import { describe, expect, test } from 'vitest';
import type { RuleSpec } from '../../src/rules/rule.js';
import type { SystemSpec } from '../../src/systems/system.js';
import { beyond, compare } from './agree.js';
import { agreeOverGrid } from './grid.js';
import { around, common, conv, dense } from './convolving.js';
import { useGpu } from './open.js';
import { each } from './systems.js';

agreeOverGrid(
  'whose convolutions are told what to be',
  {
    ...common,
    activation: each('activation', ['relu', 'softplus']),
    rule: each('rule', ['oja', 'hebb']),
    alpha: each('alpha', ['synapse', 'neuron', 'network']),
    plasticBias: [{}, { plasticBias: true, bias: true }],
    reduction: each('reduction', ['sum', 'mean']),
    firstOrder: each('firstOrder', [false, true]),
  },
  around,
);

agreeOverGrid(
  'whose convolutions change by a rule as text',
  {
    ...common,
    activation: each('activation', ['tanh', 'softplus']),
    firstOrder: each('firstOrder', [false, true]),
    reduction: each('reduction', ['sum', 'mean']),
    rule: each<'rule', RuleSpec>('rule', [
      {
        dw: 'eta * (post - a) * (pre - w * post)',
        coefficients: {
          eta: { per: 'synapse', start: 0.02 },
          a: { per: 'neuron', start: 0.1 },
        },
      },
      {
        dw: 'eta * trace',
        synapse: { trace: { d: 'k * (e * pre - trace)' } },
        coefficients: { eta: { per: 'layer', start: -0.05 }, k: { per: 'network', start: 0.4 } },
      },
      {
        dw: 'eta * pre * post * (post - theta) - eta * w * theta_pre',
        neuron: { theta: { d: 'k * (x^2 - theta)', start: 0.3 } },
        coefficients: { eta: { per: 'layer', start: 0.03 }, k: { per: 'network', start: 0.2 } },
      },
      {
        dw: 'eta * (e * pre + a * x * e_pre)',
        coefficients: { eta: { per: 'layer', start: -0.05 }, a: { per: 'synapse', start: 0.2 } },
      },
      {
        dw: 'eta * x * (pre - w * x)',
        coefficients: { eta: { per: 'synapse', start: 0.02 } },
      },
    ]),
  },
  around,
);

/** Where several conditions meet that pairs do not bring together. */
describe('kernels of convolutions agree with the reference', () => {
  const under = useGpu();
  const errorsBelow = {
    dw: 'eta * (e * pre + a * x * e_pre)',
    coefficients: { eta: { per: 'layer', start: -0.05 }, a: { per: 'synapse', start: 0.2 } },
  } as const;
  const neurons = {
    dw: 'eta * pre * x * (x - theta) - eta * w * theta_pre',
    neuron: { theta: { d: 'k * (x^2 - theta)', start: 0.3 } },
    coefficients: { eta: { per: 'layer', start: 0.03 }, k: { per: 'network', start: 0.2 } },
  } as const;
  test.each([1, 4])(
    'that tell errors below, past zeros around them, with %d lanes',
    async lanes => {
      const spec: SystemSpec = {
        image: [1, 5, 4],
        layers: [conv(3, 3, 1, 1), conv(2, 3, 2, 1), dense(3)],
        activation: 'tanh',
        rule: errorsBelow,
        feedback: 'chained',
      };
      const plan = { lanes, teams: 1 };
      const { errors } = await compare(under.gpu, { spec, tasks: 2, steps: 3, batch: 2 }, { plan });
      expect(beyond(1e-5, errors)).toEqual({});
    },
  );
  test('whose neurons have states in the middle of zeros, at one position', async () => {
    const spec: SystemSpec = {
      image: [1, 3, 3],
      layers: [conv(3, 3, 1, 0), conv(2, 3, 1, 1), dense(3)],
      activation: 'tanh',
      rule: neurons,
    };
    const { errors } = await compare(under.gpu, { spec, tasks: 2, steps: 4, batch: 2 });
    expect(beyond(1e-5, errors)).toEqual({});
  });
});
