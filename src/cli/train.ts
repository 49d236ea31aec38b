import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MetaplasticError } from '../errors.js';
import type { Gpu } from '../gpu/device.js';
import { openNodeGpu } from '../node/open.js';
import { parseConfig, type RunConfig } from '../run/config.js';
import { readCheckpoint, writeCheckpoint } from '../run/checkpoint.js';
import { formatLogLine, progressLine, type LogLine } from '../run/log.js';
import { learnerOf, train } from '../run/train.js';
import type { World } from '../run/worlds.js';
import { EvaluationError, evaluateTrained } from './eval.js';
import { openWorldOn } from './data.js';
import {
  describeAdapter,
  environmentOf,
  FILES,
  newFolder,
  readConfig,
  readLog,
  readRun,
  writeReport,
  writeWhole,
} from './run-folder.js';
import { tunedConfig } from './tuned.js';

export const HELP = `meta-trains a system and evaluates it on unseen tasks

Usage: metaplastic train CONFIG|PRESET [options]
       metaplastic train --resume RUN

CONFIG is a JSON file; presets are listed in the README.

  --seed N         seed of tasks and initial meta-parameters
  --meta-steps N   number of meta-steps
  --out DIR        folder for the run (default: runs/NAME)
  --data DIR       folder with real data (default: the variable METAPLASTIC_DATA)
  --resume RUN     goes on with a run from its last checkpoint
  --no-tune        does not use what metaplastic tune has remembered

Ctrl-C finishes the meta-step, saves, and says how to go on. A run leaves config.json, env.json, log.jsonl,
checkpoint.safetensors, evaluation.json and report.html in its folder.`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      seed: { type: 'string' },
      'meta-steps': { type: 'string' },
      out: { type: 'string' },
      data: { type: 'string' },
      resume: { type: 'string' },
      'no-tune': { type: 'boolean' },
    },
  });
  if ((positionals.length === 1) === (values.resume !== undefined))
    throw new MetaplasticError({
      where: 'train',
      expected: 'one CONFIG or PRESET, or --resume RUN',
      got: `${positionals.length} and ${values.resume ? '--resume' : 'no --resume'}`,
      hint: 'see metaplastic train --help',
    });
  const config = override(
    values.resume ? readRun(values.resume) : readConfig(positionals[0]!),
    values,
  );
  const folder = values.resume ?? newFolder(values.out, config.name);
  return meta(config, folder, {
    resumed: values.resume !== undefined,
    untuned: values['no-tune'],
    data: values.data ?? process.env['METAPLASTIC_DATA'],
  });
}

function override(
  config: RunConfig,
  { seed, 'meta-steps': steps }: { seed?: string; 'meta-steps'?: string },
): RunConfig {
  const changed = {
    ...config,
    ...(seed !== undefined && { seed: Number(seed) }),
    meta: { ...config.meta, ...(steps !== undefined && { steps: Number(steps) }) },
  };
  return parseConfig(changed, 'train');
}

/** Meta-trains in `folder` on an adapter of its own. */
async function meta(
  config: RunConfig,
  folder: string,
  { resumed, untuned, data }: { resumed: boolean; untuned?: boolean; data?: string },
): Promise<number> {
  const world = await openWorldOn(data, config);
  const gpu = await openNodeGpu();
  try {
    console.error(describeAdapter(gpu));
    const made = await trainIn(
      folder,
      gpu,
      resumed ? config : tunedConfig(gpu, config, world, untuned),
      world,
      resumed,
    );
    if (made < config.meta.steps) {
      console.error(
        `stopped after meta-step ${made} of ${config.meta.steps}; go on with: metaplastic train --resume ${folder}`,
      );
      return 130;
    }
    console.log(`report: ${join(folder, FILES.report)}`);
    return 0;
  } catch (error) {
    if (!(error instanceof EvaluationError) && existsSync(join(folder, FILES.checkpoint)))
      console.error(
        `the last checkpoint is kept; go on from it with: metaplastic train --resume ${folder}`,
      );
    throw error;
  } finally {
    gpu.close();
  }
}

/**
 * Meta-trains in `folder`, from its checkpoint if it is resumed; then evaluates and reports, unless
 * Ctrl-C stopped it. Returns the meta-steps made.
 */
export async function trainIn(
  folder: string,
  gpu: Gpu,
  config: RunConfig,
  world: World,
  resumed: boolean,
): Promise<number> {
  const learner = await learnerOf(gpu, config, world, notice => console.error(`note: ${notice}`));
  const path = (file: keyof typeof FILES) => join(folder, FILES[file]);
  let log: LogLine[] = [];
  let metaStep = 0;
  if (resumed && existsSync(path('checkpoint'))) {
    const checkpoint = readCheckpoint(
      readFileSync(path('checkpoint')),
      learner.layout,
      path('checkpoint'),
    );
    learner.restore(checkpoint.state);
    metaStep = checkpoint.metaStep;
    // what came after the checkpoint is lived again
    log = readLog(folder).filter(line => line.metaStep <= metaStep);
  }
  writeWhole(path('config'), `${JSON.stringify(config, null, 2)}\n`);
  writeWhole(path('environment'), `${JSON.stringify(environmentOf(gpu, config), null, 2)}\n`);
  writeWhole(path('log'), log.map(formatLogLine).join(''));

  let interrupted = false;
  const interrupt = () => {
    if (interrupted) process.exit(130); // a second Ctrl-C does not wait
    interrupted = true;
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const progress = makeProgress(config.meta.steps);
  const made = await train({
    config,
    learner,
    tasks: world.train,
    from: { metaStep, seconds: log.at(-1)?.seconds ?? 0 },
    stopped: () => interrupted,
    onStep(line) {
      log.push(line);
      appendFileSync(path('log'), formatLogLine(line));
      progress.show(log);
    },
    onCheckpoint: checkpoint =>
      writeWhole(path('checkpoint'), writeCheckpoint(checkpoint, learner.layout)),
  }).finally(() => progress.end());
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  if (made === config.meta.steps) {
    await evaluateTrained(folder, config, learner, world, made > metaStep);
    writeReport(folder, config);
  }
  learner.destroy();
  return made;
}

/** A line that is rewritten in place on a terminal; elsewhere a line now and then. */
function makeProgress(metaSteps: number): { show(log: readonly LogLine[]): void; end(): void } {
  const { stderr } = process;
  let shown = 0;
  let open = false;
  return {
    show(log) {
      const now = performance.now();
      const last = log.at(-1)!.metaStep === metaSteps;
      if (!last && now - shown < (stderr.isTTY ? 100 : 10_000)) return;
      shown = now;
      open = stderr.isTTY;
      stderr.write(
        stderr.isTTY
          ? `\r\x1b[K${progressLine(log, metaSteps)}`
          : `${progressLine(log, metaSteps)}\n`,
      );
    },
    end() {
      if (open) stderr.write('\n');
    },
  };
}
