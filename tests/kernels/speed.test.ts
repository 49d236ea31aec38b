import { test } from 'vitest';
import { Learner } from '../../src/outer/learner.js';
import { sineTasks } from '../../src/tasks/sine.js';
import { openNodeGpu } from '../../src/node/open.js';
test('speed', async () => {
  const gpu = await openNodeGpu();
  const src = sineTasks({ steps: 20, batch: 1, queries: 20 });
  for (const adjoint of ['store', 'checkpoint', 'reverse'] as const) {
    const t0 = performance.now();
    const learner = await Learner.create(gpu, { system: { sizes: [1, 32, 32, 1] }, episode: { steps: 20, batch: 1, queries: 20 }, tasks: 64, adjoint, rates: { W: 2e-3, B: 2e-3, alpha: 3e-4, beta: 2e-3 }, clipPerTask: 20 });
    const t1 = performance.now();
    let r; const times = [];
    for (let m = 0; m < 12; m++) { const t = performance.now(); r = await learner.step(src.episodes(0, m * 64, 64)); times.push(performance.now() - t); }
    console.log(adjoint, 'create', (t1 - t0).toFixed(0), 'step ms', times.map(t => t.toFixed(0)).join(' '), r!.loss, learner.plan.totalBytes / 2 ** 20);
  }
}, 120000);
