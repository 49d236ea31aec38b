import { describe, expect, test } from 'vitest';
import type { Layout } from '../../src/parameters/layout.js';
import { referenceLoss } from '../../src/reference/meta-gradient.js';
import { FEEDBACK_RULES, type Granularity, type SystemSpec } from '../../src/systems/system.js';
import { random } from '../../src/tasks/random.js';
import { relativeError, relativeErrors } from './central-differences.js';
import { type Problem, randomProblem, solve, TARGETS } from './random-problem.js';
import { angle, transposed, view, withSpec } from './views.js';

const sizes = [2, 5, 3, 2];

describe('plasticity', () => {
  test('a synapse with zero plasticity never changes, and its neighbours do', () => {
    const problem = randomProblem({ spec: { sizes }, steps: 6, batch: 2 });
    view(problem.layout, problem.parameters, 'alpha2')[4] = 0;
    const born = view(problem.layout, problem.parameters, 'W2');
    const last = solve(problem).finalWeights[0]![1]!;
    expect(Array.from(last, (w, ij) => w === born[ij])).toEqual(
      Array.from(last, (_, ij) => ij === 4),
    );
  });

  test('a frozen layer never changes', () => {
    const problem = randomProblem({ spec: { sizes, frozen: [2] }, steps: 6 });
    expect(solve(problem).finalWeights[0]![1]).toEqual(
      view(problem.layout, problem.parameters, 'W2').slice(),
    );
  });

  /** One sample with a multiplier of 3, and three copies of it. */
  const copies = (spec: Partial<SystemSpec>) => {
    const single = randomProblem({
      spec: { sizes, ...spec, multiplier: spec.reduction === 'mean' ? 1 : 3 },
    });
    const { episodes } = single;
    const thrice = (a: Float32Array) => Float32Array.from([...a, ...a, ...a]);
    const repeated = {
      ...episodes,
      batch: 3,
      supportX: thrice(episodes.supportX as Float32Array),
      supportY: thrice(episodes.supportY),
    };
    return [
      solve(single),
      solve(withSpec({ ...single, episodes: repeated }, { sizes, ...spec })),
    ] as const;
  };
  const rules = [
    { rule: 'oja' },
    { rule: 'hebb' },
    { rule: 'gradient' },
    { rule: 'pool', activation: 'tanh' },
  ] as const;

  test.each(rules)(
    'a batch is summed: under $rule, 3 copies of one sample act as one sample with a multiplier of 3',
    spec => {
      const [single, repeated] = copies(spec);
      expect(relativeError(repeated.gradient, single.gradient)).toBeLessThan(1e-12);
    },
  );

  test.each([
    ...rules,
    ...(['information-alignment', 'activation-alignment'] as const).map(
      feedbackRule => ({ rule: 'gradient', feedback: 'chained', feedbackRule }) as const,
    ),
  ])('or a batch is its mean: under %o, 3 copies of one sample act as that sample', spec => {
    const [single, repeated] = copies({ ...spec, reduction: 'mean' });
    expect(relativeError(repeated.gradient, single.gradient)).toBeLessThan(1e-12);
    for (const [k, B] of single.finalFeedback[0]!.entries())
      if (B.length) expect(relativeError(repeated.finalFeedback[0]![k]!, B)).toBeLessThan(1e-12);
  });

  test("Hebb's rule is Oja's without its decay, m α Σ post² W", () => {
    // One linear layer with β = 0 has post = x_L, so the decay can be written down from the data
    // alone.
    const spec = { sizes: [3, 2], multiplier: 2 };
    const oja = randomProblem({ spec, batch: 4 });
    const { layout, parameters, episodes } = oja;
    view(layout, parameters, 'beta').fill(0);
    const W = view(layout, parameters, 'W1');
    const b = view(layout, parameters, 'b1');
    const alpha = view(layout, parameters, 'alpha1');
    const decay = [0, 1].map(i =>
      [0, 1, 2, 3].reduce(
        (sum, sample) =>
          sum +
          [0, 1, 2].reduce(
            (z, j) => z + W[i * 3 + j]! * episodes.supportX[sample * 3 + j]!,
            b[i]!,
          ) **
            2,
        0,
      ),
    );
    const [byOja, byHebb] = [oja, withSpec(oja, { ...spec, rule: 'hebb' })].map(
      problem => solve(problem).finalWeights[0]![0]!,
    );
    expect(
      relativeError(
        byHebb!.map((w, ij) => w - byOja![ij]!),
        W.map((w, ij) => 2 * alpha[ij]! * decay[Math.floor(ij / 3)]! * w),
      ),
    ).toBeLessThan(1e-12);
  });

  test("one linear unit under Oja's rule finds the first principal component of its input", () => {
    // β = 0 and b = 0 make post = W x. The input spreads by 1 along u, and by 0.3 along v and w,
    // which are orthogonal to u.
    const u = [0.6, 0, 0.8];
    const v = [-0.8, 0, 0.6];
    const w = [0, 1, 0];
    const steps = 4000;
    const r = random(1, 0);
    const supportX = Float32Array.from(
      Array.from({ length: steps }, () => {
        const [a, b, c] = [r.normal(), 0.3 * r.normal(), 0.3 * r.normal()];
        return u.map((_, j) => a * u[j]! + b * v[j]! + c * w[j]!);
      }).flat(),
    );
    const problem = randomProblem({ spec: { sizes: [3, 1], alpha: 'layer' }, steps });
    const { system, layout, parameters, episodes } = problem;
    for (const [name, value] of [
      ['beta', 0],
      ['b1', 0],
      ['alpha1', 0.005],
    ] as const)
      view(layout, parameters, name).fill(value);
    const found = referenceLoss(system, layout, parameters, { ...episodes, supportX })
      .finalWeights[0]![0]!;
    const along = (direction: number[]) =>
      found.reduce((sum, wj, j) => sum + wj * direction[j]!, 0);
    expect(Math.abs(along(u))).toBeCloseTo(1, 1);
    expect(Math.hypot(along(v), along(w))).toBeLessThan(0.1);
  });

  // β = 1, B = identity, c = 0, φ linear: post = y − answer, the negative gradient of ½ (y − x_L)²
  // and of cross-entropy before the layer's input.
  test.each([
    { loss: 'squared-error', factor: (5 * 3) / 2 },
    { loss: 'cross-entropy', factor: 5 },
  ] as const)(
    "with the error itself fed back to a linear layer, Hebb's rule is gradient descent on the $loss",
    ({ loss, factor }) => {
      const problem = randomProblem({
        spec: {
          sizes: [4, 3],
          rule: 'hebb',
          loss,
          signal: 'error',
          feedbackActivation: 'linear',
          alpha: 'network',
        },
        batch: 5,
        queries: 5,
      });
      const { layout, parameters } = problem;
      view(layout, parameters, 'B1').set([1, 0, 0, 0, 1, 0, 0, 0, 1]);
      view(layout, parameters, 'c1').fill(0);
      view(layout, parameters, 'beta').fill(1);
      view(layout, parameters, 'alpha').fill(0.05);
      expectDescent(problem, 0.05 * factor);
    },
  );

  test('feedback of strength 0 leaves the feedback weights without a gradient', () => {
    const problem = randomProblem({ spec: { sizes }, steps: 3 });
    view(problem.layout, problem.parameters, 'beta').fill(0);
    const { gradient } = solve(problem);
    expect(Array.from(view(problem.layout, gradient, 'B1')).every(g => g === 0)).toBe(true);
  });
});

