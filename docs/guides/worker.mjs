// The library's half of a page: it runs in a worker, so that the page stays quick.
// Here a Node worker stands for the page's: new Worker(new URL('./worker.js', import.meta.url),
// { type: 'module' }), with openGpu from 'metaplastic' in place of openNodeGpu.
import { isMainThread, parentPort, SHARE_ENV, Worker } from 'node:worker_threads';
import { Learner, plainError, reviveError, sineTasks } from 'metaplastic';
import { openNodeGpu } from 'metaplastic/node';

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { env: SHARE_ENV });
  worker.on('message', ({ metaStep, loss, error }) => {
    if (error) throw reviveError(error); // class and parts are those that it had in the worker
    if (loss === undefined) return console.log('done after', metaStep, 'meta-steps');
    console.log(metaStep, Number.isFinite(loss));
  });
  worker.postMessage({ steps: 3 });
} else {
  parentPort.once('message', async ({ steps }) => {
    try {
      const gpu = await openNodeGpu();
      const tasks = sineTasks({ steps: 10, queries: 10 });
      const learner = await Learner.create(gpu, {
        system: { sizes: [1, 16, 1] },
        episode: tasks,
        tasks: 8,
      });
      for (let m = 0; m < steps; m++) {
        const { loss } = await learner.step(tasks.episodes(0, 8 * m, 8));
        parentPort.postMessage({ metaStep: m + 1, loss });
      }
      learner.destroy();
      gpu.destroy();
      parentPort.postMessage({ metaStep: steps });
    } catch (error) {
      parentPort.postMessage({ error: plainError(error) }); // errors lose their class on the way
    }
  });
}
