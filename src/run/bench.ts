import type { Gpu } from '../gpu/device.js';
import { mebibytes, type Adjoint, type Plan, type PlanChoices } from '../gpu/plan.js';
import { layoutOf } from '../inner/layout.js';
import { Learner } from '../outer/learner.js';
import { defineSystem, type SystemSpec } from '../systems/system.js';
import { checkCounts, type Episodes } from '../tasks/episodes.js';

/** Sizes of the workload `flp`: N tasks of T inner steps of `batch` samples, in a network [1, H, H, 1]. */
export interface FlpSizes {
  readonly tasks: number;
  readonly steps: number;
  readonly width: number;
  readonly batch: number;
}

/** FLP on sine regression, as every peer is given it: the same seeded numbers, in float32. */
export interface Workload {
  readonly system: SystemSpec;
  /** In the order of the system's layout. */
  readonly parameters: Float32Array;
  readonly episodes: Episodes;
}

const QUERIES = 10;

/** The workload `flp`. Numbers come from mulberry32 in a fixed order, parameters from seed 1 and tasks from seed 7. */
export function flpWorkload({ tasks, steps, width, batch }: FlpSizes): Workload {
  checkCounts({ tasks, steps, width, batch }, 'bench');
  const system: SystemSpec = { sizes: [1, width, width, 1] };
  return { system, parameters: flpParameters(system, batch), episodes: flpEpisodes(tasks, steps, batch) };
}

/** Layer by layer W, b, B, c, α, uniform around 0; α is divided by the batch, over which an update is summed. β is not drawn. */
function flpParameters(spec: SystemSpec, batch: number): Float32Array {
  const system = defineSystem(spec), layout = layoutOf(system), parameters = new Float32Array(layout.size), r = mulberry32(1);
  for (const { index, fanIn } of system.layers) {
    const halfWidths = { W: index > 1 ? Math.sqrt(6 / fanIn) : 1, b: 0.1, B: 1, c: 0, alpha: 0.001 / batch };
    for (const [kind, halfWidth] of Object.entries(halfWidths)) {
      const { offset, size } = layout.get(`${kind}${index}`)!;
      for (let i = offset; i < offset + size; i++) parameters[i] = (2 * r() - 1) * halfWidth;
    }
  }
  const beta = layout.get('beta')!;
  return parameters.fill(0.3, beta.offset, beta.offset + beta.size);
}

/** Task after task: amplitude, phase, then every support and every query input, y = amplitude · sin(x + phase). */
function flpEpisodes(tasks: number, steps: number, batch: number): Episodes {
  const r = mulberry32(7), support = steps * batch;
  const [supportX, supportY] = [new Float32Array(tasks * support), new Float32Array(tasks * support)];
  const [queryX, queryY] = [new Float32Array(tasks * QUERIES), new Float32Array(tasks * QUERIES)];
  for (let task = 0; task < tasks; task++) {
    const amplitude = 0.1 + 4.9 * r(), phase = Math.PI * r();
    const draw = (X: Float32Array, Y: Float32Array, count: number) => {
      for (let k = task * count; k < (task + 1) * count; k++) {
        const x = -5 + 10 * r();
        X[k] = x;
        Y[k] = amplitude * Math.sin(x + phase);
      }
    };
    draw(supportX, supportY, support);
    draw(queryX, queryY, QUERIES);
  }
  return { tasks, steps, batch, queries: QUERIES, supportX, supportY, queryX, queryY };
}

