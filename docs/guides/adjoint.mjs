import { defineSystem, describePlan, Learner, makePlan, sineTasks } from 'metaplastic';
import { openNodeGpu } from 'metaplastic/node';

const gpu = await openNodeGpu();
const tasks = sineTasks({ steps: 40, queries: 10 });
const options = {
  system: { sizes: [1, 32, 32, 1] },
  episode: tasks,
  tasks: 16,
  initial: { alpha: 1e-5 },
};

// three ways to have W_t back, one gradient
const gradients = {};
for (const adjoint of ['store', 'checkpoint', 'reverse']) {
  const learner = await Learner.create(gpu, { ...options, adjoint });
  const { gradient, fellBack } = await learner.gradient(tasks.episodes(0, 0, 16));
  gradients[adjoint] = gradient.W2.data;
  const megabytes = (learner.plan.totalBytes / 2 ** 20).toFixed(1);
  console.log(adjoint.padEnd(10), megabytes, 'MiB', fellBack ? 'fell back' : '');
  learner.destroy();
}
const norm = x => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
for (const adjoint of ['checkpoint', 'reverse']) {
  const apart = gradients[adjoint].map((v, i) => v - gradients.store[i]);
  console.log(adjoint, 'differs by', (norm(apart) / norm(gradients.store)).toExponential(1));
}

// the plan alone, without a learner: what would 4,096 lifetimes of 1,000 steps need?
const plan = makePlan(
  {
    system: defineSystem(options.system),
    steps: 1000,
    batch: 1,
    queries: 10,
    tasks: 4096,
    adjoint: 'checkpoint',
    moments: [1000],
    momentWeights: [1],
    images: 0,
    settings: 0,
  },
  gpu.machine,
  { memory: 2 ** 30, dispatchSeconds: 0.5 },
);
console.log(describePlan(plan));
gpu.destroy();
