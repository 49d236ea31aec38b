import { MetaplasticError } from '../errors.js';
import type { Tensor, Tensors } from '../tensor.js';
import { checkLayout, type Layout } from '../parameters/layout.js';
import type { LearnerState } from '../learner/learner.js';
import { checkMade, inWords } from '../options.js';
import { defineSystem, type System, type SystemSpec } from '../systems/system.js';
import { checkMoment2 } from '../learner/options.js';
import {
  readSafetensors,
  writeSafetensors,
  type NamedTensor,
  type ReadOptions,
} from './safetensors.js';

/** A moment of a run: what the learner has become, and how many meta-steps that took. */
export interface Checkpoint {
  readonly metaStep: number;
  readonly state: LearnerState;
}

/** The parts of a state, by the prefix that their tensors have in the file. */
const PARTS = { '': 'parameters', 'moment1.': 'moment1', 'moment2.': 'moment2' } as const;

/**
 * A safetensors file: every meta-parameter under its name, Adam's moments under `moment1.` and
 * `moment2.`; PyTorch and JAX read it.
 *
 * @param system - the system, which the metadata then say in JSON, so that the file tells whose it is.
 */
export function writeCheckpoint(
  checkpoint: Checkpoint,
  layout: Layout,
  system?: SystemSpec,
): Uint8Array {
  checkMade(
    checkpoint,
    ['metaStep', 'state'],
    'writeCheckpoint',
    'a checkpoint { metaStep, state }',
  );
  checkMade(
    checkpoint.state,
    Object.values(PARTS),
    'writeCheckpoint.state',
    'what learner.state() gives',
  );
  checkLayout(layout, 'writeCheckpoint');
  const { metaStep, state } = checkpoint;
  const where = `writeCheckpoint: meta-step ${metaStep}`;
  const tensors = Object.entries(PARTS).flatMap(([prefix, part]) =>
    layout.tensors.map(({ name, shape }): NamedTensor => {
      const asked = { name: prefix + name, shape };
      const { data } = tensorLike(asked, state[part][name], {
        where,
        hint: 'give the layout of the learner whose state it is',
      });
      if (part === 'moment2') checkMoment2(data, prefix + name, where);
      return { name: prefix + name, shape, data };
    }),
  );
  return writeSafetensors(tensors, {
    format: 'metaplastic',
    ...(system && { system: JSON.stringify(system) }),
    metaStep: String(metaStep),
    updates: String(state.updates),
  });
}

/**
 * Reads a checkpoint for this layout; another network's, a foreign or a damaged file is an error
 * that names the tensor.
 *
 * @param system - the system that goes on from it: one of the same tensors that computes something
 * else (another activation, pool or rule) is refused too, if the file says whose it is.
 */
export function readCheckpoint(
  bytes: Uint8Array,
  layout: Layout,
  where: string,
  system?: SystemSpec,
): Checkpoint {
  checkLayout(layout, 'readCheckpoint');
  const { tensors, metadata } = readSafetensors(bytes, where);
  const byName = new Map(tensors.map(t => [t.name, t]));
  if (metadata['format'] !== 'metaplastic')
    throw new MetaplasticError({
      where,
      expected: 'a checkpoint of metaplastic',
      got: 'a safetensors file of something else',
    });
  const count = (key: string) => {
    const n = /^\d+$/.test(metadata[key] ?? '') ? Number(metadata[key]) : NaN;
    if (!Number.isSafeInteger(n))
      throw new MetaplasticError({
        where,
        expected: `a whole number ${key} in the metadata`,
        got: `${JSON.stringify(metadata[key])}`,
      });
    return n;
  };
  const updates = count('updates');
  const partOf = (prefix: string) =>
    Object.fromEntries(
      layout.tensors.map((tensor): [string, Tensor] => {
        const name = prefix + tensor.name;
        const { data } = tensorLike({ ...tensor, name }, byName.get(name), {
          where,
          hint: 'the checkpoint belongs to another network: use the config that it was made with',
        });
        if (PARTS[prefix as keyof typeof PARTS] === 'moment2') checkMoment2(data, name, where);
        byName.delete(name);
        return [tensor.name, { data, shape: tensor.shape }];
      }),
    );
  const parts = Object.fromEntries(
    Object.entries(PARTS).map(([prefix, part]) => [part, partOf(prefix)]),
  ) as Pick<LearnerState, (typeof PARTS)[keyof typeof PARTS]>;
  const extra = [...byName.keys()];
  if (extra.length)
    throw new MetaplasticError({
      where,
      expected: `the tensors of ${layout.tensors.length} meta-parameters`,
      got: `${extra.join(', ')} besides`,
      hint: 'the checkpoint belongs to another network',
    });
  if (system && metadata['system'] !== undefined)
    checkSameSystem(systemIn(metadata['system'], where), system, where);
  const metaStep = count('metaStep');
  return { metaStep, state: { ...parts, updates, metaSteps: metaStep } };
}

