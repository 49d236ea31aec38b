import { adam, defineTasks, Learner } from 'metaplastic';
import { openNodeGpu } from 'metaplastic/node';

/** A task is one of two clouds of points to be told apart; where they lie is drawn anew each time. */
export function blobs({ steps = 12, queries = 16, spread = 0.4 } = {}) {
  return defineTasks({ inputs: 2, outputs: 2, steps, queries }, random => {
    const place = () => 4 * random.uniform() - 2;
    const centres = [0, 1].map(() => [place(), place()]);
    const sample = () => {
      const label = random.below(2);
      const x = centres[label].map(c => c + spread * random.normal());
      return { x, y: [1 - label, label] }; // one-hot
    };
    return {
      support: Array.from({ length: steps }, sample), // in the order in which it is seen
      queries: Array.from({ length: queries }, sample),
    };
  });
}

const gpu = await openNodeGpu();
const tasks = blobs();
const learner = await Learner.create(gpu, {
  system: { sizes: [2, 24, 2], loss: 'cross-entropy' },
  episode: tasks,
  tasks: 32,
  optimiser: adam({ rates: { W: 5e-3, B: 5e-3, alpha: 1e-3, beta: 5e-3 } }),
  initial: { alpha: 0.01 },
  clipPerTask: 5,
});
for (let m = 0; m < 150; m++) {
  const { medianLoss, accuracy } = await learner.step(tasks.episodes(0, 32 * m, 32));
  if (m % 50 === 0) console.log(m, medianLoss.toFixed(3), accuracy.toFixed(3));
}

// tasks that it never met: another seed
const { accuracies } = await learner.adapt(tasks.episodes(1, 0, 200), { moments: [0, 12] });
const mean = k => accuracies.data.filter((_, i) => i % 2 === k).reduce((a, b) => a + b) / 200;
console.log('accuracy before and after 12 examples:', mean(0).toFixed(3), mean(1).toFixed(3));
learner.destroy();
gpu.destroy();
