import { beforeAll, describe, expect, test } from 'vitest';
import { create, globals } from 'webgpu';
import { MetaplasticError } from '../../src/errors.js';
import { type Gpu, openGpu } from '../../src/gpu/device.js';
import { makeKernel } from '../../src/gpu/kernel.js';
import { linkCode, linkShader, shaderChoices } from '../../src/gpu/shader.js';
import { ADJOINTS, type Adjoint } from '../../src/gpu/options.js';
import { Learner } from '../../src/learner/learner.js';
import { PRIMITIVES, SLOTS, type SystemSpec, TERMS } from '../../src/systems/system.js';
import { randomProblem } from '../reference/random-problem.js';
import { ALIGNING, each, PATHS, rowsOf, TOLD } from './systems.js';

// Dawn's null backend compiles and validates without any adapter, but computes nothing: no number
// is looked at in this file.

// Held, because Dawn that is collected too early brings the process down.
const dawn = create(['backend=null']);
let gpu: Gpu;
beforeAll(async () => {
  Object.assign(globalThis, globals);
  gpu = await openGpu(dawn);
  expect(`${gpu.adapter.device} ${gpu.adapter.description}`).toMatch(/null/i);
});

const refusal = (work: Promise<unknown>) =>
  work.then(
    () => {
      throw new Error('expected a refusal, got none');
    },
    (error: Error) => {
      expect(error).toBeInstanceOf(MetaplasticError);
      return error.message;
    },
  );

/** A system, and how it is to live. */
type Posed = Omit<SystemSpec, 'sizes'> & {
  readonly images?: number;
  readonly adjoint: Adjoint;
  readonly lanes: number;
  readonly batch: number;
};

describe('every shader links, parses, compiles and validates', () => {
  // Every choice of every slot, with every choice of every other that goes with it; and every entry
  // point, with and without an encoder.
  const circumstances = {
    frozen: each('frozen', [[], [1], [1, 2], [3]]),
    images: each('images', [undefined, 5]),
    adjoint: each('adjoint', ADJOINTS),
    lanes: each('lanes', [1, 4, 256]),
    batch: each('batch', [1, 3, 4]),
  };
  const named = [TOLD, PATHS, ALIGNING]
    .flatMap(parts => rowsOf<Posed>({ ...circumstances, ...parts }))
    .map(row => [JSON.stringify(row).replaceAll('"', ''), row] as const);

  test.each(named)('%s', async (_, { images, adjoint, lanes, batch, ...chosen }) => {
    const spec = { sizes: [3, 6, 5, 2], ...chosen };
    const { episodes, bank } = randomProblem({ spec, tasks: 3, steps: 3, batch, images });
    const learner = await Learner.create(gpu, {
      system: spec,
      episode: { steps: 3, batch, queries: 4, bank },
      tasks: 3,
      adjoint,
      plan: { lanes },
    });
    await learner.adapt(episodes, { metrics: true }); // the forward-only kernels
    learner.destroy();
  });
});

