import { describePlan, makePlan } from '../gpu/plan.js';
import { openNodeGpu } from '../node/open.js';
import { workOf } from '../learner/learner.js';
import { learnerOptions } from '../runs/train.js';
import { defineSystem } from '../systems/system.js';
import { openWorldOn } from './data.js';
import { DATA, dataFolder, oneOf, optionsHelp, parse } from './options.js';
import { describeAdapter, readConfig } from './run-folder.js';
import { NO_TUNE, tunedConfig } from './tuned.js';

const OPTIONS = { data: DATA, 'no-tune': NO_TUNE };

export const HELP = `prints how a meta-step would run: chunks, segments, lanes, memory, dispatches

Usage: metaplastic plan CONFIG|PRESET [options]

${optionsHelp(OPTIONS)}`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, OPTIONS);
  const given = readConfig(oneOf(positionals, 'plan', 'one CONFIG or PRESET'));
  const world = await openWorldOn(dataFolder(values), given);
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
