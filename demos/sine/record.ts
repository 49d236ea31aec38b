import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { learnerOf, openWorld, readRun, writeRun, RUN_FILES, sineTasks } from 'metaplastic';
import { openNodeGpu } from 'metaplastic/node';
import { descentOf, live, UNSEEN } from './life.js';

/** Every how many meta-steps a line of the log is kept. */
const EVERY = 4;

/**
 * Writes `recorded/` from the folder of a run of the preset flp-sine:
 * metaplastic train flp-sine --out RUN && node demos/record.js sine RUN
 */
export async function record(folder: string): Promise<void> {
  const files = Object.fromEntries(
    Object.values(RUN_FILES).map(name => [name, new Uint8Array(readFileSync(join(folder, name)))]),
  );
  const run = readRun(files, folder);
  const write = (name: string, content: string | Uint8Array) =>
    writeFileSync(fileURLToPath(new URL(`./recorded/${name}`, import.meta.url)), content);
  write(
    'flp-sine.zip',
    writeRun({ ...run, log: run.log.filter(({ metaStep }) => metaStep % EVERY === 0) }),
  );

  const gpu = await openNodeGpu();
  const world = await openWorld(run.config, () => Promise.reject(new Error('no data')));
  const learner = await learnerOf(gpu, run.config, world);
  const descent = await descentOf(gpu, learner, world.train.steps);
  learner.restore(run.checkpoint.state);
  const { supportX, supportY } = sineTasks({ steps: 20, queries: 1 }).episodes(UNSEEN, 0, 1);
  const life = await live(learner, descent, { x: [...supportX], y: [...supportY] }, 0.01);
  write(
    'life.json',
    JSON.stringify(life, (_, x: unknown) => (typeof x === 'number' ? Number(x.toPrecision(4)) : x)),
  );
  console.log(
    `mean squared error after 0 and 20 examples: plasticity ${life.plastic.errors[0]}, ${life.plastic.errors[20]}; gradient descent ${life.descent.errors[0]}, ${life.descent.errors[20]}`,
  );
  learner.destroy();
  descent.destroy();
  gpu.destroy();
}
