import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { randomRule } from '../../src/reference/random-rule.js';
import { defineRule } from '../../src/rules/define.js';
import { derivative } from '../../src/rules/derive.js';
import { simplified } from '../../src/rules/simplify.js';
import { namesOf, type Tree } from '../../src/rules/tree.js';
import { wgslName, wgslNumber, wgslOf } from '../../src/rules/wgsl.js';
import { useGpu } from '../kernels/open.js';
import { difference, treeOf, valueOf } from './trees.js';

/** Names that have one number; all others have four. */
const SINGLE = ['pre', 'e_pre', 'k'];
const codeOf = (name: string) => ({ code: wgslName(name), vector: !SINGLE.includes(name) });
const wgsl = (...texts: readonly string[]) => wgslOf(texts.map(treeOf), codeOf);

describe('the WGSL of an expression', () => {
  test.each([
    ['alpha * (post * pre - post^2 * w)', 'alpha * (post * pre - post * post * w)'],
    ['pre - (w - x) - w', 'pre - (w - x) - w'],
    ['w / (x / pre) * x', 'w / (x / pre) * x'],
    ['-(w + x)', '-(w + x)'],
    ['w - -2', 'w - -2.0'],
    ['-(2) * w', '-2.0 * w'],
    ['w^-1', '1.0 / w'],
    ['w^-2', '1.0 / (w * w)'],
    ['max(w, 0)', 'largest4_(w, vec4f(0.0))'],
    ['min(pre, 1)', 'least_(pre, 1.0)'],
    ['relu(pre) + w', 'largest_(pre, 0.0) + w'],
    ['sigmoid(w + x)', '1.0 / (1.0 + exp(-(w + x)))'],
    ['w * softplus(pre)', 'w * softplus_(pre)'],
    ['abs(w)^k', 'power4_(abs(w), vec4f(k))'],
    ['1e30 * 1e30 * w', '3.4028234663852886e+38 * w'],
    ['loop + of', 'loop_ + of_'],
  ])('%s is %s', (text, code) => {
    const { statements, results } = wgsl(text);
    expect([...statements, results[0]!.code]).toEqual([code]);
  });
  test('has four numbers if one of its names has', () => {
    expect(wgsl('pre * k', 'pre * w').results.map(({ vector }) => vector)).toEqual([false, true]);
  });
  test('computes once what occurs more than once, in several expressions too', () => {
    const { statements, results } = wgsl('tanh(w) * x', 'tanh(w) + pre');
    expect(statements).toEqual(['let t0_ = tanh4_(w);']);
    expect(results.map(({ code }) => code)).toEqual(['t0_ * x', 't0_ + pre']);
  });
  test('says which functions it calls', () => {
    expect(wgsl('tanh(w) + softplus(pre) * tanh(x)', 'abs(pre)^k').calls).toEqual([
      'tanh4_',
      'softplus_',
      'power_',
    ]);
  });
  test('makes a large whole power of few products', () => {
    const { statements, results } = wgsl('w^16');
    expect([...statements, results[0]!.code]).toEqual([
      'let t0_ = w * w;',
      'let t1_ = t0_ * t0_;',
      'let t2_ = t1_ * t1_;',
      't2_ * t2_',
    ]);
  });
});

test('a name that WGSL reserves, or that ends like a generated one, gets a _', () => {
  expect(['theta', 'loop', 'vec4f', 'tanh', 't0_'].map(wgslName)).toEqual([
    'theta',
    'loop_',
    'vec4f_',
    'tanh_',
    't0__',
  ]);
});

test('a number is a literal that is no whole number, and that float32 holds', () => {
  expect([1, 0.1, -2, 1e-7, 1e21, 1e-320, 1e300, -Infinity].map(wgslNumber)).toEqual([
    '1.0',
    '0.1',
    '-2.0',
    '1e-7',
    '1e+21',
    '0.0',
    '3.4028234663852886e+38',
    '-3.4028234663852886e+38',
  ]);
});

const under = useGpu();