describe('feedback', () => {
  test('permuting hidden units changes nothing outside', () => {
    const problem = randomProblem({ spec: { sizes }, steps: 4, batch: 2 });
    const { layout } = problem;
    const order = [3, 0, 4, 1, 2]; // of the five units of layer 1
    const permuted = permuteLayer1(layout, problem.parameters, order);
    const before = solve(problem);
    const after = solve({ ...problem, parameters: permuted });
    expect(permuted).not.toEqual(problem.parameters);
    expect(relativeError(after.predictions, before.predictions)).toBeLessThan(1e-12);
    expect(
      relativeError(after.gradient, permuteLayer1(layout, before.gradient, order)),
    ).toBeLessThan(1e-12);
  });

  test('a layer without feedback learns the same whatever the targets', () => {
    const problem = randomProblem({ spec: { sizes, feedbackTo: 'output' }, steps: 4 });
    const { episodes } = problem;
    const other = {
      ...problem,
      episodes: { ...episodes, supportY: episodes.supportY.map(y => -y) },
    };
    const [a, b] = [problem, other].map(p => solve(p).finalWeights[0]!);
    expect(a!.map((W, k) => relativeError(b![k]!, W) === 0)).toEqual([true, true, false]);
  });

  test('under the target signal the output layer is clamped: after one step its change is α (y xᵀ − y² W)', () => {
    const problem = randomProblem({ spec: { sizes: [3, 2], loss: 'cross-entropy' } });
    const { layout, parameters, episodes } = problem;
    const W = view(layout, parameters, 'W1');
    const alpha = view(layout, parameters, 'alpha1');
    const { supportX: x, supportY: y } = episodes;
    const expected = W.map((w, ij) => {
      const [i, j] = [Math.floor(ij / 3), ij % 3];
      return w + alpha[ij]! * (y[i]! * x[j]! - y[i]! ** 2 * w);
    });
    expect(relativeError(solve(problem).finalWeights[0]![0]!, expected)).toBeLessThan(1e-12);
  });
});

