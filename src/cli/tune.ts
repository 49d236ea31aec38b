import { openNodeGpu } from '../node/open.js';
import { option, whole } from '../options.js';
import { tune, type Trial } from '../learner/tune.js';
import { learnerOptions } from '../runs/train.js';
import { openWorld } from '../config/worlds.js';
import { dataReader } from './data.js';
import { DATA, dataFolder, oneOf, optionsHelp, parse } from './options.js';
import { describeAdapter, readConfig } from './run-folder.js';
import { describeTuning, fileMemory, tuningFile } from './tuned.js';

const OPTIONS = {
  data: DATA,
  repeats: {
    value: 'R',
    entry: option(whole(1), { about: 'Timed meta-gradients of each choice.' }, 5),
  },
};

export const HELP = `measures which lanes, teams and adjoint make a meta-step fastest here, and remembers it

Usage: metaplastic tune CONFIG|PRESET [options]

${optionsHelp(OPTIONS)}

What is remembered is used by train and plan, for the same shape on the same adapter, unless --no-tune or the variable
METAPLASTIC_TUNE=off says not to. A run writes it into its config.json, so that resuming it is as if uninterrupted.
It changes how fast a meta-step is, and its results only by rounding. Tune on an idle machine, and again after an update.`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, OPTIONS);
  const config = readConfig(oneOf(positionals, 'tune', 'one CONFIG or PRESET'));
  const { train, bank } = await openWorld(config, dataReader(dataFolder(values)));
  const gpu = await openNodeGpu();
  try {
    console.log(describeAdapter(gpu));
    const file = tuningFile();
    const options = learnerOptions(config, train, bank);
    const { own, best } = await tune(
      gpu,
      options,
      train.episodes(config.seed, 0, config.meta.tasks),
      {
        memory: fileMemory(file),
        repeats: values.repeats,
        onTrial: trial => console.log(describeTrial(trial)),
      },
    );
    console.log(
      best === own
        ? `nothing is faster than the plan's own choice, ${describeTuning(own)}`
        : `fastest: ${describeTuning(best)}, ${(own.seconds! / best.seconds!).toFixed(2)} × as fast as ${describeTuning(own)}`,
    );
    console.log(`remembered in ${file}`);
  } finally {
    gpu.destroy();
  }
  return 0;
}

const describeTrial = (trial: Trial): string =>
  `${trial.seconds === undefined ? 'refused'.padStart(11) : `${(1e3 * trial.seconds).toFixed(1).padStart(8)} ms`}  ${describeTuning(trial)}${trial.refused ? `: ${trial.refused}` : ''}`;
