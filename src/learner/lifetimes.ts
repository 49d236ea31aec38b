import { DeviceLostError, errorWithin, MetaplasticError } from '../errors.js';
import type { Gpu } from '../gpu/device.js';
import { makeKernel, PASS, type Kernel } from '../gpu/kernel.js';
import { orDestroy } from '../gpu/owned.js';
import {
  collectors,
  outcomeSize,
  PASS_STRIDE,
  roomFor,
  totalTail,
  type Plan,
} from '../gpu/plan.js';
import { encoderLayerModule, shapeModule, type MeanRules } from '../gpu/shape.js';
import { linkShader } from '../gpu/shader.js';
import { modulesOf, slotsOf, sweepsOf } from '../gpu/slots.js';
import { encoderStages, encoderStagesBack } from '../gpu/encoder.js';
import type { System } from '../systems/system.js';
import type { Episodes, Origin } from '../tasks/episodes.js';

/**
 * What every plan of a learner shares: the meta-parameters, the gradient of a meta-batch (then its
 * tail, see totalTail), and the images.
 */
export interface Inheritance {
  readonly parameters: GPUBuffer;
  readonly total: GPUBuffer;
  readonly bank?: GPUBuffer;
}

/** What the GPU reports of each task. */
export interface Outcomes {
  /** (tasks, moments) query losses. */
  readonly losses: Float32Array;
  /** (tasks, moments) fraction of queries answered right (largest output = largest target). */
  readonly accuracies: Float32Array;
  /**
   * (tasks) norm of the gradient, weight in the mean (0: left out), drift of the recalled initial
   * weights.
   */
  readonly norms: Float32Array;
  readonly weights: Float32Array;
  readonly drifts: Float32Array;
  /** (tasks, moments, layers, …) what src/gpu/metrics.ts reads; empty if not asked for. */
  readonly metrics: Float32Array;
  /**
   * Of the meta-batch, unless only forward: norm of the mean gradient, and the worst drift of a
   * task whose losses are finite.
   */
  readonly gradientNorm: number;
  readonly drift: number;
  /** λ Σ|θ|. */
  readonly penalty: number;
}

/** What lifetimes go on from, if they are not born. */
export interface Beginning {
  /** Inner steps that they have lived. */
  readonly age: number;
  /** Fast weights of a chunk, (groups, FAST / 4, TEAMS) of quads. */
  fastOf(chunk: number): Float32Array<ArrayBuffer>;
}

/** What may be done beside living a meta-batch. */
export interface Beside {
  /** Adds passes to the last chunk's commands, before `reported` is filled. */
  readonly record?: (encoder: GPUCommandEncoder) => void;
  /**
   * Called with the number of each chunk when it has been submitted; may wait for what it reads.
   */
  readonly shown?: (chunk: number) => Promise<void>;
  readonly from?: Beginning;
  /** Stops before the next chunk. */
  readonly signal?: AbortSignal;
}

/**
 * One dispatch that is made for every chunk: a kernel, its buffers, and how many workgroups for so
 * many tasks.
 */
interface Stage {
  readonly kernel: Kernel;
  readonly group: GPUBindGroup;
  readonly workgroups: (tasks: number) => number;
}

/** Why kernels cannot be made, as an error about the module of a rule by hand, if there is one. */
function ofItsRule(error: unknown, { rule }: System): unknown {
  const isOfRule = typeof rule !== 'string' && rule.kind === 'handwritten';
  if (!isOfRule || !(error instanceof MetaplasticError) || error instanceof DeviceLostError)
    return error;
  return errorWithin(error, `rule ${JSON.stringify(rule.name)}: wgsl`, {});
}

/**
 * The lifetimes of a meta-batch on the GPU, by a plan: its kernels and buffers, made once. `run`
 * uploads each chunk of episodes and submits it once; nothing is allocated, and nothing is read but
 * the outcomes.
 */