describe('error paths', () => {
  const gradient = { sizes, rule: 'gradient', eta: 'network' } as const;

  const goals = (['relu', 'softplus', 'tanh', 'sigmoid', 'linear'] as const).flatMap(
    activation =>
      [
        { activation, loss: 'squared-error', factor: (4 * 2) / 2 },
        { activation, loss: 'mean-squared-error', factor: 4 },
        { activation, loss: 'cross-entropy', factor: 4 },
      ] as const,
  );
  test.each(goals)(
    'by backprop the rule gradient descends on the $loss, with activation $activation',
    ({ factor, ...choices }) => {
      const problem = randomProblem({ spec: { ...gradient, ...choices }, batch: 4, queries: 4 });
      expectDescent(problem, view(problem.layout, problem.parameters, 'eta')[0]! * factor);
    },
  );

  const targets = Object.keys(TARGETS) as (keyof typeof TARGETS)[];
  test.each(targets)('and on cross-entropy with targets that are %s', targets => {
    const spec = { ...gradient, activation: 'tanh', loss: 'cross-entropy' } as const;
    const problem = randomProblem({ spec, batch: 4, queries: 4, targets });
    expectDescent(problem, view(problem.layout, problem.parameters, 'eta')[0]! * 4);
  });

  test('a sample that is masked by zeros teaches nothing under cross-entropy', () => {
    const spec = { ...gradient, activation: 'tanh', loss: 'cross-entropy' } as const;
    const problem = randomProblem({ spec, steps: 3 });
    const { layout, parameters, episodes } = problem;
    const { finalWeights } = solve({
      ...problem,
      episodes: { ...episodes, supportY: episodes.supportY.map(() => 0) },
    });
    finalWeights[0]!.forEach((W, k) => expect(W).toEqual(view(layout, parameters, `W${k + 1}`)));
  });

  test.each(['chained', 'sign-symmetric'] as const)(
    '%s feedback by B = Wᵀ is backprop for one step',
    feedback => {
      const problem = randomProblem({ spec: { ...gradient, feedback }, batch: 3 });
      const { layout, parameters } = problem;
      for (const l of [2, 3])
        view(layout, parameters, `B${l}`).set(
          transposed(view(layout, parameters, `W${l}`), sizes[l - 1]!),
        );
      const byBackprop = randomProblem({ spec: gradient, batch: 3 });
      solve(byBackprop).finalWeights[0]!.forEach((W, k) =>
        expect(relativeError(solve(problem).finalWeights[0]![k]!, W)).toBeLessThan(1e-12),
      );
    },
  );

  test('direct feedback by B_2 = W_2ᵀ W_3ᵀ is backprop for one step, where neurons are linear', () => {
    const problem = randomProblem({
      spec: { ...gradient, activation: 'linear', feedback: 'direct' },
      batch: 3,
    });
    const { layout, parameters } = problem;
    const W2 = view(layout, parameters, 'W2');
    const W3 = view(layout, parameters, 'W3'); // (3, 5), (2, 3)
    view(layout, parameters, 'B3').set(transposed(W3, 3));
    view(layout, parameters, 'B2').forEach((_, ij, B2) => {
      B2[ij] = [0, 1, 2].reduce(
        (sum, k) => sum + W2[k * 5 + Math.floor(ij / 2)]! * W3[(ij % 2) * 3 + k]!,
        0,
      );
    });
    const byBackprop = randomProblem({ spec: { ...gradient, activation: 'linear' }, batch: 3 });
    solve(byBackprop).finalWeights[0]!.forEach((W, k) =>
      expect(relativeError(solve(problem).finalWeights[0]![k]!, W)).toBeLessThan(1e-12),
    );
  });

  test('sign-symmetric feedback knows no more of W than its signs', () => {
    const problem = randomProblem({ spec: { ...gradient, feedback: 'sign-symmetric' } });
    const { layout, parameters } = problem;
    const changeOfW1 = (p: Float64Array) =>
      solve({ ...problem, parameters: p }).finalWeights[0]![0]!.map(
        (w, ij) => w - view(layout, p, 'W1')[ij]!,
      );
    const other = parameters.slice();
    view(layout, other, 'B3').forEach((b, i, B) => {
      B[i] = -b;
    });
    expect(changeOfW1(other)).toEqual(changeOfW1(parameters));
    view(layout, other, 'W2').forEach((w, i, W) => {
      W[i] = -w;
    });
    expect(changeOfW1(other)).not.toEqual(changeOfW1(parameters));
  });

  test('the pool with term 0 alone is pseudo-gradient descent at the rate θ⁰', () => {
    const pool = {
      sizes,
      rule: 'pool',
      terms: [0],
      feedback: 'backprop',
      activation: 'tanh',
      loss: 'cross-entropy',
    } as const;
    const byPool = randomProblem({ spec: pool, steps: 5, batch: 3 });
    const { terms, ...rest } = pool;
    const byGradient = withSpec(byPool, { ...rest, rule: 'gradient', eta: 'network', bias: false });
    // (…, theta) and (…, eta): the same numbers at the same places.
    const [a, b] = [
      solve(byPool),
      solve({ ...byGradient, layout: randomProblem({ spec: byGradient.system }).layout }),
    ];
    expect(terms).toEqual([0]);
    expect(relativeError(a.predictions, b.predictions)).toBeLessThan(1e-12);
    expect(relativeError(a.gradient, b.gradient)).toBeLessThan(1e-12);
  });

  test('momentum is a sum of fading updates, and weight decay a part of each', () => {
    const problem = randomProblem({
      spec: { sizes: [1, 1], rule: 'gradient', bias: false, momentum: true, weightDecay: true },
      steps: 3,
    });
    const { layout, parameters, episodes } = problem;
    const [W1, eta1, weightDecay, momentum] = ['W1', 'eta1', 'weightDecay', 'momentum'].map(
      name => view(layout, parameters, name)[0]!,
    ) as [number, number, number, number];
    let W = W1,
      v = 0;
    episodes.supportX.forEach((x, t) => {
      v = momentum * v + (W * x - episodes.supportY[t]!) * x + weightDecay * W;
      W -= eta1 * v;
    });
    expect(solve(problem).finalWeights[0]![0]![0]).toBeCloseTo(W, 14);
  });
});