/** Uniform in [0, 1), 32 bits. */
function mulberry32(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface BenchOptions extends FlpSizes {
  /** Timed meta-gradients, after the first. */
  readonly repeats: number;
  readonly adjoint: Adjoint;
  readonly plan?: PlanChoices;
  readonly onNotice?: (notice: string) => void;
}

/** What was measured. `line` is what peers print, key for key. */
export interface BenchResult {
  readonly line: {
    readonly name: string;
    readonly workload: 'flp';
    readonly N: number;
    readonly T: number;
    readonly H: number;
    readonly batch: number;
    /** Timed repetitions. */
    readonly steps: number;
    /** One meta-gradient: upload, kernels, and the losses read back. `first_ms` includes making the kernels. */
    readonly median_ms: number;
    readonly min_ms: number;
    readonly first_ms: number;
    readonly tasksteps_per_s: number;
    readonly loss: number;
    /** Norm of the mean gradient, tensor by tensor. */
    readonly gradNorm: Readonly<Record<string, number>>;
  } & Counts;
  readonly times: readonly number[];
  readonly plan: Plan;
  /** True if every meta-gradient was made twice, because undoing the updates was ill-conditioned. */
  readonly fellBack: boolean;
}

/** Times the meta-gradient of the workload `flp` on this adapter. Refuses to time lifetimes that diverge. */
export async function benchFlp(gpu: Gpu, { repeats, adjoint, plan, onNotice, ...sizes }: BenchOptions): Promise<BenchResult> {
  checkCounts({ repeats }, 'bench');
  const { system, parameters, episodes } = flpWorkload(sizes), { tasks, steps, width, batch } = sizes;
  const start = performance.now();
  const learner = await Learner.create(gpu, { system, episode: { steps, batch, queries: QUERIES }, tasks, adjoint, plan, onDivergence: 'error', onNotice });
  try {
    learner.writeParameters(parameters);
    let { loss, fellBack } = await learner.gradient(episodes);
    const first = performance.now() - start, times: number[] = [];
    for (let k = 0; k < repeats; k++) {
      const before = performance.now();
      ({ loss, fellBack } = await learner.gradient(episodes));
      times.push(performance.now() - before);
    }
    const counts = await countCalls(() => learner.gradient(episodes)), gradient = await learner.readGradient();
    const gradNorm = Object.fromEntries(learner.layout.tensors.map(({ name, offset, size }) => [name, Math.hypot(...gradient.subarray(offset, offset + size))]));
    const sorted = [...times].sort((a, b) => a - b), median = sorted[sorted.length >> 1]!;
    return {
      times, plan: learner.plan, fellBack,
      line: {
        name: `metaplastic on ${gpu.adapter.description || gpu.adapter.device}`, workload: 'flp', N: tasks, T: steps, H: width, batch, steps: repeats,
        median_ms: round(median, 3), min_ms: round(sorted[0]!, 3), first_ms: round(first, 1), tasksteps_per_s: Math.round(tasks * steps / median * 1e3),
        loss, gradNorm, ...counts,
      },
    };
  } finally {
    learner.destroy();
  }
}

/** What a piece of work asked of the GPU. */
export interface Counts {
  readonly dispatches: number;
  readonly submits: number;
  readonly newBuffers: number;
}

/** Counts the calls that all WebGPU objects get while `work` runs. */
export async function countCalls(work: () => Promise<unknown>): Promise<Counts> {
  const counts = { dispatches: 0, submits: 0, newBuffers: 0 };
  const tally = (owner: object, method: string, key: keyof Counts) => {
    const methods = owner as Record<string, (...args: unknown[]) => unknown>, original = methods[method]!;
    methods[method] = function (...args) { counts[key]++; return original.apply(this, args); };
    return () => { methods[method] = original; };
  };
  const restore = [
    tally(GPUComputePassEncoder.prototype, 'dispatchWorkgroups', 'dispatches'), tally(GPUComputePassEncoder.prototype, 'dispatchWorkgroupsIndirect', 'dispatches'),
    tally(GPUQueue.prototype, 'submit', 'submits'), tally(GPUDevice.prototype, 'createBuffer', 'newBuffers'),
  ];
  try {
    await work();
  } finally {
    for (const undo of restore) undo();
  }
  return counts;
}

/** The result as a table for people. */
export function describeBench({ line, times, plan, fellBack }: BenchResult): string {
  const ms = (t: number) => `${t.toFixed(t < 10 ? 2 : 1)} ms`;
  const rows: [string, string][] = [
    ['workload', `flp: ${line.N} tasks × ${line.T} steps of ${line.batch}, network 1-${line.H}-${line.H}-1, ${QUERIES} queries, gradient of every meta-parameter`],
    ['plan', `adjoint ${plan.adjoint}${fellBack ? ' (each made again with checkpoints)' : ''}, ${plan.lanes} lane(s) a task, ${plan.teams} task(s) a workgroup, ${plan.chunks} chunk(s), ${plan.segments} segment(s), ${mebibytes(plan.totalBytes)}`],
    ['meta-gradient', `median ${ms(line.median_ms)}, min ${ms(line.min_ms)}, max ${ms(Math.max(...times))} of ${line.steps}`],
    ['first, with kernels', ms(line.first_ms)],
    ['task-steps/s', line.tasksteps_per_s.toLocaleString('en')],
    ['asked of the GPU', `${line.dispatches} dispatches, ${line.submits} submits, ${line.newBuffers} new buffers a meta-gradient`],
    ['loss', String(line.loss)],
    ...Object.entries(line.gradNorm).map(([name, norm]): [string, string] => [`  ‖d ${name}‖`, norm.toPrecision(7)]),
  ];
  const width = Math.max(...rows.map(([k]) => k.length));
  return rows.map(([k, v]) => `${k.padEnd(width)}  ${v}`).join('\n');
}

const round = (x: number, digits: number) => Number(x.toFixed(digits));
