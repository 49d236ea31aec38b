import { parseArgs } from 'node:util';
import { MetaplasticError } from '../errors.js';
import { openNodeGpu } from '../node/open.js';
import { tune, type Trial } from '../learner/tune.js';
import { learnerOptions } from '../runs/train.js';
import { openWorld } from '../config/worlds.js';
import { dataReader } from './data.js';
import { wholeNumber } from './options.js';
import { describeAdapter, readConfig } from './run-folder.js';
import { describeTuning, fileMemory, tuningFile } from './tuned.js';

export const HELP = `measures which lanes, teams and adjoint make a meta-step fastest here, and remembers it

Usage: metaplastic tune CONFIG|PRESET [options]

  --data DIR     folder with real data (default: the variable METAPLASTIC_DATA)
  --repeats R    timed meta-gradients of each choice (default: 5)

What is remembered is used by train and plan, for the same shape on the same adapter, unless --no-tune or the variable
METAPLASTIC_TUNE=off says not to. A run writes it into its config.json, so that resuming it is as if uninterrupted.
It changes how fast a meta-step is, and its results only by rounding. Tune on an idle machine, and again after an update.`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { data: { type: 'string' }, repeats: { type: 'string', default: '5' } },
  });
  const [name] = positionals;
  if (!name || positionals.length > 1)
    throw new MetaplasticError({
      where: 'tune',
      expected: 'one CONFIG or PRESET',
      got: `${positionals.length}`,
      hint: 'see metaplastic tune --help',
    });
  const repeats = wholeNumber('--repeats', values.repeats);
  const config = readConfig(name);
  const { train, bank } = await openWorld(
    config,
    dataReader(values.data ?? process.env['METAPLASTIC_DATA']),
  );
  const gpu = await openNodeGpu();
  try {
    console.log(describeAdapter(gpu));
    const file = tuningFile();
    const options = learnerOptions(config, train, bank);
    const { own, best } = await tune(
      gpu,
      options,
      train.episodes(config.seed, 0, config.meta.tasks),
      { memory: fileMemory(file), repeats, onTrial: trial => console.log(describeTrial(trial)) },
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
