import { expose } from '../frame/comlink.js';
import { openGpu } from 'metaplastic';
import { PATIENT, QUICK, runBench, type BenchReport } from 'metaplastic/bench';

const api = {
  /** Measures the adapter on a device of its own, which is given back whatever happens. */
  async measure(
    patiently: boolean,
    heard: (what: string, done: number, of: number) => void,
  ): Promise<BenchReport> {
    const gpu = await openGpu();
    try {
      return await runBench(gpu, { patience: patiently ? PATIENT : QUICK, onProgress: heard });
    } finally {
      gpu.destroy();
    }
  },
};

export type ThroughputWorker = typeof api;
expose(api);
