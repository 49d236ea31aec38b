import { agreeOverGrid } from './grid.js';
import { around, common } from './convolving.js';
import { each } from './systems.js';

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
    // one number for each synapse: that of a layer is what is left of many that cancel
    rule: [{ rule: 'gradient', eta: 'synapse' }],
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
