import { describe, expect, test } from 'vitest';
import type { SystemSpec } from '../../src/systems/system.js';
import { beyond, compare, type Options } from './agree.js';
import { useGpu } from './open.js';

const under = useGpu();

describe('a few kernels agree with the reference: of', () => {
  test.each<[string, SystemSpec, Options]>([
    ['feedback and local plasticity', { sizes: [2, 5, 3] }, { adjoint: 'checkpoint' }],
    ['a chained pool', { sizes: [2, 5, 3], rule: 'pool', feedback: 'chained' }, {}],
  ])('%s', async (_, spec, options) => {
    const { errors } = await compare(under.gpu, { spec, tasks: 2, steps: 3 }, options);
    expect(beyond(1e-5, errors)).toEqual({});
  });
});