/** What trees are on the GPU, of the values of their names. */
async function onGpu(trees: readonly Tree[], values: readonly Readonly<Record<string, number>>[]) {
  const { device } = under.gpu;
  const names = Object.keys(values[0]!);
  const { statements, results } = wgslOf(trees, codeOf);
  const read = (name: string, k: number) => {
    const value = `values[${names.length}u * i + ${k}u]`;
    return `let ${wgslName(name)} = ${SINGLE.includes(name) ? value : `vec4f(${value})`};`;
  };
  const code = `${readFileSync('shaders/equations/functions.wgsl', 'utf8')}
@group(0) @binding(0) var<storage, read> values: array<f32>;
@group(0) @binding(1) var<storage, read_write> results: array<f32>;
@compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  ${names.map(read).join('\n  ')}
  ${statements.join('\n  ')}
  ${results.map(({ code: one, vector }, k) => `results[${results.length}u * i + ${k}u] = ${vector ? `(${one}).w` : one};`).join('\n  ')}
}`;
  const compute = { module: device.createShaderModule({ code }) };
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute });
  const given = Float32Array.from(values.flatMap(one => Object.values(one)));
  const bytes = 4 * values.length * trees.length;
  const { STORAGE, COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage;
  const input = device.createBuffer({ size: given.byteLength, usage: STORAGE | COPY_DST });
  const output = device.createBuffer({ size: bytes, usage: STORAGE | COPY_SRC });
  const copy = device.createBuffer({ size: bytes, usage: MAP_READ | COPY_DST });
  device.queue.writeBuffer(input, 0, given);
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  const entries = [input, output].map((buffer, binding) => ({ binding, resource: { buffer } }));
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(values.length);
  pass.end();
  encoder.copyBufferToBuffer(output, 0, copy, 0, bytes);
  device.queue.submit([encoder.finish()]);
  await copy.mapAsync(GPUMapMode.READ);
  const found = Array.from(new Float32Array(copy.getMappedRange()));
  for (const buffer of [input, output, copy]) buffer.destroy();
  return values.map((_, i) => found.slice(i * trees.length, (i + 1) * trees.length));
}

describe('on the GPU', () => {
  test.each(Array.from({ length: 12 }, (_, seed) => seed))(
    'a random rule %i and its derivatives are what they are in float64',
    async seed => {
      const rule = defineRule(randomRule(seed));
      const changes = [rule.dw, ...[...rule.synapse, ...rule.neuron].map(({ change }) => change)];
      const names = [...new Set(changes.flatMap(tree => [...namesOf(tree)]))];
      const trees = changes.flatMap(tree => [tree, ...names.map(name => derivative(tree, name))]);
      const values = [0, 1, 2].map(k =>
        Object.fromEntries(
          names.map((name, j) => [name, Math.fround(Math.sin(7 * k + 3 * j + 1))]),
        ),
      );
      const found = await onGpu(trees, values);
      for (const [k, one] of values.entries())
        for (const [j, tree] of trees.entries())
          expect(difference(found[k]![j]!, valueOf(tree, one))).toBeLessThan(2e-5);
    },
  );
  test('functions are right far from 0, and a power where its base is 0 or negative', async () => {
    const texts = [
      'softplus(w)',
      'sigmoid(w)',
      'tanh(w)',
      'softplus(pre)',
      'w^k',
      '(w * 0)^k',
      'pre^k',
    ];
    const trees = texts.map(text => simplified(treeOf(text)));
    trees[5] = treeOf('(w * 0)^k');
    const at = (w: number, k: number) => ({ w, pre: w, k });
    const values = [at(-30, 0.5), at(-0.7, 2), at(0, 0), at(0, 1.5), at(1e-3, 0.3), at(200, 1.1)];
    const found = await onGpu(trees, values);
    for (const [j, one] of values.entries())
      for (const [k, tree] of trees.entries()) {
        const expected = valueOf(tree, one);
        if (Number.isNaN(expected)) expect(found[j]![k]).toBeNaN();
        else
          expect(Math.abs(found[j]![k]! - expected)).toBeLessThan(
            1e-30 + 3e-6 * Math.abs(expected),
          );
      }
  });
});
