import { defineSystem } from '../systems/system.js';
import { layoutOf, tensorsOf } from '../parameters/layout.js';
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { PATIENT, QUICK } from '../bench/clock.js';
import { benchGradient, describeGradient, optionsFor } from '../bench/meta-gradient.js';
import { describeReport, runBench, type BenchReport } from '../bench/report.js';
import { drawRoofline } from '../bench/roofline.js';
import { flpWorkload, poolWorkload, type Workload } from '../bench/workloads.js';
import { MetaplasticError } from '../errors.js';
import { inWords, unknownName } from '../options.js';
import type { Gpu } from '../gpu/device.js';
import { ADJOINTS, type Adjoint } from '../gpu/options.js';
import { openNodeGpu } from '../node/open.js';
import { rememberedTuning, tune, type Tuning } from '../learner/tune.js';
import { wholeNumber } from './options.js';
import { describeAdapter, environmentOf } from './run-folder.js';
import { fileMemory, tuningFile } from './tuned.js';

export const HELP = `measures this machine's adapter and every kernel on it, or times one workload

Usage: metaplastic bench [--quick] [--json] [--svg FILE]
       metaplastic bench flp-sine|pool [options]

Without a workload: what the adapter gives at most (arithmetic, storage, workgroup memory) and what asking it costs (dispatch,
submit, barrier, read-back); every kernel in GFLOP/s, GB/s and per cent of that; meta-steps over N, T and H.

  --quick         less patient: shorter batches, fewer repetitions
  --json          one line of JSON instead of tables
  --svg FILE      also draws the kernels under the adapter's roofs

With one: the meta-gradient of the same seeded numbers that peers in other libraries run as flp and pool. flp-sine is FLP on
sine regression, network [1, H, H, 1], 10 queries; pool the ten-term plasticity pool, 784-170-130-100-70-47, 50 queries.

  --tasks N       lifetimes of a meta-step              (default: the variable N, else 64; pool 4)
  --steps T       inner steps of a lifetime             (T, else 20; pool 50)
  --width H       neurons of each hidden layer          (H, else 64; flp-sine only)
  --batch B       samples of an inner step              (BATCH, else 1; flp-sine only)
  --repeats R     timed meta-gradients after the first  (STEPS, else 5)
  --adjoint A     ${ADJOINTS.join(', ')}            (reverse; pool store)
  --lanes L       lanes that work on a task, a power of two
  --teams K       tasks that share a workgroup
  --tune          takes the fastest lanes, teams and adjoint, as metaplastic tune does: remembered, else measured first
  --json          one line of JSON, as the peers print it`;

const VARIABLES = { tasks: 'N', steps: 'T', width: 'H', batch: 'BATCH', repeats: 'STEPS' } as const;
type Size = keyof typeof VARIABLES;

/**
 * What peers call a workload, what it is unless something else is said, and how it is made; sizes
 * without a default it does not have.
 */
interface Known {
  readonly peers: string;
  readonly byDefault: { readonly adjoint: Adjoint } & Readonly<Partial<Record<Size, number>>>;
  make(size: (name: Size) => number): Workload;
}

const WORKLOADS: Readonly<Record<string, Known>> = {
  'flp-sine': {
    peers: 'flp',
    byDefault: { adjoint: 'reverse', tasks: 64, steps: 20, width: 64, batch: 1, repeats: 5 },
    make: size =>
      flpWorkload({
        tasks: size('tasks'),
        steps: size('steps'),
        width: size('width'),
        batch: size('batch'),
      }),
  },
  pool: {
    peers: 'pool',
    byDefault: { adjoint: 'store', tasks: 4, steps: 50, repeats: 5 },
    make: size => poolWorkload({ tasks: size('tasks'), steps: size('steps') }),
  },
};

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const OF_ALL = { json: flag };
const OF_REPORT = { quick: flag, svg: text };
const OF_WORKLOAD = {
  tasks: text,
  steps: text,
  width: text,
  batch: text,
  repeats: text,
  adjoint: text,
  lanes: text,
  teams: text,
  tune: flag,
};

export async function run(args: string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  const { positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...OF_ALL, ...OF_REPORT, ...OF_WORKLOAD },
  });
  if (positionals.length === 0) return report(args);
  const [name] = positionals;
  const names = Object.keys(WORKLOADS);
  if (positionals.length > 1)
    throw new MetaplasticError({
      where: 'bench',
      expected: 'no workload or one',
      got: `${positionals.join(' ')}`,
      hint: `known: ${names.join(', ')}`,
    });
  const known = Object.hasOwn(WORKLOADS, name!) ? WORKLOADS[name!] : undefined;
  if (!known)
    throw new MetaplasticError({
      where: 'bench',
      ...unknownName('workload', inWords(name), names, name),
    });
  return gradient(args, name!, known, env);
}

