import { afterAll, beforeAll } from 'vitest';
import { openGpu, type Gpu } from '../../src/gpu/device.js';

/** The browser's adapter, one per test file. */
export function useBrowserGpu(): { readonly gpu: Gpu } {
  let gpu: Gpu | undefined;
  beforeAll(async () => {
    gpu = await openGpu();
  });
  afterAll(() => gpu?.destroy());
  return {
    get gpu() {
      return gpu!;
    },
  };
}
