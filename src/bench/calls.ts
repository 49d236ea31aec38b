/** Hears a call after it was made: what it was made on, what it was given, and what it returned. */
type Heard = (object: object, args: readonly unknown[], result: unknown) => void;
type Listener = readonly [owner: object, method: string, heard: Heard];

/**
 * Hears calls of methods that all objects of a kind share, of whoever makes them, while `work`
 * runs.
 */
async function hear<T>(listeners: readonly Listener[], work: () => Promise<T>): Promise<T> {
  const restore = listeners.map(([owner, method, heard]) => {
    const methods = owner as Record<string, (...args: unknown[]) => unknown>;
    const original = methods[method]!;
    methods[method] = function (...args) {
      const result = original.apply(this, args);
      heard(this, args, result);
      return result;
    };
    return () => {
      methods[method] = original;
    };
  });
  try {
    return await work();
  } finally {
    for (const undo of restore.reverse()) undo();
  }
}

/** What a piece of work asked of the GPU. */
export interface Counts {
  readonly dispatches: number;
  readonly submits: number;
  readonly newBuffers: number;
}

/** Counts the calls that all WebGPU objects get while `work` runs. */
export async function countCalls(work: () => Promise<unknown>): Promise<Counts> {
  const counts = { dispatches: 0, submits: 0, newBuffers: 0 };
  const tally = (owner: object, method: string, key: keyof Counts): Listener => [
    owner,
    method,
    () => {
      counts[key]++;
    },
  ];
  await hear(
    [
      tally(GPUComputePassEncoder.prototype, 'dispatchWorkgroups', 'dispatches'),
      tally(GPUComputePassEncoder.prototype, 'dispatchWorkgroupsIndirect', 'dispatches'),
      tally(GPUQueue.prototype, 'submit', 'submits'),
      tally(GPUDevice.prototype, 'createBuffer', 'newBuffers'),
    ],
    work,
  );
  return counts;
}

/**
 * The most bytes of buffers that were alive at once among those made while `work` ran, and what it
 * returns.
 */
export async function peakBytes<T>(
  work: () => Promise<T>,
): Promise<{ readonly peak: number; readonly result: T }> {
  const alive = new Set<GPUBuffer>();
  let bytes = 0,
    peak = 0;
  const result = await hear(
    [
      [
        GPUDevice.prototype,
        'createBuffer',
        (_, __, buffer) => {
          alive.add(buffer as GPUBuffer);
          peak = Math.max(peak, (bytes += (buffer as GPUBuffer).size));
        },
      ],
      [
        GPUBuffer.prototype,
        'destroy',
        buffer => {
          if (alive.delete(buffer as GPUBuffer)) bytes -= (buffer as GPUBuffer).size;
        },
      ],
    ],
    work,
  );
  return { peak, result };
}

/** A dispatch as it was made, to be made again. */
export interface Dispatch {
  /** Of its pipeline. */
  readonly label: string;
  again(pass: GPUComputePassEncoder): void;
}

/**
 * Every dispatch that is made while `work` runs, in order. Passes set a pipeline and one bind group
 * before each.
 */
export async function recordDispatches(work: () => Promise<unknown>): Promise<Dispatch[]> {
  const made: Dispatch[] = [];
  let pipeline: GPUComputePipeline, group: [GPUBindGroup, number[]];
  await hear(
    [
      [
        GPUComputePassEncoder.prototype,
        'setPipeline',
        (_, [given]) => {
          pipeline = given as GPUComputePipeline;
        },
      ],
      [
        GPUComputePassEncoder.prototype,
        'setBindGroup',
        (_, [, given, offsets = []]) => {
          group = [given as GPUBindGroup, [...(offsets as number[])]];
        },
      ],
      [
        GPUComputePassEncoder.prototype,
        'dispatchWorkgroups',
        (_, args) => {
          const was = { pipeline, group };
          made.push({
            label: pipeline.label,
            again(pass) {
              pass.setPipeline(was.pipeline);
              pass.setBindGroup(0, ...was.group);
              pass.dispatchWorkgroups(...(args as [number, number?, number?]));
            },
          });
        },
      ],
    ],
    work,
  );
  return made;
}
