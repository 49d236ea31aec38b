/**
 * What `metaplastic bench` measures: an adapter's ceilings, every kernel under them, meta-steps.
 *
 * @module bench
 */

export { countCalls, peakBytes, type Counts } from './calls.js';
export { CEILINGS, measureCeilings, type Ceiling, type Ceilings, type Figure } from './ceilings.js';
export { PATIENT, QUICK, type Measuring, type Patience } from './clock.js';
export { benchKernels, kernelWorkloads, type KernelFigure } from './kernels.js';
export {
  benchGradient,
  describeGradient,
  type BenchOptions,
  type BenchResult,
} from './meta-gradient.js';
export {
  describeReport,
  noiseIn,
  percent,
  quantity,
  ratesOf,
  runBench,
  type BenchReport,
} from './report.js';
export { drawRoofline } from './roofline.js';
export { benchSweep, sweepSizes, type SweepFigure, type SweepSizes } from './sweep.js';
export { kernelWork, lifetimeWork, type Amount } from './work.js';
export {
  convolutionWorkload,
  encoderWorkload,
  flpWorkload,
  poolWorkload,
  type Workload,
} from './workloads.js';