export class Lifetimes {
  private readonly buffers: Record<string, GPUBuffer> = {};
  private encode: Stage[] = [];
  private episode!: Stage;
  private metrics?: Stage;
  private adjoint?: Stage;
  private afterwards: Stage[] = [];
  private readonly staging: { inputs: Float32Array | Uint32Array; targets: Float32Array };

  static async create(
    gpu: Gpu,
    plan: Plan,
    inheritance: Inheritance,
    rules: MeanRules = {},
  ): Promise<Lifetimes> {
    const lifetimes = new Lifetimes(gpu, plan, inheritance);
    return orDestroy([lifetimes], async () => {
      await gpu.guard(lifetimes.makeStages(rules));
      return lifetimes;
    });
  }

  private constructor(
    private readonly gpu: Gpu,
    readonly plan: Plan,
    private readonly inheritance: Inheritance,
  ) {
    const { perTask, tasksPerChunk, teams, images, system } = plan;
    const room = roomFor(tasksPerChunk, teams);
    const width = images ? 1 : system.sizes[0]!;
    const outputs = system.sizes.at(-1)!;
    const inputs = tasksPerChunk * perTask.samples * width;
    this.staging = {
      inputs: images ? new Uint32Array(inputs) : new Float32Array(inputs),
      targets: new Float32Array(tasksPerChunk * (perTask.samples * outputs + plan.settings)),
    };
    const make = (label: string, floats: number, usage: number) => {
      if (floats > 0)
        this.buffers[label] = gpu.run(() =>
          gpu.device.createBuffer({ label, size: 4 * floats, usage }),
        );
    };
    const { STORAGE, UNIFORM, COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage;
    make('inputs', tasksPerChunk * perTask.samples * width, STORAGE | COPY_DST);
    make(
      'targets',
      tasksPerChunk * (perTask.samples * outputs + plan.settings),
      STORAGE | COPY_DST,
    );
    make('activities', room * perTask.activity, STORAGE | COPY_SRC);
    make('fast_weights', room * perTask.fast, STORAGE | COPY_SRC | COPY_DST);
    make('gradients', room * perTask.gradient, STORAGE | COPY_SRC);
    make('scratches', room * perTask.scratch, STORAGE);
    const outcomes = plan.tasks * outcomeSize(plan.moments.length, perTask.metrics);
    make('outcomes', outcomes, STORAGE | COPY_SRC);
    make('reported', outcomes + totalTail(plan), MAP_READ | COPY_DST);
    if (plan.adjoint === 'none')
      make('shown', room * (perTask.activity + perTask.fast), MAP_READ | COPY_DST);
    make(PASS.name, (plan.segments.length * PASS_STRIDE) / 4, UNIFORM | COPY_DST);
  }

  /** The uniform entry of every segment of the chunk's lifetimes. */
  private writePasses(
    first: number,
    count: number,
    { seed, first: origin }: Origin,
    age: number,
  ): void {
    const { segments } = this.plan;
    const stride = PASS_STRIDE / 4;
    const entries = new Uint32Array(segments.length * stride);
    segments.forEach((segment, s) => {
      const { firstStep, lastStep, firstMoment, lastMoment, firstQuery, lastQuery } = segment;
      const way = [firstStep, lastStep, firstMoment, lastMoment, firstQuery, lastQuery];
      entries.set([...way, first, count, seed, origin, age], s * stride);
    });
    this.gpu.device.queue.writeBuffer(this.buffers[PASS.name]!, 0, entries);
  }

  private async makeStages(rules: MeanRules): Promise<void> {
    const { plan, gpu } = this;
    const { system } = plan;
    const encoders = system.encoderLayers;
    const buffers = { ...this.buffers, ...this.inheritance } as Record<string, GPUBuffer>;
    const shape = shapeModule(plan, rules);
    const rawInput = plan.images ? 'inputs/images' : 'inputs/values';
    const levels = `levels/${plan.normalise ? 'normalised' : 'plain'}`;
    const slots = { ...slotsOf(plan), input: rawInput, levels };
    const stage = async (
      shader: string,
      workgroups: Stage['workgroups'],
      entryPoint = 'main',
      layer?: number,
    ): Promise<Stage> => {
      const ownLayer = layer && { layer: encoderLayerModule(plan, layer) };
      const modules = { shape, ...modulesOf(plan), ...ownLayer };
      const linked = await linkShader(shader, {
        slots: {
          ...slots,
          input: layer && layer > 1 ? 'inputs/activity' : rawInput,
          pooling: `pools/${(layer && system.layers[layer - 1]!.conv?.pool) || 'max'}`,
        },
        modules,
        sweeps: sweepsOf(plan),
      });
      const kernel = await makeKernel(
        gpu,
        [shader, entryPoint === 'main' ? '' : entryPoint, layer ?? ''].filter(Boolean).join(' '),
        linked,
        entryPoint,
      );
      return { kernel, group: kernel.bind(buffers), workgroups };
    };
    const groups = (tasks: number) => Math.ceil(tasks / plan.teams);
    const index = Array.from({ length: encoders }, (_, k) => k + 1);
    const encode = (l: number) => encoderStages(plan, l).map(made => stage(...made, l));
    const encodeAdjoint = (l: number) => encoderStagesBack(plan, l).map(made => stage(...made, l));
    const learns = plan.adjoint !== 'none';
    // All at once: where an adapter can, it compiles them side by side.
    const made = Promise.all([
      Promise.all(index.flatMap(encode)),
      stage('episode', groups),
      plan.metrics ? stage('metrics', groups) : undefined,
      learns ? stage('episode.adjoint', groups) : undefined,
      Promise.all(
        learns
          ? [
              ...index.toReversed().flatMap(encodeAdjoint),
              ...(encoders ? [stage('norm', groups)] : []), // without encoders norm is the last words of the lifetime's adjoint
              stage('collect', () => collectors(plan)),
            ]
          : [],
      ),
    ]).catch((error: unknown) => {
      throw ofItsRule(error, system);
    });
    [this.encode, this.episode, this.metrics, this.adjoint, this.afterwards] = await made;
  }

  /** Lives every episode: uploads and submits chunk after chunk. */
  async run(episodes: Episodes, { record, shown, from, signal }: Beside = {}): Promise<void> {
    const { chunks } = this.plan;
    const { device } = this.gpu;
    for (let chunk = 0; chunk < chunks; chunk++) {
      signal?.throwIfAborted();
      this.gpu.run(() => {
        this.upload(episodes, chunk, from);
        const encoder = device.createCommandEncoder({ label: `chunk ${chunk}` });
        this.recordChunk(encoder, chunk);
        if (shown) this.recordShown(encoder);
        if (chunk === chunks - 1) {
          record?.(encoder);
          this.recordReport(encoder);
        }
        device.queue.submit([encoder.finish()]);
      });
      await shown?.(chunk);
    }
  }

  private upload(episodes: Episodes, chunk: number, from?: Beginning): void {
    const { tasksPerChunk, perTask, tasks, system, images } = this.plan;
    const { inputs, targets } = this.staging;
    const { queue } = this.gpu.device;
    const outputs = system.sizes.at(-1)!;
    const width = images ? 1 : system.sizes[0]!;
    const first = chunk * tasksPerChunk;
    const count = Math.min(tasksPerChunk, tasks - first);
    this.writePasses(first, count, episodes.origin ?? { seed: 0, first: 0 }, from?.age ?? 0);
    if (from) queue.writeBuffer(this.buffers['fast_weights']!, 0, from.fastOf(chunk));
    gather(
      inputs,
      episodes.supportX,
      episodes.queryX,
      first,
      count,
      perTask.samples * width,
      episodes.queries * width,
    );
    gather(
      targets,
      episodes.supportY,
      episodes.queryY,
      first,
      count,
      perTask.samples * outputs,
      episodes.queries * outputs,
      this.plan.settings,
      episodes.settings,
    );
    queue.writeBuffer(
      this.buffers['inputs']!,
      0,
      inputs as Float32Array<ArrayBuffer>,
      0,
      count * perTask.samples * width,
    );
    queue.writeBuffer(
      this.buffers['targets']!,
      0,
      targets as Float32Array<ArrayBuffer>,
      0,
      count * (perTask.samples * outputs + this.plan.settings),
    );
  }

  private recordChunk(encoder: GPUCommandEncoder, chunk: number): void {
    const { segments, queries, tasksPerChunk, tasks } = this.plan;
    const count = Math.min(tasksPerChunk, tasks - chunk * tasksPerChunk);
    const pass = encoder.beginComputePass();
    const dispatch = (stage: Stage, s: number) =>
      dispatchStage(pass, stage.kernel.pipeline, stage.group, stage.workgroups(count), [
        s * PASS_STRIDE,
      ]);
    for (const stage of this.encode) dispatch(stage, 0);
    segments.forEach(({ firstMoment, lastMoment, lastQuery }, s) => {
      dispatch(this.episode, s);
      const asked = lastMoment > firstMoment && lastQuery === queries;
      if (this.metrics && asked) dispatch(this.metrics, s);
    });
    if (this.adjoint) for (let s = segments.length - 1; s >= 0; s--) dispatch(this.adjoint, s);
    for (const stage of this.afterwards) dispatch(stage, 0);
    pass.end();
  }

  /** The outcomes, and behind them the tail of the total. */
  private recordReport(encoder: GPUCommandEncoder): void {
    const { outcomes, reported } = this.buffers;
    const { total } = this.inheritance;
    const tail = 4 * totalTail(this.plan);
    encoder.copyBufferToBuffer(outcomes!, 0, reported!, 0, outcomes!.size);
    encoder.copyBufferToBuffer(total, total.size - tail, reported!, outcomes!.size, tail);
  }

  private recordShown(encoder: GPUCommandEncoder): void {
    const { activities, fast_weights: fast, shown } = this.buffers;
    encoder.copyBufferToBuffer(activities!, 0, shown!, 0, activities!.size);
    encoder.copyBufferToBuffer(fast!, 0, shown!, activities!.size, fast!.size);
  }

  /**
   * Activities and fast weights of the chunk just run: (groups, ACTIVITY, TEAMS), and of quads
   * (groups, FAST / 4, TEAMS). Forward-only plans.
   */
  async readShown(): Promise<{ activities: Float32Array; fast: Float32Array }> {
    const all = await this.read('shown');
    const split = this.buffers['activities']!.size / 4;
    return { activities: all.subarray(0, split), fast: all.subarray(split) };
  }

  /** Outcomes of the last run. */
  async outcomes(): Promise<Outcomes> {
    const { tasks, moments, perTask } = this.plan;
    const stride = outcomeSize(moments.length, perTask.metrics);
    const K = moments.length;
    const all = await this.read('reported');
    const columns = (from: number, count: number) =>
      Float32Array.from(
        { length: tasks * count },
        (_, k) => all[Math.floor(k / count) * stride + from + (k % count)]!,
      );
    const [, drift, penalty, ...squares] = all.subarray(tasks * stride) as unknown as [
      number,
      number,
      number,
      ...number[],
    ];
    const gradientNorm = Math.sqrt(squares.reduce((a, b) => a + b, 0));
    return {
      losses: columns(0, K),
      accuracies: columns(K, K),
      norms: columns(2 * K, 1),
      weights: columns(2 * K + 1, 1),
      drifts: columns(2 * K + 2, 1),
      metrics: columns(outcomeSize(K), perTask.metrics),
      gradientNorm,
      drift,
      penalty,
    };
  }

  /**
   * The first meta-parameter, by the layout, whose gradient is not finite in a task of the chunk
   * just run; nothing for tasks of earlier chunks.
   */
  async brokenTensor(task: number): Promise<string | undefined> {
    const { chunks, tasksPerChunk, teams, perTask, layout, places } = this.plan;
    const i = task - (chunks - 1) * tasksPerChunk;
    if (i < 0) return undefined;
    const source = this.buffers['gradients']!;
    const gradients = await readBack(this.gpu, source, 0, source.size);
    const own = quadsOf(gradients, perTask.gradient, i, teams);
    const broken = layout.tensors.find(tensor => {
      const { offset, size } = places.range(tensor);
      return own.subarray(offset, offset + size).some(v => !Number.isFinite(v));
    });
    return broken?.name;
  }

  private async read(name: string): Promise<Float32Array> {
    const buffer = this.buffers[name]!;
    try {
      await this.gpu.guard(this.gpu.run(() => buffer.mapAsync(GPUMapMode.READ)));
      return new Float32Array(buffer.getMappedRange().slice(0));
    } finally {
      buffer.unmap(); // also if it was mapped, but something else was wrong
    }
  }

  /** Bytes of GPU memory that this object holds. */
  get allocatedBytes(): number {
    return Object.values(this.buffers).reduce((n, b) => n + b.size, 0);
  }

  destroy(): void {
    for (const buffer of Object.values(this.buffers)) buffer.destroy();
  }
}

/** A copy of `size` bytes of a buffer, from byte `offset` on, once all before it is done. */
export async function readBack(
  gpu: Gpu,
  buffer: GPUBuffer,
  offset: number,
  size: number,
): Promise<Float32Array<ArrayBuffer>> {
  const { device } = gpu;
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const copy = gpu.run(() => device.createBuffer({ label: 'read-back', size, usage }));
  try {
    const mapped = gpu.run(() => {
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, offset, copy, 0, size);
      device.queue.submit([encoder.finish()]);
      return copy.mapAsync(GPUMapMode.READ);
    });
    await gpu.guard(mapped);
    return new Float32Array(copy.getMappedRange().slice(0));
  } finally {
    copy.destroy();
  }
}