describe('a slot and its folder have the same choices', () => {
  const folders: [string, readonly string[]][] = [
    ['activations', SLOTS.activation],
    ['signals', SLOTS.signal],
    ['rules', [...SLOTS.rule, 'none']],
    ['losses', SLOTS.loss],
    // Chosen by the plan and the episodes, not by the user.
    ['feedbacks', SLOTS.feedback],
    ['feedback-rules', ['alignment', 'fixed']],
    ['mirrors', ['activity', 'noise', 'noise.adjoint']],
    ['terms', [...TERMS.map(r => `f${r}`), 'none']],
    ['lefts', ['none', 'ones', 'post']],
    ['backs', ['none', 'told', 'told.adjoint']],
    ['sums', ['error-by-drive', 'none', 'post', 'post-by-error']],
    ['primitives', [...PRIMITIVES, 'none']],
    ['reflections', ['none', 'projection', 'reconstruction']],
    ['births', ['drawn', 'inherited']],
    ['origins', ['constant', 'inherited', 'kept', 'redrawn']],
    ['rates', ['layer', 'neuron', 'one', 'synapse']],
    ['coefficients', ['own', 'shared']],
    ['changes', ['momentum', 'plain']],
    ['velocities', ['kept', 'none']],
    ['ties', ['none', 'transposed']],
    ['products', ['few', 'many', 'one']],
    ['rights', ['along', 'before', 'many']],
    ['noises', ['feedback', 'none', 'weight']],
    ['teams', ['lane', 'workgroup']],
    ['recalls', ['equation.along', 'equation.before', 'equation.stored', 'stored', 'undo']],
    ['plasticities', ['equation', 'equation.adjoint', 'products', 'products.adjoint']],
    ['equations', ['above', 'below.along', 'below.before', 'flow', 'functions', 'rows', 'undone']],
    ['neurons', ['none', 'states']],
    ['states', ['none']],
    ['lanes', ['grid', 'rows']],
    ['sweeps', ['columns', 'grid', 'rows']],
    ['perceptions', ['direct', 'encoded']],
    ['inputs', ['activity', 'images', 'values']],
    ['levels', ['normalised', 'plain']],
  ];
  test.each(folders)('%s', (folder, choices) => {
    expect(shaderChoices(folder)).toEqual(choices.toSorted());
  });

  test('a feedback activation is an activation', () => {
    expect(SLOTS.activation).toEqual(expect.arrayContaining([...SLOTS.feedbackActivation]));
  });
});

describe('a kernel', () => {
  const compiled = async (code: string, entryPoint?: string) =>
    makeKernel(gpu, 'example', await linkCode(code), entryPoint);
  const kernel = (body: string) =>
    compiled(
      `@group(0) @binding(0) var<storage, read_write> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  ${body}
}`,
    );

  test('that compiles knows its buffers by name', async () => {
    expect((await kernel('a[lane] = b[lane];')).bindings).toEqual(['a', 'b']);
  });

  test('that does not compile is refused with its label, the message and the line', async () => {
    expect(await refusal(kernel('a[lane] = sin(lane);'))).toMatch(
      /^kernel example: does not compile: .*\n?error in line 5: no matching call to 'sin\(u32\)'.*\n +a\[lane\] = sin\(lane\);/s,
    );
  });

  test('that writes to what it may only read is refused', async () => {
    expect(await refusal(kernel('b[lane] = a[lane];'))).toMatch(
      /^kernel example: does not compile: .*line 5/s,
    );
  });

  test('that asks for more than the adapter has is refused', async () => {
    expect(await refusal(compiled('@compute @workgroup_size(100000) fn main() {}'))).toMatch(
      /^kernel example: does not compile: .*100000/s,
    );
  });

  test('that is refused leaves the device in order', async () => {
    await refusal(kernel('a[lane] = sin(lane);'));
    await gpu.device.queue.onSubmittedWorkDone();
    expect(await gpu.guard(Promise.resolve(1))).toBe(1);
  });

  test('that is refused does not spoil those made at the same time', async () => {
    const [bad, good] = await Promise.allSettled([
      kernel('a[lane] = sin(lane);'),
      kernel('a[lane] = b[lane];'),
    ]);
    expect([bad.status, good.status]).toEqual(['rejected', 'fulfilled']);
  });

  test('that lacks a buffer lists what it needs and what it got', async () => {
    const { bind } = await kernel('a[lane] = b[lane];');
    const buffer = gpu.device.createBuffer({ size: 256, usage: GPUBufferUsage.STORAGE });
    expect(() => bind({ a: buffer, c: buffer })).toThrow(
      new MetaplasticError({
        where: 'kernel example',
        expected: 'buffers a, b',
        got: 'a, c: b missing',
      }),
    );
  });

  test('without the entry point is refused with those it has', async () => {
    expect(await refusal(compiled('@compute @workgroup_size(1) fn first() {}', 'second'))).toBe(
      'kernel example: expected an entry point second, got first',
    );
  });
});

test('a slot that asks for a file that is not there is refused', async () => {
  expect(await refusal(linkShader('episode', { slots: { rule: 'rules/bcm' }, modules: {} }))).toBe(
    'shader episode: slot rule asks for rules/bcm, which is no file of shaders/',
  );
});