/** The system that a checkpoint's metadata say. */
function systemIn(text: string, where: string): System {
  try {
    return defineSystem(JSON.parse(text) as SystemSpec);
  } catch (error) {
    throw new MetaplasticError({
      where: `${where}: metadata.system`,
      expected: 'a system in JSON',
      got: (error as Error).message,
    });
  }
}

/** Refuses a system that is another than the checkpoint's, by the first thing that differs. */
function checkSameSystem(made: System, given: SystemSpec, where: string): void {
  const asked = factsOf(defineSystem(given));
  for (const [name, expected] of Object.entries(factsOf(made))) {
    const got = asked[name];
    if (JSON.stringify(expected) === JSON.stringify(got)) continue;
    throw new MetaplasticError({
      where,
      expected: `system.${name} as the checkpoint has it, ${inWords(expected)}`,
      got: inWords(got),
      hint: 'restore the configuration that it was made with; for another system take its weights by readParameters',
    });
  }
}

/** What a system is, each layer by itself. */
const factsOf = ({ layers, ...rest }: System): Readonly<Record<string, unknown>> => ({
  ...rest,
  ...Object.fromEntries(layers.map(layer => [`layers, layer ${layer.index}`, layer])),
});

/** Which tensors of a file are which meta-parameters. */
export interface ReadParametersOptions extends ReadOptions {
  /** Which meta-parameters to take, by their names here; left out: all of the layout. */
  readonly parts?: readonly string[];
}

/**
 * Meta-parameters from anybody's safetensors file, all or a part, for `learner.write`: their shapes
 * are checked. A shape may have more or fewer dimensions of 1.
 *
 * @example
 * const names = { 'net.0.weight': 'W1', 'net.0.bias': 'b1' }; // as PyTorch calls them
 * const found = readParameters(file, learner.layout, 'w.safetensors', { names, parts: ['W1', 'b1'] });
 * learner.write(found);
 *
 * @throws MetaplasticError as `readSafetensors`, and for a tensor that is missing, has another
 * shape or is not finite, by its name.
 */
export function readParameters(
  bytes: Uint8Array,
  layout: Layout,
  where: string,
  { names, parts }: ReadParametersOptions = {},
): Tensors {
  checkLayout(layout, 'readParameters');
  const byName = new Map(readSafetensors(bytes, where, { names }).tensors.map(t => [t.name, t]));
  return Object.fromEntries(
    (parts ?? layout.tensors.map(t => t.name)).map(part => {
      const tensor = layout.get(part);
      if (!tensor)
        throw new MetaplasticError({
          where: 'readParameters.parts',
          expected: `some of ${layout.tensors.map(t => t.name).join(', ')}`,
          got: `${part}`,
        });
      const hint = 'map its names to ours by names, or leave this one out of parts';
      return [
        part,
        { data: tensorLike(tensor, byName.get(part), { where, hint }).data, shape: tensor.shape },
      ];
    }),
  );
}

/** What was found under a name, if it has the shape, and finite numbers. */
function tensorLike(
  { name, shape }: { readonly name: string; readonly shape: readonly number[] },
  tensor: Tensor | undefined,
  { where, hint }: { readonly where: string; readonly hint: string },
): Tensor {
  if (!tensor || !alike(tensor.shape, shape))
    throw new MetaplasticError({
      where,
      expected: `${name} of shape ${shape.join(' × ')}`,
      got: tensor ? tensor.shape.join(' × ') || 'a single number' : 'none',
      hint,
      tensor: name,
    });
  checkFinite(tensor.data, name, where);
  return tensor;
}

/** The same shape; or, of another number of dimensions, but for some of size 1. */
function alike(a: readonly number[], b: readonly number[]): boolean {
  const essential = (shape: readonly number[]) => shape.filter(n => n !== 1).join();
  return a.length === b.length ? a.join() === b.join() : essential(a) === essential(b);
}

/** What is not finite is neither saved nor read. */
function checkFinite(data: Float32Array, tensor: string, where: string): void {
  const bad = data.findIndex(v => !Number.isFinite(v));
  if (bad >= 0)
    throw new MetaplasticError({
      where,
      expected: 'finite numbers',
      got: `${data[bad]} in ${tensor} at ${bad}`,
      tensor,
    });
}
