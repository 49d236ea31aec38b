import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readCase } from '../../src/reference/case.js';
import { inFloat32 } from '../../src/reference/episode.js';
import { referenceGradient } from '../../src/reference/meta-gradient.js';
import { relativeError, relativeErrors } from './central-differences.js';

const folder = new URL('../oracle/', import.meta.url);
const names = readdirSync(folder).filter(name => name.endsWith('.json'));
const load = (name: string) =>
  JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Record<string, any>;
const LIMIT = 1e-10;

test('there are cases of every system that the oracle states', () => {
  const systems = names.map(name => name.split('-')[0]!);
  expect(
    Object.fromEntries(
      [...new Set(systems)].map(s => [s, systems.filter(other => other === s).length]),
    ),
  ).toEqual({ align: 5, conv: 15, flp: 4, gradient: 2, pool: 4, rule: 11 });
});

describe.each(names)('%s: the reference agrees with an independent implementation', name => {
  const { system, layout, parameters, episodes, l1, expected } = readCase(load(name));
  const got = referenceGradient(system, layout, parameters, episodes, { l1 });

  test('in the loss', () => {
    expect(Math.abs(got.loss - expected.loss) / expected.loss).toBeLessThan(LIMIT);
  });

  test.each(layout.tensors)('in the gradient of $name', ({ name: tensor }) => {
    // Nothing depends on the feedback weights below the first layer, unless a term of the pool sees
    // the error there.
    const { offset, size } = layout.get(tensor)!;
    const nothing = expected.gradient.subarray(offset, offset + size).every(g => g === 0);
    expect(nothing).toBe(tensor === 'B1' && system.rule === 'gradient');
    if (nothing)
      expect(got.gradient.subarray(offset, offset + size)).toEqual(new Float64Array(size));
    else
      expect(relativeErrors(layout, got.gradient, expected.gradient)[tensor]).toBeLessThan(LIMIT);
  });

  test('in the fast weights after the last step', () => {
    for (const [task, layers] of expected.finalWeights.entries()) {
      for (const [k, W] of layers.entries())
        expect(relativeError(got.finalWeights[task]![k]!, W)).toBeLessThan(LIMIT);
    }
  });

  test.runIf(expected.finalSynapse)('in the states of the rule after the last step', () => {
    for (const [kind, tasks] of [
      [got.finalSynapse, expected.finalSynapse!],
      [got.finalNeuron, expected.finalNeuron!],
    ] as const)
      for (const [task, states] of tasks.entries()) {
        expect(Object.keys(kind[task]!)).toEqual(Object.keys(states));
        for (const [name, layers] of Object.entries(states))
          for (const [k, values] of layers.entries())
            expect(relativeError(kind[task]![name]![k]!, values)).toBeLessThan(LIMIT);
      }
  });

  test.runIf(expected.finalFeedback)('in the feedback weights after the last step', () => {
    for (const [task, layers] of expected.finalFeedback!.entries()) {
      for (const [k, B] of layers.entries())
        expect(relativeError(got.finalFeedback[task]![k]!, B)).toBeLessThan(LIMIT);
    }
  });

  test('and with episodes rounded to float32 nearly so', () => {
    const float32 = inFloat32(episodes);
    const rounded = referenceGradient(system, layout, parameters, float32, { l1 });
    for (const key of ['supportX', 'supportY', 'queryX', 'queryY'] as const)
      expect(float32[key]).toBeInstanceOf(Float32Array);
    expect(relativeError(rounded.gradient, expected.gradient)).toBeLessThan(1e-5);
    expect(relativeError(rounded.gradient, expected.gradient)).toBeGreaterThan(1e-10);
  });
});

