import { MetaplasticError } from '../errors.js';
import type { MetaParameter } from '../parameters/layout.js';
import { inWords, kind } from '../options.js';
import type { Tensor } from '../tensor.js';

/** A meta-parameter as it is given: a tensor of its shape, or its numbers row by row. */
export type Values = Tensor | ArrayLike<number>;

/** Meta-parameters by their names; the learner checks each of them. */
export const VALUES = kind<Readonly<Record<string, Values>>>(
  'an object with tensors by their names',
  x => Object.prototype.toString.call(x) === '[object Object]',
);

/** The values of a tensor as float32, if they have its shape. */
export function inShape(
  given: Values,
  { name, shape, size }: Pick<MetaParameter, 'name' | 'shape' | 'size'>,
  where: string,
): Float32Array<ArrayBuffer> {
  const expected = `${size} numbers${shape.length > 1 ? ` (${shape.join(' × ')})` : ''}`;
  const refuse = (got: string): never => {
    throw new MetaplasticError({ where, expected, got, tensor: name });
  };
  const isTensor = typeof given === 'object' && given !== null && 'shape' in given;
  const values = isTensor ? given.data : given;
  if (typeof values !== 'object' || !Number.isInteger(values?.length)) refuse(inWords(given));
  if (isTensor && inWords(given.shape) !== inWords(shape))
    refuse(`a tensor of shape ${inWords(given.shape)}`);
  if (values.length !== size) refuse(`${values.length}`);
  return Float32Array.from(values);
}

/** The same, if they are all finite. */
export function inFloat32(...given: Parameters<typeof inShape>): Float32Array<ArrayBuffer> {
  const [, { name }, where] = given;
  const data = inShape(...given);
  const bad = data.findIndex(v => !Number.isFinite(v));
  if (bad >= 0)
    throw new MetaplasticError({
      where,
      expected: 'finite numbers',
      got: `${data[bad]} at ${bad}`,
      tensor: name,
    });
  return data;
}
