import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { evaluationSeed, parseConfig, validationSeed } from '../../src/config/config.js';
import { openWorld, type World } from '../../src/config/worlds.js';
import { evaluate } from '../../src/evaluation/evaluate.js';
import type { Gpu } from '../../src/gpu/device.js';
import { openNodeGpu } from '../../src/node/open.js';
import type { Checkpoint } from '../../src/runs/checkpoint.js';
import { bestOf, type LogLine } from '../../src/runs/log.js';
import { learnerOf, train } from '../../src/runs/train.js';
import { validationOf } from '../../src/runs/validation.js';
import { TINY } from '../cli/command.js';

// rates at which the validations of TINY go up and down
const meta = { ...TINY.meta, steps: 8, rates: { W: 0.05, B: 0.05, alpha: 0.01, beta: 0.05 } };
const WATCHED = { evaluateEvery: 1, evaluateTasks: 5 };
const configOf = (more: object) => parseConfig({ ...TINY, meta: { ...meta, ...more } }, 'tiny');

let gpu: Gpu;
let world: World;
beforeAll(async () => {
  gpu = await openNodeGpu();
  world = await openWorld(configOf({}));
});
afterAll(() => gpu.destroy());

interface Made {
  readonly log: LogLine[];
  readonly checkpoint: Checkpoint;
  readonly best?: Checkpoint;
  readonly bests: readonly number[];
}

/** Meta-trains, from what was made up to a checkpoint if that is given. */
async function run(more: object, from?: Pick<Made, 'log' | 'checkpoint'>): Promise<Made> {
  const config = configOf(more);
  const learner = await learnerOf(gpu, config, world);
  if (from) learner.restore(from.checkpoint.state);
  const log = [...(from?.log ?? [])];
  let checkpoint = from?.checkpoint;
  let best: Checkpoint | undefined;
  const bests: number[] = [];
  await train({
    config,
    learner,
    tasks: world.train,
    ...(from && { from: { metaStep: from.checkpoint.metaStep, seconds: 0 } }),
    validation: validationOf(config, learner, world, log),
    onStep: line => void log.push({ ...line, seconds: 0, taskStepsPerSecond: 0 }),
    onCheckpoint(kept, isBest) {
      checkpoint = kept;
      if (!isBest) return;
      best = kept;
      bests.push(kept.metaStep);
    },
  });
  learner.destroy();
  return { log, checkpoint: checkpoint!, bests, ...(best && { best }) };
}

/** A line without its validation. */
const blinded = (line: LogLine): LogLine =>
  Object.fromEntries(
    Object.entries(line).filter(([key]) => key !== 'validation'),
  ) as unknown as LogLine;

describe('a meta-training that is validated', () => {
  let whole: Made;
  beforeAll(async () => {
    whole = await run(WATCHED);
  });
  const losses = () => whole.log.map(line => line.validation!.medianLoss);

  test('tries the learner every so many meta-steps', async () => {
    const { log } = await run({ ...WATCHED, evaluateEvery: 3 });
    expect(log.filter(line => line.validation).map(line => line.metaStep)).toEqual([3, 6]);
    expect(log[2]!.validation).toEqual(whole.log[2]!.validation);
  });

  test('keeps a checkpoint of each validation that is better than all before', () => {
    const expected = losses().flatMap((loss, i) => {
      return losses()
        .slice(0, i)
        .every(before => loss < before)
        ? [i + 1]
        : [];
    });
    expect(whole.bests).toEqual(expected);
    expect(expected.length).toBeGreaterThan(1);
    expect(expected.at(-1)).toBeLessThan(8);
    expect(bestOf(whole.log)).toMatchObject({ metaStep: expected.at(-1) });
    expect(whole.best!.metaStep).toBe(expected.at(-1));
  });

  test('comes to the very numbers of one that is not, whose log lacks only the validations', async () => {
    const blind = await run({});
    expect(blind.checkpoint).toEqual(whole.checkpoint);
    expect(blind.log).toEqual(whole.log.map(blinded));
  });

  test('is told what evaluate tells of the same tasks', async () => {
    const config = configOf(WATCHED);
    const learner = await learnerOf(gpu, config, world);
    learner.restore(whole.checkpoint.state);
    const seed = validationSeed(config);
    const [found] = await evaluate(learner, world.tests, { tasks: 5, at: [0, 5], seed });
    expect(whole.log.at(-1)!.validation!.medianLoss).toBe(found!.rows[0]!.median.at(-1));
    learner.destroy();
  });

  test.each([1, 2, 3, 4, 5, 6, 7])('goes on from meta-step %i to the same end', async made => {
    const short = await run({ ...WATCHED, steps: made });
    expect(await run(WATCHED, short)).toMatchObject({
      log: whole.log,
      checkpoint: whole.checkpoint,
      bests: whole.bests.filter(step => step > made),
    });
  });

  test('ends when patience is at its end, and goes on with more as if it had had it', async () => {
    const impatient = await run({ ...WATCHED, patience: 1 });
    const end = losses().findIndex((loss, i) => i > 0 && loss >= Math.min(...losses().slice(0, i)));
    expect(impatient.log).toEqual(whole.log.slice(0, end + 1));
    expect(impatient.checkpoint.metaStep).toBe(end + 1);
    // more meta-steps alone do not lift it
    const same = await run({ ...WATCHED, patience: 1, steps: 20 }, impatient);
    expect(same.log).toEqual(impatient.log);
    expect(await run({ ...WATCHED, patience: 100 }, impatient)).toMatchObject({
      log: whole.log,
      checkpoint: whole.checkpoint,
    });
  });

  test('names the meta-step after which a validation fails', async () => {
    const config = configOf({ ...WATCHED, evaluateEvery: 2 });
    const learner = await learnerOf(gpu, config, world);
    const validation = validationOf(config, learner, world)!;
    learner.destroy();
    await expect(validation.after(2)).rejects.toThrow(/^validation after meta-step 2: /);
  });
});

test('a validation that the machine cannot hold is refused before meta-training', () => {
  const config = configOf({ evaluateEvery: 1, evaluateTasks: 2 ** 31 });
  expect(() => learnerOf(gpu, config, world)).toThrow(/^meta\.evaluateTasks: expected at most/);
});

test('no stream of tasks is that of another purpose', () => {
  const own = validationSeed(configOf({}));
  for (const seed of [undefined, own, own + 1, 3]) {
    const config = { ...configOf({}), evaluation: { ...configOf({}).evaluation, seed } };
    const all = [config.seed, evaluationSeed(config), validationSeed(config)];
    expect(all.slice(0, 2)).not.toContain(all[2]);
  }
});