describe('a malformed case is refused by the name of its field', () => {
  const refusal = (spoil: (json: Record<string, any>) => void) => {
    const json = load('flp-regression-oja.json');
    spoil(json);
    return () => readCase(json);
  };
  test.each<[string, (json: Record<string, any>) => void, string]>([
    [
      'an unknown system',
      c => {
        c.config.system = 'brain';
      },
      'flp-regression-oja.config.system: unknown choice "brain"; known: flp, pool, gradient, align',
    ],
    [
      'an unknown loss',
      c => {
        c.config.loss = 'hinge';
      },
      'flp-regression-oja.config.loss: unknown choice "hinge"; known: mse, cross_entropy',
    ],
    [
      'a key that its system does not have',
      c => {
        c.config.act = 'tanh';
      },
      'flp-regression-oja.config: unknown key `act`; known: system, loss, frozen, l1, rule, multiplier',
    ],
    [
      'a config that is none',
      c => {
        c.config = 'flp';
      },
      'flp-regression-oja.config: expected an object, got "flp"',
    ],
    [
      'a missing field',
      c => {
        delete c.tasks[1].query_x;
      },
      'flp-regression-oja.tasks[1].query_x: expected this field, got none',
    ],
    [
      'a missing layer',
      c => {
        c.parameters.B.pop();
      },
      'flp-regression-oja.parameters.B: expected 3 entries, got 2',
    ],
    [
      'a row of the wrong length',
      c => {
        c.parameters.W[1][2].pop();
      },
      'flp-regression-oja.parameters.W[1][2]: expected 7 entries, got 6',
    ],
    [
      'a number too deep',
      c => {
        c.parameters.alpha[0] = 0.1;
      },
      'flp-regression-oja.parameters.alpha[0]: expected a list, got 0.1',
    ],
    [
      'text for a number',
      c => {
        c.expected.gradient.beta[0] = 'x';
      },
      'flp-regression-oja.expected.gradient.beta[0]: expected a number, got "x"',
    ],
    [
      'sizes for which there is no room, before any is made',
      c => {
        c.sizes[1] = 1e9;
      },
      'flp-regression-oja.parameters.W[0]: expected 1000000000 entries, got 7',
    ],
    [
      'half a step',
      c => {
        c.steps = 2.5;
      },
      'flp-regression-oja.steps: expected a whole number ≥ 1, got 2.5',
    ],
    [
      'no name',
      c => {
        delete c.name;
      },
      'case.name: expected this field, got none',
    ],
  ])('%s', (_, spoil, message) => {
    expect(refusal(spoil)).toThrow(expect.objectContaining({ message }));
  });
});

describe('a malformed case with convolutions is refused by the name of its field', () => {
  const spoiled = (spoil: (json: Record<string, any>) => void) => {
    const json = load('conv-flp-encoder.json');
    spoil(json);
    return () => readCase(json);
  };
  test.each<[string, (json: Record<string, any>) => void, string]>([
    [
      'a plastic convolution without feedback weights, of which every neuron has a row',
      c => {
        c.config.frozen = [1];
      },
      'conv-flp-encoder.parameters.B[1]: expected 36 entries, got 0',
    ],
    [
      'a kernel that does not fit',
      c => {
        c.layers[1].conv.kernel = 6;
      },
      'system.layers.1.conv.kernel: expected at most 5 for layer 2, which gets 3 × 3 × 3 and pads it to 5 × 5, got 6; a padding of 2 would fit',
    ],
    [
      'no image',
      c => {
        delete c.image;
      },
      'conv-flp-encoder.image: expected this field, got none',
    ],
    [
      'no layers',
      c => {
        delete c.layers;
      },
      'conv-flp-encoder: expected sizes, or image and layers, got neither',
    ],
    [
      'sizes that say something else',
      c => {
        c.sizes = [9, 9, 9];
      },
      'system.layers: expected either sizes or layers, got both; sizes is the short form for dense layers: leave one of them out',
    ],
    [
      'no task',
      c => {
        c.tasks = [];
      },
      'conv-flp-encoder.tasks: expected a task, got none',
    ],
    [
      'a number beyond float32',
      c => {
        c.parameters.W[0][0][0][0][0] = 1e99;
      },
      'conv-flp-encoder.parameters.W[0][0][0][0][0]: expected a number that float32 holds, got 1e+99',
    ],
    [
      'weights of a kernel of another size',
      c => {
        c.parameters.W[0][2][0].pop();
      },
      'conv-flp-encoder.parameters.W[0][2][0]: expected 3 entries, got 2',
    ],
    [
      'images of another size',
      c => {
        c.tasks[1].support_x[5][0][0].pop();
      },
      'conv-flp-encoder.tasks[1].support_x[5][0][0]: expected 8 entries, got 7',
    ],
    [
      'an encoder’s layer without its entry',
      c => {
        c.parameters.alpha.shift();
      },
      'conv-flp-encoder.parameters.alpha: expected 4 entries, got 3',
    ],
    [
      'a strength too few',
      c => {
        c.parameters.beta.shift();
      },
      'conv-flp-encoder.parameters.beta: expected 3 entries, got 2',
    ],
  ])('%s', (_, spoil, message) => {
    expect(spoiled(spoil)).toThrow(expect.objectContaining({ message }));
  });

  test('entries of frozen layers mean nothing', () => {
    const { parameters } = readCase(load('conv-flp-encoder.json'));
    const other = load('conv-flp-encoder.json');
    other['parameters'].alpha[0] = 'x';
    other['parameters'].B[1] = null;
    other['parameters'].beta[0] = 7;
    expect(readCase(other).parameters).toEqual(parameters);
  });
});

