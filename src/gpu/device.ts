import { DeviceLostError, MetaplasticError, shown } from '../errors.js';
import { inWords } from '../options.js';
import type { Machine } from './plan.js';

/**
 * An open GPU: the device, what adapter it is, and where the GPU errors of one owner end up: of a
 * learner, say. Others may work on the same device; their errors are none of its own.
 */
export interface Gpu extends Disposable {
  readonly device: GPUDevice;
  readonly adapter: AdapterSummary;
  readonly machine: Machine;
  /**
   * Runs `commands` at once, within error scopes of their own. A GPU error of theirs rejects the
   * `guard` that is waited for next.
   */
  run<T>(commands: () => T): T;
  /**
   * Waits for `work` and for what has been run, and rejects instead if the device is lost or a
   * command brought up a GPU error.
   */
  guard<T>(work: Promise<T>): Promise<T>;
  /** The same device for another owner, whose errors are told to that owner only. */
  share(): Gpu;
  /** Destroys the device, unless it was the caller's own. `using` does it at the end of a block. */
  destroy(): void;
}

/** What an adapter says of itself, in texts that may be empty; and whether it is software. */
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

/**
 * What people call an adapter: maker, architecture and what it says of itself; or that it says
 * nothing, as Firefox's do.
 */
export const adapterName = ({
  vendor,
  architecture,
  description,
  device,
  software,
}: AdapterSummary): string =>
  [vendor, architecture, description || device].filter(Boolean).join(' ') ||
  `${software ? 'a software adapter' : 'an adapter'} that does not tell its name`;

/**
 * What the kernels ask of an adapter beyond doubt: every WebGPU has it, also in compatibility mode
 * (128 invocations there). The plan gives a workgroup no more lanes than the adapter allows; only
 * what is not planned, such as the encoder's kernels, has workgroups of 64.
 */
