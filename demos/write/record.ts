import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { learnerOf, openWorld, parseConfig, train, type LogLine } from 'metaplastic';
import { openNodeGpu } from 'metaplastic/node';
import { EXAMPLES, FIRST } from './examples.js';
import { courseOf, unseenTask, type Course } from './life.js';
import type { Recorded, RecordedLine } from './recorded.js';
import { numbersOf, spreadsOf } from './spreads.js';
import { configOf, LEARNERS, readDrawings, rivalOf, type LearnerName } from './tasks.js';

const rounded = (key: string, x: unknown) =>
  typeof x === 'number' && key !== 'metaStep' ? Number(x.toPrecision(DIGITS)) : x;

const AT = fileURLToPath(new URL('./recorded/run.json', import.meta.url));
const STEPS = 600;
/** Every how many meta-steps a line of the logs is kept. */
const EVERY = 6;
const DIGITS = 3;

/**
 * Writes `recorded/run.json`: node demos/record.js write. Meta-trains the rule that the page begins
 * with, gradient descent and FLP’s rule, on sines (some minutes on two CPU cores); node
 * demos/record.js write descent: only this one, and keeps what was recorded of the others.
 */
export async function record(only?: LearnerName): Promise<void> {
  const gpu = await openNodeGpu();
  const config = parseConfig(
    configOf({
      rule: EXAMPLES[FIRST]!.rule,
      task: 'sine',
      activation: 'tanh',
      feedback: 'chained',
      width: 32,
      tasks: 32,
      steps: STEPS,
      seed: 0,
    }),
    'recorded',
  );
  const world = await openWorld(config, readDrawings);
  const unseen = unseenTask(config, world, 0);
  const logs: Partial<Record<LearnerName, RecordedLine[]>> = {};
  const courses: Partial<Record<LearnerName, Course>> = {};
  let spreads: Recorded['spreads'] = [];
  if (only) {
    const before = JSON.parse(readFileSync(AT, 'utf8')) as Recorded;
    Object.assign(logs, before.logs);
    Object.assign(courses, before.life.courses);
    spreads = before.spreads;
  }
  for (const name of LEARNERS) {
    if (only && only !== name) continue;
    const own = name === 'rule' ? config : parseConfig(rivalOf(config, name), name);
    const learner = await learnerOf(gpu, own, world);
    const born = await numbersOf(learner);
    const log: LogLine[] = [];
    await train({
      config: own,
      learner,
      tasks: world.train,
      onStep: line => log.push(line),
      onCheckpoint() {},
    });
    logs[name] = log
      .filter(({ metaStep }) => metaStep % EVERY === 0)
      .map(({ metaStep, medianLoss, taskStepsPerSecond, coefficients }) => ({
        metaStep,
        medianLoss,
        taskStepsPerSecond,
        ...(name === 'rule' && coefficients && { coefficients }),
      }));
    courses[name] = await courseOf(learner, unseen);
    if (name === 'rule')
      spreads = (await spreadsOf(learner, born)).map(one => ({
        name: one.name,
        born: [...one.born],
        now: [...one.now],
      }));
    console.log(name, log.at(-1)!.medianLoss, courses[name].scores);
    learner.destroy();
  }
  gpu.destroy();
  const results = { logs, life: { shown: unseen.shown, courses }, spreads };
  // a configuration is not rounded
  const recorded = { config, ...(JSON.parse(JSON.stringify(results, rounded)) as typeof results) };
  writeFileSync(AT, JSON.stringify(recorded));
}
