import { writeFile, readFile } from 'node:fs/promises';
import { Learner, readCheckpoint, sineTasks, writeCheckpoint } from 'metaplastic';
import { openNodeGpu } from 'metaplastic/node';

const gpu = await openNodeGpu();
const ten = sineTasks({ steps: 10, queries: 10 });
const options = { system: { sizes: [1, 16, 16, 1] }, episode: ten, tasks: 8, clipPerTask: 5 };
const learner = await Learner.create(gpu, options);
for (let m = 0; m < 20; m++) await learner.step(ten.episodes(0, 8 * m, 8));

// a life goes on: the same four networks see ten examples, then ten more
const first = await learner.adapt(ten.episodes(1, 0, 4));
const second = await learner.adapt(ten.episodes(1, 4, 4), { from: first, moments: [0, 10] });
console.log('networks', second.losses.shape[0], 'asked', second.losses.shape[1], 'times');
console.log('fast weights of the first network:', second.finalWeights[0].W1.shape.join(' × '));

// meta-training goes on: what the next meta-step depends on, as a file
const path = process.argv[2] ?? 'learner.safetensors';
const saved = writeCheckpoint({ metaStep: 20, state: await learner.state() }, learner.layout);
await writeFile(path, saved);

const again = await Learner.create(gpu, options);
again.restore(readCheckpoint(await readFile(path), again.layout, path).state);
const [a, b] = [
  await learner.step(ten.episodes(0, 160, 8)),
  await again.step(ten.episodes(0, 160, 8)),
];
console.log('the next meta-step is the same to the bit:', a.loss === b.loss);
learner.destroy();
again.destroy();
gpu.destroy();
