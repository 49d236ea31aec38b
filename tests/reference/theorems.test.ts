import { describe, expect, test } from 'vitest';
import type { Layout } from '../../src/inner/layout.js';
import { referenceLoss } from '../../src/reference/meta-gradient.js';
import { defineSystem, type Granularity, type SystemSpec } from '../../src/systems/system.js';
import { random } from '../../src/tasks/random.js';
import { relativeError } from './central-differences.js';
import { type Problem, randomProblem, solve } from './random-problem.js';

const sizes = [2, 5, 3, 2];

/** The view of one tensor in a flat array of that layout. */
function view(layout: Layout, flat: Float64Array, name: string): Float64Array {
  const { offset, size } = layout.get(name)!;
  return flat.subarray(offset, offset + size);
}

/** The same numbers under another system with the same layout. */
function withSpec(problem: Problem, spec: SystemSpec): Problem {
  return { ...problem, system: defineSystem(spec) };
}

describe('plasticity', () => {
  test('a synapse with zero plasticity never changes, and its neighbours do', () => {
    const problem = randomProblem({ spec: { sizes }, steps: 6, batch: 2 });
    view(problem.layout, problem.parameters, 'alpha2')[4] = 0;
    const born = view(problem.layout, problem.parameters, 'W2'), last = solve(problem).finalWeights[0]![1]!;
    expect(Array.from(last, (w, ij) => w === born[ij])).toEqual(Array.from(last, (_, ij) => ij === 4));
  });

  test('a frozen layer never changes', () => {
    const problem = randomProblem({ spec: { sizes, frozen: [2] }, steps: 6 });
    expect(solve(problem).finalWeights[0]![1]).toEqual(view(problem.layout, problem.parameters, 'W2').slice());
  });

  test('a batch is summed: b copies of one sample act as one sample with a multiplier of b', () => {
    const single = randomProblem({ spec: { sizes, multiplier: 3 }, steps: 1 }), { episodes } = single;
    const thrice = (a: Float32Array) => Float32Array.from([...a, ...a, ...a]);
    const copies = { ...episodes, batch: 3, supportX: thrice(episodes.supportX as Float32Array), supportY: thrice(episodes.supportY) };
    const repeated = withSpec({ ...single, episodes: copies }, { sizes });
    expect(relativeError(solve(repeated).gradient, solve(single).gradient)).toBeLessThan(1e-12);
  });

  test('Hebb\'s rule is Oja\'s without its decay, m α Σ post² W', () => {
    // One linear layer with β = 0 has post = x_L, so the decay can be written down from the data alone.
    const spec = { sizes: [3, 2], multiplier: 2 };
    const oja = randomProblem({ spec, batch: 4 }), { layout, parameters, episodes } = oja;
    view(layout, parameters, 'beta').fill(0);
    const W = view(layout, parameters, 'W1'), b = view(layout, parameters, 'b1'), alpha = view(layout, parameters, 'alpha1');
    const decay = [0, 1].map(i => [0, 1, 2, 3].reduce((sum, sample) =>
      sum + ([0, 1, 2].reduce((z, j) => z + W[i * 3 + j]! * episodes.supportX[sample * 3 + j]!, b[i]!)) ** 2, 0));
    const [byOja, byHebb] = [oja, withSpec(oja, { ...spec, rule: 'hebb' })].map(problem => solve(problem).finalWeights[0]![0]!);
    expect(relativeError(byHebb!.map((w, ij) => w - byOja![ij]!), W.map((w, ij) => 2 * alpha[ij]! * decay[Math.floor(ij / 3)]! * w))).toBeLessThan(1e-12);
  });

  test('one linear unit under Oja\'s rule finds the first principal component of its input', () => {
    // β = 0 and b = 0 make post = W x. The input spreads by 1 along u, and by 0.3 along v and w, which are orthogonal to u.
    const u = [0.6, 0, 0.8], v = [-0.8, 0, 0.6], w = [0, 1, 0];
    const steps = 4000, r = random(1, 0);
    const supportX = Float32Array.from(Array.from({ length: steps }, () => {
      const [a, b, c] = [r.normal(), 0.3 * r.normal(), 0.3 * r.normal()];
      return u.map((_, j) => a * u[j]! + b * v[j]! + c * w[j]!);
    }).flat());
    const problem = randomProblem({ spec: { sizes: [3, 1], alpha: 'layer' }, steps });
    const { system, layout, parameters, episodes } = problem;
    for (const [name, value] of [['beta', 0], ['b1', 0], ['alpha1', 0.005]] as const) view(layout, parameters, name).fill(value);
    const found = referenceLoss(system, layout, parameters, { ...episodes, supportX }).finalWeights[0]![0]!;
    const along = (direction: number[]) => found.reduce((sum, wj, j) => sum + wj * direction[j]!, 0);
    expect(Math.abs(along(u))).toBeCloseTo(1, 1);
    expect(Math.hypot(along(v), along(w))).toBeLessThan(0.1);
  });

  test('with the error itself fed back to a linear layer, Hebb\'s rule is gradient descent', () => {
    // β = 1, B = identity, c = 0, φ linear: post = y − x_L, the negative gradient of ½ (y − x_L)² before the layer's input.
    const problem = randomProblem({ spec: { sizes: [4, 3], rule: 'hebb', feedbackActivation: 'linear', alpha: 'network' }, batch: 5, queries: 5 });
    const { layout, parameters, episodes } = problem;
    view(layout, parameters, 'B1').set([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    view(layout, parameters, 'c1').fill(0);
    view(layout, parameters, 'beta').fill(1);
    view(layout, parameters, 'alpha').fill(0.05);
    // The query loss at birth, asked on the support batch: the mean over 5 samples and 3 outputs of (y − x_L)².
    const { gradient, finalWeights } = solve({ ...problem, episodes: { ...episodes, queryX: episodes.supportX, queryY: episodes.supportY } }, { moments: [0] });
    const descent = view(layout, parameters, 'W1').map((w, ij) => w - 0.05 * (5 * 3 / 2) * view(layout, gradient, 'W1')[ij]!);
    expect(relativeError(finalWeights[0]![0]!, descent)).toBeLessThan(1e-12);
  });

  test('feedback of strength 0 leaves the feedback weights without a gradient', () => {
    const problem = randomProblem({ spec: { sizes }, steps: 3 });
    view(problem.layout, problem.parameters, 'beta').fill(0);
    const { gradient } = solve(problem);
    expect(Array.from(view(problem.layout, gradient, 'B1')).every(g => g === 0)).toBe(true);
  });
});

describe('feedback', () => {
  test('permuting hidden units changes nothing outside', () => {
    const problem = randomProblem({ spec: { sizes }, steps: 4, batch: 2 }), { layout } = problem;
    const order = [3, 0, 4, 1, 2]; // of the five units of layer 1
    const permuted = permuteLayer1(layout, problem.parameters, order);
    const before = solve(problem), after = solve({ ...problem, parameters: permuted });
    expect(permuted).not.toEqual(problem.parameters);
    expect(relativeError(after.predictions, before.predictions)).toBeLessThan(1e-12);
    expect(relativeError(after.gradient, permuteLayer1(layout, before.gradient, order))).toBeLessThan(1e-12);
  });

  test('a layer without feedback learns the same whatever the targets', () => {
    const problem = randomProblem({ spec: { sizes, feedbackTo: 'output' }, steps: 4 }), { episodes } = problem;
    const other = { ...problem, episodes: { ...episodes, supportY: episodes.supportY.map(y => -y) } };
    const [a, b] = [problem, other].map(p => solve(p).finalWeights[0]!);
    expect(a!.map((W, k) => relativeError(b![k]!, W) === 0)).toEqual([true, true, false]);
  });

  test('under the target signal the output layer is clamped: after one step its change is α (y xᵀ − y² W)', () => {
    const problem = randomProblem({ spec: { sizes: [3, 2], loss: 'cross-entropy' } }), { layout, parameters, episodes } = problem;
    const W = view(layout, parameters, 'W1'), alpha = view(layout, parameters, 'alpha1'), { supportX: x, supportY: y } = episodes;
    const expected = W.map((w, ij) => {
      const [i, j] = [Math.floor(ij / 3), ij % 3];
      return w + alpha[ij]! * (y[i]! * x[j]! - y[i]! ** 2 * w);
    });
    expect(relativeError(solve(problem).finalWeights[0]![0]!, expected)).toBeLessThan(1e-12);
  });
});

describe('granularity', () => {
  /** The gradient of α at this granularity, where every α is 0.03. */
  const alphaGradients = (alpha: Granularity) => {
    const problem = randomProblem({ spec: { sizes, alpha }, steps: 4, batch: 2 }), { layout, parameters } = problem;
    const [start, end] = layout.groupStart.slice(2, 4) as [number, number];
    parameters.subarray(start, end).fill(0.03);
    const { gradient } = solve(problem);
    return layout.tensors.filter(t => t.group === 'alpha').map(t => ({ shape: t.shape, gradient: [...view(layout, gradient, t.name)] }));
  };
  const total = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
  const bySynapse = alphaGradients('synapse');

  test('the gradient of a neuron\'s α is the sum over its synapses', () => {
    const expected = bySynapse.flatMap(({ shape: [n, m], gradient }) => Array.from({ length: n! }, (_, i) => total(gradient.slice(i * m!, (i + 1) * m!))));
    expect(relativeError(Float64Array.from(alphaGradients('neuron').flatMap(t => t.gradient)), Float64Array.from(expected))).toBeLessThan(1e-12);
  });

  test('the gradient of a layer\'s α is the sum over its synapses', () => {
    const expected = bySynapse.map(({ gradient }) => total(gradient));
    expect(relativeError(Float64Array.from(alphaGradients('layer').flatMap(t => t.gradient)), Float64Array.from(expected))).toBeLessThan(1e-12);
  });

  test('the gradient of the network\'s α is the sum over all synapses', () => {
    const expected = total(bySynapse.flatMap(({ gradient }) => gradient));
    expect(relativeError(Float64Array.from(alphaGradients('network').flatMap(t => t.gradient)), Float64Array.of(expected))).toBeLessThan(1e-12);
  });
});

/** The same network with the units of layer 1 in another order: unit i is the old unit order[i]. */
function permuteLayer1(layout: Layout, flat: Float64Array, order: number[]): Float64Array {
  const permuted = flat.slice();
  for (const name of ['W1', 'b1', 'B1', 'c1', 'alpha1']) { // by rows
    const old = view(layout, flat, name), width = old.length / order.length;
    order.forEach((from, i) => view(layout, permuted, name).set(old.subarray(from * width, (from + 1) * width), i * width));
  }
  for (const name of ['W2', 'alpha2']) { // by columns
    const old = view(layout, flat, name), width = order.length;
    view(layout, permuted, name).forEach((_, ij, to) => { to[ij] = old[ij - (ij % width) + order[ij % width]!]!; });
  }
  return permuted;
}
