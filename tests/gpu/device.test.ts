import { availableParallelism } from 'node:os';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { DeviceLostError, MetaplasticError } from '../../src/errors.js';
import { adapterName, type Gpu, isAvailable, openGpu, useDevice } from '../../src/gpu/device.js';
import { openNodeGpu } from '../../src/node/open.js';
import { Learner } from '../../src/learner/learner.js';
import { learnerFor, parametersOf } from '../kernels/agree.js';
import { type ProblemSpec, randomProblem } from '../reference/random-problem.js';

const spec: ProblemSpec = { spec: { sizes: [1, 1] }, steps: 2 };
const problem = randomProblem({ ...spec, seed: 2 });
const opened: Gpu[] = [];
/** Devices are lost here, so every test opens its own. */
async function open(): Promise<Gpu> {
  const gpu = await openNodeGpu();
  opened.push(gpu);
  return gpu;
}
afterEach(() => {
  vi.restoreAllMocks(); // also after a failure, which must not spoil the tests that come next
  vi.unstubAllGlobals();
  for (const gpu of opened.splice(0)) gpu.destroy();
});

const failure = (work: Promise<unknown>) =>
  work.then(
    () => {
      throw new Error('expected a failure');
    },
    (error: Error) => {
      expect(error).toBeInstanceOf(MetaplasticError);
      return error.message;
    },
  );
const lost =
  /^gpu: the device was lost \(.*\): .*; open a new device and resume from the last checkpoint$/;

describe('when the device is lost', () => {
  test('every call that waits for it fails, and says so', async () => {
    const gpu = await open();
    const learner = await learnerFor(gpu, spec, problem);
    await learner.step(problem.episodes);
    const calls = [
      learner.step(problem.episodes),
      learner.gradient(problem.episodes),
      learner.adapt(problem.episodes),
      learner.state(),
    ];
    await Promise.resolve();
    gpu.device.destroy();
    for (const call of calls) expect(await failure(call)).toMatch(lost);
    await expect(learner.state()).rejects.toBeInstanceOf(DeviceLostError);
  });

  test('every later call fails, and says so', async () => {
    const gpu = await open();
    const learner = await learnerFor(gpu, spec, problem);
    gpu.device.destroy();
    await gpu.device.lost;
    for (const call of [
      () => learner.step(problem.episodes),
      () => parametersOf(learner),
      () => learner.adapt(problem.episodes),
    ])
      expect(await failure(call())).toMatch(lost);
    learner.destroy();
  });

  test('a learner in the making fails, and says so', async () => {
    const gpu = await open();
    const making = learnerFor(gpu, spec, problem);
    gpu.device.destroy();
    expect(await failure(making)).toMatch(lost);
  });
});

/** A command that no device obeys. */
const invalid = ({ device }: Gpu) =>
  device.createBuffer({
    label: 'impossible',
    size: 16,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.MAP_WRITE,
  });

test("another's invalid commands on the device fail no call of a learner, and are told once", async () => {
  const notices: string[] = [];
  const gpu = useDevice((await open()).device, { onNotice: notice => notices.push(notice) });
  const learner = await learnerFor(gpu, spec, problem);
  const undisturbed = await learner.gradient(problem.episodes);
  for (let k = 0; k < 2; k++) {
    invalid(gpu);
    await gpu.device.queue.onSubmittedWorkDone();
    expect(await learner.gradient(problem.episodes)).toEqual(undisturbed);
  }
  const step = learner.step(problem.episodes);
  invalid(gpu);
  expect((await step).taskLosses).toEqual(undisturbed.taskLosses);
  expect((await learner.state()).updates).toBe(1);
  expect(notices).toEqual([
    expect.stringMatching(/^a GPU error on this device came from commands .*impossible/s),
  ]);
});

test("an owner's own invalid command rejects what it waits for next, nothing of another owner, and nothing after", async () => {
  const gpu = await open();
  const [one, other] = [gpu.share(), gpu.share()];
  one.run(() => invalid(one));
  expect(await other.guard(Promise.resolve(2))).toBe(2);
  expect(await failure(one.guard(Promise.resolve(1)))).toMatch(/^gpu: .*impossible/s);
  expect(await one.guard(Promise.resolve(3))).toBe(3);
});

