import { parseArgs } from 'node:util';
import { MetaplasticError } from '../errors.js';
import { describePlan, makePlan } from '../gpu/plan.js';
import { openNodeGpu } from '../node/open.js';
import { workOf } from '../outer/learner.js';
import { learnerOptions } from '../run/train.js';
import { openWorld } from '../run/worlds.js';
import { defineSystem } from '../systems/system.js';
import { dataReader, describeAdapter, readConfig } from './run-folder.js';

export const HELP = `prints how a meta-step would run: chunks, segments, lanes, memory, dispatches

Usage: metaplastic plan CONFIG|PRESET [--data DIR]

  --data DIR   folder with real data (default: the variable METAPLASTIC_DATA)`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { data: { type: 'string' } } });
  const [name] = positionals;
  if (!name || positionals.length > 1) throw new MetaplasticError('plan', `expected one CONFIG or PRESET, got ${positionals.length}`, 'see metaplastic plan --help');
  const config = readConfig(name);
  const { train, bank } = await openWorld(config, dataReader(values.data ?? process.env['METAPLASTIC_DATA']));
  const gpu = await openNodeGpu();
  try {
    console.log(describeAdapter(gpu));
    console.log(describePlan(makePlan(workOf(defineSystem(config.system), learnerOptions(config, train, bank)), gpu.machine, config.budget)));
  } finally {
    gpu.close();
  }
  return 0;
}