describe('alignment', () => {
  const aligning = {
    sizes,
    rule: 'gradient',
    feedback: 'chained',
    eta: 'network',
    reduction: 'mean',
  } as const;
  /** A life of learning B while W stays as it was born. */
  const still = (
    feedbackRule: keyof typeof FEEDBACK_RULES,
    steps: number,
    set: Record<string, number[]>,
    more: Partial<SystemSpec> = {},
    batch = 1,
  ) => {
    const problem = randomProblem({ spec: { ...aligning, feedbackRule, ...more }, steps, batch });
    const { layout, parameters } = problem;
    for (const [name, values] of Object.entries({ eta: [0], ...set }))
      view(layout, parameters, name).set(values);
    return {
      ...problem,
      B: referenceLoss(problem.system, layout, parameters, problem.episodes).finalFeedback[0]!,
    };
  };

  test('symmetric alignment pulls B to Wᵀ: the angle between them falls with every step, to nothing', () => {
    const angles = [1, 2, 3, 4, 5, 30].map(steps => {
      const { layout, parameters, B } = still('symmetric-alignment', steps, {
        k: [1, 1],
        etaB: [0.3],
      });
      return B.map((Bl, k) =>
        angle(Bl, transposed(view(layout, parameters, `W${k + 1}`), sizes[k]!)),
      );
    });
    for (const layer of [0, 1, 2]) {
      const falling = angles.map(of => of[layer]!);
      falling.slice(1).forEach((a, i) => expect(a).toBeLessThan(falling[i]!));
      expect(falling[0]).toBeGreaterThan(10);
      expect(falling.at(-1)).toBeLessThan(0.01);
    }
  });

  test('activation alignment learns Bᵀ x = W x for the one x that it sees, and nothing across it', () => {
    const x = [0.3, -0.5, 0.2, 0.7];
    const steps = 200;
    const { system, layout, parameters, episodes } = randomProblem({
      spec: { ...aligning, sizes: [4, 3], feedbackRule: 'activation-alignment' },
      steps,
    });
    for (const [name, value] of [
      ['eta', 0],
      ['k', 1],
      ['etaB', 0.3],
    ] as const)
      view(layout, parameters, name).fill(value);
    const supportX = Float32Array.from({ length: 4 * steps }, (_, i) => x[i % 4]!);
    const [B] = referenceLoss(system, layout, parameters, { ...episodes, supportX })
      .finalFeedback[0]!;
    const W = view(layout, parameters, 'W1');
    const B0 = view(layout, parameters, 'B1');
    const along = (direction: number[], M: Float64Array) =>
      Float64Array.from([0, 1, 2], i =>
        direction.reduce((sum, xj, j) => sum + xj * M[j * 3 + i]!, 0),
      );
    expect(relativeError(along(x, B!), along(x, transposed(W, 4)))).toBeLessThan(1e-6);
    const across = [0.5, 0.3, 0, 0];
    expect(relativeError(along(across, B!), along(across, B0))).toBeLessThan(1e-6);
  });

  test("Kolen-Pollack's W and Bᵀ come together by the factor 1 − η · weight decay a step, if both decay alike", () => {
    const distance = (steps: number) => {
      const problem = randomProblem({
        spec: { ...aligning, feedbackRule: 'kolen-pollack' },
        steps,
        batch: 3,
      });
      const { layout, parameters } = problem;
      for (const [name, value] of [
        ['eta', 0.25],
        ['weightDecay', 0.5],
        ['etaB', 0.0625],
        ['k', 2],
      ] as const)
        view(layout, parameters, name).fill(value);
      const {
        finalWeights: [W],
        finalFeedback: [B],
      } = solve(problem);
      return W!.map((Wl, k) => transposed(Wl, sizes[k]!).map((w, i) => w - B![k]![i]!));
    };
    const [once, fiveTimes] = [distance(1), distance(5)];
    fiveTimes!.forEach((d, k) =>
      expect(
        relativeError(
          d,
          once![k]!.map(was => was * (1 - 0.25 * 0.5) ** 4),
        ),
      ).toBeLessThan(1e-12),
    );
  });

  test('weight mirrors settle at amp / decay · E[x xᵀ] Wᵀ, a multiple of Wᵀ for white noise', () => {
    const { layout, parameters, B } = still(
      'weight-mirror',
      1500,
      { k: [1, 3], etaB: [0.01] },
      { mirror: 'noise', sizes: [4, 3] },
      8,
    );
    // U(−1, 1) has variance 1/3
    const expected = transposed(view(layout, parameters, 'W1'), 4).map(w => (3 / 1) * (1 / 3) * w);
    expect(angle(B[0]!, expected)).toBeLessThan(3);
    expect(relativeError(B[0]!, expected)).toBeLessThan(0.05);
  });

  test('information alignment settles where W B is the identity: feedback undoes what the layer does', () => {
    // Of white noise, with amp = null and no decay: E[x zᵀ] = E[B z zᵀ], so that Wᵀ = B W Wᵀ.
    const { layout, parameters, B } = still(
      'information-alignment',
      1500,
      { k: [0, 1, 1], etaB: [0.02] },
      { mirror: 'noise', sizes: [4, 2] },
      8,
    );
    const W = view(layout, parameters, 'W1');
    const WB = Float64Array.from(
      [0, 1].flatMap(i =>
        [0, 1].map(j =>
          [0, 1, 2, 3].reduce((sum, m) => sum + W[i * 4 + m]! * B[0]![m * 2 + j]!, 0),
        ),
      ),
    );
    expect(relativeError(WB, Float64Array.of(1, 0, 0, 1))).toBeLessThan(0.05);
  });

  test('a feedback rule acts on every alignEvery-th step', () => {
    const B = (steps: number) =>
      still('symmetric-alignment', steps, { k: [1, 1] }, { alignEvery: 3 }).B[1];
    const { layout, parameters } = still('symmetric-alignment', 1, {});
    expect(B(2)).toEqual(view(layout, parameters, 'B2').slice());
    expect(B(3)).not.toEqual(B(2));
    expect(B(5)).toEqual(B(3));
  });
});

