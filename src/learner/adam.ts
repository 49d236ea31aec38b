import type { Gpu } from '../gpu/device.js';
import { makeKernel } from '../gpu/kernel.js';
import { orDestroy } from '../gpu/owned.js';
import { collectors, RATES_BYTES, type Plan } from '../gpu/plan.js';
import { shapeModule, type MeanRules } from '../gpu/shape.js';
import { linkShader } from '../gpu/shader.js';
import { GROUPS } from '../parameters/layout.js';
import { dispatchStage, type Inheritance } from './lifetimes.js';
import type { Rates } from './options.js';

/**
 * Adam on the GPU (shaders/adam.wgsl): a dispatch after the gradient, moments in the
 * meta-parameters' places.
 */
export interface Adam {
  readonly moment1: GPUBuffer;
  readonly moment2: GPUBuffer;
  readonly allocatedBytes: number;
  /** Records update number n, from 1. */
  record(encoder: GPUCommandEncoder, update: { rates: Rates; n: number }): void;
  destroy(): void;
}

export async function makeAdam(
  gpu: Gpu,
  plan: Plan,
  inheritance: Inheritance,
  rules: MeanRules,
): Promise<Adam> {
  const { device } = gpu;
  const bytes = 4 * plan.places.size;
  const buffer = (label: string, size: number, usage: number) =>
    gpu.run(() => device.createBuffer({ label, size, usage }));
  const { STORAGE, UNIFORM, COPY_DST, COPY_SRC } = GPUBufferUsage;
  const moment1 = buffer('moment1', bytes, STORAGE | COPY_DST | COPY_SRC);
  const moment2 = buffer('moment2', bytes, STORAGE | COPY_DST | COPY_SRC);
  const rates = buffer('rates', RATES_BYTES, UNIFORM | COPY_DST);
  const modules = { shape: shapeModule(plan, rules) };
  const { adam, group } = await orDestroy([moment1, moment2, rates], async () => {
    const adam = await makeKernel(gpu, 'adam', await linkShader('adam', { slots: {}, modules }));
    const { total, parameters } = inheritance;
    return { adam, group: adam.bind({ total, learned: parameters, moment1, moment2, rates }) };
  });
  return {
    moment1,
    moment2,
    allocatedBytes: moment1.size + moment2.size + rates.size,
    record(encoder, { rates: rateOf, n }) {
      device.queue.writeBuffer(
        rates,
        0,
        new Float32Array([...GROUPS.map(g => rateOf[g]), 0, 1 - 0.9 ** n, 1 - 0.999 ** n]),
      );
      const pass = encoder.beginComputePass();
      dispatchStage(pass, adam.pipeline, group, collectors(plan));
      pass.end();
    },
    destroy() {
      for (const b of [moment1, moment2, rates]) b.destroy();
    },
  };
}
