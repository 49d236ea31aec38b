import { adam, evaluate, Learner, sineTasks } from 'metaplastic';
import { openNodeGpu } from 'metaplastic/node';

const gpu = await openNodeGpu();
const tasks = sineTasks({ steps: 10, queries: 10 });
const learner = await Learner.create(gpu, {
  system: { sizes: [1, 16, 16, 1] },
  episode: tasks,
  tasks: 16,
  optimiser: adam({ rates: { W: 4e-3, B: 4e-3, alpha: 1e-3, beta: 4e-3 } }),
  clipPerTask: 5,
});

// seeds of tasks to train on, to validate on, and to evaluate on in the end
const [TRAIN, VALIDATE, EVALUATE] = [0, 1, 2];
const tried = async seed => {
  const [{ rows }] = await evaluate(learner, tasks, { tasks: 64, at: [10], seed });
  return rows[0].median.at(-1);
};

let best = { loss: Infinity };
for (let m = 1, worse = 0; m <= 60 && worse < 3; m++) {
  await learner.step(tasks.episodes(TRAIN, 16 * (m - 1), 16));
  if (m % 10) continue;
  const loss = await tried(VALIDATE);
  worse = loss < best.loss ? 0 : worse + 1;
  if (!worse) best = { loss, m, state: await learner.state() };
}
learner.restore(best.state);
console.log('best validation', best.loss.toFixed(3), 'after meta-step', best.m);
console.log('on other tasks', (await tried(EVALUATE)).toFixed(3));
learner.destroy();
gpu.destroy();
