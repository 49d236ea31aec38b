import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, constants, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { MetaplasticError } from '../errors.js';
import { openGpu, type Gpu } from '../gpu/device.js';
import { unpack } from './unpack.js';

/** How Dawn is opened in Node. */
export interface NodeGpuOptions {
  /**
   * Let Dawn check the bounds of every access of a shader, as browsers do; default false. Sizes and
   * places are computed by the plan and fixed in the shaders, and tests watch every access, so
   * without shaders from elsewhere the checks only take time: a quarter of it on a software
   * adapter.
   */
  readonly boundsChecks?: boolean;
  /**
   * Let Node ask Dawn once a millisecond, instead of without pause, whether it is done, where the
   * adapter is software; default true, for the process from then on.
   */
  readonly pacedPolling?: boolean;
}

/**
 * Opens the best adapter that Node finds through npm `webgpu` (Dawn): a real GPU if there is one,
 * else the software adapter (SwiftShader) that comes with `@sparticuz/chromium`, if that is
 * installed. Where that finds none, a runtime that has WebGPU itself (Deno) is asked for its own.
 * Throws if there is none.
 */
export function openNodeGpu(options: NodeGpuOptions = {}): Promise<Gpu> {
  // one after the other, because each changes the process's environment for a while
  const opened = opening.then(() => withVulkan(() => open(options)));
  opening = opened.catch(() => {});
  return opened;
}

let opening: Promise<unknown> = Promise.resolve();

async function open({ boundsChecks = false, pacedPolling = true }: NodeGpuOptions): Promise<Gpu> {
  const own = globalThis.navigator?.gpu;
  const webgpu = await import('webgpu').catch((cause: Error) => {
    if (own) return undefined;
    throw new MetaplasticError({
      where: 'openNodeGpu',
      problem: `expected the package webgpu, could not load it (${cause.message})`,
      hint: 'npm install webgpu',
      cause,
    });
  });
  const instance =
    webgpu &&
    (instances.get(boundsChecks) ??
      webgpu.create(boundsChecks ? [] : ['enable-dawn-features=disable_robustness']));
  if (instance) instances.set(boundsChecks, instance);
  if (!(await instance?.requestAdapter())) {
    if (await own?.requestAdapter()) return openGpu(own);
    throw new MetaplasticError({
      where: 'openNodeGpu',
      expected: 'a WebGPU adapter',
      got: 'none',
      hint: howToGetAnAdapter(),
    });
  }
  Object.assign(globalThis, webgpu!.globals);
  const gpu = await openGpu(instance);
  if (pacedPolling && gpu.adapter.software) pacePolling();
  return { ...gpu, machine: { ...gpu.machine, cores: availableParallelism() } };
}

/**
 * As long as a device exists, npm `webgpu` 0.6.2 asks Dawn for events by setImmediate without pause
 * (dawn-gpu/node-webgpu#17), which takes a whole core from a software adapter: with a pause of 1 ms
 * its kernels run 1.6 times as fast on two cores. Only native callbacks are slowed down, and only
 * where the adapter is software. Delete this when the package waits by itself.
 */
function pacePolling(): void {
  if (paced) return;
  paced = true;
  const immediate = globalThis.setImmediate;
  const isNative = (callback: unknown) =>
    /\[native code\]/.test(Function.prototype.toString.call(callback));
  globalThis.setImmediate = Object.assign(
    (callback: (...args: unknown[]) => void, ...args: unknown[]) =>
      isNative(callback) ? setTimeout(callback, 1) : immediate(callback, ...args),
    immediate,
  ) as unknown as typeof setImmediate;
}

let paced = false;

/**
 * Dawn, one for the process (with and without checks) and never let go: collected while another
 * thread of it still works, it brings the process down. It does not keep the process alive once its
 * devices are destroyed.
 */
const instances = new Map<boolean, GPU>();

