import type { Gpu } from '../gpu/device.js';
import { makeKernel, type Kernel } from '../gpu/kernel.js';
import { linkCode } from '../gpu/shader.js';
import arithmetic from './ceilings/arithmetic.wgsl';
import barrier from './ceilings/barrier.wgsl';
import cache from './ceilings/cache.wgsl';
import nothing from './ceilings/nothing.wgsl';
import storage from './ceilings/storage.wgsl';
import workgroupMemory from './ceilings/workgroup-memory.wgsl';
import {
  makeClock,
  measure,
  PATIENT,
  summarise,
  type Measuring,
  type Patience,
  type Sample,
} from './clock.js';

/**
 * What an adapter can do at most, and what asking it costs: operations, bytes or seconds. Rates are
 * of the fastest batch, costs of the median one.
 */
export const CEILINGS = {
  arithmetic: {
    unit: 'flop/s',
    title: 'arithmetic',
    how: 'products and sums of vec4 in registers, two operations each',
  },
  storage: {
    unit: 'B/s',
    title: 'storage',
    how: 'copying a buffer larger than caches, bytes read and written',
  },
  cache: { unit: 'B/s', title: 'storage in a cache', how: 'reading 512 KiB again and again' },
  workgroupMemory: { unit: 'B/s', title: 'workgroup memory', how: 'reading 4 KiB again and again' },
  dispatch: {
    unit: 's',
    title: 'a dispatch',
    how: 'one lane that does next to nothing, in a pass of many, each after the other',
  },
  barrier: { unit: 's', title: 'a barrier', how: '64 lanes of one workgroup' },
  submit: {
    unit: 's',
    title: 'a submit',
    how: 'recording and submitting one dispatch, of many in flight',
  },
  readBack: {
    unit: 's',
    title: 'a read-back',
    how: 'one dispatch, a copy of 4 bytes, until they are here',
  },
} as const satisfies Record<
  string,
  { readonly unit: 'flop/s' | 'B/s' | 's'; readonly title: string; readonly how: string }
>;

/** The name of what an adapter is measured by: one of CEILINGS. */
export type Ceiling = keyof typeof CEILINGS;

/** A number and its spread: the middle half of the repetitions, relative to the median. */
export interface Figure {
  readonly value: number;
  readonly spread: number;
}

/** What an adapter gives at most: flop/s, B/s, or seconds, as CEILINGS says. */
export type Ceilings = Readonly<Record<Ceiling, Figure>>;

/** A software adapter is given far less to do. */
const SIZES = {
  hardware: { workgroups: 4096, rounds: 256, copied: 2 ** 27 },
  software: { workgroups: 16, rounds: 64, copied: 2 ** 25 },
} as const;
const CACHED = 2 ** 19;

