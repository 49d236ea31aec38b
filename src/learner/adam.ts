import type { Gpu } from '../gpu/device.js';
import { makeKernel } from '../gpu/kernel.js';
import { inQuads } from '../gpu/places.js';
import { orDestroy } from '../gpu/owned.js';
import { collectors, ratesBytes, type Plan } from '../gpu/plan.js';
import { shapeModule, type MeanRules } from '../gpu/shape.js';
import { linkShader } from '../gpu/shader.js';
import { dispatchStage, type Inheritance } from './lifetimes.js';

/**
 * Adam on the GPU (shaders/adam.wgsl): a dispatch after the gradient, moments in the
 * meta-parameters' places.
 */
export interface Adam {
  readonly moment1: GPUBuffer;
  readonly moment2: GPUBuffer;
  readonly allocatedBytes: number;
  /** Records update number n, from 1, at the rate of every meta-parameter of the layout. */
  record(encoder: GPUCommandEncoder, update: { rates: readonly number[]; n: number }): void;
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
  const rates = buffer('rates', ratesBytes(plan.layout), UNIFORM | COPY_DST);
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
      device.queue.writeBuffer(rates, 0, ratesTable(plan, rateOf, n));
      const pass = encoder.beginComputePass();
      dispatchStage(pass, adam.pipeline, group, collectors(plan));
      pass.end();
    },
    destroy() {
      for (const b of [moment1, moment2, rates]) b.destroy();
    },
  };
}

/** The struct `Rates` of the shader: where every meta-parameter begins, its rate, corrections. */
function ratesTable(
  { layout, places }: Plan,
  rates: readonly number[],
  n: number,
): Float32Array<ArrayBuffer> {
  const table = new Float32Array(ratesBytes(layout) / 4);
  const starts = layout.tensors.map(t => places.at(t.name)!);
  const room = inQuads(starts.length);
  new Uint32Array(table.buffer).set(starts);
  table.set(rates, room);
  table.set([1 - 0.9 ** n, 1 - 0.999 ** n], 2 * room);
  return table;
}
