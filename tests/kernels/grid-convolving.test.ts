import type { RuleSpec } from '../../src/rules/rule.js';
import type { LayerSpec, SystemSpec } from '../../src/systems/system.js';
import { agreeOverGrid } from './grid.js';
import { each, type Parts } from './systems.js';

const conv = (
  channels: number,
  kernel: number,
  stride: number,
  padding: number,
  pool?: 'max' | 'average',
  poolSize?: number,
): LayerSpec => ({
  conv: { channels, kernel, stride, padding, ...(pool && { pool, poolSize }) },
});
const dense = (n: number): LayerSpec => ({ dense: n });

/** Networks whose convolutions live: kernels 1, 2, 3, 5, strides 1, 2, 3, paddings 0, 1, 2. */
const network: readonly Pick<SystemSpec, 'image' | 'layers' | 'frozen'>[] = [
  { image: [1, 5, 4], layers: [conv(3, 3, 1, 1), dense(3)] },
  { image: [3, 6, 5], layers: [conv(5, 2, 1, 0, 'max', 2), dense(4), dense(2)] },
  { image: [2, 5, 5], layers: [conv(3, 3, 2, 1), conv(4, 2, 1, 1), dense(3)] },
  { image: [1, 7, 8], layers: [conv(5, 5, 3, 2), conv(1, 1, 1, 0), dense(3)], frozen: [2] },
  { image: [3, 5, 6], layers: [conv(1, 1, 2, 0), conv(6, 2, 1, 0, 'average', 2), dense(2)] },
  { image: [1, 7, 6], layers: [conv(4, 3, 1, 1, 'max', 2), conv(3, 3, 1, 1), dense(5), dense(3)] },
  { image: [1, 8, 7], layers: [conv(3, 2, 2, 0), conv(5, 3, 1, 2), dense(3)], frozen: [1] },
  {
    image: [2, 6, 6],
    layers: [conv(4, 2, 1, 0, 'max', 2), conv(4, 2, 1, 0), dense(5), dense(2)],
    frozen: [1, 3],
  },
];

const around = {
  network,
  lanes: [
    { lanes: 1, teams: 2 },
    { lanes: 4, teams: 1 },
    { lanes: 32, teams: 1, grid: true },
  ],
  adjoint: [{ adjoint: 'store' }, { adjoint: 'checkpoint', interval: 2 }, { adjoint: 'reverse' }],
  tasks: each('tasks', [1, 3]),
  steps: each('steps', [1, 5]),
  batch: each('batch', [1, 3]),
  asked: each('asked', ['at last', 'on the way']),
};

const common = {
  loss: each('loss', ['cross-entropy', 'squared-error']),
  bias: each('bias', [true, false]),
} satisfies Parts;

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
  'whose convolutions are told their error',
  {
    ...common,
    activation: each('activation', ['tanh', 'sigmoid']),
    learning: [
      { rule: 'gradient', eta: 'synapse' },
      { rule: 'gradient', eta: 'layer', momentum: true, weightDecay: true },
      { rule: 'gradient', eta: 'neuron', plasticBias: true, bias: true },
    ],
    feedback: each('feedback', ['backprop', 'chained', 'direct', 'sign-symmetric']),
    feedbackWeights: each('feedbackWeights', [
      'inherited',
      'drawn',
      'drawn-every-step',
      'constant',
    ]),
    weights: each('weights', ['inherited', 'drawn']),
    noise: each('noise', [0, 0.01]),
    firstOrder: each('firstOrder', [false, true]),
  },
  around,
);

agreeOverGrid(
  'whose convolutions align their feedback',
  {
    ...common,
    activation: each('activation', ['tanh', 'sigmoid']),
    rule: each('rule', ['gradient']),
    feedback: each('feedback', ['chained']),
    reduction: each('reduction', ['mean', 'sum']),
    feedbackWeights: each('feedbackWeights', ['inherited', 'drawn']),
    mirror: each('mirror', ['activity', 'noise']),
    alignEvery: each('alignEvery', [1, 2]),
    noise: each('noise', [0, 0.01]),
    feedbackRule: each('feedbackRule', [
      'information-alignment',
      'activation-alignment',
      'kolen-pollack',
      'symmetric-alignment',
    ]),
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
