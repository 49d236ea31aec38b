import { MetaplasticError } from '../errors.js';
import { seesImages, type System } from '../systems/system.js';
import { shapeOf, sizeOf, type Episodes, type ImageBank } from '../tasks/episodes.js';

/**
 * Episodes, whose numbers may also be float64: the reference agrees with an oracle more closely
 * than float32 can tell.
 */
export interface ReferenceEpisodes extends Omit<
  Episodes,
  'supportX' | 'supportY' | 'queryX' | 'queryY'
> {
  readonly supportX: Float32Array | Float64Array | Uint32Array;
  readonly supportY: Float32Array | Float64Array;
  readonly queryX: Float32Array | Float64Array | Uint32Array;
  readonly queryY: Float32Array | Float64Array;
}

/** One example: x (n_0), y (n_L). */
export interface Sample {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** One task, unpacked: the support stream (steps, batch) and the query set. */
export interface Episode {
  readonly support: readonly (readonly Sample[])[];
  readonly queries: readonly Sample[];
}

/** The tasks of a meta-batch one by one; image indices become grey levels, pixels / 255. */
export function unpack(system: System, episodes: ReferenceEpisodes, bank?: ImageBank): Episode[] {
  const { tasks, steps, batch, queries } = episodes;
  const support = samples(
    system,
    tasks * steps * batch,
    episodes.supportX,
    episodes.supportY,
    bank,
    'support',
  );
  const query = samples(system, tasks * queries, episodes.queryX, episodes.queryY, bank, 'query');
  return Array.from({ length: tasks }, (_, task) => ({
    support: Array.from({ length: steps }, (_, t) =>
      support.slice((task * steps + t) * batch, (task * steps + t + 1) * batch),
    ),
    queries: query.slice(task * queries, (task + 1) * queries),
  }));
}

/** The same episodes as the kernels take them, every number rounded to float32. */
export function inFloat32(episodes: ReferenceEpisodes): Episodes {
  const inputs = (x: ReferenceEpisodes['supportX']) =>
    x instanceof Float64Array ? Float32Array.from(x) : x;
  const { supportX, supportY, queryX, queryY } = episodes;
  return {
    ...episodes,
    supportX: inputs(supportX),
    supportY: Float32Array.from(supportY),
    queryX: inputs(queryX),
    queryY: Float32Array.from(queryY),
  };
}

function samples(
  system: System,
  count: number,
  inputs: ReferenceEpisodes['supportX'],
  targets: ReferenceEpisodes['supportY'],
  bank: ImageBank | undefined,
  set: string,
): Sample[] {
  const n0 = system.sizes[0]!;
  const nL = system.sizes.at(-1)!;
  const indices = inputs instanceof Uint32Array;
  expectLength(`episodes.${set}X`, inputs.length, count, indices ? 1 : n0);
  expectLength(`episodes.${set}Y`, targets.length, count, nL);
  const read = indices
    ? image(system, bank, inputs, set)
    : (k: number) => Float64Array.from(inputs.subarray(k * n0, (k + 1) * n0));
  return Array.from({ length: count }, (_, k) => ({
    x: read(k),
    y: Float64Array.from(targets.subarray(k * nL, (k + 1) * nL)),
  }));
}

function image(
  system: System,
  bank: ImageBank | undefined,
  indices: Uint32Array,
  set: string,
): (k: number) => Float64Array {
  const n0 = system.sizes[0]!;
  if (!bank)
    throw new MetaplasticError({
      where: `episodes.${set}X`,
      expected: 'a bank for its image indices',
      got: 'none',
      hint: 'pass options.bank',
    });
  const { pixels, normalise } = bank;
  const plane = bank.width * bank.height;
  if (!seesImages(system, bank))
    throw new MetaplasticError({
      where: 'options.bank',
      expected: system.image
        ? `images of [${system.image.join(', ')}], channels, height and width (system.image)`
        : `images of ${n0} pixels, the system's inputs`,
      got: system.image ? shapeOf(bank) : sizeOf(bank),
    });
  return k => {
    const index = indices[k]!;
    if (index >= bank.count)
      throw new MetaplasticError({
        where: `episodes.${set}X`,
        expected: `image indices below ${bank.count}`,
        got: `${index} at ${k}`,
      });
    const levels = Float64Array.from(pixels.subarray(index * n0, (index + 1) * n0), l => l / 255);
    if (!normalise) return levels;
    const of = (from: readonly number[], j: number) => from[Math.floor(j / plane)]!;
    return levels.map((level, j) => (level - of(normalise.mean, j)) / of(normalise.std, j));
  };
}

function expectLength(where: string, got: number, count: number, each: number): void {
  if (got !== count * each)
    throw new MetaplasticError({
      where,
      expected: `${count} samples × ${each} = ${count * each} entries`,
      got: `${got}`,
    });
}