/**
 * Lets Vulkan find SwiftShader besides the system's own drivers, which WebGPU prefers, while `work`
 * opens a device. Must come before Dawn is loaded: it looks for libvulkan.so.1 by name, and where
 * the system has none, the loader that comes with SwiftShader, opened first, answers to that name.
 * The loader reads the environment only while a device is opened; programs that this process starts
 * later get it as it was.
 */
async function withVulkan<T>(work: () => Promise<T>): Promise<T> {
  if (process.platform !== 'linux') return work();
  const { env } = process;
  const driver =
    (env['VK_DRIVER_FILES'] ?? env['VK_ICD_FILENAMES']) ? undefined : unpackSwiftShader();
  const variables: Record<string, string> = {
    ...(env['XDG_RUNTIME_DIR'] === undefined && { XDG_RUNTIME_DIR: tmpdir() }), // the loader complains without it
    ...(driver && { [hasDriver() ? 'VK_ADD_DRIVER_FILES' : 'VK_DRIVER_FILES']: driver }),
  };
  const before = Object.keys(variables).map(name => [name, env[name]] as const);
  Object.assign(env, variables);
  try {
    if (!load('libvulkan.so.1') && driver) load(join(dirname(driver), 'libvulkan.so.1'));
    return await work();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete env[name];
      else env[name] = value;
    }
  }
}

/**
 * Bun and Deno cannot load the Vulkan loader from within as Node does, and Bun keeps what is
 * written to `process.env` from native code: there both must be told from outside.
 */
function howToGetAnAdapter(): string {
  const { env, platform, versions } = process;
  const driver = platform === 'linux' ? unpackSwiftShader() : undefined;
  const asked = env['VK_DRIVER_FILES'] ?? env['VK_ICD_FILENAMES'];
  if (driver && (versions['bun'] || versions['deno']))
    return `install a GPU driver with Vulkan, or give VK_DRIVER_FILES and LD_LIBRARY_PATH of the software adapter when you start the program: LD_LIBRARY_PATH=${dirname(driver)} VK_DRIVER_FILES=${driver}`;
  if (driver && !isMainThread)
    return 'start the worker with env: SHARE_ENV of node:worker_threads, because the Vulkan loader does not see the copy of the environment that a worker has; or open the GPU in the main thread';
  if (driver && asked && asked !== driver)
    return `VK_DRIVER_FILES (or VK_ICD_FILENAMES) leads to no driver (${asked}): unset it, and the software adapter of @sparticuz/chromium is taken`;
  return 'install a GPU driver with Vulkan, or the software adapter: npm install --save-dev @sparticuz/chromium@147.0.0 (Linux x64)';
}

/** Has the system a Vulkan driver of its own, in one of the places where the loader looks? */
function hasDriver(): boolean {
  const shares = (process.env['XDG_DATA_DIRS'] ?? '/usr/local/share:/usr/share').split(':');
  return ['/etc', '/usr/local/etc', ...shares].some(
    folder =>
      existsSync(join(folder, 'vulkan', 'icd.d')) &&
      readdirSync(join(folder, 'vulkan', 'icd.d')).length > 0,
  );
}

/**
 * Opens a shared library of Linux and leaves it open; says whether it is there now. It is no Node
 * add-on, so dlopen throws whether it has loaded it or not, and what is mapped tells which.
 */
function load(library: string): boolean {
  const RTLD_NODELETE = 0x1000;
  try {
    process.dlopen({ exports: {} }, library, constants.dlopen.RTLD_NOW | RTLD_NODELETE);
  } catch {
    return readFileSync('/proc/self/maps', 'utf8').includes(`/${basename(library)}`);
  }
  return true;
}

/** The driver file of the software adapter, if the package that carries it is installed. */
function unpackSwiftShader(): string | undefined {
  const folder = unpack('swiftshader', ['swiftshader.tar.br']);
  return folder && join(folder, 'vk_swiftshader_icd.json');
}
