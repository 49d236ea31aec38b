import { greatest } from '../extremes.js';
import { adapterName, type Gpu } from '../gpu/device.js';
import { orDestroy } from '../gpu/owned.js';
import type { Adjoint, PlanChoices } from '../gpu/options.js';
import { mebibytes, type Plan } from '../gpu/plan.js';
import { tensorsOf } from '../parameters/layout.js';
import { adam } from '../learner/optimiser.js';
import { Learner, type LearnerOptions } from '../learner/learner.js';
import { widthsOf, type System } from '../systems/system.js';
import { checkCounts } from '../tasks/episodes.js';
import { countCalls, peakBytes, type Counts } from './calls.js';
import { summarise } from './clock.js';
import type { Workload } from './workloads.js';

/** How a workload is timed. */
export interface BenchOptions {
  /** Timed meta-gradients, after the first. */
  readonly repeats: number;
  readonly adjoint: Adjoint;
  readonly plan?: PlanChoices;
  /** Hears what the learner has to say, such as a fallback of adjoint reverse. */
  readonly onNotice?: (notice: string) => void;
  /** Stops before the next meta-gradient; the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** What was measured. `line` is what peers print, key for key. */
export interface BenchResult {
  readonly line: {
    readonly name: string;
    readonly workload: Workload['name'];
    /** Of flp with a written rule: what that is called. */
    readonly rule?: string;
    readonly N: number;
    readonly T: number;
    /**
     * Width of flp's hidden layers; of other workloads, whose sizes are fixed, the largest hidden
     * layer's.
     */
    readonly H: number;
    readonly batch: number;
    /** Timed repetitions. */
    readonly steps: number;
    /**
     * One meta-gradient: upload, kernels, and the losses read back. `first_ms` includes making the
     * kernels.
     */
    readonly median_ms: number;
    readonly min_ms: number;
    readonly first_ms: number;
    readonly tasksteps_per_s: number;
    readonly loss: number;
    /**
     * Norm of the mean gradient, tensor by tensor; of the pool only that of θ, as a whole and term
     * by term.
     */
    readonly gradNorm: Readonly<Record<string, number>>;
  } & Counts;
  readonly times: readonly number[];
  readonly plan: Plan;
  /** The most bytes of GPU buffers at once, to compare with those that the plan foresees. */
  readonly peakBytes: number;
  /**
   * True if every meta-gradient was made twice, because undoing the updates was ill-conditioned.
   */
  readonly fellBack: boolean;
}

/** Meta-steps at rate 0, so that every one is the same. */
export const STANDSTILL = adam({ rates: {} });

/** The options of a learner for a workload. */
export const optionsFor = (
  { system, episodes: { tasks, steps, batch, queries } }: Workload,
  options: Partial<LearnerOptions>,
): LearnerOptions => ({ system, episode: { steps, batch, queries }, tasks, ...options });

/** A learner for a workload, with the workload's own meta-parameters. */
export async function learnerFor(
  gpu: Gpu,
  workload: Workload,
  options: Partial<LearnerOptions>,
): Promise<Learner> {
  const learner = await Learner.create(gpu, optionsFor(workload, options));
  return orDestroy([learner], async () => {
    learner.write(tensorsOf(learner.layout, workload.parameters));
    return learner;
  });
}

/**
 * Times the meta-gradient of a workload on this adapter. Refuses to time lifetimes that diverge.
 */
export async function benchGradient(
  gpu: Gpu,
  workload: Workload,
  { repeats, adjoint, plan, onNotice, signal }: BenchOptions,
): Promise<BenchResult> {
  checkCounts({ repeats }, 'bench');
  const { episodes } = workload,
    { tasks, steps, batch } = episodes;
  let learner: Learner | undefined;
  try {
    const { peak, result } = await peakBytes(async () => {
      const start = performance.now();
      learner = await learnerFor(gpu, workload, { adjoint, plan, onDivergence: 'error', onNotice });
      let { loss, fellBack } = await learner.gradient(episodes, { read: false });
      const first = performance.now() - start;
      const times: number[] = [];
      for (let k = 0; k < repeats; k++) {
        signal?.throwIfAborted();
        const before = performance.now();
        ({ loss, fellBack } = await learner.gradient(episodes, { read: false }));
        times.push(performance.now() - before);
      }
      return {
        loss,
        fellBack,
        first,
        times,
        counts: await countCalls(() => learner!.gradient(episodes, { read: false })),
      };
    });
    const { loss, fellBack, first, times, counts } = result;
    const { median, fastest } = summarise(times);
    return {
      times,
      plan: learner!.plan,
      peakBytes: peak,
      fellBack,
      line: {
        name: `metaplastic on ${adapterName(gpu.adapter)}`,
        workload: workload.name,
        ...(workload.rule !== undefined && { rule: workload.rule }),
        N: tasks,
        T: steps,
        H: widestHidden(learner!.system),
        batch,
        steps: repeats,
        median_ms: round(median, 3),
        min_ms: round(fastest, 3),
        first_ms: round(first, 1),
        tasksteps_per_s: Math.round(((tasks * steps) / median) * 1e3),
        loss,
        gradNorm: await gradientNorms(learner!, workload),
        ...counts,
      },
    };
  } finally {
    learner?.destroy();
  }
}

const widestHidden = ({ sizes }: System): number => greatest(sizes.slice(1, -1));

async function gradientNorms(
  learner: Learner,
  { name, episodes }: Workload,
): Promise<Record<string, number>> {
  const { gradient } = await learner.gradient(episodes);
  const norms = Object.fromEntries(
    Object.entries(gradient).map(([tensor, { data }]) => [tensor, norm(data)]),
  );
  if (name !== 'pool') return norms;
  const terms = [...gradient['theta']!.data].map((d, r) => [`theta${r}`, Math.abs(d)]);
  return { theta: norms['theta']!, ...Object.fromEntries(terms) };
}

/** The result as a table for people. */
export function describeGradient({ line, times, plan, peakBytes, fellBack }: BenchResult): string {
  const ms = (t: number) => `${t.toFixed(t < 10 ? 2 : 1)} ms`;
  const rows: [string, string][] = [
    [
      'workload',
      `${line.workload}${line.rule === undefined ? '' : ` with the rule ${line.rule}`}: ${line.N} tasks × ${line.T} steps of ${line.batch}, network ${widthsOf(plan.system).join('-')}, ${plan.queries} queries, gradient of every meta-parameter`,
    ],
    [
      'plan',
      `adjoint ${plan.adjoint}${fellBack ? ' (each made again with checkpoints)' : ''}, ${plan.lanes} lane(s) a task, ${plan.teams} task(s) a workgroup, ${plan.chunks} chunk(s), ${plan.segments.length} segment(s)`,
    ],
    ['memory', `${mebibytes(plan.totalBytes)} planned, ${mebibytes(peakBytes)} at most in buffers`],
    [
      'meta-gradient',
      `median ${ms(line.median_ms)}, min ${ms(line.min_ms)}, max ${ms(greatest(times))} of ${line.steps}`,
    ],
    ['first, with kernels', ms(line.first_ms)],
    ['task-steps/s', line.tasksteps_per_s.toLocaleString('en')],
    [
      'asked of the GPU',
      `${line.dispatches} dispatches, ${line.submits} submits, ${line.newBuffers} new buffers a meta-gradient`,
    ],
    ['loss', String(line.loss)],
    ...Object.entries(line.gradNorm).map(([name, norm]): [string, string] => [
      `  ‖d ${name}‖`,
      norm.toPrecision(7),
    ]),
  ];
  const width = greatest(rows.map(([k]) => k.length));
  return rows.map(([k, v]) => `${k.padEnd(width)}  ${v}`).join('\n');
}

const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
const round = (x: number, digits: number) => Number(x.toFixed(digits));
