import { MetaplasticError } from '../errors.js';
import type { Gpu } from './device.js';
import type { Linked } from './shader.js';

/** A compute pipeline whose bindings are known by the names that the shader gives them. */
export interface Kernel {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  /** Names of the shader's buffers. */
  readonly bindings: readonly string[];
  /**
   * Makes the bind group from the buffers it asks for; a missing name is an error that lists both
   * sets.
   */
  bind(buffers: Readonly<Record<string, GPUBuffer>>): GPUBindGroup;
}

/** The uniform buffer that is bound at a dynamic offset, and the size of the struct it holds. */
export const PASS = { name: 'pass_', size: 44 } as const;

/**
 * Compiles linked WGSL. Compile and validation errors carry the label, the message and the line of
 * code.
 */
export async function makeKernel(
  gpu: Gpu,
  label: string,
  { code, entryPoints, variables }: Linked,
  entryPoint = 'main',
): Promise<Kernel> {
  const { device } = gpu;
  if (!entryPoints.includes(entryPoint))
    throw new MetaplasticError({
      where: `kernel ${label}`,
      expected: `an entry point ${entryPoint}`,
      got: `${entryPoints.join(', ')}`,
    });
  // The scope is closed in the same breath, so that kernels made at once do not catch each other's
  // errors.
  const { layout, module, pipelineLayout, scope } = gpu.run(() => {
    device.pushErrorScope('validation');
    const layout = device.createBindGroupLayout({
      label,
      entries: variables.map((v): GPUBindGroupLayoutEntry => ({
        binding: v.binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: v.type, ...(v.name === PASS.name && { hasDynamicOffset: true }) },
      })),
    });
    const module = device.createShaderModule({ label, code });
    const pipelineLayout = device.createPipelineLayout({ label, bindGroupLayouts: [layout] });
    return { layout, module, pipelineLayout, scope: device.popErrorScope() };
  });
  const pipeline = await device
    .createComputePipelineAsync({ label, layout: pipelineLayout, compute: { module, entryPoint } })
    .catch((error: unknown) => error as Error);
  const error = await scope;
  if (pipeline instanceof Error || error) {
    const { messages } = await module.getCompilationInfo();
    const lines = code.split('\n');
    const told = messages
      .map(
        m =>
          `${m.type} in line ${m.lineNum}: ${m.message}\n    ${lines[m.lineNum - 1]?.trim() ?? ''}`,
      )
      .join('\n');
    throw new MetaplasticError({
      where: `kernel ${label}`,
      problem: `does not compile: ${(error ?? (pipeline as Error)).message}`,
      detail: told,
    });
  }
  return {
    label,
    pipeline,
    bindings: variables.map(v => v.name),
    bind(buffers) {
      const asked = variables.map(v => v.name);
      const missing = asked.filter(name => !buffers[name]);
      if (missing.length)
        throw new MetaplasticError({
          where: `kernel ${label}`,
          expected: `buffers ${asked.join(', ')}`,
          got: `${Object.keys(buffers).join(', ')}: ${missing.join(', ')} missing`,
        });
      const entries = variables.map(v => ({
        binding: v.binding,
        resource:
          v.name === PASS.name
            ? { buffer: buffers[v.name]!, size: PASS.size }
            : { buffer: buffers[v.name]! },
      }));
      return gpu.run(() => device.createBindGroup({ label, layout, entries }));
    },
  };
}
