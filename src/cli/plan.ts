import { parseArgs } from 'node:util';
import { MetaplasticError } from '../errors.js';
import { describePlan, makePlan } from '../gpu/plan.js';
import { openNodeGpu } from '../node/open.js';
import { workOf } from '../learner/learner.js';
import { learnerOptions } from '../runs/train.js';
import { defineSystem } from '../systems/system.js';
import { openWorldOn } from './data.js';
import { describeAdapter, readConfig } from './run-folder.js';
import { tunedConfig } from './tuned.js';

export const HELP = `prints how a meta-step would run: chunks, segments, lanes, memory, dispatches

Usage: metaplastic plan CONFIG|PRESET [--data DIR] [--no-tune]

  --data DIR   folder with real data (default: the variable METAPLASTIC_DATA)
  --no-tune    does not use what metaplastic tune has remembered`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { data: { type: 'string' }, 'no-tune': { type: 'boolean' } },
  });
  const [name] = positionals;
  if (!name || positionals.length > 1)
    throw new MetaplasticError({
      where: 'plan',
      expected: 'one CONFIG or PRESET',
      got: `${positionals.length}`,
      hint: 'see metaplastic plan --help',
    });
  const given = readConfig(name);
  const world = await openWorldOn(values.data ?? process.env['METAPLASTIC_DATA'], given);
  const gpu = await openNodeGpu();
  try {
    console.log(describeAdapter(gpu));
    const config = tunedConfig(gpu, given, world, values['no-tune']);
    console.log(
      describePlan(
        makePlan(
          workOf(defineSystem(config.system), learnerOptions(config, world.train, world.bank)),
          gpu.machine,
          config.budget,
          config.plan,
        ),
      ),
    );
  } finally {
    gpu.destroy();
  }
  return 0;
}
