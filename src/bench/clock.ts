import type { Gpu } from '../gpu/device.js';

/** How long the GPU takes over a compute pass, in seconds. */
export interface Clock {
  /**
   * The GPU's own timestamps at the pass's beginning and end; or the wall clock from submit to
   * done, where it has none.
   */
  readonly kind: 'timestamps' | 'wall clock';
  time(record: (pass: GPUComputePassEncoder) => void): Promise<number>;
  destroy(): void;
}

/** The better clock that the device has. */
export const clockOf = ({ device }: Gpu): Clock['kind'] =>
  device.features.has('timestamp-query') ? 'timestamps' : 'wall clock';

export const makeClock = (gpu: Gpu): Clock =>
  clockOf(gpu) === 'timestamps' ? timestamps(gpu) : wallClock(gpu);

function wallClock({ device, run, guard }: Gpu): Clock {
  return {
    kind: 'wall clock',
    async time(record) {
      const commands = run(() => {
        const encoder = device.createCommandEncoder();
        const pass = encoder.beginComputePass();
        record(pass);
        pass.end();
        return encoder.finish();
      });
      const start = performance.now();
      run(() => device.queue.submit([commands]));
      await guard(device.queue.onSubmittedWorkDone());
      return (performance.now() - start) / 1e3;
    },
    destroy() {},
  };
}

function timestamps({ device, run, guard }: Gpu): Clock {
  const querySet = device.createQuerySet({ label: 'clock', type: 'timestamp', count: 2 });
  const buffer = (label: string, usage: number) =>
    run(() => device.createBuffer({ label, size: 16, usage }));
  const resolved = buffer('clock', GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC);
  const shown = buffer('clock, shown', GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  return {
    kind: 'timestamps',
    async time(record) {
      const mapped = run(() => {
        const encoder = device.createCommandEncoder();
        const pass = encoder.beginComputePass({
          timestampWrites: { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 },
        });
        record(pass);
        pass.end();
        encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
        encoder.copyBufferToBuffer(resolved, 0, shown, 0, 16);
        device.queue.submit([encoder.finish()]);
        return shown.mapAsync(GPUMapMode.READ);
      });
      try {
        await guard(mapped);
        const [start, end] = new BigInt64Array(shown.getMappedRange());
        return Number(end! - start!) / 1e9;
      } finally {
        shown.unmap();
      }
    },
    destroy() {
      querySet.destroy();
      resolved.destroy();
      shown.destroy();
    },
  };
}

/**
 * What many repetitions took: median and fastest in seconds, and the spread, which is the middle
 * half of them relative to the median.
 */
export interface Sample {
  readonly median: number;
  readonly fastest: number;
  readonly spread: number;
}

export function summarise(seconds: readonly number[]): Sample {
  const sorted = [...seconds].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  return { median: at(0.5), fastest: sorted[0]!, spread: (at(0.75) - at(0.25)) / at(0.5) };
}

/**
 * How patiently is measured: a batch takes so many seconds or more, and so many batches are timed.
 */
export interface Patience {
  readonly batchSeconds: number;
  readonly repeats: number;
}

/** Nine batches of a tenth of a second: for numbers that are kept. */
export const PATIENT: Patience = { batchSeconds: 0.1, repeats: 9 };
/** Three batches of 20 ms: for a first look. */
export const QUICK: Patience = { batchSeconds: 0.02, repeats: 3 };

/** How patiently to measure, and who hears how far it is. */
export interface Measuring {
  /** Default `PATIENT`. */
  readonly patience?: Patience;
  /** Hears what is measured next, and how many things are done of how many. */
  readonly onProgress?: (what: string, done: number, of: number) => void;
}

/**
 * The time of one of `times` equal things that a pass does: batches grow, which also warms up,
 * until one takes long enough for the clock. Where timestamps stand still, as on some drivers, the
 * wall clock ends the growth.
 */
export async function measure(
  clock: Clock,
  record: (pass: GPUComputePassEncoder, times: number) => void,
  { batchSeconds, repeats }: Patience,
): Promise<Sample> {
  const time = (times: number) => clock.time(pass => record(pass, times));
  await time(1);
  let times = 1;
  let started = performance.now();
  let took = await time(1);
  while (
    took < batchSeconds &&
    times < MOST_TIMES &&
    performance.now() - started < 1e3 * PATIENCE_OF_WALL * batchSeconds
  ) {
    started = performance.now();
    times = Math.min(
      MOST_TIMES,
      Math.ceil(times * Math.min(16, Math.max(2, (1.2 * batchSeconds) / Math.max(took, 1e-9)))),
    );
    took = await time(times);
  }
  const seconds: number[] = [];
  for (let k = 0; k < repeats; k++) seconds.push((await time(times)) / times);
  return summarise(seconds);
}

/**
 * So many things make a batch at most, and so many times the asked length it may take by the wall
 * clock.
 */
const MOST_TIMES = 2 ** 16;
const PATIENCE_OF_WALL = 20;
