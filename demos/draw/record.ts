import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writeSafetensors, type Gpu } from 'metaplastic';
import { openNodeGpu } from 'metaplastic/node';
import { makeLearners, TRAINED, type Learners, type Trained } from './learners.js';
import { EPISODE, live } from './lesson.js';
import { lessonOf } from './lessons.js';
import { examine, metaTrain, pictureTasks, symbolTasks, type InEveryOrder } from './training.js';

const at = (name: string) => fileURLToPath(new URL(`./recorded/${name}`, import.meta.url));

/**
 * Makes `recorded/` anew. node demos/record.js draw: meta-trains both networks (about half an hour
 * on two CPU cores), then examines them and lives a lesson; node demos/record.js draw lesson: only
 * that, with the networks that are there; node demos/record.js draw plasticity: only this network.
 */
export async function record(what?: Trained | 'lesson'): Promise<void> {
  const gpu = await openNodeGpu();
  for (const name of Object.keys(TRAINED) as Trained[])
    if (!what || what === name) await recordNetwork(gpu, name);
  if (!what || what === 'lesson') await recordLesson(gpu);
  gpu.destroy();
}

async function recordNetwork(gpu: Gpu, name: Trained): Promise<void> {
  const { steps } = TRAINED[name];
  const learner = await metaTrain(gpu, name, (m, accuracy) =>
    console.log(`${name}: meta-step ${m} of ${steps}, accuracy ${(100 * accuracy).toFixed(1)} %`),
  );
  const parameters = await learner.parameters();
  writeFileSync(
    at(`${name}.safetensors`),
    writeSafetensors(
      Object.entries(parameters).map(([name, tensor]) => ({ name, ...tensor })),
      { format: 'metaplastic', metaSteps: String(steps) },
    ),
  );
  learner.destroy();
}

/**
 * The lesson that the page shows before anybody draws, and how the learners do on made-up symbols
 * and on pictures that they never saw.
 */
async function recordLesson(gpu: Gpu): Promise<void> {
  const files = {
    plasticity: readFileSync(at('plasticity.safetensors')),
    maml: readFileSync(at('maml.safetensors')),
  };
  const each = async <T>(
    learners: Learners,
    of: (learner: Learners[keyof Learners]) => Promise<T>,
  ) => {
    const found: Record<string, T> = {};
    for (const [name, learner] of Object.entries(learners)) found[name] = await of(learner);
    for (const learner of Object.values(learners)) learner.destroy();
    return found as Readonly<Record<keyof Learners, T>>;
  };
  const examined = async (tasks: InEveryOrder) =>
    each(await makeLearners(gpu, files, tasks.mixed), learner => examine(learner, tasks));
  const lesson = lessonOf('pictures', 3, 1);
  const courses = await each(await makeLearners(gpu, files, EPISODE), learner =>
    live(learner, lesson),
  );
  const results = {
    symbols: await examined(symbolTasks().test),
    pictures: await examined(pictureTasks()),
  };
  console.log(JSON.stringify(results, undefined, 2));
  writeFileSync(
    at('lesson.json'),
    JSON.stringify({ ...lesson, courses, examined: results }, (_, x: unknown) =>
      typeof x === 'number' ? Number(x.toPrecision(4)) : x,
    ),
  );
}
