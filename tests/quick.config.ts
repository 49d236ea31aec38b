import { defineConfig } from 'vitest/config';
import { wgsl } from '../vite.wgsl.js';

/**
 * What the edit loop asks, in less than a minute: the reference, tables and errors, links of every
 * shader, and kernels at a few sizes. Nothing is built.
 */
export default defineConfig({
  plugins: [wgsl({ terse: true })],
  test: {
    include: [
      'tests/{reference,source,errors,config,systems}/**/*.test.ts',
      'tests/{options,gpu/places,gpu/plan}.test.ts',
      'tests/kernels/quick.test.ts',
    ],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    maxWorkers: 2,
  },
});
