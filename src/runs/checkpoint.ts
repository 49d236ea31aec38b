import { MetaplasticError } from '../errors.js';
import type { Layout } from '../parameters/layout.js';
import type { LearnerState } from '../learner/learner.js';
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

/** The three flat buffers, by the prefix that their tensors have in the file. */
const BUFFERS = { '': 'parameters', 'moment1.': 'moment1', 'moment2.': 'moment2' } as const;

/**
 * A safetensors file: every meta-parameter under its name, Adam's moments under `moment1.` and
 * `moment2.`; PyTorch and JAX read it.
 */
export function writeCheckpoint({ metaStep, state }: Checkpoint, layout: Layout): Uint8Array {
  const where = `writeCheckpoint: meta-step ${metaStep}`;
  for (const [prefix, buffer] of Object.entries(BUFFERS))
    for (const { name, offset, size } of layout.tensors) {
      const data = state[buffer].subarray(offset, offset + size);
      checkFinite(data, prefix + name, where);
      if (buffer === 'moment2') checkMoment2(data, where, prefix + name);
    }
  const tensors = Object.entries(BUFFERS).flatMap(([prefix, buffer]) =>
    layout.tensors.map(({ name, shape, offset, size }): NamedTensor => ({
      name: prefix + name,
      shape,
      data: state[buffer].subarray(offset, offset + size),
    })),
  );
  return writeSafetensors(tensors, {
    format: 'metaplastic',
    metaStep: String(metaStep),
    updates: String(state.updates),
  });
}

/**
 * Reads a checkpoint for this layout; another network's, a foreign or a damaged file is an error
 * that names the tensor.
 */
export function readCheckpoint(bytes: Uint8Array, layout: Layout, where: string): Checkpoint {
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
  // All tensors first: a foreign layout may ask for more memory than there is.
  const found = Object.entries(BUFFERS).flatMap(([prefix, buffer]) =>
    layout.tensors.map(tensor => {
      const name = prefix + tensor.name;
      const { data } = tensorLike({ ...tensor, name }, byName, {
        where,
        hint: 'the checkpoint belongs to another network: use the config that it was made with',
      });
      if (buffer === 'moment2') checkMoment2(data, where, name);
      byName.delete(name);
      return { buffer, offset: tensor.offset, data };
    }),
  );
  const extra = [...byName.keys()];
  if (extra.length)
    throw new MetaplasticError({
      where,
      expected: `the tensors of ${layout.tensors.length} meta-parameters`,
      got: `${extra.join(', ')} besides`,
      hint: 'the checkpoint belongs to another network',
    });
  const metaStep = count('metaStep');
  const state = {
    parameters: new Float32Array(layout.size),
    moment1: new Float32Array(layout.size),
    moment2: new Float32Array(layout.size),
    updates,
  };
  for (const { buffer, offset, data } of found) state[buffer].set(data, offset);
  return { metaStep, state };
}

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
 * for (const [name, data] of Object.entries(found)) learner.write(name, data);
 *
 * @throws MetaplasticError as `readSafetensors`, and for a tensor that is missing, has another shape
 * or is not finite, by its name.
 */
export function readParameters(
  bytes: Uint8Array,
  layout: Layout,
  where: string,
  { names, parts = layout.tensors.map(t => t.name) }: ReadParametersOptions = {},
): Readonly<Record<string, Float32Array>> {
  const byName = new Map(readSafetensors(bytes, where, { names }).tensors.map(t => [t.name, t]));
  return Object.fromEntries(
    parts.map(part => {
      const tensor = layout.get(part);
      if (!tensor)
        throw new MetaplasticError({
          where: 'readParameters.parts',
          expected: `some of ${layout.tensors.map(t => t.name).join(', ')}`,
          got: `${part}`,
        });
      const hint = 'map its names to ours by names, or leave this one out of parts';
      return [part, tensorLike(tensor, byName, { where, hint }).data];
    }),
  );
}

/** The tensor of a name and shape in a file, of finite numbers. */
function tensorLike(
  { name, shape }: { readonly name: string; readonly shape: readonly number[] },
  byName: ReadonlyMap<string, NamedTensor>,
  { where, hint }: { readonly where: string; readonly hint: string },
): NamedTensor {
  const tensor = byName.get(name);
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
