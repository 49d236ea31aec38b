import { expect, test } from 'vitest';
import { openNodeGpu } from '../../src/node/open.js';
import type { Checkpoint } from '../../src/run/checkpoint.js';
import { parseConfig } from '../../src/run/config.js';
import { learnerOf, train } from '../../src/run/train.js';
import { openWorld } from '../../src/run/worlds.js';
import { TINY } from '../cli/command.js';

const config = parseConfig(TINY, 'tiny');

/** Meta-trains on an adapter of its own; `loseAt` destroys the device after that meta-step. */
async function run(
  loseAt?: number,
  from?: Checkpoint,
): Promise<{ kept: Checkpoint[]; error?: string }> {
  const gpu = await openNodeGpu();
  const world = await openWorld(config, async () => new Uint8Array());
  const learner = await learnerOf(gpu, config, world);
  if (from) learner.restore(from.state);
  const kept: Checkpoint[] = [];
  const error = await train({
    config,
    learner,
    tasks: world.train,
    ...(from && { from: { metaStep: from.metaStep, seconds: 0 } }),
    onStep: ({ metaStep }) => {
      if (metaStep === loseAt) gpu.device.destroy();
    },
    onCheckpoint: checkpoint => {
      kept.push(checkpoint);
    },
  }).then(
    () => undefined,
    (e: Error) => e.message,
  );
  gpu.close();
  return { kept, error };
}

test('a run whose device is lost stops with a clear error, and goes on from its last checkpoint to the same numbers', async () => {
  const whole = await run();
  const lost = await run(5);
  expect(lost.error).toMatch(/^meta-step 6: .*device was lost.*resume from the last checkpoint/);
  expect(lost.kept.map(c => c.metaStep)).toEqual([2, 4]);
  const resumed = await run(undefined, lost.kept.at(-1));
  expect(resumed.kept.at(-1)).toEqual(whole.kept.at(-1));
});
