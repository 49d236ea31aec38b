import type { RuleSpec } from '../../src/rules/rule.js';
import { agreeOverGrid } from './grid.js';
import { around, common } from './convolving.js';
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
