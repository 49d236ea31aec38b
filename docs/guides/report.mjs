import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  adapterName,
  evaluate,
  evaluationTable,
  learnerOf,
  openWorld,
  parseConfig,
  train,
} from 'metaplastic';
import { openNodeGpu } from 'metaplastic/node';
import { renderReport } from 'metaplastic/report';

const config = parseConfig(
  {
    name: 'sines, shortly',
    seed: 0,
    task: { kind: 'sine', steps: 10, queries: 10 },
    system: { sizes: [1, 16, 16, 1] },
    meta: {
      tasks: 16,
      steps: 20,
      rates: { W: 4e-3, B: 4e-3, alpha: 1e-3, beta: 4e-3 },
      clipPerTask: 5,
    },
    evaluation: { tasks: 50, at: [0, 5, 10] },
  },
  'report.mjs',
);
const gpu = await openNodeGpu();
const world = await openWorld(config);
const learner = await learnerOf(gpu, config, world);
const log = [];
await train({
  config,
  learner,
  tasks: world.train,
  onStep: line => log.push(line),
  onCheckpoint: () => {},
});

// any source of tasks may be given in place of world.tests
const evaluation = await evaluate(learner, world.tests, config.evaluation);
console.log(evaluation.map(one => evaluationTable(one)).join('\n'));
console.log('FLP, meta-learned:', evaluation[0].rows[0].median.at(-1).toFixed(2));

const environment = { adapter: adapterName(gpu.adapter), node: process.version };
const folder = process.argv[2] ?? 'reports';
await mkdir(folder, { recursive: true });
await writeFile(
  join(folder, 'report.html'),
  renderReport({ config, environment, log, evaluation }),
);
console.log('meta-steps', log.length);
learner.destroy();
gpu.destroy();
