import { test } from 'vitest';
import { openNodeGpu } from '../../src/node/open.js';
import { PROBLEMS, checkHead, checkProblem, checkRow } from '../../src/run/check.js';
test('all', async () => {
  const gpu = await openNodeGpu();
  console.log(gpu.adapter);
  const t = performance.now(), out = [checkHead()];
  for (const p of PROBLEMS) { const s = performance.now(); out.push(checkRow(await checkProblem(gpu, p)) + ` ${(performance.now() - s).toFixed(0)}`); }
  console.log(out.join('\n'), (performance.now() - t).toFixed(0));
}, 200000);
