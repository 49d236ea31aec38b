import { expect, test } from 'vitest';
import { parseConfig, type RunConfig } from '../../src/config/config.js';
import { evaluate } from '../../src/evaluation/evaluate.js';
import { evaluationTable, type LogLine, progressLine } from '../../src/runs/log.js';
import { learnerOf, train } from '../../src/runs/train.js';
import { openWorld, type World } from '../../src/config/worlds.js';
import { fewShotTasks } from '../../src/tasks/few-shot.js';
import { TINY } from '../cli/command.js';
import { useGpu } from '../kernels/open.js';
import { bankOf } from '../tasks/given.js';

const under = useGpu();

/** What a run of two meta-steps shows: its log, progress line and evaluations. */
async function shown(config: RunConfig, world: World) {
  const learner = await learnerOf(under.gpu, config, world);
  const log: LogLine[] = [];
  await train({
    config,
    learner,
    tasks: world.train,
    onStep: line => void log.push(line),
    onCheckpoint: () => {},
  });
  const evaluations = await evaluate(learner, world.tests, config.evaluation);
  learner.destroy();
  return { log, progress: progressLine(log, config.meta.steps), evaluations };
}

test('regression shows no accuracy anywhere', async () => {
  const config = parseConfig({ ...TINY, meta: { ...TINY.meta, steps: 2 } }, 'tiny');
  const world = await openWorld(config, async () => new Uint8Array());
  const { log, progress, evaluations } = await shown(config, world);
  for (const line of log) expect(line).not.toHaveProperty('accuracy');
  expect(progress).not.toContain('accuracy');
  expect(evaluations[0]!.metric).toBe('mean squared error');
});

test('few-shot tasks show their accuracy under a squared error too, also on each class', async () => {
  const bank = bankOf(6, 4);
  const shape = { ways: 3, shots: 2, queriesPerClass: 2, batch: 1, order: 'continual' } as const;
  const source = fewShotTasks({ bank, ...shape });
  const config = parseConfig(
    {
      ...TINY,
      task: {
        kind: 'few-shot',
        source: { format: 'idx', images: 'i', labels: 'l', testFraction: 0 },
        ...shape,
      },
      system: { sizes: [6, 4, 3], loss: 'squared-error' },
      meta: { ...TINY.meta, steps: 2 },
      evaluation: { tasks: 4, at: [0, 6] },
    },
    'tiny',
  );
  const world: World = { train: source, tests: [{ source, parts: 3 }], bank };
  const { log, progress, evaluations } = await shown(config, world);
  for (const { accuracy } of log) expect(accuracy).toSatisfy((a: number) => a >= 0 && a <= 1);
  expect(progress).toContain('accuracy');
  const [{ metric, rows, forgetting }] = evaluations as [(typeof evaluations)[number]];
  expect(metric).toBe('accuracy');
  for (const share of [...rows.flatMap(row => row.mean), ...forgetting!.parts.flat()])
    expect(share).toSatisfy((a: number) => a >= 0 && a <= 1);
  expect(evaluationTable(evaluations[0]!)).toContain('%');
});
