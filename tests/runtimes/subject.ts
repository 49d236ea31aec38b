// What is asked of every runtime, in one file that it can import: built by `give`.
import { openGpu, type AdapterSummary } from '../../src/gpu/device.js';
import type { Machine } from '../../src/gpu/plan.js';
import { checkProblem, PROBLEMS, type CheckResult } from '../../src/proof/check.js';
import type { Module } from './modules.js';

/** On what a runtime runs, and what the library makes of it. */
export interface Told {
  readonly adapter: AdapterSummary;
  readonly machine: Machine;
}

export async function tell(): Promise<Told> {
  const gpu = await openGpu();
  const { adapter, machine } = gpu;
  gpu.destroy();
  return { adapter, machine };
}

/** Problems of `check` by their names: kernels against the float64 reference. */
export async function solve(names: readonly string[]): Promise<CheckResult[]> {
  const gpu = await openGpu();
  const results: CheckResult[] = [];
  for (const problem of PROBLEMS.filter(({ name }) => names.includes(name)))
    results.push(await checkProblem(gpu, problem));
  gpu.destroy();
  return results;
}

/** What the runtime's compiler has against modules; of each the first line. */
export async function complaints(modules: readonly Module[]): Promise<string[]> {
  const { device, destroy } = await openGpu();
  const found: string[] = [];
  for (const { label, code } of modules) {
    device.pushErrorScope('validation');
    device.createShaderModule({ label, code });
    const error = await device.popErrorScope();
    if (error) found.push(`${label}: ${error.message}`);
  }
  destroy();
  return found;
}

/**
 * Seconds of the fastest of some read-backs of four bytes that nothing is done for, as the library
 * waits for them and as the browser does by itself: one after the other, whatever else runs.
 */
export async function readBack(): Promise<{ guarded: number; alone: number }> {
  const { device, guard, destroy } = await openGpu();
  const buffer = device.createBuffer({ size: 4, usage: 9 }); // MAP_READ | COPY_DST
  const fastest = { guarded: Infinity, alone: Infinity };
  for (let n = 0; n < 16; n++) {
    const start = performance.now();
    const how = n % 2 ? 'guarded' : 'alone';
    device.queue.writeBuffer(buffer, 0, new Uint32Array([n]));
    const mapped = buffer.mapAsync(1);
    await (how === 'guarded' ? guard(mapped) : mapped);
    buffer.unmap();
    fastest[how] = Math.min(fastest[how], (performance.now() - start) / 1e3);
  }
  destroy();
  return fastest;
}
