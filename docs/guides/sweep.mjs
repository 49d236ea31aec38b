import { Learner, sineTasks } from 'metaplastic';
import { openNodeGpu } from 'metaplastic/node';

const gpu = await openNodeGpu();
const tasks = sineTasks({ steps: 20, queries: 10 });
const learner = await Learner.create(gpu, {
  system: { preset: 'backprop', sizes: [1, 32, 1], loss: 'squared-error', eta: 'network' },
  episode: tasks,
  tasks: 1,
});

// what settings replace: the groups theta, eta, rule and alignment, in the order of the layout
const replaced = learner.layout.tensors.filter(t =>
  ['theta', 'eta', 'rule', 'alignment'].includes(t.group),
);
console.log('settings:', replaced.map(t => `${t.name} (${t.shape.join(' × ')})`).join(', '));

// eight rates × 32 tasks, all in one go; the same 32 tasks for every rate
const rates = [0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1];
const few = 32;
const one = tasks.episodes(1, 0, few);
const repeat = x => {
  const all = new x.constructor(x.length * rates.length);
  rates.forEach((_, k) => all.set(x, k * x.length));
  return all;
};
const sweep = {
  ...one,
  tasks: few * rates.length,
  supportX: repeat(one.supportX),
  supportY: repeat(one.supportY),
  queryX: repeat(one.queryX),
  queryY: repeat(one.queryY),
  settings: Float32Array.from({ length: few * rates.length }, (_, i) => rates[Math.floor(i / few)]),
};
const { losses } = await learner.adapt(sweep);
rates.forEach((rate, k) => {
  const own = losses.data.slice(k * few, (k + 1) * few).sort();
  console.log(`eta ${rate}: median loss ${own[few / 2].toFixed(3)}`);
});
learner.destroy();
gpu.destroy();
