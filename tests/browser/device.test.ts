import { adam } from '../../src/learner/optimiser.js';
import { describe, expect, test } from 'vitest';
import {
  DeviceLostError,
  isAvailable,
  Learner,
  openGpu,
  sineTasks,
  type Gpu,
  type LearnerOptions,
} from '../../src/index.js';

const tasks = sineTasks({ steps: 5, queries: 4 });
const OPTIONS: LearnerOptions = {
  system: { sizes: [1, 8, 1] },
  episode: tasks,
  tasks: 4,
  clipPerTask: 5,
  optimiser: adam({ rates: { W: 1e-2, B: 1e-2 } }),
};
const step = (learner: Learner, m: number) => learner.step(tasks.episodes(0, 4 * m, 4));

async function losses(gpu: Gpu, count: number): Promise<number[]> {
  const learner = await Learner.create(gpu, OPTIONS);
  const all: number[] = [];
  for (let m = 0; m < count; m++) all.push((await step(learner, m)).loss);
  learner.destroy();
  return all;
}

describe('in a browser', () => {
  test('WebGPU is available, and opens', async () => {
    expect(await isAvailable()).toEqual({ available: true });
    const gpu = await openGpu();
    expect(gpu.adapter.software).toBe(true);
    gpu.destroy();
  });

  test('a learner whose GPU is lost says so, and goes on from its last state on a new one as if nothing had happened', async () => {
    const gpu = await openGpu();
    const whole = await losses(gpu, 6);
    const learner = await Learner.create(gpu, OPTIONS);
    const seen: number[] = [];
    for (let m = 0; m < 3; m++) seen.push((await step(learner, m)).loss);
    const state = await learner.state();
    gpu.device.destroy();
    await expect(step(learner, 3)).rejects.toBeInstanceOf(DeviceLostError);
    learner.destroy();

    const another = await openGpu();
    const resumed = await Learner.create(another, OPTIONS);
    resumed.restore(state);
    for (let m = 3; m < 6; m++) seen.push((await step(resumed, m)).loss);
    expect(seen).toEqual(whole);
    resumed.destroy();
    another.destroy();
  });

  test('a destroyed learner has freed every buffer that it made', async () => {
    const gpu = await openGpu();
    const made: GPUBuffer[] = [];
    const freed = new Set<GPUBuffer>();
    const create = gpu.device.createBuffer.bind(gpu.device);
    gpu.device.createBuffer = descriptor => {
      const buffer = create(descriptor);
      const destroy = buffer.destroy.bind(buffer);
      made.push(buffer);
      buffer.destroy = () => {
        freed.add(buffer);
        return destroy();
      };
      return buffer;
    };
    const learner = await Learner.create(gpu, OPTIONS);
    await step(learner, 0);
    await learner.adapt(tasks.episodes(1, 0, 3), { moments: [0, 5], metrics: true });
    await learner.state();
    learner.destroy();
    await gpu.device.queue.onSubmittedWorkDone();
    await new Promise(done => setTimeout(done));
    expect(made.filter(buffer => !freed.has(buffer)).map(buffer => buffer.label)).toEqual([]);
    expect(made).not.toEqual([]);
    gpu.destroy();
  });
});