describe('the first-order gradient', () => {
  const maml = { sizes, rule: 'gradient', activation: 'tanh' } as const;
  /** How far the gradients of each tensor are apart, first-order and exact. */
  const apart = (
    spec: SystemSpec,
    life: { steps?: number; batch?: number } = {},
    change: (problem: Problem) => void = () => {},
  ) => {
    const problem = randomProblem({ spec, steps: 4, batch: 2, ...life });
    change(problem);
    const exact = solve(problem);
    const first = solve(withSpec(problem, { ...spec, firstOrder: true }));
    expect(first.finalWeights).toEqual(exact.finalWeights);
    return relativeErrors(problem.layout, first.gradient, exact.gradient);
  };
  const farthest = (errors: Record<string, number>) => Math.max(...Object.values(errors));

  const decaying = { ...maml, sizes: [4, 2], momentum: true, weightDecay: true } as const;
  test("is exact if queries and supports share no input, for then a linear layer's error changes nothing that queries read", () => {
    // Only decay and momentum reach the columns of W that queries read.
    const errors = apart(decaying, {}, ({ episodes: { supportX, queryX } }) => {
      supportX.forEach((_, i) => {
        if (i % 4 < 2) supportX[i] = 0;
      });
      queryX.forEach((_, i) => {
        if (i % 4 >= 2) queryX[i] = 0;
      });
    });
    expect(farthest(errors)).toBeLessThan(1e-12);
  });

  test.each(['oja', 'hebb'] as const)(
    'is exact for one clamped layer under %s, which sees nothing but data',
    rule => {
      expect(farthest(apart({ sizes: [3, 2], rule, signal: 'target' }))).toBeLessThan(1e-12);
    },
  );

  test('is exact for the decay of the pool, which sees nothing', () => {
    expect(
      farthest(
        apart({ sizes, rule: 'pool', activation: 'tanh', terms: [3], feedback: 'backprop' }),
      ),
    ).toBeLessThan(1e-12);
  });

  const coefficients: [SystemSpec, string[]][] = [
    [{ sizes }, ['alpha1', 'alpha2', 'alpha3']],
    [{ sizes, rule: 'hebb' }, ['alpha1', 'alpha2', 'alpha3']],
    [{ ...maml, weightDecay: true }, ['eta1', 'eta2', 'eta3', 'weightDecay']],
    [{ sizes, rule: 'pool', activation: 'tanh', bias: true }, ['theta']],
  ];
  test.each(coefficients)(
    'of %j is exact for coefficients of a single step, and for no weights',
    (spec, names) => {
      const errors = apart(spec, { steps: 1 });
      for (const name of names) expect(errors[name]).toBeLessThan(1e-12);
      for (const name of ['W1', 'W2', 'b1', 'b2']) expect(errors[name]).toBeGreaterThan(1e-3);
    },
  );

  test.each(coefficients)('of %j is another over several steps', (spec, names) => {
    const errors = apart(spec);
    for (const name of names) expect(errors[name]).toBeGreaterThan(1e-3);
  });

  test('of the weights under plain descent is that of the adapted weights (Finn et al. 2017)', () => {
    const problem = randomProblem({ spec: { ...maml, firstOrder: true }, steps: 4, batch: 2 });
    const { layout } = problem;
    const { gradient, finalWeights } = solve(problem);
    const adapted = problem.parameters.slice();
    finalWeights[0]!.forEach((W, k) => view(layout, adapted, `W${k + 1}`).set(W));
    const there = solve({ ...problem, parameters: adapted }, { moments: [0] }).gradient;
    for (const name of ['W1', 'W2', 'W3', 'b1', 'b2', 'b3'])
      expect(relativeError(view(layout, gradient, name), view(layout, there, name))).toBeLessThan(
        1e-12,
      );
  });

  test('has nothing for feedback weights, which speak through errors alone', () => {
    const { layout, ...rest } = randomProblem({
      spec: { ...maml, feedback: 'chained', firstOrder: true },
      steps: 3,
    });
    const { gradient } = solve({ layout, ...rest });
    for (const name of ['B2', 'B3'])
      expect(view(layout, gradient, name).every(g => g === 0)).toBe(true);
  });
});

