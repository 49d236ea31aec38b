import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { adam, fewShotTasks, Learner, readImages } from 'metaplastic';
import { openNodeGpu } from 'metaplastic/node';

// photographs/CLASS/NAME.png or .jpg; a zip file of it would do as well: await readFile('photographs.zip')
const root = process.argv[2] ?? 'photographs';
const folder = {
  paths: () => readdir(root, { recursive: true }),
  read: path => readFile(join(root, path)),
};
const images = await readImages(folder, { size: [14, 14], colour: 'grey' });
console.log(images.count, 'images of', images.classes, 'classes');

// half of the classes are never seen while meta-training
const half = Math.floor(images.classes / 2);
const all = images.names.map((_, c) => c);
const draw = { bank: images, ways: 2, shots: 3, queriesPerClass: 3, batch: 1 };
const known = fewShotTasks({ ...draw, classes: all.slice(0, half) });
const unseen = fewShotTasks({ ...draw, classes: all.slice(half) });

const gpu = await openNodeGpu();
const learner = await Learner.create(gpu, {
  system: { sizes: [14 * 14, 32, 2], loss: 'cross-entropy' },
  episode: known,
  tasks: 16,
  optimiser: adam({ rates: { W: 3e-3, B: 3e-3, alpha: 1e-3, beta: 3e-3 } }),
  initial: { feedback: 'kaiming', alpha: 1e-3 },
  clipPerTask: 5,
});
for (let m = 0; m < 100; m++) {
  const { accuracy } = await learner.step(known.episodes(0, 16 * m, 16));
  if (m % 20 === 0) console.log(m, accuracy.toFixed(3));
}
const { accuracies } = await learner.adapt(unseen.episodes(1, 0, 100));
const mean = accuracies.data.reduce((a, b) => a + b) / 100;
console.log('accuracy on unseen classes:', mean.toFixed(3));
learner.destroy();
gpu.destroy();
