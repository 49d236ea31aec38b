import { parseArgs } from 'node:util';
import { MetaplasticError } from '../errors.js';
import { ADJOINTS, type Adjoint } from '../gpu/plan.js';
import { openNodeGpu } from '../node/open.js';
import { benchFlp, describeBench } from '../run/bench.js';
import { describeAdapter } from './run-folder.js';

export const HELP = `times the meta-gradient of a fixed workload on this machine's adapter

Usage: metaplastic bench flp-sine [options]

flp-sine is FLP on sine regression, network [1, H, H, 1], 10 queries, gradient of every meta-parameter; the same
seeded numbers as the workload flp that peers in other libraries run.

  --tasks N       lifetimes of a meta-step              (default: the variable N, else 64)
  --steps T       inner steps of a lifetime             (T, else 20)
  --width H       neurons of each hidden layer          (H, else 64)
  --batch B       samples of an inner step              (BATCH, else 1)
  --repeats R     timed meta-gradients after the first  (STEPS, else 5)
  --adjoint A     ${ADJOINTS.join(', ')}            (reverse)
  --lanes L       lanes that work on a task, a power of two
  --teams K       tasks that share a workgroup
  --json          one line of JSON, as the peers print it`;

const WORKLOADS = ['flp-sine'];
const number = { type: 'string' } as const;

export async function run(args: string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  const { values, positionals } = parseArgs({
    args, allowPositionals: true,
    options: { tasks: number, steps: number, width: number, batch: number, repeats: number, adjoint: { type: 'string', default: 'reverse' }, lanes: number, teams: number, json: { type: 'boolean' } },
  });
  const [workload] = positionals;
  if (positionals.length !== 1 || !WORKLOADS.includes(workload!)) throw new MetaplasticError('bench', `expected one workload, got ${positionals.join(' ') || 'none'}`, `known: ${WORKLOADS.join(', ')}`);
  if (env['WORKLOAD'] && env['WORKLOAD'] !== 'flp') throw new MetaplasticError('bench', `expected the variable WORKLOAD to be flp, the peers' name of ${workload}, got ${JSON.stringify(env['WORKLOAD'])}`);
  if (!ADJOINTS.includes(values.adjoint as Adjoint)) throw new MetaplasticError('--adjoint', `unknown choice ${JSON.stringify(values.adjoint)}`, `known: ${ADJOINTS.join(', ')}`);

  const given = (flag: 'lanes' | 'teams') => values[flag] === undefined ? undefined : whole(`--${flag}`, values[flag]);
  const size = (flag: 'tasks' | 'steps' | 'width' | 'batch' | 'repeats', variable: string, byDefault: number) =>
    values[flag] !== undefined ? whole(`--${flag}`, values[flag]) : env[variable] ? whole(`variable ${variable}`, env[variable]) : byDefault;
  const options = {
    tasks: size('tasks', 'N', 64), steps: size('steps', 'T', 20), width: size('width', 'H', 64), batch: size('batch', 'BATCH', 1), repeats: size('repeats', 'STEPS', 5),
    adjoint: values.adjoint as Adjoint, plan: { lanes: given('lanes'), teams: given('teams') }, onNotice: (notice: string) => console.error(notice),
  };

  const gpu = await openNodeGpu();
  try {
    const result = await benchFlp(gpu, options);
    console.log(values.json ? JSON.stringify(result.line) : `${describeAdapter(gpu)}\n${describeBench(result)}`);
  } finally {
    gpu.close();
  }
  return 0;
}

function whole(where: string, text: string): number {
  const n = Number(text);
  if (!/^\d+$/.test(text) || n < 1) throw new MetaplasticError(where, `expected a whole number ≥ 1, got ${JSON.stringify(text)}`);
  return n;
}