describe('granularity', () => {
  /** The gradient of α at this granularity, where every α is 0.03. */
  const alphaGradients = (alpha: Granularity) => {
    const problem = randomProblem({ spec: { sizes, alpha }, steps: 4, batch: 2 });
    const { layout, parameters } = problem;
    const [start, end] = layout.groupStart.slice(2, 4) as [number, number];
    parameters.subarray(start, end).fill(0.03);
    const { gradient } = solve(problem);
    return layout.tensors
      .filter(t => t.group === 'alpha')
      .map(t => ({ shape: t.shape, gradient: [...view(layout, gradient, t.name)] }));
  };
  const total = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
  const bySynapse = alphaGradients('synapse');

  test("the gradient of a neuron's α is the sum over its synapses", () => {
    const expected = bySynapse.flatMap(({ shape: [n, m], gradient }) =>
      Array.from({ length: n! }, (_, i) => total(gradient.slice(i * m!, (i + 1) * m!))),
    );
    expect(
      relativeError(
        Float64Array.from(alphaGradients('neuron').flatMap(t => t.gradient)),
        Float64Array.from(expected),
      ),
    ).toBeLessThan(1e-12);
  });

  test("the gradient of a layer's α is the sum over its synapses", () => {
    const expected = bySynapse.map(({ gradient }) => total(gradient));
    expect(
      relativeError(
        Float64Array.from(alphaGradients('layer').flatMap(t => t.gradient)),
        Float64Array.from(expected),
      ),
    ).toBeLessThan(1e-12);
  });

  test("the gradient of the network's α is the sum over all synapses", () => {
    const expected = total(bySynapse.flatMap(({ gradient }) => gradient));
    expect(
      relativeError(
        Float64Array.from(alphaGradients('network').flatMap(t => t.gradient)),
        Float64Array.of(expected),
      ),
    ).toBeLessThan(1e-12);
  });
});

