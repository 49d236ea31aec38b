import { expect, test } from 'vitest';
import { openNodeGpu } from '../../src/node/open.js';
import { learnerFor } from '../kernels/agree.js';
import { randomProblem } from '../reference/random-problem.js';

const spec = { spec: { sizes: [2, 5, 3, 2] }, tasks: 3, steps: 5 };
for (const when of ['before', 'during', 'create']) test(when, async () => {
  const gpu = await openNodeGpu(), problem = randomProblem({ ...spec, seed: 2 });
  if (when === 'create') {
    const p = learnerFor(gpu, spec, problem);
    gpu.device.destroy();
    console.log(await p.catch(e => `${e.name} ${e.message}`));
    return;
  }
  const learner = await learnerFor(gpu, spec, problem);
  await learner.step(problem.episodes);
  if (when === 'before') gpu.device.destroy();
  const p = [learner.step(problem.episodes), learner.step(problem.episodes), learner.readParameters()];
  if (when === 'during') { await 0; gpu.device.destroy(); }
  for (const x of p) console.log(when, await x.then(r => r, e => `${e.name} ${e.message}`));
});