/** Where number k of a task lies in an array (groups, size / 4, TEAMS) of quads. */
export function placeInQuads(size: number, task: number, teams: number): (k: number) => number {
  const first = Math.floor(task / teams) * size * teams + (task % teams) * 4;
  return k => first + (k - (k % 4)) * teams + (k % 4);
}

/** What one task has in such an array. */
export function quadsOf(
  array: Float32Array,
  size: number,
  task: number,
  teams: number,
): Float32Array {
  const place = placeInQuads(size, task, teams);
  return Float32Array.from({ length: size }, (_, k) => array[place(k)]!);
}

/** Records one dispatch, in two dimensions where one does not reach. */
export function dispatchStage(
  pass: GPUComputePassEncoder,
  pipeline: GPUComputePipeline,
  group: GPUBindGroup,
  workgroups: number,
  offsets: number[] = [],
): void {
  const columns = Math.min(workgroups, 65535);
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group, offsets);
  pass.dispatchWorkgroups(columns, Math.ceil(workgroups / columns));
}

/** Support and query samples of each task, one behind the other, and its settings. */
function gather(
  into: Float32Array | Uint32Array,
  support: Float32Array | Uint32Array,
  query: Float32Array | Uint32Array,
  first: number,
  count: number,
  perTask: number,
  perQuery: number,
  perSetting = 0,
  settings?: Float32Array,
): void {
  const perSupport = perTask - perQuery;
  for (let k = 0; k < count; k++) {
    const task = first + k;
    const at = k * (perTask + perSetting);
    into.set(support.subarray(task * perSupport, (task + 1) * perSupport), at);
    into.set(query.subarray(task * perQuery, (task + 1) * perQuery), at + perSupport);
    if (settings)
      into.set(settings.subarray(task * perSetting, (task + 1) * perSetting), at + perTask);
  }
}