describe('a malformed case of a written rule is refused by the name of its field', () => {
  const spoiled = (name: string, spoil: (json: Record<string, any>) => void) => {
    const json = load(`${name}.json`);
    spoil(json);
    return () => readCase(json);
  };
  test.each<[string, string, (json: Record<string, any>) => void, string]>([
    [
      'a rule that is none',
      'rule-bcm',
      c => {
        c.rule.dw = 'eta * prr';
      },
      'rule-bcm.rule.dw: unknown name `prr`',
    ],
    [
      'a feedback that the rule cannot have',
      'rule-bcm',
      c => {
        c.config.feedback = 'chained';
      },
      'system.feedback: expected none for the rule',
    ],
    [
      'a misspelt key of its config',
      'rule-bcm',
      c => {
        c.config.feedbck = 'chained';
      },
      'rule-bcm.config: unknown key `feedbck` (did you mean feedback?); known: loss, frozen, l1, act, feedback',
    ],
    [
      'a config that is none',
      'rule-bcm',
      c => {
        c.config = null;
      },
      'rule-bcm.config: expected an object, got null',
    ],
    [
      'a missing coefficient',
      'rule-bcm',
      c => {
        delete c.parameters.coefficients.k;
      },
      'rule-bcm.parameters.coefficients.k: expected this field, got none',
    ],
    [
      'a coefficient of the network that is a list',
      'rule-bcm',
      c => {
        c.parameters.coefficients.k = [1];
      },
      'rule-bcm.parameters.coefficients.k: expected a number, got [1]',
    ],
    [
      'a layer without its coefficient',
      'rule-bcm',
      c => {
        c.parameters.coefficients.eta = [1];
      },
      'rule-bcm.parameters.coefficients.eta: expected 2 entries, got 1',
    ],
    [
      'too few coefficients of neurons',
      'rule-covariance',
      c => {
        c.expected.gradient.coefficients.eta[1].pop();
      },
      'rule-covariance.expected.gradient.coefficients.eta[1]: expected 4 entries, got 3',
    ],
    [
      'a synapse without its coefficient',
      'rule-oja',
      c => {
        c.parameters.coefficients.alpha[2][1].pop();
      },
      'rule-oja.parameters.coefficients.alpha[2][1]: expected 5 entries, got 4',
    ],
    [
      'a layer without feedback weights',
      'rule-eligibility',
      c => {
        c.parameters.B.shift();
      },
      'rule-eligibility.parameters.B: expected 3 entries, got 2',
    ],
    [
      'feedback weights of another shape, also where nobody reads them',
      'rule-eligibility',
      c => {
        c.parameters.B[0][0].pop();
      },
      'rule-eligibility.parameters.B[0][0]: expected 6 entries, got 5',
    ],
    [
      'a task without its states',
      'rule-eligibility',
      c => {
        c.expected.final_synapse.pop();
      },
      'rule-eligibility.expected.final_synapse: expected 2 entries, got 1',
    ],
    [
      'a state that is not there',
      'rule-metaplastic',
      c => {
        delete c.expected.final_neuron[1].s;
      },
      'rule-metaplastic.expected.final_neuron[1].s: expected this field, got none',
    ],
    [
      'states of inputs that are not there',
      'rule-metaplastic',
      c => {
        c.expected.final_neuron[0].s.shift();
      },
      'rule-metaplastic.expected.final_neuron[0].s: expected 4 entries, got 3',
    ],
    [
      'a state of a synapse that is no number',
      'rule-metaplastic',
      c => {
        c.expected.final_synapse[0].r[1][2][0] = null;
      },
      'rule-metaplastic.expected.final_synapse[0].r[1][2][0]: expected a number, got null',
    ],
  ])('%s', (_, name, spoil, message) => {
    expect(spoiled(name, spoil)).toThrow(message);
  });

  test('sign is what the oracle calls sign-symmetric', () => {
    const json = load('rule-eligibility.json');
    json['config'].feedback = 'sign';
    expect(readCase(json).system.feedback).toBe('sign-symmetric');
  });
});
