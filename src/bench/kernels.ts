import type { Gpu } from '../gpu/device.js';
import type { Learner, LearnerOptions } from '../learner/learner.js';
import { defineSystem, widthsOf } from '../systems/system.js';
import { recordDispatches, type Dispatch } from './calls.js';
import {
  makeClock,
  measure,
  PATIENT,
  type Clock,
  type Measuring,
  type Patience,
  type Sample,
} from './clock.js';
import { STANDSTILL, learnerFor } from './meta-gradient.js';
import { kernelWork, lifetimeWork, PARTS, type Amount, type Part } from './work.js';
import {
  convolutionWorkload,
  encoderWorkload,
  flpWorkload,
  poolWorkload,
  type Workload,
} from './workloads.js';

/**
 * What a kernel, or a part of one, took for the whole meta-batch, in seconds, and what it did in
 * that time.
 */
export interface KernelFigure extends Sample {
  readonly workload: string;
  readonly kernel: string;
  /**
   * A kernel of its own, or a part of a lifetime, which is the difference between dispatches that
   * differ by it.
   */
  readonly part: boolean;
  /** Undefined for a kernel that nobody has counted. */
  readonly work?: Amount;
}

/** The workloads on which kernels are measured: small on a software adapter. */
export const kernelWorkloads = (software: boolean): Workload[] => [
  flpWorkload({ tasks: software ? 64 : 1024, steps: 20, width: 64, batch: 1 }),
  poolWorkload({ tasks: software ? 4 : 16, steps: software ? 4 : 50 }),
  encoderWorkload({ tasks: software ? 4 : 256, steps: software ? 4 : 50 }),
  convolutionWorkload({ tasks: software ? 4 : 256, steps: software ? 4 : 25 }),
];

/**
 * With `store` an adjoint that is made again finds what it found before. Memory and time for one
 * chunk, so that a kernel is one dispatch.
 */
const LEARNER: Partial<LearnerOptions> = {
  optimiser: STANDSTILL,
  adjoint: 'store',
  budget: { memory: 2 ** 30, dispatchSeconds: 2 },
};

const describeWorkload = ({ name, rule, system, episodes: { tasks, steps } }: Workload): string =>
  `${rule === undefined ? name : `${name} with ${rule}`}, N=${tasks}, T=${steps}, ${widthsOf(defineSystem(system)).join('-')}`;

/**
 * Measures every kernel that a meta-step of each workload dispatches, those of a forward pass, and
 * the parts of a lifetime.
 */
export async function benchKernels(
  gpu: Gpu,
  { patience = PATIENT, onProgress }: Measuring = {},
  workloads = kernelWorkloads(gpu.adapter.software),
): Promise<KernelFigure[]> {
  const clock = makeClock(gpu);
  const figures: KernelFigure[][] = [];
  try {
    for (const [k, workload] of workloads.entries()) {
      const learner = await learnerFor(gpu, workload, LEARNER);
      const ask = (what: string) =>
        onProgress?.(`${describeWorkload(workload)}: ${what}`, k, workloads.length);
      try {
        const whole = await wholeKernels(clock, workload, learner, patience, ask);
        figures.push([...whole, ...(await parts(gpu, clock, workload, patience, ask))]);
      } finally {
        learner.destroy();
      }
    }
  } finally {
    clock.destroy();
  }
  return figures.flat();
}

async function wholeKernels(
  clock: Clock,
  workload: Workload,
  learner: Learner,
  patience: Patience,
  ask: (what: string) => void,
): Promise<KernelFigure[]> {
  const { episodes } = workload;
  const figures: KernelFigure[] = [];
  const { plan } = learner;
  const time = async (dispatches: readonly Dispatch[], label: string, kernel: string) => {
    ask(kernel);
    figures.push({
      workload: describeWorkload(workload),
      kernel,
      part: false,
      ...(await replay(
        clock,
        dispatches.filter(d => d.label === label),
        patience,
      )),
      work: kernelWork(plan, label),
    });
  };
  await learner.step(episodes);
  const step = await recordDispatches(() => learner.step(episodes));
  for (const label of new Set(step.map(d => d.label))) await time(step, label, label);
  await learner.adapt(episodes);
  const forward = await recordDispatches(() => learner.adapt(episodes));
  for (const label of new Set(forward.map(d => d.label)))
    if (!label.startsWith('encode')) await time(forward, label, `${label}, forward only`);
  return figures;
}

/**
 * Steps of a lifetime that is cut after every step: the first begins with birth, the last ends with
 * queries, and between them is one of plain steps.
 */
const CUT = 3;

async function parts(
  gpu: Gpu,
  clock: Clock,
  workload: Workload,
  patience: Patience,
  ask: (what: string) => void,
): Promise<KernelFigure[]> {
  ask('the parts of a lifetime');
  const cut = shortened(workload, CUT);
  const learner = await learnerFor(gpu, cut, { ...LEARNER, plan: { stepsPerSegment: 1 } });
  try {
    await learner.gradient(cut.episodes, { read: false });
    const made = await recordDispatches(() => learner.gradient(cut.episodes, { read: false }));
    const of = (label: string, k: number) => made.filter(d => d.label === label).slice(k, k + 1);
    const [first, plain, last] = [
      await replay(clock, of('episode', 0), patience),
      await replay(clock, of('episode', 1), patience),
      await replay(clock, of('episode', CUT - 1), patience),
    ];
    // The adjoint goes from the last step to the first, and clears the gradient before the queries'
    // adjoint.
    const [asked, back] = [
      await replay(clock, of('episode.adjoint', 0), patience),
      await replay(clock, of('episode.adjoint', 1), patience),
    ];
    const samples: Record<Part, Sample> = {
      birth: without(first, plain),
      step: plain,
      query: without(last, plain),
      'step.adjoint': back,
      'query.adjoint': without(asked, back),
    };
    const amounts = lifetimeWork(learner.plan);
    return PARTS.map(part => ({
      workload: describeWorkload(workload),
      kernel: part,
      part: true,
      ...samples[part],
      work: amounts[part],
    }));
  } finally {
    learner.destroy();
  }
}

/**
 * What a takes more than b, by the fastest of each; its spread is what both spread, relative to
 * that.
 */
export function without(a: Sample, b: Sample): Sample {
  const more = Math.max(0, a.fastest - b.fastest);
  return {
    median: more,
    fastest: more,
    spread: more && (a.spread * a.median + b.spread * b.median) / more,
  };
}

/** The same lifetimes, ended early. */
function shortened(workload: Workload, steps: number): Workload {
  const { episodes } = workload;
  const of = (array: Float32Array | Uint32Array) => {
    const perTask = array.length / episodes.tasks;
    const kept = (perTask / episodes.steps) * steps;
    const short = new Float32Array(episodes.tasks * kept);
    for (let i = 0; i < episodes.tasks; i++)
      short.set(array.subarray(i * perTask, i * perTask + kept), i * kept);
    return short;
  };
  return {
    ...workload,
    episodes: {
      ...episodes,
      steps,
      supportX: of(episodes.supportX),
      supportY: of(episodes.supportY),
    },
  };
}

/** The time of these dispatches, one after the other, made again and again. */
const replay = (
  clock: Clock,
  dispatches: readonly Dispatch[],
  patience: Patience,
): Promise<Sample> =>
  measure(
    clock,
    (pass, times) => {
      for (let k = 0; k < times; k++) for (const { again } of dispatches) again(pass);
    },
    patience,
  );
