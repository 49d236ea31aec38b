import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MetaplasticError, type ErrorParts } from '../errors.js';
import { openNodeGpu } from '../node/open.js';
import type { Learner } from '../learner/learner.js';
import { evaluationSeed, type RunConfig } from '../config/config.js';
import { evaluate, nameOf } from '../evaluation/evaluate.js';
import { evaluationTable } from '../runs/log.js';
import { learnerOf, usableHere } from '../runs/train.js';
import type { World } from '../config/worlds.js';
import { openWorldOn } from './data.js';
import { writeWhole } from './disk.js';
import { flag, option } from '../options.js';
import { DATA, dataFolder, oneOf, optionsHelp, parse } from './options.js';
import {
  describeAdapter,
  FILES,
  lockRun,
  readCheckpointAt,
  readRun,
  shellWord,
  writeReport,
} from './run-folder.js';

const OPTIONS = {
  best: {
    entry: option(flag, {
      about: 'Evaluates best.safetensors, the checkpoint of the best validation, instead.',
    }),
  },
  data: DATA,
};

export const HELP = `evaluates the last checkpoint of a run on unseen tasks, or its best one

Usage: metaplastic eval RUN [--best] [--data DIR]

Prints a table for every set of unseen tasks, and renews evaluation.json and report.html in the run's folder, which
nobody else may work in meanwhile.

${optionsHelp(OPTIONS)}`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, OPTIONS);
  const folder = oneOf(positionals, 'eval', 'the folder of one run');
  const lock = lockRun(folder, 'eval');
  try {
    return await evaluateFolder(folder, values.best ? 'best' : 'checkpoint', dataFolder(values));
  } finally {
    lock.release();
  }
}

async function evaluateFolder(
  folder: string,
  which: 'checkpoint' | 'best',
  data: string | undefined,
): Promise<number> {
  const found = readRun(folder);
  const path = join(folder, FILES[which]);
  if (!existsSync(path))
    throw new MetaplasticError({
      where: path,
      expected: 'a checkpoint',
      got: 'none',
      hint:
        which === 'best' && found.meta.evaluateEvery === undefined
          ? 'a run keeps its best one if its configuration has meta.evaluateEvery'
          : `make one with metaplastic train --resume ${shellWord(folder)}`,
    });
  const checkpoint = readCheckpointAt(path, found.system);
  const world = await openWorldOn(data, found);
  const gpu = await openNodeGpu();
  try {
    console.error(describeAdapter(gpu));
    const say = (notice: string) => console.error(`note: ${notice}`);
    const config = usableHere(gpu, found, world, say);
    const learner = await learnerOf(gpu, config, world, say);
    learner.restore(checkpoint.state);
    say(`this evaluates ${FILES[which]}, of meta-step ${checkpoint.metaStep}`);
    await evaluateRun(folder, config, learner, world, checkpoint.metaStep);
    console.log(`report: ${writeReport(folder, found)}`);
    learner.destroy();
  } finally {
    gpu.destroy();
  }
  return 0;
}

/**
 * Evaluates after meta-training of so many meta-steps, whose results are kept and reported whatever
 * comes of it. `anew`: meta-steps were made, so that an evaluation that is there is of another
 * checkpoint.
 *
 * @throws EvaluationError that says how to evaluate again.
 */
export async function evaluateTrained(
  folder: string,
  config: RunConfig,
  learner: Learner,
  world: World,
  metaStep: number,
  anew: boolean,
): Promise<void> {
  try {
    if (anew) rmSync(join(folder, FILES.evaluation), { force: true });
    writeReport(folder, config);
    await evaluateRun(folder, config, learner, world, metaStep);
  } catch (cause) {
    throw new EvaluationError({
      where: `evaluation of ${folder}`,
      problem: (cause as Error).message,
      hint: `all ${metaStep} meta-steps are made and kept; evaluate again with: metaplastic eval ${shellWord(folder)}`,
      cause,
    });
  }
}

/** An evaluation failed after a meta-training that did not. */
export class EvaluationError extends MetaplasticError {
  constructor(parts: ErrorParts) {
    super(parts);
    this.name = 'EvaluationError';
  }
}

/** Evaluates, prints the tables, and keeps them in the run's folder, which is locked. */
async function evaluateRun(
  folder: string,
  config: RunConfig,
  learner: Learner,
  world: World,
  metaStep: number,
): Promise<void> {
  const found = await evaluate(learner, world.tests, {
    ...config.evaluation,
    seed: evaluationSeed(config),
    name: nameOf(config.system),
  });
  const evaluations = found.map(evaluation => ({ ...evaluation, metaStep }));
  // seen even where it cannot be kept
  console.log(evaluations.map(e => evaluationTable(e, world.train.batch)).join('\n'));
  writeWhole(join(folder, FILES.evaluation), `${JSON.stringify(evaluations)}\n`);
}
