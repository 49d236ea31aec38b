import { defineSystem } from '../systems/system.js';
import { layoutOf, tensorsOf } from '../parameters/layout.js';
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { PATIENT, QUICK } from '../bench/clock.js';
import { benchGradient, describeGradient, optionsFor } from '../bench/meta-gradient.js';
import { describeReport, runBench, type BenchReport } from '../bench/report.js';
import { drawRoofline } from '../bench/roofline.js';
import { flpWorkload, poolWorkload, type Workload } from '../bench/workloads.js';
import { MetaplasticError } from '../errors.js';
import { flag, inWords, option, text, unknownName, whole } from '../options.js';
import type { Gpu } from '../gpu/device.js';
import { ADJOINT, PLAN, type Adjoint } from '../gpu/options.js';
import { openNodeGpu } from '../node/open.js';
import type { WrittenRule } from '../rules/rule.js';
import { rememberedTuning, tune, type Tuning } from '../learner/tune.js';
import { likewise, oneOf, optionsHelp, parse, read } from './options.js';
import { ruleNamed } from './rule.js';
import { describeAdapter, environmentOf } from './run-folder.js';
import { fileMemory, tuningFile } from './tuned.js';

const VARIABLES = { tasks: 'N', steps: 'T', width: 'H', batch: 'BATCH', repeats: 'STEPS' } as const;
type Size = keyof typeof VARIABLES;

/**
 * What peers call a workload, what it is unless something else is said, and how it is made; sizes
 * without a default it does not have.
 */
interface Known {
  readonly peers: string;
  readonly byDefault: { readonly adjoint: Adjoint } & Readonly<Partial<Record<Size, number>>>;
  make(size: (name: Size) => number, rule?: WrittenRule): Workload;
  /** May it have another rule than its own? */
  readonly takesRule?: true;
}

const WORKLOADS: Readonly<Record<string, Known>> = {
  'flp-sine': {
    peers: 'flp',
    byDefault: { adjoint: 'reverse', tasks: 64, steps: 20, width: 64, batch: 1, repeats: 5 },
    takesRule: true,
    make: (size, rule) =>
      flpWorkload({
        tasks: size('tasks'),
        steps: size('steps'),
        width: size('width'),
        batch: size('batch'),
        rule,
      }),
  },
  pool: {
    peers: 'pool',
    byDefault: { adjoint: 'store', tasks: 4, steps: 50, repeats: 5 },
    make: size => poolWorkload({ tasks: size('tasks'), steps: size('steps') }),
  },
};

/** A size of a workload: what it is, and what it is where nothing else is said. */
const size = (value: string, name: Size, about: string) => {
  const known = Object.entries(WORKLOADS).flatMap(([workload, { byDefault }]) =>
    byDefault[name] === undefined ? [] : `${byDefault[name]} (${workload})`,
  );
  const otherwise = `the variable ${VARIABLES[name]}, else ${known.join(', ')}`;
  return { value, entry: option(whole(1), { about, otherwise }) };
};
const adjoints = Object.entries(WORKLOADS).map(
  ([workload, { byDefault }]) => `${byDefault.adjoint} (${workload})`,
);

const OF_ALL = {
  json: {
    entry: option(flag, { about: 'One line of JSON, of a workload as the peers print it.' }),
  },
};
const OF_REPORT = {
  quick: { entry: option(flag, { about: 'Less patient: shorter batches, fewer repetitions.' }) },
  svg: {
    value: 'FILE',
    entry: option(text, { about: 'Also draws the kernels under the adapter’s roofs.' }),
  },
};
const OF_SIZES = {
  tasks: size('N', 'tasks', 'Lifetimes of a meta-step.'),
  steps: size('T', 'steps', 'Inner steps of a lifetime.'),
  width: size('H', 'width', 'Neurons of each hidden layer.'),
  batch: size('B', 'batch', 'Samples of an inner step.'),
};
const OF_WORKLOAD = {
  ...OF_SIZES,
  rule: {
    value: 'FILE',
    entry: option(text, {
      about:
        'A rule of your own in the place of flp-sine’s, by its file or the name of a preset; its adjoint is then store, unless it can be undone.',
    }),
  },
  repeats: size('R', 'repeats', 'Timed meta-gradients after the first.'),
  adjoint: { value: 'A', entry: likewise(ADJOINT, adjoints.join(', ')) },
  lanes: { value: 'L', entry: PLAN.entries.lanes },
  teams: { value: 'K', entry: PLAN.entries.teams },
  tune: {
    entry: option(flag, {
      about:
        'Takes the fastest lanes, teams and adjoint, as metaplastic tune does: remembered, else measured first.',
    }),
  },
};

