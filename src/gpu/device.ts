import { DeviceLostError, MetaplasticError } from '../errors.js';
import type { Machine } from './plan.js';

/** An open GPU: the device, what adapter it is, and the one place where GPU errors end up. */
export interface Gpu {
  readonly device: GPUDevice;
  readonly adapter: AdapterSummary;
  readonly machine: Machine;
  /**
   * Waits for `work`, and rejects instead if the device is lost or a GPU error has come up that
   * nobody caught.
   */
  guard<T>(work: Promise<T>): Promise<T>;
  /** Destroys the device, unless it was the caller's own. */
  close(): void;
}

export interface AdapterSummary {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /**
   * True if the adapter is a program on the CPU (SwiftShader, llvmpipe, WARP): its times say
   * nothing about GPUs.
   */
  readonly software: boolean;
}

/** What people call an adapter: maker, architecture and what it says of itself. */
export const adapterName = ({
  vendor,
  architecture,
  description,
  device,
}: AdapterSummary): string =>
  [vendor, architecture, description || device].filter(Boolean).join(' ');

/**
 * What the kernels ask of an adapter beyond doubt: every WebGPU has it, unless it is in
 * compatibility mode.
 */
const REQUIRED = {
  maxStorageBuffersPerShaderStage: 8,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupStorageSize: 16384,
} as const satisfies { [K in keyof GPUSupportedLimits]?: number };

/**
 * Says whether WebGPU is there with all that this library needs, and if not, why and what to do.
 */
export async function isAvailable(
  gpu: GPU | undefined = globalThis.navigator?.gpu,
): Promise<{ available: true } | { available: false; reason: string }> {
  const found = await find(gpu);
  return typeof found === 'string' ? { available: false, reason: found } : { available: true };
}

/** The best adapter, or why there is none that will do. */
async function find(gpu: GPU | undefined): Promise<GPUAdapter | string> {
  if (!gpu) {
    return globalThis.isSecureContext === false
      ? 'this page is not served securely, and browsers give navigator.gpu only to pages that are; use https or localhost'
      : 'this environment has no navigator.gpu; use a browser with WebGPU over https or localhost, or in Node openNodeGpu() from metaplastic/node';
  }
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter)
    return 'WebGPU found no adapter; update the graphics driver, or enable a software adapter';
  const missing = Object.entries(REQUIRED).filter(
    ([limit, least]) => !(adapter.limits[limit as keyof typeof REQUIRED] >= least),
  );
  return missing.length
    ? `the adapter's limits are too low: ${missing.map(([limit, least]) => `expected ${limit} of at least ${least}, got ${adapter.limits[limit as keyof typeof REQUIRED]}`).join(', ')}; use a newer browser or another GPU`
    : adapter;
}

/**
 * Opens the best adapter of `gpu` (default: the browser's) with the limits this library can use.
 * Throws if there is none.
 */
export async function openGpu(gpu: GPU | undefined = globalThis.navigator?.gpu): Promise<Gpu> {
  const adapter = await find(gpu);
  if (typeof adapter === 'string')
    throw new MetaplasticError({
      where: 'openGpu',
      expected: 'a WebGPU adapter that will do',
      got: 'none',
      hint: adapter,
    });
  const { limits } = adapter;
  const device = await adapter.requestDevice({
    label: 'metaplastic',
    requiredFeatures: adapter.features.has('timestamp-query') ? ['timestamp-query'] : [], // for the bench's clock
    requiredLimits: {
      maxBufferSize: limits.maxBufferSize,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
    },
  });
  return watch(device, adapter.info, () => device.destroy());
}

/** Uses a device of the caller's, who stays its owner. */
export function useDevice(device: GPUDevice): Gpu {
  return watch(device, device.adapterInfo, () => {});
}

/** Mesa's software adapter. */
const LLVMPIPE = /llvmpipe|lavapipe/i;

function watch(device: GPUDevice, info: GPUAdapterInfo, close: () => void): Gpu {
  let failure: Error | undefined;
  // not one promise for all: a race with it would be remembered as long as it lives
  const waiting = new Set<(error: Error) => void>();
  const failed = (error: Error) => {
    failure ??= error;
    for (const reject of waiting) reject(failure);
  };
  device.addEventListener('uncapturederror', event =>
    failed(
      new MetaplasticError({
        where: 'gpu',
        problem: (event as GPUUncapturedErrorEvent).error.message,
      }),
    ),
  );
  device.lost.then(lost =>
    failed(
      new DeviceLostError({
        where: 'gpu',
        problem: `the device was lost (${lost.reason}): ${lost.message || 'no reason given'}`,
        hint: 'open a new device and resume from the last checkpoint',
      }),
    ),
  );
  const names = `${info.architecture} ${info.device} ${info.description}`;
  const software = LLVMPIPE.test(names) || /swiftshader|warp|basic render/i.test(names);
  return {
    device,
    adapter: {
      vendor: info.vendor,
      architecture: info.architecture,
      device: info.device,
      description: info.description,
      software,
    },
    machine: {
      software,
      teamwork: !LLVMPIPE.test(names),
      cores: globalThis.navigator?.hardwareConcurrency ?? 4,
      subgroup: info.subgroupMaxSize || (software ? 4 : 32), // browsers of before 2025 do not tell
      maxBindingBytes: Math.min(
        device.limits.maxStorageBufferBindingSize,
        device.limits.maxBufferSize,
      ),
      maxWorkgroups: device.limits.maxComputeWorkgroupsPerDimension,
      maxInvocations: Math.min(
        device.limits.maxComputeInvocationsPerWorkgroup,
        device.limits.maxComputeWorkgroupSizeX,
      ),
    },
    async guard(work) {
      let reject!: (error: Error) => void;
      const failing = new Promise<never>((_, no) => {
        reject = no;
      });
      waiting.add(reject);
      if (failure) reject(failure);
      try {
        return await Promise.race([work, failing]);
      } catch (error) {
        // what a lost device interrupts may fail before the loss is told
        await new Promise(done => setTimeout(done));
        throw failure ?? error;
      } finally {
        waiting.delete(reject);
      }
    },
    close,
  };
}
