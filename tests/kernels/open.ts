import { afterEach, beforeEach } from 'vitest';
import type { Gpu } from '../../src/gpu/device.js';
import { openNodeGpu } from '../../src/node/open.js';

let opened: Promise<Gpu> | undefined;

/**
 * The adapter under test, one per test file. No adapter is a failure, never a skip; so is Dawn's
 * null backend, whose results mean nothing.
 * Around every test that uses it stands a validation error scope.
 */
export function useGpu(): { readonly gpu: Gpu } {
  let gpu: Gpu | undefined;
  beforeEach(async () => {
    gpu = await (opened ??= openNodeGpu());
    if (/null/i.test(`${gpu.adapter.device} ${gpu.adapter.description}`))
      throw new Error("numeric tests need an adapter that computes, got Dawn's null backend");
    gpu.device.pushErrorScope('validation');
  });
  afterEach(async () => {
    const error = await gpu?.device.popErrorScope();
    if (error) throw new Error(`WebGPU: ${error.message}`);
  });
  return {
    get gpu() {
      return gpu!;
    },
  };
}