export const HELP = `measures this machine's adapter and every kernel on it, or times one workload

Usage: metaplastic bench [--quick] [--json] [--svg FILE]
       metaplastic bench flp-sine|pool [options]
       metaplastic bench rule FILE [--tasks N] [--steps T] [--width H] [--batch B] [--quick] [--json] [--svg FILE]

Without a workload: what the adapter gives at most (arithmetic, storage, workgroup memory) and what asking it costs (dispatch,
submit, barrier, read-back); every kernel in GFLOP/s, GB/s and per cent of that; meta-steps over N, T and H.

${optionsHelp({ ...OF_REPORT, ...OF_ALL })}

With one: the meta-gradient of the same seeded numbers that peers in other libraries run as flp and pool. flp-sine is FLP on
sine regression, network [1, H, H, 1], 10 queries; pool the ten-term plasticity pool, 784-170-130-100-70-47, 50 queries.

${optionsHelp({ ...OF_WORKLOAD, ...OF_ALL })}

With a rule: what the adapter gives, and every kernel of flp-sine with that rule, by its file or the name of a preset.`;

export async function run(args: string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  const { positionals } = parse(args, { ...OF_ALL, ...OF_REPORT, ...OF_WORKLOAD });
  if (positionals.length === 0) return report(args);
  const [name] = positionals;
  if (name === 'rule') return ruleReport(args, env);
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
  const { values } = parse(args, { ...OF_ALL, ...OF_REPORT });
  return measure(values, {});
}

/** Ceilings, and the kernels of a rule. */
async function ruleReport(args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { values, positionals } = parse(args, { ...OF_ALL, ...OF_REPORT, ...OF_SIZES });
  const rule = ruleNamed(oneOf(positionals.slice(1), 'bench rule', 'one FILE or PRESET'));
  const { make, byDefault } = WORKLOADS['flp-sine']!;
  const workload = make(sizesOf(values, byDefault, env), rule);
  return measure(values, { workloads: [workload], sizes: null });
}

/** What is asked of `runBench`, told as the options say. */
async function measure(
  values: { readonly quick?: boolean; readonly svg?: string; readonly json?: boolean },
  what: Pick<Parameters<typeof runBench>[1] & object, 'workloads' | 'sizes'>,
): Promise<number> {
  const gpu = await openNodeGpu();
  try {
    console.error(describeAdapter(gpu));
    const { metaplastic, webgpu, node, system, processors } = environmentOf(gpu, { seed: 0 });
    const about = `metaplastic ${metaplastic}, webgpu ${webgpu}, node ${node}, ${system}, ${processors}, load ${loadavg()[0]!.toFixed(1)} before`;
    const measured: BenchReport = {
      system: about,
      ...(await runBench(gpu, {
        ...what,
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
  { peers, byDefault, make, takesRule }: Known,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const { values } = parse(args, { ...OF_ALL, ...OF_WORKLOAD });
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
  if (values.rule !== undefined && !takesRule)
    throw new MetaplasticError({
      where: '--rule',
      expected: 'a workload whose rule may be another',
      got: name,
      hint: 'leave it out',
    });
  const rule = values.rule === undefined ? undefined : ruleNamed(values.rule);
  const standard = rule && !rule.undoable ? 'store' : byDefault.adjoint;
  const { adjoint = standard, lanes, teams } = values;
  if (values.tune && (values.adjoint ?? lanes ?? teams) !== undefined)
    throw new MetaplasticError({
      where: '--tune',
      expected: 'none of --adjoint, --lanes and --teams with it',
      got: 'both',
      hint: 'leave one out',
    });
  const sizeOf = sizesOf(values, byDefault, env);
  const workload = make(sizeOf, rule);
  const repeats = sizeOf('repeats');
  const chosen: Tuning = { adjoint, plan: { lanes, teams } };

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

/** A size that is given, else that of its variable, else the workload's own. */
const sizesOf =
  (
    values: Readonly<Partial<Record<Size, number>>>,
    byDefault: Known['byDefault'],
    env: NodeJS.ProcessEnv,
  ) =>
  (key: Size): number => {
    const variable = VARIABLES[key];
    const { [variable]: said } = env;
    if (values[key] !== undefined || !said) return values[key] ?? byDefault[key]!;
    return read(whole(1), said, `variable ${variable}`);
  };

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
