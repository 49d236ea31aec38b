import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MetaplasticError, type ErrorParts } from '../errors.js';
import { layoutOf } from '../parameters/layout.js';
import { openNodeGpu } from '../node/open.js';
import type { Learner } from '../learner/learner.js';
import { readCheckpoint } from '../runs/checkpoint.js';
import type { RunConfig } from '../config/config.js';
import { evaluate, nameOf } from '../evaluation/evaluate.js';
import { evaluationTable } from '../runs/log.js';
import { learnerOf, usableHere } from '../runs/train.js';
import type { World } from '../config/worlds.js';
import { defineSystem } from '../systems/system.js';
import { openWorldOn } from './data.js';
import { readPlain, writeWhole } from './disk.js';
import { DATA, dataFolder, oneOf, optionsHelp, parse } from './options.js';
import { describeAdapter, FILES, lockRun, readRun, shellWord, writeReport } from './run-folder.js';

const OPTIONS = { data: DATA };

export const HELP = `evaluates the last checkpoint of a run on unseen tasks

Usage: metaplastic eval RUN [--data DIR]

Prints a table for every set of unseen tasks, and renews evaluation.json and report.html in the run's folder, which
nobody else may work in meanwhile.

${optionsHelp(OPTIONS)}`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, OPTIONS);
  const folder = oneOf(positionals, 'eval', 'the folder of one run');
  const lock = lockRun(folder, 'eval');
  try {
    return await evaluateFolder(folder, dataFolder(values));
  } finally {
    lock.release();
  }
}

async function evaluateFolder(folder: string, data: string | undefined): Promise<number> {
  const found = readRun(folder);
  const path = join(folder, FILES.checkpoint);
  if (!existsSync(path))
    throw new MetaplasticError({
      where: path,
      expected: 'a checkpoint',
      got: 'none',
      hint: `make one with metaplastic train --resume ${shellWord(folder)}`,
    });
  const { system } = found;
  const layout = layoutOf(defineSystem(system));
  const checkpoint = readCheckpoint(readPlain(path), layout, path, system);
  const world = await openWorldOn(data, found);
  const gpu = await openNodeGpu();
  try {
    console.error(describeAdapter(gpu));
    const say = (notice: string) => console.error(`note: ${notice}`);
    const config = usableHere(gpu, found, world, say);
    const learner = await learnerOf(gpu, config, world, say);
    learner.restore(checkpoint.state);
    await evaluateRun(folder, config, learner, world);
    console.log(`report: ${writeReport(folder, found)}`);
    learner.destroy();
  } finally {
    gpu.destroy();
  }
  return 0;
}

/**
 * Evaluates after meta-training, whose results are kept and reported whatever comes of it. `anew`:
 * meta-steps were made, so that an evaluation that is there is of another checkpoint.
 *
 * @throws EvaluationError that says how to evaluate again.
 */
export async function evaluateTrained(
  folder: string,
  config: RunConfig,
  learner: Learner,
  world: World,
  anew: boolean,
): Promise<void> {
  try {
    if (anew) rmSync(join(folder, FILES.evaluation), { force: true });
    writeReport(folder, config);
    await evaluateRun(folder, config, learner, world);
  } catch (cause) {
    throw new EvaluationError({
      where: `evaluation of ${folder}`,
      problem: (cause as Error).message,
      hint: `all ${config.meta.steps} meta-steps are made and kept; evaluate again with: metaplastic eval ${shellWord(folder)}`,
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
): Promise<void> {
  const evaluations = await evaluate(learner, world.tests, {
    ...config.evaluation,
    seed: config.evaluation.seed ?? (config.seed + 0x5eed) >>> 0,
    name: nameOf(config.system),
  });
  // seen even where it cannot be kept
  console.log(evaluations.map(e => evaluationTable(e, world.train.batch)).join('\n'));
  writeWhole(join(folder, FILES.evaluation), `${JSON.stringify(evaluations)}\n`);
}
