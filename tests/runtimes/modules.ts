import { create, globals } from 'webgpu';
import { openGpu, type Gpu } from '../../src/gpu/device.js';
import { ADJOINTS, type Adjoint, type PlanChoices } from '../../src/gpu/options.js';
import type { Machine } from '../../src/gpu/plan.js';
import { Learner, type LearnerOptions } from '../../src/learner/learner.js';
import type { SystemSpec } from '../../src/systems/system.js';
import { ALIGNING, each, PATHS, rowsOf, TOLD, WRITTEN } from '../kernels/systems.js';
import { randomProblem, type ProblemSpec } from '../reference/random-problem.js';

/** Linked WGSL as a device gets it. */
export interface Module {
  readonly label: string;
  readonly code: string;
}

/** A system, and how it is to live. */
type Posed = Omit<SystemSpec, 'sizes'> & {
  readonly images?: number;
  readonly adjoint: Adjoint;
  readonly plan: PlanChoices;
  readonly batch: number;
};

/** Every choice of every slot, with every choice of every other that goes with it. */
const CIRCUMSTANCES = {
  frozen: each('frozen', [[], [1], [1, 2], [3]]),
  images: each('images', [undefined, 5]),
  adjoint: each('adjoint', ADJOINTS),
  plan: each('plan', [{ lanes: 1 }, { lanes: 4 }, { lanes: 256 }]),
  batch: each('batch', [1, 3, 4]),
};

/** What plans differ by besides: CPUs' adapters, and GPUs, whose lanes lie in grids. */
const MACHINES: readonly Partial<Machine>[] = [
  { software: true, subgroup: 4, teamwork: true },
  { software: true, subgroup: 8, teamwork: false },
  { software: false, subgroup: 32 },
];

/** Systems of the sizes that people have, deep ones too. */
const SYSTEMS: readonly SystemSpec[] = [
  { sizes: [1, 32, 32, 1] },
  { sizes: [784, 256, 128, 5] },
  { sizes: [11, 64, 64, 64, 64, 64, 64, 64, 1] },
  { preset: 'maml', sizes: [784, 64, 64, 64, 64, 5] },
  { preset: 'bioplausible', sizes: [784, 170, 130, 100, 70, 47] },
  ...(['max', 'average'] as const).map((pool): SystemSpec => {
    const conv = { channels: 8, kernel: 3, padding: 1, pool, poolSize: 2 };
    const layers = [{ conv }, { conv: { channels: 5, kernel: 3, stride: 2 } }, { dense: 5 }];
    return { image: [1, 12, 12], layers, frozen: [1, 2] };
  }),
];

/**
 * All modules that the library links for a wide grid of systems, each once, as Dawn's null backend
 * gets them.
 */
export async function linkedModules(): Promise<Module[]> {
  Object.assign(globalThis, globals);
  const dawn = create(['backend=null']);
  const gpu = await openGpu(dawn);
  const { device } = gpu;
  const labels = new Map<string, string>();
  const make = device.createShaderModule.bind(device);
  device.createShaderModule = descriptor => {
    labels.set(descriptor.code, descriptor.label!);
    return make(descriptor);
  };
  for (const parts of [TOLD, PATHS, ALIGNING, WRITTEN])
    for (const { images, adjoint, plan, batch, ...chosen } of rowsOf<Posed>({
      ...CIRCUMSTANCES,
      ...parts,
    })) {
      const spec = { sizes: [3, 6, 5, 2], ...chosen };
      await link(gpu, { spec, tasks: 3, steps: 3, batch, images }, { adjoint, plan });
    }
  for (const machine of MACHINES)
    for (const spec of SYSTEMS)
      await link(
        { ...gpu, machine: { ...gpu.machine, ...machine } },
        { spec, tasks: 4, steps: 4, batch: 1 },
      );
  gpu.destroy();
  return [...labels].map(([code, label]) => ({ label, code }));
}

/** Makes the kernels of a learner and of its metrics. */
async function link(
  gpu: Gpu,
  problem: ProblemSpec,
  options: Pick<LearnerOptions, 'adjoint' | 'plan'> = {},
): Promise<void> {
  const { episodes, bank } = randomProblem(problem);
  const learner = await Learner.create(gpu, {
    system: problem.spec,
    episode: { ...episodes, bank },
    tasks: episodes.tasks,
    ...options,
  });
  await learner.adapt(episodes, { metrics: true });
  learner.destroy();
}
