import { interference, Learner, sineTasks } from 'metaplastic';
import { openNodeGpu } from 'metaplastic/node';

const gpu = await openNodeGpu();
const tasks = sineTasks({ steps: 20, queries: 8 });
const learner = await Learner.create(gpu, {
  system: { preset: 'feedback-alignment', sizes: [1, 16, 16, 1], loss: 'squared-error' },
  episode: tasks,
  tasks: 8,
});

// look at 64 lifetimes from inside, before, in the middle and at the end
const moments = [0, 10, 20];
const { metrics } = await learner.adapt(tasks.episodes(1, 0, 64), { moments, metrics: true });
const { layers, weightAngle } = metrics;

// (tasks, moments, layers): the median over tasks; NaN where a layer has no such thing
const median = (k, l) => {
  const values = Array.from({ length: 64 }, (_, i) => {
    return weightAngle.data[(i * moments.length + k) * layers.length + l];
  });
  return values.toSorted((a, b) => a - b)[32];
};
layers.forEach((layer, l) => {
  if (Number.isNaN(median(0, l))) return;
  const angles = moments.map((_, k) => `${median(k, l).toFixed(0)}°`);
  console.log(`layer ${layer}: angle of B and Wᵀ`, angles.join(' → '));
});

// what an update from one example does to the others
const { changes } = await interference(learner, tasks.episodes(2, 0, 16), 10);
const own = changes.data.filter((_, i) => (i % 64) % 9 === 0); // (tasks, 8, 8): the diagonals
console.log('an example helps itself by', (-own.reduce((a, b) => a + b) / own.length).toFixed(4));
learner.destroy();
gpu.destroy();
