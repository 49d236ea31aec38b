import { defineRule, Learner, sineTasks } from 'metaplastic';
import { openNodeGpu } from 'metaplastic/node';

// a synapse that tires: every change leaves it a little less plastic
const tiring = defineRule({
  name: 'tiring',
  dw: 'alpha * r * (post * pre - post^2 * w)',
  synapse: { r: { d: '-wear * r * abs(pre * post)', start: 1 } },
  coefficients: {
    alpha: { per: 'synapse', start: { normal: 0.01 }, rate: 1e-3 },
    wear: { per: 'layer', start: 0.05, rate: 1e-3 },
  },
});
console.log(tiring.name, 'reads', [...tiring.reads].join(', '), '– it is told', tiring.from);

const gpu = await openNodeGpu();
const tasks = sineTasks({ steps: 20, queries: 10 });
const learner = await Learner.create(gpu, {
  system: { sizes: [1, 16, 16, 1], rule: tiring },
  episode: tasks,
  tasks: 16,
  clipPerTask: 5,
});
for (let m = 0; m < 40; m++) {
  const { medianLoss } = await learner.step(tasks.episodes(0, 16 * m, 16));
  if (m % 10 === 0) console.log(m, medianLoss.toFixed(2));
}
console.log('wear of the last layer:', (await learner.read('rule.wear.3')).data[0].toFixed(3));
learner.destroy();
gpu.destroy();
