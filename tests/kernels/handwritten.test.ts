import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MetaplasticError } from '../../src/errors.js';
import { Learner } from '../../src/learner/learner.js';
import { outer, times, timesTransposed } from '../../src/reference/algebra.js';
import { randomProblem } from '../../src/reference/random-problem.js';
import { rules } from '../../src/reference/rules.js';
import { defineRule } from '../../src/rules/define.js';
import type { RuleReference } from '../../src/rules/handwritten.js';
import type { SystemSpec } from '../../src/systems/system.js';
import { beyond, compare, gradientOf, learnerFor } from './agree.js';
import { useGpu } from './open.js';

const under = useGpu();
const shader = (name: string) =>
  readFileSync(new URL(`../../shaders/rules/${name}.wgsl`, import.meta.url), 'utf8');

test.each([
  ['oja', 'post', 'alpha', 'synapse'],
  ['gradient', 'error', 'eta', 'layer'],
] as const)(
  'the built-in rule %s, given as somebody would give theirs, is the same to the bit',
  async (name, from, coefficient, per) => {
    const rule = defineRule({
      name: `my ${name}`,
      from,
      coefficient,
      per,
      wgsl: shader(name),
      reference: rules[name],
    });
    const sizes = [3, 5, 2];
    const feedback = from === 'error' ? { feedback: 'chained' as const } : {};
    const problem = { tasks: 2, steps: 3, batch: 2 };
    const gradients = await Promise.all(
      [name, rule].map(async one => {
        const spec: SystemSpec = { sizes, rule: one, activation: 'tanh', ...feedback };
        const posed = randomProblem({ spec, ...problem });
        const learner = await learnerFor(under.gpu, { spec }, posed);
        const gradient = await gradientOf(learner, posed.episodes);
        learner.destroy();
        return gradient;
      }),
    );
    expect(gradients[1]).toEqual(gradients[0]);
    expect(Math.hypot(...gradients[0]!)).toBeGreaterThan(0.01);
  },
);

/** ΔW_ij = α_ij (post_i pre_j − |post_i| W_ij): a decay that is nowhere built in. */
const wgsl = `
import package::shape::{BATCH, SHARE, WIDTH};
import package::memory::{activity4, add_adjoints, four};
import package::factors::{left_at, left_step};

const DIRECTION = 1.0;

fn prepare(first: u32, slot: u32) {}
fn prepare_adjoint(first: u32, slot: u32) {}

fn kappa(l: u32, neurons: vec4u, first: u32) -> vec4f {
  var sum = vec4f();
  for (var b = 0u; b < BATCH; b++) {
    sum += abs(activity4(first + left_at(l) + left_step(l, b) + neurons));
  }
  return SHARE * sum;
}
fn kappa_adjoint(l: u32, i: u32, first: u32, d: vec4f) {
  let n = WIDTH[l + 1u];
  for (var b = 0u; b < BATCH; b++) {
    let at = left_at(l) + left_step(l, b);
    add_adjoints(at, i, n, SHARE * sign(activity4(first + at + four(i, n))) * d);
  }
}
fn kappa_adjoint_of_layer(l: u32, d: f32) {}
`;
const add = (into: Float64Array, more: Float64Array) => more.forEach((x, i) => (into[i]! += x));
const reference: RuleReference = {
  drive: ({ post, pre }) => outer(post, pre),
  decay: ({ post }) => post.map(Math.abs),
  adjoint({ post, pre }, _, dDrive, dDecay, dLocal) {
    add(dLocal.post, times(dDrive, pre));
    add(dLocal.pre, timesTransposed(dDrive, post));
    add(
      dLocal.post,
      dDecay.map((d, i) => Math.sign(post[i]!) * d),
    );
  },
};

test.each(['store', 'reverse'] as const)(
  'kernels of a rule that is written by hand agree with its reference, adjoint %s',
  async adjoint => {
    const spec: SystemSpec = {
      sizes: [3, 5, 2],
      rule: { name: 'slow decay', from: 'post', wgsl, reference },
      activation: 'tanh',
      alpha: 'neuron',
      plasticBias: true,
    };
    const { errors } = await compare(
      under.gpu,
      { spec, tasks: 3, steps: 3, batch: 2 },
      { adjoint },
    );
    expect(beyond(1e-5, errors)).toEqual({});
  },
);

test('a module that asks for what is not there is refused with what it asks for', async () => {
  const rule = {
    name: 'broken',
    from: 'post',
    wgsl: wgsl.replace('activity4,', 'activity5,'),
    reference,
  } as const;
  const made = Learner.create(under.gpu, {
    system: { sizes: [2, 2], rule },
    episode: { steps: 1, batch: 1, queries: 1 },
    tasks: 1,
  });
  await expect(made).rejects.toThrow(MetaplasticError);
  await expect(made).rejects.toThrow(
    /^rule "broken": wgsl: shader episode: does not link: .*activity4.*\n.*\n +sum \+= abs\(activity4.*\n +\^/,
  );
});