/** Measures every ceiling of the adapter, in a few seconds. */
export async function measureCeilings(
  gpu: Gpu,
  { patience = PATIENT, onProgress }: Measuring = {},
): Promise<Ceilings> {
  const { device, machine } = gpu;
  const { workgroups, rounds, copied } = SIZES[machine.software ? 'software' : 'hardware'];
  const clock = makeClock(gpu);
  const held: GPUBuffer[] = [];
  const { STORAGE, UNIFORM, COPY_DST, COPY_SRC } = GPUBufferUsage;
  const buffer = (label: string, size: number, usage: number = STORAGE) => {
    const made = gpu.run(() => device.createBuffer({ label, size, usage }));
    held.push(made);
    return made;
  };
  const asked = buffer('asked', 16, UNIFORM | COPY_DST);
  const results = buffer('results', 4 * 64 * workgroups, STORAGE | COPY_SRC);
  gpu.run(() => device.queue.writeBuffer(asked, 0, new Uint32Array([rounds])));
  const kernel = async (
    name: string,
    code: string,
    buffers: Record<string, GPUBuffer>,
  ): Promise<Runnable> => {
    const made = await makeKernel(gpu, name, await linkCode(code));
    return { kernel: made, group: made.bind(buffers) };
  };
  const timed = (runnable: Runnable, groups: number) =>
    measure(
      clock,
      (pass, times) => {
        for (let k = 0; k < times; k++) dispatch(pass, runnable, groups);
      },
      patience,
    );
  const lanes = 64 * workgroups;
  const bytes = Math.min(copied, machine.maxBindingBytes);

  const ways: Record<Ceiling, () => Promise<Figure>> = {
    arithmetic: async () =>
      rate(
        256 * rounds * lanes,
        await timed(await kernel('arithmetic', arithmetic, { asked, results }), workgroups),
      ),
    storage: async () =>
      rate(
        2 * bytes,
        await timed(
          await kernel('storage', storage, {
            from_: buffer('from', bytes),
            to: buffer('to', bytes),
          }),
          Math.ceil(bytes / 16 / 64),
        ),
      ),
    cache: async () =>
      rate(
        64 * rounds * lanes,
        await timed(
          await kernel('cache', cache, { asked, results, cells: buffer('cells', CACHED) }),
          workgroups,
        ),
      ),
    workgroupMemory: async () =>
      rate(
        64 * rounds * lanes,
        await timed(
          await kernel('workgroup memory', workgroupMemory, { asked, results }),
          workgroups,
        ),
      ),
    dispatch: async () => cost(1, await timed(await kernel('nothing', nothing, { results }), 1)),
    barrier: async () =>
      cost(8 * rounds, await timed(await kernel('barrier', barrier, { asked, results }), 1)),
    submit: async () =>
      cost(1, await timeSubmits(gpu, await kernel('nothing', nothing, { results }), patience)),
    readBack: async () =>
      cost(
        1,
        await timeReadBacks(gpu, await kernel('nothing', nothing, { results }), results, patience),
      ),
  };
  const measured: [Ceiling, Figure][] = [];
  const names = Object.keys(CEILINGS) as Ceiling[];
  try {
    for (const name of names) {
      onProgress?.(CEILINGS[name].title, measured.length, names.length);
      measured.push([name, await ways[name]()]);
    }
  } finally {
    clock.destroy();
    for (const made of held) made.destroy();
  }
  return Object.fromEntries(measured) as Ceilings;
}

interface Runnable {
  readonly kernel: Kernel;
  readonly group: GPUBindGroup;
}

function dispatch(
  pass: GPUComputePassEncoder,
  { kernel, group }: Runnable,
  workgroups: number,
): void {
  const columns = Math.min(workgroups, 65535);
  pass.setPipeline(kernel.pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(columns, Math.ceil(workgroups / columns));
}

const rate = (amount: number, { fastest, spread }: Sample): Figure => ({
  value: amount / fastest,
  spread,
});
const cost = (count: number, { median, spread }: Sample): Figure => ({
  value: median / count,
  spread,
});

const SUBMITS = 64;

async function timeSubmits(
  { device, run, guard }: Gpu,
  runnable: Runnable,
  { repeats }: Patience,
): Promise<Sample> {
  const seconds: number[] = [];
  for (let k = -1; k < repeats; k++) {
    const start = performance.now();
    run(() => {
      for (let n = 0; n < SUBMITS; n++) device.queue.submit([recorded(device, runnable)]);
    });
    await guard(device.queue.onSubmittedWorkDone());
    if (k >= 0) seconds.push((performance.now() - start) / 1e3 / SUBMITS); // the first warms up
  }
  return summarise(seconds);
}

async function timeReadBacks(
  { device, run, guard }: Gpu,
  runnable: Runnable,
  results: GPUBuffer,
  { repeats }: Patience,
): Promise<Sample> {
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const shown = run(() => device.createBuffer({ label: 'shown', size: 4, usage }));
  const copy = (encoder: GPUCommandEncoder) => encoder.copyBufferToBuffer(results, 0, shown, 0, 4);
  const seconds: number[] = [];
  try {
    for (let k = -1; k < 4 * repeats; k++) {
      const start = performance.now();
      const mapped = run(() => {
        device.queue.submit([recorded(device, runnable, copy)]);
        return shown.mapAsync(GPUMapMode.READ);
      });
      await guard(mapped);
      shown.unmap();
      if (k >= 0) seconds.push((performance.now() - start) / 1e3);
    }
  } finally {
    shown.destroy();
  }
  return summarise(seconds);
}

function recorded(
  device: GPUDevice,
  runnable: Runnable,
  then: (encoder: GPUCommandEncoder) => void = () => {},
): GPUCommandBuffer {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  dispatch(pass, runnable, 1);
  pass.end();
  then(encoder);
  return encoder.finish();
}