/**
 * The first step of W is `rate` down the gradient of the query loss at birth, where the queries are
 * the support batch.
 */
function expectDescent(problem: Problem, rate: number): void {
  const { layout, parameters, episodes } = problem;
  const { gradient, finalWeights } = solve(
    { ...problem, episodes: { ...episodes, queryX: episodes.supportX, queryY: episodes.supportY } },
    { moments: [0] },
  );
  finalWeights[0]!.forEach((W, k) => {
    const name = `W${k + 1}`;
    const descent = view(layout, parameters, name).map(
      (w, ij) => w - rate * view(layout, gradient, name)[ij]!,
    );
    expect(relativeError(W, descent)).toBeLessThan(1e-12);
  });
}

/** The same network with the units of layer 1 in another order: unit i is the old unit order[i]. */
function permuteLayer1(layout: Layout, flat: Float64Array, order: number[]): Float64Array {
  const permuted = flat.slice();
  for (const name of ['W1', 'b1', 'B1', 'c1', 'alpha1']) {
    // by rows
    const old = view(layout, flat, name);
    const width = old.length / order.length;
    order.forEach((from, i) =>
      view(layout, permuted, name).set(old.subarray(from * width, (from + 1) * width), i * width),
    );
  }
  for (const name of ['W2', 'alpha2']) {
    // by columns
    const old = view(layout, flat, name);
    const width = order.length;
    view(layout, permuted, name).forEach((_, ij, to) => {
      to[ij] = old[ij - (ij % width) + order[ij % width]!]!;
    });
  }
  return permuted;
}