/** Ceilings, kernels, meta-steps. */
async function report(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { ...OF_ALL, ...OF_REPORT } });
  const gpu = await openNodeGpu();
  try {
    console.error(describeAdapter(gpu));
    const { metaplastic, webgpu, node, system, processors } = environmentOf(gpu, { seed: 0 });
    const about = `metaplastic ${metaplastic}, webgpu ${webgpu}, node ${node}, ${system}, ${processors}, load ${loadavg()[0]!.toFixed(1)} before`;
    const measured: BenchReport = {
      system: about,
      ...(await runBench(gpu, {
        patience: values.quick ? QUICK : PATIENT,
        onProgress: (what, done, of) => console.error(`${done + 1}/${of} ${what}`),
      })),
    };
    if (values.svg) writeFileSync(values.svg, drawRoofline(measured));
    console.log(values.json ? JSON.stringify(measured) : describeReport(measured));
  } finally {
    gpu.destroy();
  }
  return 0;
}

/** One workload, in the words of the peers. */
async function gradient(
  args: string[],
  name: string,
  { peers, byDefault, make }: Known,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const { values } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...OF_ALL, ...OF_WORKLOAD },
  });
  if (env['WORKLOAD'] && env['WORKLOAD'] !== peers)
    throw new MetaplasticError({
      where: 'bench',
      expected: `the variable WORKLOAD to be ${peers}, the peers' name of ${name}`,
      got: `${JSON.stringify(env['WORKLOAD'])}`,
    });
  for (const key of Object.keys(VARIABLES) as Size[])
    if (values[key] !== undefined && byDefault[key] === undefined)
      throw new MetaplasticError({
        where: `--${key}`,
        expected: 'a workload that has it',
        got: `${name}`,
        hint: 'leave it out',
      });
  const adjoint = (values.adjoint ?? byDefault.adjoint) as Adjoint;
  if (!ADJOINTS.includes(adjoint))
    throw new MetaplasticError({
      where: '--adjoint',
      ...unknownName('choice', inWords(adjoint), ADJOINTS, adjoint),
    });
  if (values.tune && (values.adjoint ?? values.lanes ?? values.teams) !== undefined)
    throw new MetaplasticError({
      where: '--tune',
      expected: 'none of --adjoint, --lanes and --teams with it',
      got: 'both',
      hint: 'leave one out',
    });
  const given = (key: 'lanes' | 'teams') =>
    values[key] === undefined ? undefined : wholeNumber(`--${key}`, values[key]);
  const size = (key: Size) => {
    const variable = VARIABLES[key];
    return values[key] !== undefined
      ? wholeNumber(`--${key}`, values[key])
      : env[variable]
        ? wholeNumber(`variable ${variable}`, env[variable])
        : byDefault[key]!;
  };
  const workload = make(size);
  const repeats = size('repeats');
  const chosen: Tuning = {
    adjoint,
    plan: { lanes: given('lanes'), teams: given('teams') },
  };

  const gpu = await openNodeGpu();
  try {
    const result = await benchGradient(gpu, workload, {
      repeats,
      ...(values.tune ? await tuned(gpu, workload, adjoint) : chosen),
      onNotice: notice => console.error(notice),
    });
    console.log(
      values.json
        ? JSON.stringify(result.line)
        : `${describeAdapter(gpu)}\n${describeGradient(result)}`,
    );
  } finally {
    gpu.destroy();
  }
  return 0;
}

/** What is remembered for the workload, or else found and remembered now. */
async function tuned(gpu: Gpu, workload: Workload, adjoint: Adjoint): Promise<Tuning> {
  const options = optionsFor(workload, { adjoint });
  const memory = fileMemory(tuningFile());
  const { adjoint: fastest, plan } =
    rememberedTuning(gpu, options, memory, notice => console.error(`note: ${notice}`)) ??
    (
      await tune(gpu, options, workload.episodes, {
        memory,
        parameters: tensorsOf(layoutOf(defineSystem(workload.system)), workload.parameters),
        repeats: 3,
      })
    ).best;
  return { adjoint: fastest, plan };
}
