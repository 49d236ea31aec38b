import { MetaplasticError } from '../errors.js';
import type { Layout } from '../inner/layout.js';
import type { LearnerState } from '../outer/learner.js';
import { readSafetensors, writeSafetensors, type NamedTensor } from './safetensors.js';

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
    const n = Number(metadata[key]);
    if (!Number.isInteger(n) || n < 0)
      throw new MetaplasticError({
        where,
        expected: `a whole number ${key} in the metadata`,
        got: `${JSON.stringify(metadata[key])}`,
      });
    return n;
  };
  const state = {
    parameters: new Float32Array(layout.size),
    moment1: new Float32Array(layout.size),
    moment2: new Float32Array(layout.size),
    updates: count('updates'),
  };
  for (const [prefix, buffer] of Object.entries(BUFFERS))
    for (const { name, shape, offset } of layout.tensors) {
      const tensor = byName.get(prefix + name);
      if (!tensor || tensor.shape.join() !== shape.join()) {
        throw new MetaplasticError({
          where,
          expected: `${prefix + name} of shape ${shape.join(' × ')}`,
          got: `${tensor ? tensor.shape.join(' × ') : 'none'}`,
          hint: 'the checkpoint belongs to another network: use the config that it was made with',
        });
      }
      const bad = tensor.data.findIndex(v => !Number.isFinite(v));
      if (bad >= 0)
        throw new MetaplasticError({
          where,
          expected: 'finite numbers',
          got: `${tensor.data[bad]} in ${prefix + name} at ${bad}`,
        });
      state[buffer].set(tensor.data, offset);
      byName.delete(prefix + name);
    }
  const extra = [...byName.keys()];
  if (extra.length)
    throw new MetaplasticError({
      where,
      expected: `the tensors of ${layout.tensors.length} meta-parameters`,
      got: `${extra.join(', ')} besides`,
      hint: 'the checkpoint belongs to another network',
    });
  return { metaStep: count('metaStep'), state };
}