const REQUIRED = {
  maxStorageBuffersPerShaderStage: 8,
  maxComputeInvocationsPerWorkgroup: 64,
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
  if (typeof gpu.requestAdapter !== 'function')
    return 'what was given has no requestAdapter; give navigator.gpu, or nothing';
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
 * Opens the best adapter of `gpu` (default: the browser's) with the limits this library can use, or
 * with the default limits where it refuses to be asked for more.
 *
 * @example
 * const gpu = await openGpu(); // in a page or a worker; in Node openNodeGpu of metaplastic/node
 *
 * @throws MetaplasticError if there is no adapter, or none that will do; it says why and what to do.
 */
export async function openGpu(gpu: GPU | undefined = globalThis.navigator?.gpu): Promise<Gpu> {
  const adapter = await found(gpu);
  const { limits } = adapter;
  const device = await adapter
    .requestDevice({
      label: 'metaplastic',
      requiredFeatures: timestampsOf(adapter),
      requiredLimits: {
        maxBufferSize: limits.maxBufferSize,
        maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
        maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
        maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      },
    })
    .catch((refusal: unknown) => openPlainly(gpu, refusal));
  return watch(device, adapter.info, () => device.destroy());
}

/** The adapter of `find`, or its reason as an error. */
async function found(gpu: GPU | undefined): Promise<GPUAdapter> {
  const adapter = await find(gpu);
  if (typeof adapter !== 'string') return adapter;
  throw new MetaplasticError({
    where: 'openGpu',
    expected: 'a WebGPU adapter that will do',
    got: 'none',
    hint: adapter,
  });
}

/**
 * A device of the default limits. bun-webgpu 0.1 refuses every `requiredLimits`, and an adapter
 * gives a device once only, so another adapter is asked.
 */
async function openPlainly(gpu: GPU | undefined, refusal: unknown): Promise<GPUDevice> {
  const adapter = await found(gpu);
  return adapter
    .requestDevice({ label: 'metaplastic', requiredFeatures: timestampsOf(adapter) })
    .catch((cause: unknown) => {
      throw new MetaplasticError({
        where: 'openGpu',
        expected: 'a device of the adapter',
        got: `a refusal with the adapter's limits (${messageOf(refusal)}), and with the default ones (${messageOf(cause)})`,
        hint: 'close other programs that use the GPU, update its driver, or use another adapter',
        cause,
      });
    });
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** For the bench's clock. */
const timestampsOf = ({ features }: GPUAdapter): GPUFeatureName[] =>
  features.has('timestamp-query') ? ['timestamp-query'] : [];

/**
 * Uses a device of the caller's, who stays its owner. `info` is what its adapter says of itself,
 * for where the device does not tell.
 */
export function useDevice(
  device: GPUDevice,
  { info = device?.adapterInfo, onNotice }: UseOptions = {},
): Gpu {
  if (typeof device?.addEventListener !== 'function')
    throw new MetaplasticError({
      where: 'useDevice',
      expected: 'a GPUDevice',
      got: inWords(device),
      hint: 'give what adapter.requestDevice() resolves to',
    });
  return watch(device, info, () => {}, onNotice);
}

/** What is known of a device that somebody else owns. */
export interface UseOptions {
  readonly info?: GPUAdapterInfo;
  /**
   * Hears once of GPU errors on the device that came from somebody else's commands. Default:
   * console.warn.
   */
  readonly onNotice?: (notice: string) => void;
}

/** Mesa's software adapter. */
const LLVMPIPE = /llvmpipe|lavapipe/i;

/** Makers by their PCI (or Vulkan's) number, which Deno gives for the name. */
const MAKERS: Readonly<Record<number, string>> = {
  0x1002: 'amd',
  0x10de: 'nvidia',
  0x106b: 'apple',
  0x13b5: 'arm',
  0x1414: 'microsoft',
  0x1ae0: 'google',
  0x5143: 'qualcomm',
  0x8086: 'intel',
  0x10005: 'mesa',
};

/**
 * Lanes that run in lockstep. Browsers of before 2025 do not tell; others say 4 … 128, which is the
 * standard's way not to.
 */
function subgroupOf(
  { subgroupMinSize, subgroupMaxSize }: Partial<GPUAdapterInfo>,
  software: boolean,
) {
  const told = subgroupMaxSize && !(subgroupMinSize === 4 && subgroupMaxSize === 128);
  return told ? subgroupMaxSize : software ? 4 : 32;
}

/**
 * Firefox looks for finished work every 100 ms and whenever something is submitted
 * (https://bugzilla.mozilla.org/show_bug.cgi?id=1870699): so something is, which is nothing, every
 * 2 ms until the wait ends. A read-back then takes 1 – 8 ms there instead of 95 – 110, and a small
 * meta-step 10 ms instead of 100. Delete this when Firefox no longer needs it.
 */
function hurry({ queue }: GPUDevice): () => void {
  if (!/\bFirefox\//.test(globalThis.navigator?.userAgent ?? '')) return () => {};
  const timer = setInterval(() => queue.submit([]), 2);
  return () => clearInterval(timer);
}

/** What scopes catch; the last that was opened is the first to be closed. */
const ERRORS = ['validation', 'out-of-memory', 'internal'] as const;

/** The GPU errors of one owner's commands, and the loss of the device, which is everybody's. */
function scopeOn(
  device: GPUDevice,
  orLost: <T>(work: Promise<T>) => Promise<T>,
): Pick<Gpu, 'run' | 'guard'> {
  const waited = new Set<Promise<void>>();
  const errors: GPUError[] = [];
  const close = () => {
    const closed: Promise<void> = device
      .popErrorScope()
      .catch(() => null) // only a lost device does not answer, and tells that it is lost
      .then(error => {
        waited.delete(closed);
        if (error) errors.push(error);
      });
    waited.add(closed);
  };
  return {
    run(commands) {
      for (const filter of ERRORS) device.pushErrorScope(filter);
      try {
        return commands();
      } finally {
        for (const _ of ERRORS) close();
      }
    },
    async guard(work) {
      const rest = hurry(device);
      const settled = orLost(Promise.allSettled([work]));
      const [done] = await settled.finally(rest);
      await orLost(Promise.all(waited));
      const [error] = errors.splice(0);
      if (error) throw new MetaplasticError({ where: 'gpu', problem: error.message });
      if (done.status === 'rejected') return orLost(Promise.reject<never>(done.reason));
      return done.value;
    },
  };
}

function watch(
  device: GPUDevice,
  info: Partial<GPUAdapterInfo> = {},
  destroy: () => void,
  onNotice: (notice: string) => void = console.warn,
): Gpu {
  let failure: Error | undefined;
  let noticed = false;
  // not one promise for all: a race with it would be remembered as long as it lives
  const waiting = new Set<(error: Error) => void>();
  const failed = (error: Error) => {
    failure ??= error;
    for (const reject of waiting) reject(failure);
  };
  device.addEventListener('uncapturederror', event => {
    if (noticed) return;
    noticed = true;
    const { message } = (event as GPUUncapturedErrorEvent).error;
    onNotice(
      `a GPU error on this device came from commands that are not metaplastic's; learners go on (told once): ${shown(message, 400)}`,
    );
  });
  device.lost.then(lost =>
    failed(
      new DeviceLostError({
        where: 'gpu',
        problem: `the device was lost (${lost.reason}): ${lost.message || 'no reason given'}`,
        hint: 'open a new device and resume from the last checkpoint',
      }),
    ),
  );
  const orLost = async <T>(work: Promise<T>): Promise<T> => {
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
  };
  const { vendor: maker = '', architecture = '', device: model = '', description = '' } = info;
  const names = `${architecture} ${model} ${description}`;
  const vendor = MAKERS[Number(maker)] ?? maker;
  const software =
    info.isFallbackAdapter === true ||
    LLVMPIPE.test(names) ||
    /swiftshader|warp|basic render/i.test(names);
  return {
    device,
    adapter: {
      vendor,
      architecture,
      device: model,
      description,
      software,
    },
    machine: {
      software,
      teamwork: !LLVMPIPE.test(names),
      cores: globalThis.navigator?.hardwareConcurrency ?? 4,
      subgroup: subgroupOf(info, software),
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
    ...scopeOn(device, orLost),
    share() {
      return { ...this, ...scopeOn(device, orLost) };
    },
    destroy,
    [Symbol.dispose]: destroy,
  };
}
