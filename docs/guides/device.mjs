import { Learner, sineTasks, useDevice } from 'metaplastic';
import { openNodeGpu } from 'metaplastic/node';

// Somebody's device. In a page it is that of three.js (renderer.backend.device) or of jax-js
// (getWebGPUDevice()); here, of whoever opened it.
const owner = await openNodeGpu();
const device = owner.device;

// metaplastic works on it, and never destroys it
const gpu = useDevice(device);
const tasks = sineTasks({ steps: 10, queries: 10 });
const learner = await Learner.create(gpu, {
  system: { sizes: [1, 16, 1] },
  episode: tasks,
  tasks: 8,
  budget: { memory: 256 * 2 ** 20, dispatchSeconds: 0.008 }, // leave frames their time
});
const { loss } = await learner.step(tasks.episodes(0, 0, 8));
console.log('a meta-step on a device of somebody else:', Number.isFinite(loss));

// results come to the CPU and go where they are needed
const { predictions } = await learner.adapt(tasks.episodes(1, 0, 1));
const theirs = device.createBuffer({ size: predictions.data.byteLength, usage: 0x80 | 0x8 });
device.queue.writeBuffer(theirs, 0, predictions.data);
console.log('numbers in a buffer of theirs:', theirs.size / 4);

learner.destroy();
gpu.destroy(); // lets go of the device, which lives on
theirs.destroy();
owner.destroy();