test('a meta-step after one that an invalid command rejected is as if that had not been', async () => {
  const gpu = await open();
  let own!: Gpu;
  const share = () => (own = gpu.share());
  const learner = await learnerFor({ ...gpu, share }, spec, problem);
  const undisturbed = await learner.gradient(problem.episodes);
  own.run(() => invalid(own));
  expect(await failure(learner.gradient(problem.episodes))).toMatch(/^gpu: .*impossible/s);
  expect(await learner.gradient(problem.episodes)).toEqual(undisturbed);
});

test('what fails because of an invalid command is told with the message of that', async () => {
  const gpu = await open();
  const buffer = gpu.run(() => invalid(gpu));
  const mapped = gpu.run(() => buffer.mapAsync(GPUMapMode.READ));
  expect(await failure(gpu.guard(mapped))).toMatch(/^gpu: .*impossible/s);
});

test('a device that does not tell what adapter it is will do', async () => {
  const { device } = await open();
  const silent = new Proxy(device, {
    get: (target, name) => {
      if (name === 'adapterInfo') return undefined;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const gpu = useDevice(silent);
  expect(gpu.adapter).toMatchObject({ vendor: '', architecture: '', software: false });
  await gpu.guard(Promise.resolve());
  const told = useDevice(silent, { info: { architecture: 'swiftshader' } as GPUAdapterInfo });
  expect(told.adapter.software).toBe(true);
});

test('opening leaves the environment as it was', async () => {
  const before = { ...process.env };
  await open();
  expect({ ...process.env }).toEqual(before);
});

describe('nothing stays on the device', () => {
  const isOf = (label: string) => (kernel: GPUComputePipelineDescriptor) => kernel.label === label;
  /** The buffers of all devices that are made from now on, and not destroyed. */
  function buffersAlive(): ReadonlySet<GPUBuffer> {
    const alive = new Set<GPUBuffer>();
    const { createBuffer } = GPUDevice.prototype;
    const { destroy } = GPUBuffer.prototype;
    vi.spyOn(GPUDevice.prototype, 'createBuffer').mockImplementation(function (
      this: GPUDevice,
      asked,
    ) {
      if (asked.label === 'bank') throw new RangeError('no room');
      const buffer = createBuffer.call(this, asked);
      alive.add(buffer);
      return buffer;
    });
    vi.spyOn(GPUBuffer.prototype, 'destroy').mockImplementation(function (this: GPUBuffer) {
      alive.delete(this);
      return destroy.call(this);
    });
    return alive;
  }
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('of a learner for whose images there is no room', async () => {
    const gpu = await open();
    const alive = buffersAlive();
    const pixels = new Uint8Array(1);
    const bank = { count: 1, width: 1, height: 1, classes: 1, pixels, labels: new Uint16Array(1) };
    const making = Learner.create(gpu, {
      system: { sizes: [1, 1] },
      episode: { steps: 1, batch: 1, queries: 1, bank },
      tasks: 1,
    });
    await expect(making).rejects.toThrow('no room');
    expect([...alive].map(buffer => buffer.label)).toEqual([]);
  });

  test('of a learner that is made, but by a command that brought up an error', async () => {
    const gpu = await open();
    const alive = buffersAlive();
    let guards = 0;
    const share = () => ({
      ...gpu.share(),
      async guard<T>(work: Promise<T>): Promise<T> {
        const done = await work;
        if (++guards > 1) throw new Error('told at last');
        return done;
      },
    });
    await expect(learnerFor({ ...gpu, share }, spec, problem)).rejects.toThrow('told at last');
    expect([...alive].map(buffer => buffer.label)).toEqual([]);
  });

  test.each(['adam', 'episode', 'episode.adjoint', 'collect'])(
    'of a learner whose kernel %s does not compile',
    async label => {
      const gpu = await open();
      const alive = buffersAlive();
      const { createComputePipelineAsync } = GPUDevice.prototype;
      vi.spyOn(GPUDevice.prototype, 'createComputePipelineAsync').mockImplementation(function (
        this: GPUDevice,
        asked,
      ) {
        return isOf(label)(asked)
          ? Promise.reject(new Error('broken on purpose'))
          : createComputePipelineAsync.call(this, asked);
      });
      expect(await failure(learnerFor(gpu, spec, problem))).toMatch(
        new RegExp(`^kernel ${label}: does not compile: broken on purpose`),
      );
      expect([...alive].map(buffer => buffer.label)).toEqual([]);
    },
  );
});

test('the device of a caller stays open', async () => {
  const { device } = await open();
  const gpu = useDevice(device);
  const learner = await learnerFor(gpu, spec, problem);
  expect((await learner.gradient(problem.episodes)).counted).toBe(1);
  gpu.destroy();
  const buffer = device.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ });
  await buffer.mapAsync(GPUMapMode.READ);
});

/** What is made of a device that tells this of its adapter. */
const told = (adapterInfo: Partial<GPUAdapterInfo>, queue: Partial<GPUQueue> = {}) =>
  useDevice({
    adapterInfo,
    queue,
    limits: {},
    lost: new Promise(() => {}),
    addEventListener() {},
  } as unknown as GPUDevice);

test('a plan is told what the adapter is, by its name, and how many cores the machine has', async () => {
  const { cores } = (await open()).machine;
  const named = (info: Partial<GPUAdapterInfo>) => told(info).machine;
  expect(cores).toBe(availableParallelism());
  expect(named({ architecture: 'swiftshader', subgroupMaxSize: 4 })).toMatchObject({
    software: true,
    teamwork: true,
    subgroup: 4,
  });
  expect(named({ device: 'llvmpipe-llvm-15-0-6-256-bits-', subgroupMaxSize: 8 })).toMatchObject({
    software: true,
    teamwork: false,
    subgroup: 8,
  });
  expect(named({ vendor: 'nvidia', architecture: 'hopper' })).toMatchObject({
    software: false,
    subgroup: 32,
  });
});

describe('an adapter that tells little', () => {
  const nothing = {
    vendor: '',
    architecture: '',
    device: '',
    description: '',
    subgroupMinSize: 4,
    subgroupMaxSize: 128,
  };

  test('but that it is a fallback is software', () => {
    expect(told({ ...nothing, isFallbackAdapter: true })).toMatchObject({
      adapter: { software: true },
      machine: { software: true },
    });
  });

  test('whose subgroups have 4 … 128 lanes, as the standard says for any, has the usual ones', () => {
    expect(told({ ...nothing, isFallbackAdapter: true }).machine.subgroup).toBe(4);
    expect(told({ ...nothing, isFallbackAdapter: false }).machine.subgroup).toBe(32);
    const wide = { ...nothing, subgroupMinSize: 64 };
    expect(told(wide).machine.subgroup).toBe(128);
  });

  test('has a name all the same', () => {
    expect(adapterName(told({ ...nothing, isFallbackAdapter: true }).adapter)).toBe(
      'a software adapter that does not tell its name',
    );
    expect(adapterName(told(nothing).adapter)).toBe('an adapter that does not tell its name');
  });

  test('and its maker by number has the name of that maker', () => {
    const made = (vendor: string) => told({ vendor });
    expect(['4318', '0x10de', '4098', '6880', '12345'].map(v => made(v).adapter.vendor)).toEqual([
      'nvidia',
      'nvidia',
      'amd',
      'google',
      '12345',
    ]);
  });
});

describe('while it waits for work', () => {
  const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0';
  const CHROME =
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';
  const pause = () => new Promise(done => setTimeout(done, 50));
  /** A device whose submits are counted, in a browser that says it is this one. */
  function counting(userAgent: string) {
    vi.stubGlobal('navigator', { userAgent });
    let count = 0;
    const gpu = told({}, { submit: () => void count++ });
    return { gpu, submits: () => count };
  }

  test('Firefox is made to look again and again whether it is done, until it is', async () => {
    const { gpu, submits } = counting(FIREFOX);
    await gpu.guard(vi.waitUntil(() => submits() > 5, { timeout: 60_000 }));
    const during = submits();
    await pause();
    expect(submits()).toBe(during);
  });

  test('other browsers are left alone', async () => {
    const { gpu, submits } = counting(CHROME);
    await gpu.guard(pause());
    expect(submits()).toBe(0);
  });
});

describe('an adapter that refuses to be asked for limits', () => {
  /** Adapters of the one at hand, which give a device once each, as the standard says. */
  const refusing = (gpu: Gpu, refuses: (descriptor: GPUDeviceDescriptor) => boolean) => {
    const { limits } = gpu.device;
    return {
      requestAdapter: async () => {
        let consumed = false;
        return {
          limits,
          features: new Set(),
          info: {},
          async requestDevice(descriptor: GPUDeviceDescriptor) {
            if (consumed) throw new Error('consumed');
            consumed = true;
            if (refuses(descriptor)) throw new Error('Value must be between 0 and 0, got 8');
            return gpu.device;
          },
        };
      },
    } as unknown as GPU;
  };

  test('is opened without', async () => {
    const gpu = await open();
    const opening = openGpu(refusing(gpu, ({ requiredLimits }) => !!requiredLimits));
    expect((await opening).device).toBe(gpu.device);
  });

  test('or anything else is named with what it said', async () => {
    const gpu = await open();
    expect(await failure(openGpu(refusing(gpu, () => true)))).toMatch(
      /^openGpu: expected a device of the adapter, got a refusal .*got 8.*; close other programs/,
    );
  });
});

describe('without an adapter', () => {
  const none = { requestAdapter: async () => null } as unknown as GPU;

  test('opening says why, and what to do', async () => {
    expect(await failure(openGpu(undefined))).toMatch(
      /^openGpu: expected a WebGPU adapter that will do, got none; this environment has no navigator\.gpu; use .*openNodeGpu/,
    );
    expect(await failure(openGpu(none))).toMatch(
      /^openGpu: expected a WebGPU adapter that will do, got none; WebGPU found no adapter; update the graphics driver/,
    );
  });

  test('it can be asked before', async () => {
    vi.stubGlobal('isSecureContext', false);
    expect(await isAvailable(undefined)).toMatchObject({
      available: false,
      reason: expect.stringContaining('use https or localhost'),
    });
    vi.unstubAllGlobals();
    expect(await isAvailable(undefined)).toMatchObject({
      available: false,
      reason: expect.stringContaining('no navigator.gpu'),
    });
    expect(await isAvailable(none)).toMatchObject({
      available: false,
      reason: expect.stringContaining('no adapter'),
    });
  });

  test('or with one whose limits are too low, it names the limit, what it should be and what it is', async () => {
    const { limits } = (await open()).device;
    const low = new Proxy(limits, {
      get: (own, name) =>
        name === 'maxStorageBuffersPerShaderStage' ? 4 : own[name as keyof GPUSupportedLimits],
    });
    const poor = { requestAdapter: async () => ({ limits: low }) } as unknown as GPU;
    expect(await isAvailable(poor)).toEqual({
      available: false,
      reason:
        "the adapter's limits are too low: expected maxStorageBuffersPerShaderStage of at least 8, got 4; use a newer browser or another GPU",
    });
    expect(await failure(openGpu(poor))).toContain(
      'maxStorageBuffersPerShaderStage of at least 8, got 4',
    );
  });

  test('or with one in compatibility mode, whose workgroups have 128 lanes, it will do', async () => {
    const { limits } = (await open()).device;
    const compatible = new Proxy(limits, {
      get: (own, name) =>
        /Invocations|WorkgroupSize[XY]/.test(String(name))
          ? 128
          : own[name as keyof GPUSupportedLimits],
    });
    const gpu = { requestAdapter: async () => ({ limits: compatible }) } as unknown as GPU;
    expect(await isAvailable(gpu)).toEqual({ available: true });
  });
});
