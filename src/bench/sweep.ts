import type { Gpu } from '../gpu/device.js';
import { peakBytes } from './calls.js';
import type { Figure } from './ceilings.js';
import { PATIENT, summarise, type Measuring } from './clock.js';
import { STANDSTILL, learnerFor } from './meta-gradient.js';
import { flpWorkload, type FlpSizes } from './workloads.js';

/** Sizes of `flp` to measure: a middle, and each of N, T and H varied around it. */
export interface SweepSizes {
  readonly middle: Omit<FlpSizes, 'batch'>;
  readonly tasks: readonly number[];
  readonly steps: readonly number[];
  readonly width: readonly number[];
}

/**
 * Over which N (tasks), T (steps) and H (width) meta-steps are timed; smaller ones on software.
 */
export const sweepSizes = (software: boolean): SweepSizes =>
  software
    ? {
        middle: { tasks: 64, steps: 20, width: 32 },
        tasks: [16, 64, 256],
        steps: [5, 20, 80],
        width: [16, 32, 64],
      }
    : {
        middle: { tasks: 1024, steps: 20, width: 64 },
        tasks: [64, 256, 1024, 4096],
        steps: [5, 20, 100, 250],
        width: [16, 32, 64, 128, 256],
      };

/** A meta-step of `flp`, from the upload of its episodes until its losses are here. */
export interface SweepFigure extends Omit<FlpSizes, 'batch'> {
  readonly metaStepsPerSecond: Figure;
  readonly taskStepsPerSecond: number;
  /** GPU memory that the plan foresees, and the most that was in buffers at once. */
  readonly plannedBytes: number;
  readonly peakBytes: number;
}

/** Measures whole meta-steps of `flp`, adjoint `reverse`, over N, T and H. */
export async function benchSweep(
  gpu: Gpu,
  { patience: { repeats } = PATIENT, onProgress }: Measuring = {},
  sizes = sweepSizes(gpu.adapter.software),
): Promise<SweepFigure[]> {
  const { middle } = sizes;
  const varied = [
    ...sizes.tasks.map(tasks => ({ ...middle, tasks })),
    ...sizes.steps.map(steps => ({ ...middle, steps })),
    ...sizes.width.map(width => ({ ...middle, width })),
  ];
  const points = [
    ...new Map(varied.map(point => [Object.values(point).join(' '), point])).values(),
  ];
  const figures: SweepFigure[] = [];
  for (const [k, point] of points.entries()) {
    onProgress?.(
      `meta-steps, N=${point.tasks}, T=${point.steps}, H=${point.width}`,
      k,
      points.length,
    );
    figures.push(await benchPoint(gpu, point, repeats));
  }
  return figures;
}

async function benchPoint(
  gpu: Gpu,
  point: SweepSizes['middle'],
  repeats: number,
): Promise<SweepFigure> {
  const workload = flpWorkload({ ...point, batch: 1 });
  const { episodes } = workload;
  const { peak, result } = await peakBytes(async () => {
    const learner = await learnerFor(gpu, workload, {
      adjoint: 'reverse',
      optimiser: STANDSTILL,
      onNotice: () => {},
    });
    const seconds: number[] = [];
    try {
      for (let k = -1; k < repeats; k++) {
        const start = performance.now();
        await learner.step(episodes);
        if (k >= 0) seconds.push((performance.now() - start) / 1e3); // the first warms up
      }
    } finally {
      learner.destroy();
    }
    return { planned: learner.plan.totalBytes, ...summarise(seconds) };
  });
  return {
    ...point,
    metaStepsPerSecond: { value: 1 / result.median, spread: result.spread },
    taskStepsPerSecond: (point.tasks * point.steps) / result.median,
    plannedBytes: result.planned,
    peakBytes: peak,
  };
}
